//! The tree of a filter: what the planner reads.

use bson::RawBson;

use crate::{
    expression::Expression,
    filter::schema::Schema,
    geo::{Intersects, Near, Within},
    regex::Regex,
    text,
    value::{Path, TypeSet},
};

/// One condition.
#[derive(Debug)]
pub(crate) enum Node {
    /// All of them; true if there are none.
    And(Vec<Node>),
    /// Any of them.
    Or(Vec<Node>),
    /// None of them.
    Nor(Vec<Node>),
    /// `{ path: { $not: … } }`, `$ne` and `$nin`.
    Not(Box<Node>),
    /// `$eq`, `$gt` and their kin, with the type bracketing of queries. An `$eq` with null matches missing fields.
    Compare { path: Path, op: Compare, value: RawBson },
    /// `$in`. Regular expressions among the values are in `regexes`.
    In { path: Path, values: Vec<RawBson>, regexes: Vec<Regex> },
    /// `$exists: true`; its contrary is a `Not` around it.
    Exists { path: Path },
    /// `$type`.
    Type { path: Path, types: TypeSet },
    /// `$regex`, or a value that is a regular expression.
    Regex { path: Path, regex: Regex },
    /// `$size`.
    Size { path: Path, size: u32 },
    /// `$mod`: numbers whose whole part leaves `remainder` when divided by `divisor`, which is not 0.
    Mod { path: Path, divisor: i64, remainder: i64 },
    /// `$bitsAllSet` and its kin.
    Bits { path: Path, test: BitTest, mask: BitMask },
    /// `$elemMatch` with a filter for items that are documents (or arrays).
    ElemMatchObject { path: Path, filter: Box<Node> },
    /// `$elemMatch` with operators on the items themselves: the paths of the conditions within are empty.
    ElemMatchValue { path: Path, filter: Box<Node> },
    /// `$geoWithin`.
    GeoWithin { path: Path, shape: Within },
    /// `$geoIntersects`.
    GeoIntersects { path: Path, shape: Intersects },
    /// `$near` and `$nearSphere`: a condition only by their distances. The order by distance is the planner's.
    Near { path: Path, near: Near },
    /// `$text`. Only an index answers it, so that it holds for all documents that are looked at here.
    Text(text::Query),
    /// `$expr`.
    Expr(Expression),
    /// `$jsonSchema`.
    JsonSchema(Box<Schema>),
    /// Never: `$in: []`, `$alwaysFalse`.
    False,
    /// `$sampleRate`: true as often as this, of 1.
    Sample(f64),
}

/// How a `Compare` compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Eq,
    Lt,
    Lte,
    Gt,
    Gte,
}

/// What of a number's or a binary's bits is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BitTest {
    AllSet,
    AnySet,
    AllClear,
    AnyClear,
}

/// The bits that are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BitMask {
    /// The bits that are set here, lowest byte first.
    Bytes(Box<[u8]>),
    /// The bits at these positions.
    Positions(Box<[u32]>),
}

impl Node {
    /// How many conditions, itself and those within it, are such ones.
    pub(crate) fn count(&self, is: &impl Fn(&Node) -> bool) -> usize {
        let within = match self {
            Node::And(all) | Node::Or(all) | Node::Nor(all) => all.iter().map(|node| node.count(is)).sum(),
            Node::Not(inner) => inner.count(is),
            Node::ElemMatchObject { filter, .. } | Node::ElemMatchValue { filter, .. } => filter.count(is),
            _ => 0,
        };
        within + usize::from(is(self))
    }
}
