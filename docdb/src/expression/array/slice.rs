//! `$slice`.

use bson::RawBson;

use super::wrong_type;
use crate::{
    error::{Code, Result, refuse},
    expression::{
        Env, Operator,
        arguments::{array_of, null, variadic, whole_int},
    },
    value::{ArrayBuilder, Number, Value, items},
};

pub(in crate::expression) const OPERATORS: &[Operator] =
    &[Operator { name: "$slice", parse: |value, names| variadic("$slice", value, names, 2..=3, slice) }];

fn slice<'v>(arguments: Vec<Value<'v>>, _: &Env<'_>) -> Result<Value<'v>> {
    let [array, second, ..] = arguments.as_slice() else { return Ok(null()) };
    if array.is_nullish() || second.is_nullish() {
        return Ok(null());
    }
    let Some(items_of) = array_of(array) else {
        return wrong_type(28724, "First argument to $slice must be an array", array);
    };
    let second = number(second, "Second", 28725, 28726)?;
    let (start, count) = match arguments.get(2) {
        None if second >= 0 => (0, size(second)),
        None => (items(items_of).count().saturating_sub(size(second)), usize::MAX),
        Some(third) if third.is_nullish() => return Ok(null()),
        Some(third) => {
            let third = number(third, "Third", 28727, 28728)?;
            if third <= 0 {
                return refuse(Code(28729), format!("Third argument to $slice must be positive: {third}"));
            }
            let start = if second >= 0 { size(second) } else { items(items_of).count().saturating_sub(size(second)) };
            (start, size(third))
        }
    };
    let mut taken = ArrayBuilder::new();
    for item in items(items_of).skip(start).take(count) {
        taken.push(item);
    }
    Ok(RawBson::Array(taken.finish()).into())
}

fn size(number: i32) -> usize {
    usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX)
}

fn number(value: &Value<'_>, which: &str, not_numeric: i32, not_whole: i32) -> Result<i32> {
    let Some(number) = value.get().filter(|value| Number::of(*value).is_some()) else {
        return wrong_type(not_numeric, &format!("{which} argument to $slice must be a numeric value"), value);
    };
    match whole_int(number) {
        Some(number) => Ok(number),
        None => refuse(
            Code(not_whole),
            format!("{which} argument to $slice can't be represented as a 32-bit integer: {number:?}"),
        ),
    }
}

#[cfg(test)]
mod tests {

    use bson::{Bson, bson, doc};

    use crate::expression::testing::{check, fails, yields};

    #[test]
    fn slices_are_cut_to_what_there_is() {
        check(
            &doc! { "a": [1, 2, 3] },
            [
                yields(doc! { "$slice": ["$a", 2] }, bson!([1, 2])),
                yields(doc! { "$slice": ["$a", 0] }, bson!([])),
                yields(doc! { "$slice": ["$a", 9] }, bson!([1, 2, 3])),
                yields(doc! { "$slice": ["$a", -2] }, bson!([2, 3])),
                yields(doc! { "$slice": ["$a", i32::MIN] }, bson!([1, 2, 3])),
                yields(doc! { "$slice": ["$a", 1, 1] }, bson!([2])),
                yields(doc! { "$slice": ["$a", -2, 1] }, bson!([2])),
                yields(doc! { "$slice": ["$a", -9, 1] }, bson!([1])),
                yields(doc! { "$slice": ["$a", 3, 1] }, bson!([])),
                yields(doc! { "$slice": ["$none", 1] }, Bson::Null),
                yields(doc! { "$slice": ["$a", null] }, Bson::Null),
                yields(doc! { "$slice": ["$a", 1, "$none"] }, Bson::Null),
                fails(doc! { "$slice": ["x", 1] }, 28724),
                fails(doc! { "$slice": ["$a", "1"] }, 28725),
                fails(doc! { "$slice": ["$a", 1.5] }, 28726),
                fails(doc! { "$slice": ["$a", i64::MAX] }, 28726),
                fails(doc! { "$slice": ["$a", 0, "1"] }, 28727),
                fails(doc! { "$slice": ["$a", 0, 1.5] }, 28728),
                fails(doc! { "$slice": ["$a", 0, 0] }, 28729),
                fails(doc! { "$slice": ["$a", 0, -0.0] }, 28729),
                fails(doc! { "$slice": ["$a"] }, 28667),
                fails(doc! { "$slice": ["$a", 0, 1, 1] }, 28667),
            ],
        );
    }
}
