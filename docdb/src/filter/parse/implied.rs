//! What `$expr` implies about single fields, for indexes.
//!
//! An expression's `$eq` with a constant that is no array is only true where the query's `$eq` is: an array on the way
//! makes an array of the field, which is not equal. The other comparisons of expressions reach over all types, and
//! imply nothing.

use bson::{RawBson, RawBsonRef};

use crate::{
    filter::tree::{Compare, Node},
    value::{Path, fields, items},
};

/// How deep `$and` is looked into.
const MAX_DEPTH: usize = 10;

/// Conditions that hold wherever an expression is true.
pub(super) fn conditions(expression: RawBsonRef<'_>) -> Vec<Node> {
    let mut found = Vec::new();
    collect(expression, MAX_DEPTH, &mut found);
    found
}

fn collect(expression: RawBsonRef<'_>, levels: usize, found: &mut Vec<Node>) {
    let RawBsonRef::Document(document) = expression else { return };
    match (fields(document).next(), levels) {
        (Some(("$and", RawBsonRef::Array(all))), 1..) => {
            items(all).for_each(|one| collect(one, levels - 1, found));
        }
        (Some(("$eq", RawBsonRef::Array(operands))), _) => {
            let mut operands = items(operands);
            let (Some(a), Some(b), None) = (operands.next(), operands.next(), operands.next()) else { return };
            found.extend(equality(a, b).or_else(|| equality(b, a)));
        }
        _ => {}
    }
}

fn equality(path: RawBsonRef<'_>, value: RawBsonRef<'_>) -> Option<Node> {
    let RawBsonRef::String(path) = path else { return None };
    let path = path.strip_prefix('$').filter(|path| !path.starts_with('$'))?;
    Some(Node::Compare { path: Path::parse(path).ok()?, op: Compare::Eq, value: constant(value)? })
}

fn constant(value: RawBsonRef<'_>) -> Option<RawBson> {
    match value {
        RawBsonRef::Document(document) => {
            let mut all = fields(document);
            match (all.next(), all.next()) {
                (Some(("$literal" | "$const", value)), None) => scalar(value),
                _ => None,
            }
        }
        RawBsonRef::String(text) if text.starts_with('$') => None,
        value => scalar(value),
    }
}

fn scalar(value: RawBsonRef<'_>) -> Option<RawBson> {
    match value {
        RawBsonRef::Array(_) | RawBsonRef::Document(_) | RawBsonRef::Undefined => None,
        value => Some(value.into()),
    }
}

#[cfg(test)]
mod tests {
    use bson::{Document, RawDocumentBuf, doc};

    use super::*;

    #[test]
    fn only_equality_with_constants_that_are_no_arrays_is_implied() {
        let paths = |expression: Document| -> Vec<String> {
            let raw = RawDocumentBuf::try_from(&expression).unwrap();
            (conditions(RawBsonRef::Document(&raw)).iter())
                .map(|node| match node {
                    Node::Compare { path, op: Compare::Eq, .. } => path.to_string(),
                    other => format!("{other:?}"),
                })
                .collect()
        };
        assert_eq!(paths(doc! { "$eq": ["$a.b", 1] }), ["a.b"]);
        assert_eq!(paths(doc! { "$eq": [{ "$literal": "$x" }, "$a"] }), ["a"]);
        assert_eq!(
            paths(doc! { "$and": [{ "$eq": ["$a", 1] }, { "$eq": ["$b", null] }, { "$gt": ["$c", 1] }] }),
            ["a", "b"]
        );
        for expression in [
            doc! { "$eq": ["$a", [1]] },
            doc! { "$eq": ["$a", "$b"] },
            doc! { "$eq": ["$$a", 1] },
            doc! { "$or": [{ "$eq": ["$a", 1] }] },
            doc! { "$gt": ["$a", 1] },
        ] {
            assert!(paths(expression.clone()).is_empty(), "{expression}");
        }
    }
}
