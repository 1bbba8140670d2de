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

#[cfg(test)]
mod tests {
    use bson::{Bson, bson, doc};

    use crate::expression::testing::{check, fails, yields};

    #[test]
    fn values_of_all_types_compare() {
        check(
            &doc! { "n": null, "u": Bson::Undefined },
            [
                yields(doc! { "$eq": [1, 1.0] }, true),
                yields(doc! { "$eq": [1, "1"] }, false),
                yields(doc! { "$eq": ["$missing", null] }, false),
                yields(doc! { "$eq": ["$missing", "$nothing"] }, true),
                yields(doc! { "$eq": ["$missing", "$u"] }, true),
                yields(doc! { "$gt": ["$n", "$missing"] }, true),
                yields(doc! { "$gt": ["$missing", Bson::MinKey] }, true),
                yields(doc! { "$lt": [1, "a"] }, true),
                yields(doc! { "$gte": [[1, 2], [1, 2]] }, true),
                yields(doc! { "$ne": [{ "a": 1, "b": 2 }, { "b": 2, "a": 1 }] }, true),
                yields(doc! { "$lte": [f64::NAN, f64::NEG_INFINITY] }, true),
                yields(doc! { "$cmp": [2, 1] }, 1),
                yields(doc! { "$cmp": [1, 2] }, -1),
                yields(doc! { "$cmp": [Bson::Null, Bson::Null] }, 0),
                yields(doc! { "$cmp": ["B", "a"] }, -1),
            ],
        );
    }

    #[test]
    fn there_are_exactly_two_arguments() {
        for operator in ["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$cmp"] {
            for arguments in [bson!([]), bson!([1]), bson!(1), bson!([1, 2, 3]), Bson::Null, bson!({ "a": 1 })] {
                check(&doc! {}, [fails(doc! { operator: arguments }, 16020)]);
            }
        }
    }
}
