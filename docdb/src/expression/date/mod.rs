//! Operators on dates.

pub(super) mod add;
mod civil;
mod cursor;
pub(super) mod difference;
mod format;
pub(super) mod from_parts;
mod parse;
mod parse_format;
pub(super) mod part;
pub(super) mod strings;
pub(super) mod to_parts;
pub(super) mod truncate;
mod unit;
mod zone;

#[cfg(test)]
mod tests;

use bson::RawBsonRef;

pub(crate) use format::{format_date, format_timestamp};
pub(crate) use parse::parse_date;

use crate::{
    error::{Code, Error, Result},
    expression::arguments::type_of,
    value::Value,
};

/// The milliseconds of a value that is or holds a date: a date, a timestamp, the time at which an id was made.
pub(crate) fn millis_of(value: &Value<'_>) -> Option<i64> {
    match value.get()? {
        RawBsonRef::DateTime(date) => Some(date.timestamp_millis()),
        RawBsonRef::Timestamp(stamp) => Some(i64::from(stamp.time) * 1000),
        RawBsonRef::ObjectId(id) => {
            let [a, b, c, d, ..] = id.bytes();
            Some(i64::from(i32::from_be_bytes([a, b, c, d])) * 1000)
        }
        _ => None,
    }
}

/// As [`millis_of`].
///
/// # Errors
/// 16006 for other types.
fn date(value: &Value<'_>) -> Result<i64> {
    let wrong = || Error::new(Code(16006), format!("can't convert from BSON type {} to Date", type_of(value)));
    millis_of(value).ok_or_else(wrong)
}

/// A date as a value.
fn made(millis: i64) -> Value<'static> {
    Value::Ref(RawBsonRef::DateTime(bson::DateTime::from_millis(millis)))
}
