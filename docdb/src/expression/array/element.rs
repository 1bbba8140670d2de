//! One item: `$arrayElemAt`, `$first`, `$last`, `$in`, `$indexOfArray`.

use bson::{RawArray, RawBsonRef};

use super::{int, wrong_type};
use crate::{
    error::{Code, Result, refuse},
    expression::{
        Env, Operator,
        arguments::{array_of, boolean, fixed, null, pick, type_of, unary, variadic, whole_int},
    },
    value::{Number, Value, item, items, type_name},
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator { name: "$arrayElemAt", parse: |value, names| fixed("$arrayElemAt", value, names, array_elem_at) },
    Operator {
        name: "$first",
        parse: |value, names| unary("$first", value, names, |array, _| end("$first", array, 0)),
    },
    Operator { name: "$last", parse: |value, names| unary("$last", value, names, |array, _| end("$last", array, -1)) },
    Operator { name: "$in", parse: |value, names| fixed("$in", value, names, is_in) },
    Operator {
        name: "$indexOfArray",
        parse: |value, names| variadic("$indexOfArray", value, names, 2..=4, index_of_array),
    },
];

fn array_elem_at<'v>([array, index]: [Value<'v>; 2], _: &Env<'_>) -> Result<Value<'v>> {
    if array.is_nullish() || index.is_nullish() {
        return Ok(null());
    }
    if array_of(&array).is_none() {
        return wrong_type(28689, "$arrayElemAt's first argument must be an array", &array);
    }
    let Some(number) = index.get().filter(|index| Number::of(*index).is_some()) else {
        return wrong_type(28690, "$arrayElemAt's second argument must be a numeric value", &index);
    };
    let Some(index) = whole_int(number) else {
        return refuse(
            Code(28691),
            format!("$arrayElemAt's second argument must be representable as a 32-bit integer: {number:?}"),
        );
    };
    Ok(at(array, index))
}

fn end<'v>(operator: &str, array: Value<'v>, index: i32) -> Result<Value<'v>> {
    if array.is_nullish() {
        return Ok(null());
    }
    if array_of(&array).is_none() {
        return wrong_type(28689, &format!("{operator}'s argument must be an array"), &array);
    }
    Ok(at(array, index))
}

/// The item at an index, which counts from the end if it is below zero. There is none beyond the ends.
fn at(array: Value<'_>, index: i32) -> Value<'_> {
    pick(array, |array| {
        let array = array.as_array()?;
        let index = match usize::try_from(index) {
            Ok(index) => index,
            Err(_) => items(array).count().checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
        };
        item(array, index)
    })
}

fn is_in<'v>([needle, array]: [Value<'v>; 2], env: &Env<'_>) -> Result<Value<'v>> {
    let Some(array) = array_of(&array) else {
        let found = array.get().map_or("missing", type_name);
        return refuse(Code(40081), format!("$in requires an array as a second argument, found: {found}"));
    };
    Ok(boolean(position(array, &needle, 0, usize::MAX, env).is_some()))
}

/// The first index from `from` to before `to` at which a value is.
fn position(array: &RawArray, needle: &Value<'_>, from: usize, to: usize, env: &Env<'_>) -> Option<usize> {
    let comparator = env.comparator();
    // Nothing in an array is missing, but undefined is the same to the order.
    let needle = needle.get().unwrap_or(RawBsonRef::Undefined);
    let mut range = items(array).enumerate().take(to).skip(from);
    range.find(|(_, item)| comparator.equal(*item, needle)).map(|(index, _)| index)
}

fn index_of_array<'v>(arguments: Vec<Value<'v>>, env: &Env<'_>) -> Result<Value<'v>> {
    let mut arguments = arguments.into_iter();
    let (array, needle) = (arguments.next().unwrap_or(Value::Missing), arguments.next().unwrap_or(Value::Missing));
    if array.is_nullish() {
        return Ok(null());
    }
    let Some(array) = array_of(&array) else {
        let found = array.get().map_or("missing", type_name);
        return refuse(Code(40090), format!("$indexOfArray requires an array as a first argument, found: {found}"));
    };
    let from = bound("starting", arguments.next(), 0)?;
    let to = bound("ending", arguments.next(), usize::MAX)?;
    let found = position(array, &needle, from, to, env);
    Ok(int(found.and_then(|index| i32::try_from(index).ok()).unwrap_or(-1)))
}

fn bound(which: &str, value: Option<Value<'_>>, otherwise: usize) -> Result<usize> {
    let Some(value) = value else { return Ok(otherwise) };
    let Some(index) = value.get().and_then(whole_int) else {
        return refuse(
            Code(9_711_600),
            format!("$indexOfArray requires an integral {which} index, found a value of type: {}", type_of(&value)),
        );
    };
    let negative = || format!("$indexOfArray requires a nonnegative {which} index, found: {index}");
    usize::try_from(index).or_else(|_| refuse(Code(9_711_601), negative()))
}
