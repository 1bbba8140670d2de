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

#[cfg(test)]
mod tests {

    use bson::{Bson, bson, doc};

    use crate::expression::testing::{
        Yields, check, check_types, evaluate, fails, missing, nullish, one_of_each_type, yields,
    };

    #[test]
    fn items_are_counted_from_either_end() {
        let decimal = |text: &str| Bson::Decimal128(text.parse().unwrap());
        check(
            &doc! { "a": [10, 20, 30], "e": [] },
            [
                yields(doc! { "$arrayElemAt": ["$a", 0] }, 10),
                yields(doc! { "$arrayElemAt": ["$a", -1] }, 30),
                yields(doc! { "$arrayElemAt": ["$a", 2.0] }, 30),
                yields(doc! { "$arrayElemAt": ["$a", decimal("10E-1")] }, 20),
                missing(doc! { "$arrayElemAt": ["$a", 3] }),
                missing(doc! { "$arrayElemAt": ["$a", -4] }),
                missing(doc! { "$arrayElemAt": ["$a", i32::MIN] }),
                yields(doc! { "$arrayElemAt": ["$none", 1] }, Bson::Null),
                yields(doc! { "$arrayElemAt": ["$a", null] }, Bson::Null),
                yields(doc! { "$arrayElemAt": [[{ "x": "$a" }], 0] }, bson!({ "x": [10, 20, 30] })),
                fails(doc! { "$arrayElemAt": ["x", 0] }, 28689),
                fails(doc! { "$arrayElemAt": ["$a", "0"] }, 28690),
                fails(doc! { "$arrayElemAt": ["$a", 1.5] }, 28691),
                fails(doc! { "$arrayElemAt": ["$a", f64::NAN] }, 28691),
                fails(doc! { "$arrayElemAt": ["$a", i64::MAX] }, 28691),
                fails(doc! { "$arrayElemAt": ["$a", decimal("Infinity")] }, 28691),
                fails(doc! { "$arrayElemAt": ["$a"] }, 16020),
                yields(doc! { "$first": "$a" }, 10),
                yields(doc! { "$last": "$a" }, 30),
                missing(doc! { "$first": "$e" }),
                missing(doc! { "$last": "$e" }),
            ],
        );
        for operator in ["$first", "$last"] {
            check_types(operator, |value| nullish(value) || matches!(value, Bson::Array(_)), 28689);
        }
    }

    #[test]
    fn values_are_found_by_what_they_are_equal_to() {
        check(
            &doc! { "a": [1, "b", null, [2], { "c": 1 }, 1], "e": [] },
            [
                yields(doc! { "$in": [1.0, "$a"] }, true),
                yields(doc! { "$in": [[2], "$a"] }, true),
                yields(doc! { "$in": [2, "$a"] }, false),
                yields(doc! { "$in": ["$none", "$a"] }, false),
                yields(doc! { "$indexOfArray": ["$a", [2]] }, 3),
                yields(doc! { "$indexOfArray": ["$a", { "c": 1 }] }, 4),
                yields(doc! { "$indexOfArray": ["$a", 1, 1] }, 5),
                yields(doc! { "$indexOfArray": ["$a", 1, 1, 5] }, -1),
                yields(doc! { "$indexOfArray": ["$a", 1, 9] }, -1),
                yields(doc! { "$indexOfArray": ["$a", 1, 3, 1] }, -1),
                yields(doc! { "$indexOfArray": ["$e", 1] }, -1),
                yields(doc! { "$indexOfArray": ["$none", 1] }, Bson::Null),
                fails(doc! { "$indexOfArray": ["x", 1] }, 40090),
                fails(doc! { "$indexOfArray": ["$a", 1, 0.5] }, 9_711_600),
                fails(doc! { "$indexOfArray": ["$a", 1, null] }, 9_711_600),
                fails(doc! { "$indexOfArray": ["$a", 1, "$none"] }, 9_711_600),
                fails(doc! { "$indexOfArray": ["$a", 1, 0, i64::MAX] }, 9_711_600),
                fails(doc! { "$indexOfArray": ["$a", 1, -1] }, 9_711_601),
                fails(doc! { "$indexOfArray": ["$a"] }, 28667),
                fails(doc! { "$indexOfArray": ["$a", 1, 0, 1, 1] }, 28667),
                fails(doc! { "$in": [1] }, 16020),
            ],
        );
        for value in one_of_each_type().into_iter().filter(|value| !matches!(value, Bson::Array(_))) {
            assert_eq!(evaluate(doc! { "$in": [1, "$v"] }, &doc! { "v": value }), Yields::Code(40081));
        }
    }
}
