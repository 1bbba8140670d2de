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
