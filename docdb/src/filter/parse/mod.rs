//! Parsing filters.

mod argument;
mod field;
mod implied;
mod logical;

use bson::{RawBsonRef, RawDocument};

use crate::{
    context::Context,
    error::{Code, Result, refuse},
    expression::Expression,
    filter::{schema::Schema, tree::Node},
    text,
    value::{Comparator, Path, fields},
};

/// How deep conditions may be nested.
const MAX_DEPTH: usize = 100;

/// Parses one filter, or a part of one.
#[derive(Clone, Copy)]
pub(super) struct Parser<'p> {
    context: &'p Context,
    depth: usize,
    /// Whether it is within `$elemMatch`, where what concerns the whole document is refused.
    within: bool,
}

impl<'p> Parser<'p> {
    pub(super) fn new(context: &'p Context) -> Self {
        Parser { context, depth: 0, within: false }
    }

    fn deeper(self) -> Result<Self> {
        if self.depth >= MAX_DEPTH {
            return refuse(Code::BAD_VALUE, format!("exceeded maximum query tree depth of {MAX_DEPTH}"));
        }
        Ok(Parser { depth: self.depth + 1, ..self })
    }

    fn inside_array(self) -> Self {
        Parser { within: true, ..self }
    }

    fn comparator(&self) -> Comparator<'p> {
        Comparator::new(self.context.collation.as_deref())
    }

    /// All conditions of a document.
    pub(super) fn document(self, document: &RawDocument) -> Result<Node> {
        let parser = self.deeper()?;
        let mut conditions = Vec::new();
        for (name, value) in fields(document) {
            match name.strip_prefix('$') {
                Some(_) => conditions.extend(parser.pathless(name, value)?),
                None => conditions.push(parser.field(&Path::parse(name)?, value)?),
            }
        }
        Ok(all(conditions))
    }

    /// An operator without a path. `$comment` is none.
    fn pathless(self, name: &str, value: RawBsonRef<'_>) -> Result<Option<Node>> {
        let node = match name {
            "$and" | "$or" | "$nor" => self.logical(name, value)?,
            "$comment" => return Ok(None),
            // The fields of a DBRef, of which a document consists that `$elemMatch` looks at.
            "$ref" | "$id" | "$db" => field::equal(&Path::parse(name)?, value)?,
            "$expr" => {
                self.only_at_top(name)?;
                let expression = Expression::parse(value, self.context)?;
                let mut conditions = implied::conditions(value);
                conditions.push(Node::Expr(expression));
                all(conditions)
            }
            "$jsonSchema" => {
                self.only_at_top(name)?;
                Node::JsonSchema(Box::new(Schema::parse(value)?))
            }
            "$text" => {
                self.only_at_top(name)?;
                Node::Text(text::Query::parse(value)?)
            }
            "$alwaysTrue" => {
                argument::one(name, value)?;
                return Ok(None);
            }
            "$alwaysFalse" => {
                argument::one(name, value)?;
                Node::False
            }
            "$sampleRate" => {
                let rate = argument::rate(value)?;
                if rate <= 0.0 { Node::False } else { Node::Sample(rate) }
            }
            "$where" => {
                self.only_at_top(name)?;
                return refuse(Code::BAD_VALUE, "no globalScriptEngine in $where parsing");
            }
            other => {
                return refuse(
                    Code::BAD_VALUE,
                    format!(
                        "unknown top level operator: {other}. If you have a field name that starts with a '$' symbol, \
                         consider using $getField or $setField."
                    ),
                );
            }
        };
        Ok(Some(node))
    }

    fn only_at_top(self, name: &str) -> Result<()> {
        if self.within {
            return refuse(Code::BAD_VALUE, format!("{name} can only be applied to the top-level document"));
        }
        Ok(())
    }
}

/// Whether a name is that of an operator that stands without a path.
pub(super) fn is_pathless(name: &str) -> bool {
    matches!(
        name,
        "$and"
            | "$or"
            | "$nor"
            | "$comment"
            | "$expr"
            | "$jsonSchema"
            | "$text"
            | "$where"
            | "$alwaysTrue"
            | "$alwaysFalse"
            | "$sampleRate"
            | "$ref"
            | "$id"
            | "$db"
    )
}

/// Whether a value is a document of operators: its first name begins with `$` and it is no DBRef.
pub(super) fn is_operators(value: RawBsonRef<'_>, part_of_reference_is_one: bool) -> Option<&RawDocument> {
    let RawBsonRef::Document(document) = value else { return None };
    let (first, _) = fields(document).next()?;
    if !first.starts_with('$') {
        return None;
    }
    let has = |wanted: &str| fields(document).any(|(name, _)| name == wanted);
    let reference =
        if part_of_reference_is_one { has("$ref") || has("$id") || has("$db") } else { has("$ref") && has("$id") };
    (!reference).then_some(document)
}

/// The conjunction, without needless levels.
fn all(conditions: Vec<Node>) -> Node {
    let mut flat = Vec::with_capacity(conditions.len());
    for condition in conditions {
        match condition {
            Node::And(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    single(flat, Node::And)
}

fn single(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    match (nodes.len(), nodes.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            nodes.push(last);
            many(nodes)
        }
        (_, None) => many(nodes),
    }
}
