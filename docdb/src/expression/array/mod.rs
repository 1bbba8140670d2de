//! Operators on arrays.

pub(super) mod convert;
pub(super) mod element;
pub(super) mod few;
pub(super) mod iterate;
pub(super) mod slice;
pub(super) mod sort;
pub(super) mod whole;
pub(super) mod zip;

use bson::RawBsonRef;

use crate::{
    error::{Code, Result, refuse},
    expression::arguments::type_of,
    value::Value,
};

/// An error that says which type a value has instead of the one that an operator needs.
fn wrong_type<T>(code: i32, what: &str, value: &Value<'_>) -> Result<T> {
    refuse(Code(code), format!("{what}, but is of type: {}", type_of(value)))
}

fn int(number: i32) -> Value<'static> {
    Value::Ref(RawBsonRef::Int32(number))
}
