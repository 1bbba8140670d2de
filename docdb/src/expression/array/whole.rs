//! Whole arrays: `$concatArrays`, `$isArray`, `$range`, `$reverseArray`, `$size`.

use bson::{RawBson, RawBsonRef};

use super::{int, wrong_type};
use crate::{
    error::{Code, Result, refuse},
    expression::{
        Env, Operator,
        arguments::{array_of, boolean, null, type_of, unary, variadic, whole_int},
        bounds::{MAX_VALUE_BYTES, check_size},
    },
    value::{ArrayBuilder, Number, Value, items, type_name},
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator {
        name: "$concatArrays",
        parse: |value, names| variadic("$concatArrays", value, names, 0..=usize::MAX, concat_arrays),
    },
    Operator {
        name: "$isArray",
        parse: |value, names| unary("$isArray", value, names, |value, _| Ok(boolean(array_of(&value).is_some()))),
    },
    Operator { name: "$range", parse: |value, names| variadic("$range", value, names, 2..=3, range) },
    Operator { name: "$reverseArray", parse: |value, names| unary("$reverseArray", value, names, reverse_array) },
    Operator { name: "$size", parse: |value, names| unary("$size", value, names, size) },
];

fn concat_arrays<'v>(arrays: Vec<Value<'v>>, _: &Env<'_>) -> Result<Value<'v>> {
    let mut all = ArrayBuilder::new();
    for array in &arrays {
        if array.is_nullish() {
            return Ok(null());
        }
        let Some(array) = array_of(array) else {
            return refuse(Code(28664), format!("$concatArrays only supports arrays, not {}", type_of(array)));
        };
        check_size("$concatArrays", all.len_bytes() + array.as_bytes().len())?;
        all.push_all(array);
    }
    Ok(RawBson::Array(all.finish()).into())
}

fn reverse_array<'v>(array: Value<'v>, _: &Env<'_>) -> Result<Value<'v>> {
    if array.is_nullish() {
        return Ok(null());
    }
    let Some(array) = array_of(&array) else {
        return refuse(
            Code(34435),
            format!("The argument to $reverseArray must be an array, but was of type: {}", type_of(&array)),
        );
    };
    let all: Vec<RawBsonRef<'_>> = items(array).collect();
    let mut reversed = ArrayBuilder::new();
    for item in all.into_iter().rev() {
        reversed.push(item);
    }
    Ok(RawBson::Array(reversed.finish()).into())
}

fn size<'v>(array: Value<'v>, _: &Env<'_>) -> Result<Value<'v>> {
    match array_of(&array) {
        Some(array) => Ok(int(i32::try_from(items(array).count()).unwrap_or(i32::MAX))),
        None => {
            refuse(Code(17124), format!("The argument to $size must be an array, but was of type: {}", type_of(&array)))
        }
    }
}

fn range<'v>(arguments: Vec<Value<'v>>, _: &Env<'_>) -> Result<Value<'v>> {
    let [start, end, rest @ ..] = arguments.as_slice() else { return Ok(null()) };
    let mut current = number(start, "starting value", 34443, 34444)?;
    let end = number(end, "ending value", 34445, 34446)?;
    let step = rest.first().map_or(Ok(1), |step| number(step, "step value", 34447, 34448))?;
    if step == 0 {
        return refuse(Code(34449), "$range requires a non-zero step value");
    }
    // An item of an array is four bytes, its type, and its index in decimal digits with a NUL after them.
    let count = (end - current).checked_div(step).unwrap_or(0).max(0);
    let bytes = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(7);
    if bytes > MAX_VALUE_BYTES {
        check_size("$range", bytes)?;
    }
    let mut array = ArrayBuilder::new();
    while if step > 0 { current < end } else { current > end } {
        array.push(RawBsonRef::Int32(i32::try_from(current).unwrap_or(i32::MAX)));
        current += step;
    }
    Ok(RawBson::Array(array.finish()).into())
}

