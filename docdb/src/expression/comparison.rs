//! `$eq`, `$ne`, `$gt`, `$gte`, `$lt`, `$lte`, `$cmp`.

use std::cmp::Ordering;

use bson::RawBsonRef;

use crate::{
    error::Result,
    expression::{
        Env, Expression, Names, Operator,
        arguments::{boolean, fixed},
    },
    value::{Comparator, Value},
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "$eq",
        parse: |value, names| fixed("$eq", value, names, |[a, b], env| test(&a, &b, env, Ordering::is_eq)),
    },
    Operator {
        name: "$ne",
        parse: |value, names| fixed("$ne", value, names, |[a, b], env| test(&a, &b, env, Ordering::is_ne)),
    },
    Operator {
        name: "$gt",
        parse: |value, names| fixed("$gt", value, names, |[a, b], env| test(&a, &b, env, Ordering::is_gt)),
    },
    Operator {
        name: "$gte",
        parse: |value, names| fixed("$gte", value, names, |[a, b], env| test(&a, &b, env, Ordering::is_ge)),
    },
    Operator {
        name: "$lt",
        parse: |value, names| fixed("$lt", value, names, |[a, b], env| test(&a, &b, env, Ordering::is_lt)),
    },
    Operator {
        name: "$lte",
        parse: |value, names| fixed("$lte", value, names, |[a, b], env| test(&a, &b, env, Ordering::is_le)),
    },
    Operator { name: "$cmp", parse: cmp },
];

/// Orders two values of which either may be missing, which is where undefined is: above the least key, below null.
pub(crate) fn compare(a: &Value<'_>, b: &Value<'_>, comparator: Comparator<'_>) -> Ordering {
    comparator.compare(a.get().unwrap_or(RawBsonRef::Undefined), b.get().unwrap_or(RawBsonRef::Undefined))
}

fn test<'v>(a: &Value<'_>, b: &Value<'_>, env: &Env<'_>, is: fn(Ordering) -> bool) -> Result<Value<'v>> {
    Ok(boolean(is(compare(a, b, env.comparator()))))
}

fn cmp(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    fixed("$cmp", value, names, |[a, b], env| {
        Ok(Value::Ref(RawBsonRef::Int32(compare(&a, &b, env.comparator()) as i32)))
    })
}
