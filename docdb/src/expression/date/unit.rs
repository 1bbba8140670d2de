//! Units of time, and the day that a week begins on.

use bson::RawBsonRef;

use crate::{
    error::{Code, Result, refuse},
    expression::arguments::type_of,
    value::Value,
};

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// So many months: a month, a quarter, a year.
    Months(i64),
    /// So many days: a day, a week.
    Days(i64),
    /// So many milliseconds, whatever the clocks do: up to an hour.
    Millis(i64),
}

impl Unit {
    /// # Errors
    /// 5439013 for what is no string, [`Code::FAILED_TO_PARSE`] for an unknown unit.
    pub(super) fn of(operator: &str, value: &Value<'_>) -> Result<Unit> {
        let Some(RawBsonRef::String(name)) = value.get() else {
            let found = type_of(value);
            return refuse(Code(5_439_013), format!("{operator} requires 'unit' to be a string, but got {found}"));
        };
        Ok(match name {
            "year" => Unit::Months(12),
            "quarter" => Unit::Months(3),
            "month" => Unit::Months(1),
            "week" => Unit::Days(7),
            "day" => Unit::Days(1),
            "hour" => Unit::Millis(3_600_000),
            "minute" => Unit::Millis(60_000),
            "second" => Unit::Millis(1000),
            "millisecond" => Unit::Millis(1),
            _ => return refuse(Code::FAILED_TO_PARSE, format!("unknown time unit value: {name}")),
        })
    }
}

/// The day that weeks begin on, from 1, which is Monday.
///
/// # Errors
/// 5439015 for what is no string, 5439016 for what is no day.
pub(super) fn start_of_week(operator: &str, value: &Value<'_>) -> Result<i64> {
    let Some(RawBsonRef::String(name)) = value.get() else {
        let found = type_of(value);
        return refuse(Code(5_439_015), format!("{operator} requires 'startOfWeek' to be a string, but got {found}"));
    };
    Ok(match name.to_ascii_lowercase().as_str() {
        "monday" | "mon" => 1,
        "tuesday" | "tue" => 2,
        "wednesday" | "wed" => 3,
        "thursday" | "thu" => 4,
        "friday" | "fri" => 5,
        "saturday" | "sat" => 6,
        "sunday" | "sun" => 7,
        _ => {
            return refuse(
                Code(5_439_016),
                format!("{operator} parameter 'startOfWeek' value cannot be recognized as a day of a week: {name}"),
            );
        }
    })
}

/// Weeks begin on Sundays where nothing is said.
pub(super) const SUNDAY: i64 = 7;