fn number(value: &Value<'_>, what: &str, not_numeric: i32, not_whole: i32) -> Result<i64> {
    let Some(number) = value.get().filter(|value| Number::of(*value).is_some()) else {
        let found = value.get().map_or("missing", type_name);
        return refuse(Code(not_numeric), format!("$range requires a numeric {what}, found value of type: {found}"));
    };
    match whole_int(number) {
        Some(number) => Ok(i64::from(number)),
        None => wrong_type(
            not_whole,
            &format!("$range requires a {what} that can be represented as a 32-bit integer"),
            value,
        ),
    }
}

#[cfg(test)]
mod tests {

    use bson::{Bson, bson, doc};

    use crate::expression::testing::{check, check_types, fails, nullish, yields};

    #[test]
    fn arrays_are_joined_turned_and_counted() {
        check(
            &doc! { "a": [1, [2]], "n": null },
            [
                yields(doc! { "$concatArrays": ["$a", [3], []] }, bson!([1, [2], 3])),
                yields(doc! { "$concatArrays": [] }, bson!([])),
                yields(doc! { "$concatArrays": "$a" }, bson!([1, [2]])),
                yields(doc! { "$concatArrays": ["$a", "$n"] }, Bson::Null),
                yields(doc! { "$concatArrays": ["$n", 1] }, Bson::Null),
                fails(doc! { "$concatArrays": ["$a", 1] }, 28664),
                yields(doc! { "$reverseArray": "$a" }, bson!([[2], 1])),
                yields(doc! { "$reverseArray": [[1, 2]] }, bson!([2, 1])),
                fails(doc! { "$reverseArray": [1, 2] }, 16020),
                yields(doc! { "$size": "$a" }, 2),
                fails(doc! { "$size": "$n" }, 17124),
                fails(doc! { "$size": "$none" }, 17124),
                yields(doc! { "$isArray": "$a" }, true),
                yields(doc! { "$isArray": ["$a"] }, true),
                yields(doc! { "$isArray": "$none" }, false),
                fails(doc! { "$isArray": [1, 2] }, 16020),
            ],
        );
        let array = |value: &Bson| matches!(value, Bson::Array(_));
        check_types("$concatArrays", |value| nullish(value) || matches!(value, Bson::Array(_)), 28664);
        check_types("$reverseArray", |value| nullish(value) || matches!(value, Bson::Array(_)), 34435);
        check_types("$size", array, 17124);
        check_types("$isArray", |_| true, None);
    }

    #[test]
    fn ranges_end_before_their_end() {
        let decimal = |text: &str| Bson::Decimal128(text.parse().unwrap());
        check(
            &doc! {},
            [
                yields(doc! { "$range": [0, 3] }, bson!([0, 1, 2])),
                yields(doc! { "$range": [0, 5, 2] }, bson!([0, 2, 4])),
                yields(doc! { "$range": [3, 0, -2] }, bson!([3, 1])),
                yields(doc! { "$range": [0, 3, -1] }, bson!([])),
                yields(doc! { "$range": [3, 3] }, bson!([])),
                yields(doc! { "$range": [0.0, decimal("2"), 1_i64] }, bson!([0, 1])),
                yields(doc! { "$range": [i32::MAX - 1, i32::MAX] }, bson!([i32::MAX - 1])),
                yields(doc! { "$range": [i32::MAX - 1, i32::MAX, i32::MAX] }, bson!([i32::MAX - 1])),
                yields(doc! { "$range": [i32::MIN, i32::MAX, i32::MAX] }, bson!([i32::MIN, -1, i32::MAX - 1])),
                fails(doc! { "$range": [0, i32::MAX] }, 146),
                fails(doc! { "$range": ["0", 3] }, 34443),
                fails(doc! { "$range": [null, 3] }, 34443),
                fails(doc! { "$range": [0.5, 3] }, 34444),
                fails(doc! { "$range": [f64::NAN, 3] }, 34444),
                fails(doc! { "$range": [0, "3"] }, 34445),
                fails(doc! { "$range": [0, i64::MAX] }, 34446),
                fails(doc! { "$range": [0, 3, true] }, 34447),
                fails(doc! { "$range": [0, 3, 1.5] }, 34448),
                fails(doc! { "$range": [0, 3, 0] }, 34449),
                fails(doc! { "$range": [0] }, 28667),
                fails(doc! { "$range": [0, 1, 2, 3] }, 28667),
            ],
        );
    }
}
