//! Operators on arrays.

mod convert;
mod element;
mod few;
mod iterate;
mod slice;
mod sort;
mod whole;
mod zip;

use bson::RawBsonRef;

use crate::{
    error::{Code, Result, refuse},
    expression::{Operator, arguments::type_of},
    value::Value,
};

pub(super) const FAMILIES: &[&[Operator]] = &[
    convert::OPERATORS,
    element::OPERATORS,
    few::OPERATORS,
    iterate::OPERATORS,
    slice::OPERATORS,
    sort::OPERATORS,
    whole::OPERATORS,
    zip::OPERATORS,
];

/// An error that says which type a value has instead of the one that an operator needs.
fn wrong_type<T>(code: i32, what: &str, value: &Value<'_>) -> Result<T> {
    refuse(Code(code), format!("{what}, but is of type: {}", type_of(value)))
}

fn int(number: i32) -> Value<'static> {
    Value::Ref(RawBsonRef::Int32(number))
}
