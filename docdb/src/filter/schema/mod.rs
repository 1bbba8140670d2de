//! `$jsonSchema`: draft 4 of JSON Schema with MongoDB's `bsonType`, parsed once, matched on raw values.
//!
//! Source: <https://www.mongodb.com/docs/manual/reference/operator/query/jsonSchema/>.

mod canonical;
mod failure;
mod matches;
mod parse;

#[cfg(test)]
mod tests;

use bson::{RawBson, RawDocumentBuf};

use crate::{regex::Regex, value::TypeSet};

/// A schema: the rules that its keywords make.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    rules: Vec<Rule>,
    title: Option<Box<str>>,
    description: Option<Box<str>>,
}

/// One keyword's rule.
#[derive(Debug)]
struct Rule {
    keyword: &'static str,
    /// The keyword with its value, for what explains a failure; none where that does not show it.
    given: Option<RawDocumentBuf>,
    test: Test,
}

/// What a rule asks for. Rules on numbers, strings, arrays and objects do not concern values of other types.
#[derive(Debug)]
enum Test {
    Type(TypeSet),
    Enum(Vec<RawBson>),
    AllOf(Vec<Schema>),
    AnyOf(Vec<Schema>),
    OneOf(Vec<Schema>),
    Not(Box<Schema>),
    Minimum {
        limit: RawBson,
        exclusive: bool,
    },
    Maximum {
        limit: RawBson,
        exclusive: bool,
    },
    MultipleOf(RawBson),
    MinLength(u64),
    MaxLength(u64),
    Pattern(Regex),
    /// The same schema for all items.
    Items(Box<Schema>),
    /// A schema for each of the first items.
    ItemsInOrder(Vec<Schema>),
    AdditionalItems {
        from: usize,
        /// None if there may be none.
        schema: Option<Box<Schema>>,
    },
    MinItems(u64),
    MaxItems(u64),
    UniqueItems,
    Properties(Vec<(Box<str>, Schema)>),
    PatternProperties(Vec<(Regex, Schema)>),
    AdditionalProperties {
        names: Vec<Box<str>>,
        patterns: Vec<Regex>,
        /// None if there may be none.
        schema: Option<Box<Schema>>,
    },
    Required(Vec<Box<str>>),
    MinProperties(u64),
    MaxProperties(u64),
    Dependencies(Vec<(Box<str>, Dependency)>),
    /// A binary that a client has encrypted.
    Encrypted,
}

/// What a document needs that has a certain property.
#[derive(Debug)]
enum Dependency {
    Properties(Vec<Box<str>>),
    Schema(Schema),
}
