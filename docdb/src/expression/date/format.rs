//! Dates as text.

use super::{civil::Civil, zone::Zone};
use crate::error::{Code, Result, refuse};

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What `$dateToString` may write.
pub(super) const WRITTEN: &str = "bBdGHjLmMSuUVwYzZ%";

/// What `$dateFromString` may read.
pub(super) const READ: &str = "bBdGHjLmMSuVYzZ%";

const WITH_Z: &str = "%Y-%m-%dT%H:%M:%S.%LZ";
const WITHOUT_Z: &str = "%Y-%m-%dT%H:%M:%S.%L";

/// A date as the server writes it into strings: `2017-02-08T12:10:40.787Z`.
///
/// # Errors
/// 18537 for years before 0 or after 9999.
pub(crate) fn format_date(millis: i64) -> Result<String> {
    write_date(WITH_Z, millis, &Zone::UTC)
}

/// A timestamp as the server writes it into strings: `Feb  8 12:10:40:1`.
pub(crate) fn format_timestamp(seconds: u32, increment: u32) -> String {
    let civil = Civil::of(i64::from(seconds) * 1000);
    let month = month_name(civil.month).get(..3).unwrap_or_default();
    format!("{month} {:>2} {:02}:{:02}:{:02}:{increment}", civil.day, civil.hour, civil.minute, civil.second)
}

/// The format that is meant where none is given.
pub(super) fn default_format(zone: &Zone) -> &'static str {
    if zone.is_utc() { WITH_Z } else { WITHOUT_Z }
}

/// Checks that a format has only specifiers among `known`.
///
/// # Errors
/// 18535 for a lone `%` at the end, 18536 for an unknown specifier.
pub(super) fn check(format: &str, known: &str) -> Result<()> {
    let mut rest = format.chars();
    while let Some(char) = rest.next() {
        if char == '%' {
            match rest.next() {
                None => return refuse(Code(18535), "Unmatched '%' at end of format string"),
                Some(specifier) if known.contains(specifier) => {}
                Some(specifier) => {
                    return refuse(Code(18536), format!("Invalid format character '%{specifier}' in format string"));
                }
            }
        }
    }
    Ok(())
}

/// A date in a format that [`check`] has accepted.
///
/// # Errors
/// 18537 for years before 0 or after 9999.
pub(super) fn write_date(format: &str, millis: i64, zone: &Zone) -> Result<String> {
    let offset = zone.offset_at(millis);
    let civil = zone.local(millis);
    let mut out = String::with_capacity(format.len() + 16);
    let mut rest = format.chars();
    while let Some(char) = rest.next() {
        if char == '%' {
            specifier(&mut out, rest.next().unwrap_or('%'), civil, offset)?;
        } else {
            out.push(char);
        }
    }
    Ok(out)
}

fn specifier(out: &mut String, specifier: char, civil: Civil, offset: i64) -> Result<()> {
    let mut padded = |number: i64, width: usize| out.push_str(&format!("{number:0width$}"));
    match specifier {
        'Y' => padded(year(civil.year)?, 4),
        'G' => padded(year(civil.iso_week().0)?, 4),
        'm' => padded(civil.month, 2),
        'd' => padded(civil.day, 2),
        'H' => padded(civil.hour, 2),
        'M' => padded(civil.minute, 2),
        'S' => padded(civil.second, 2),
        'L' => padded(civil.millisecond, 3),
        'j' => padded(civil.day_of_year(), 3),
        'U' => padded(civil.week(), 2),
        'V' => padded(civil.iso_week().1, 2),
        'u' => padded(civil.iso_day_of_week(), 1),
        'w' => padded(civil.day_of_week(), 1),
        'Z' => padded(offset / 60_000, 1),
        'z' => {
            out.push(if offset < 0 { '-' } else { '+' });
            let minutes = offset.abs() / 60_000;
            out.push_str(&format!("{:02}{:02}", minutes / 60, minutes % 60));
        }
        'b' => out.push_str(month_name(civil.month).get(..3).unwrap_or_default()),
        'B' => out.push_str(month_name(civil.month)),
        other => out.push(other),
    }
    Ok(())
}

fn year(year: i64) -> Result<i64> {
    if !(0..=9999).contains(&year) {
        return refuse(Code(18537), format!("$dateToString is only defined on year 0-9999, tried to use year {year}"));
    }
    Ok(year)
}

fn month_name(month: i64) -> &'static str {
    usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or_default()
}
