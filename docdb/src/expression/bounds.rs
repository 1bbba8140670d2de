//! How large and how deep the values may be that expressions make.

use bson::RawBson;

use crate::{
    error::{Code, Result, refuse},
    value::{Value, as_document, depth},
};

/// The most bytes that one value may have while it is being made; what is stored is bounded more tightly, later.
///
/// Source: the server's `internalQueryMaxRangeBytes`.
pub(crate) const MAX_VALUE_BYTES: usize = 100 << 20;

/// How deep values may be nested.
const MAX_VALUE_DEPTH: usize = 200;

/// The largest value that a variable may have: the largest document, and 16 KiB for what is around it.
const MAX_VARIABLE_BYTES: usize = (16 << 20) + (16 << 10);

/// Refuses to go on making a value of so many bytes.
///
/// # Errors
/// [`Code::EXCEEDED_MEMORY_LIMIT`].
pub(crate) fn check_size(operator: &str, bytes: usize) -> Result<()> {
    if bytes > MAX_VALUE_BYTES {
        return refuse(
            Code::EXCEEDED_MEMORY_LIMIT,
            format!("{operator} would use too much memory ({bytes} bytes) and cannot spill to disk"),
        );
    }
    Ok(())
}

/// Whether a value may be bound to a variable: variables are what values can grow by without end, as each may hold twice
/// the one before.
///
/// # Errors
/// [`Code::BSON_OBJECT_TOO_LARGE`], [`Code::OVERFLOW`].
pub(crate) fn check_variable(value: &Value<'_>) -> Result<()> {
    let Value::Owned(value) = value else { return Ok(()) };
    let document = match value {
        RawBson::Document(document) => document,
        RawBson::Array(array) => as_document(array),
        _ => return Ok(()),
    };
    if document.as_bytes().len() > MAX_VARIABLE_BYTES {
        return refuse(
            Code::BSON_OBJECT_TOO_LARGE,
            format!(
                "BSONObj size: {} is invalid. Size must be between 0 and 16793600(16MB)",
                document.as_bytes().len()
            ),
        );
    }
    if depth(document, MAX_VALUE_DEPTH)? > MAX_VALUE_DEPTH {
        return refuse(Code::OVERFLOW, "BSONObj exceeds maximum nested object depth: 200");
    }
    Ok(())
}
