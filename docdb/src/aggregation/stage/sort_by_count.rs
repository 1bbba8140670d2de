//! `$sortByCount`: a `$group` that counts, and a `$sort`.

use std::sync::Arc;

use bson::{RawBsonRef, rawdoc};

use crate::{
    aggregation::{
        Scope, accumulator,
        stage::{
            Field, Stages,
            group::{Group, Id},
            sort::Sort,
        },
    },
    error::{Code, Result, refuse},
    expression::{Expression, Names},
    sort::SortPattern,
    value::fields,
};

pub(super) fn parse(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    match value {
        RawBsonRef::Document(document) => {
            if !fields(document).next().is_some_and(|(name, _)| name.starts_with('$')) {
                return refuse(
                    Code(40147),
                    "the sortByCount field must be defined as a $-prefixed path or an expression inside an object",
                );
            }
        }
        RawBsonRef::String(text) if text.starts_with('$') => {}
        RawBsonRef::String(_) => {
            return refuse(
                Code(40148),
                "the sortByCount field must be defined as a $-prefixed path or an expression inside an object",
            );
        }
        _ => return refuse(Code(40149), "the sortByCount field must be specified as a string or as an object"),
    }
    let id = Id::Expression(Expression::parse(value, scope.context)?);
    let group = Group { id, fields: vec![count(scope)?] };
    let pattern = SortPattern::parse(&rawdoc! { "count": -1 }, scope.context)?;
    Ok(vec![Arc::new(group), Arc::new(Sort { pattern: Arc::new(pattern), limit: None })])
}

/// The field `count`, as buckets and counts have it.
pub(super) fn count(scope: &Scope<'_>) -> Result<Field> {
    let names = Names::new(scope.context);
    let counted = accumulator::parse("count", RawBsonRef::Document(&rawdoc! { "$sum": 1 }), &names)?;
    Ok(("count".into(), counted))
}
