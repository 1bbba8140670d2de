//! What a subscription asks to be replayed: from a point in time, and up to another if one is named.

use millpond_engine::Timestamp;
use serde_json::{Map, Value};

use crate::{Error, Result};

use super::ATTRIBUTE;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    /// As it was given.
    pub(crate) text: String,
    pub(crate) start: Timestamp,
    pub(crate) end: Option<Timestamp>,
}

impl Policy {
    /// Reads a policy; one without keys is none.
    pub(crate) fn parse(text: &str) -> Result<Option<Policy>> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let fields: Map<String, Value> = serde_json::from_str(text).map_err(|_| wrong("Unable to parse JSON"))?;
        if fields.is_empty() {
            return Ok(None);
        }
        let known = ["PointType", "StartingPoint", "EndingPoint"];
        if let Some(unknown) = fields.keys().find(|field| !known.contains(&field.as_str())) {
            return Err(wrong(&format!("Unexpected JSON member: {unknown}")));
        }
        let Some(point_type) = fields.get("PointType") else { return Err(wrong("JSON is missing required fields")) };
        if point_type.as_str() != Some("Timestamp") {
            return Err(wrong("Invalid PointType"));
        }
        let point = |name: &str| -> Result<Option<Timestamp>> {
            let Some(value) = fields.get(name) else { return Ok(None) };
            let time = value.as_str().and_then(parse_time);
            time.map(Some).ok_or_else(|| wrong(&format!("Invalid {name} value")))
        };
        let start = point("StartingPoint")?.ok_or_else(|| wrong("JSON is missing required fields"))?;
        Ok(Some(Policy { text: text.to_owned(), start, end: point("EndingPoint")? }))
    }

    /// Whether it can be asked for now.
    pub(crate) fn check(&self, now: Timestamp) -> Result<()> {
        if self.start > now {
            return Err(wrong("Invalid StartingPoint value"));
        }
        if self.end.is_some_and(|end| end < self.start) {
            return Err(wrong("Invalid EndingPoint value"));
        }
        Ok(())
    }
}

fn wrong(what: &str) -> Error {
    Error::parameter(format!("{ATTRIBUTE}: {what}"))
}

/// Reads a time of ISO 8601, with or without seconds and a fraction of them, in UTC or with an offset from it.
fn parse_time(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let (time, offset) = split_offset(time)?;
    let mut parts = time.splitn(3, ':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let (second, millis) = match parts.next() {
        None => (0, 0),
        Some(seconds) => match seconds.split_once('.') {
            None => (digits(seconds, 2)?, 0),
            Some((seconds, fraction)) => (digits(seconds, 2)?, millis(fraction)?),
        },
    };
    if !(1..=12).contains(&month) || day < 1 || day > days_of(year, month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let minutes = (days_since_1970(year, month, day) * 24 + hour) * 60 + minute - offset;
    u64::try_from((minutes * 60 + second) * 1000 + millis).ok().map(Timestamp::from_millis)
}

/// A time of day, and by how many minutes it is ahead of UTC.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let (at, sign) = time.char_indices().rev().find(|(_, character)| "+-".contains(*character))?;
    let (time, offset) = (time.get(..at)?, time.get(at + 1..)?);
    let (hours, minutes) = match offset.split_once(':') {
        Some((hours, minutes)) => (digits(hours, 2)?, digits(minutes, 2)?),
        None => (
            digits(offset.get(..2)?, 2)?,
            offset.get(2..).filter(|rest| !rest.is_empty()).map_or(Some(0), |rest| digits(rest, 2))?,
        ),
    };
    let minutes = hours * 60 + minutes;
    Some((time, if sign == '-' { -minutes } else { minutes }))
}

fn digits(text: &str, count: usize) -> Option<i64> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// A fraction of a second.
fn millis(fraction: &str) -> Option<i64> {
    let is_good = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let first: String = fraction.chars().chain("00".chars()).take(3).collect();
    if is_good { first.parse().ok() } else { None }
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// By whole cycles of 400 years that begin in March.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (cycle, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    cycle * 146_097 + year * 365 + year / 4 - year / 100 + day - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_shown() {
        for millis in [0, 951_782_399_007, 951_782_400_000, 1_700_000_000_123, 4_107_542_400_000] {
            let time = Timestamp::from_millis(millis);
            assert_eq!(parse_time(&time.to_string()), Some(time), "{time}");
        }
        for (text, same) in [
            ("2023-02-28T00:00:00Z", "2023-02-28T00:00:00.000Z"),
            ("2023-02-28T00:00Z", "2023-02-28T00:00:00.000Z"),
            ("2023-02-28T02:30:00+02:30", "2023-02-28T00:00:00.000Z"),
            ("2023-02-27T19:00:00.5-0500", "2023-02-28T00:00:00.500Z"),
        ] {
            assert_eq!(parse_time(text).unwrap().to_string(), same, "{text}");
        }
        for bad in [
            "",
            "now",
            "2023-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-01-01",
            "2023-01-01T25:00:00Z",
            "1969-12-31T23:59:59Z",
            "2023-01-01T00:00:00",
            "2023-01-01T00:00:00.Z",
            "2023-01-01T00:00:00é",
            "2023-01-01T00:00:00+é",
            "+023-01-01T00:00:00Z",
        ] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_time_is_read_back(millis in 0..253_402_300_800_000_u64) {
            let time = Timestamp::from_millis(millis);
            proptest::prop_assert_eq!(parse_time(&time.to_string()), Some(time));
        }

        #[test]
        fn no_text_is_too_strange(text in "[0-9TZ:.+é-]{0,40}|.*", json in "\\PC*") {
            let _ = (parse_time(&text), Policy::parse(&json));
        }
    }

    #[test]
    fn a_policy_names_points_in_time() {
        let parse = |text| Policy::parse(text).map_err(|error| error.to_string());
        assert_eq!(parse(""), Ok(None));
        assert_eq!(parse("{}"), Ok(None));
        let whole =
            r#"{"PointType":"Timestamp","StartingPoint":"1970-01-01T00:00:01Z","EndingPoint":"1970-01-01T00:00:02Z"}"#;
        let policy = parse(whole).unwrap().unwrap();
        assert_eq!((policy.start, policy.end), (Timestamp::from_secs(1), Some(Timestamp::from_secs(2))));
        for (text, wrong) in [
            ("{", "Unable to parse JSON"),
            ("[]", "Unable to parse JSON"),
            (r#"{"PointType":"Timestamp"}"#, "JSON is missing required fields"),
            (r#"{"PointType":"Number","StartingPoint":"1970-01-01T00:00:01Z"}"#, "Invalid PointType"),
            (r#"{"PointType":"Timestamp","StartingPoint":7}"#, "Invalid StartingPoint value"),
            (r#"{"PointType":"Timestamp","More":7}"#, "Unexpected JSON member: More"),
        ] {
            assert_eq!(parse(text), Err(format!("Invalid parameter: ReplayPolicy: {wrong}")), "{text}");
        }
    }
}
