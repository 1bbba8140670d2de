//! Time zones: by the names of the tz database, which is part of the program, and by offsets.

use bson::RawBsonRef;
use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{TimeZone, TimeZoneDatabase},
};

use super::civil::Civil;
use crate::{
    error::{Code, Error, Result, refuse},
    expression::{Env, Expression, arguments::type_of},
};

/// A time zone.
#[derive(Debug, Clone)]
pub(super) enum Zone {
    /// So many milliseconds ahead of UTC.
    Offset(i64),
    /// One of the tz database.
    Named(TimeZone),
}

impl Zone {
    pub(super) const UTC: Zone = Zone::Offset(0);

    /// From a name or an offset such as `+02:00`, `+0200` or `+02`.
    ///
    /// # Errors
    /// 40485 for what is neither.
    pub(super) fn parse(text: &str) -> Result<Zone> {
        if text == "UTC" {
            return Ok(Zone::UTC);
        }
        let zone = match text.as_bytes() {
            [b'+' | b'-', ..] => offset(text).map(Zone::Offset),
            _ => named(text).filter(|zone| zone.iana_name() == Some(text)).map(Zone::Named),
        };
        zone.ok_or_else(|| Error::new(Code(40485), format!("unrecognized time zone identifier: \"{text}\"")))
    }

    /// The zone that an argument names, UTC if it is not given, `None` if it is null.
    ///
    /// # Errors
    /// 40517 for what is no string; as [`parse`](Self::parse).
    pub(super) fn argument<'a>(argument: &'a Option<Expression>, env: &Env<'a>) -> Result<Option<Zone>> {
        let Some(argument) = argument else { return Ok(Some(Zone::UTC)) };
        let value = argument.evaluate(env)?;
        match value.get() {
            _ if value.is_nullish() => Ok(None),
            Some(RawBsonRef::String(text)) => Zone::parse(text).map(Some),
            _ => {
                let found = type_of(&value);
                refuse(Code(40517), format!("timezone must evaluate to a string, found {found}"))
            }
        }
    }

    pub(super) fn is_utc(&self) -> bool {
        matches!(self, Zone::Offset(0))
    }

    /// How many milliseconds it is ahead of UTC at a time.
    pub(super) fn offset_at(&self, millis: i64) -> i64 {
        match self {
            Zone::Offset(offset) => *offset,
            Zone::Named(zone) => {
                let (least, most) = (Timestamp::MIN.as_millisecond(), Timestamp::MAX.as_millisecond());
                let at = Timestamp::from_millisecond(millis.clamp(least, most)).unwrap_or(Timestamp::UNIX_EPOCH);
                i64::from(zone.to_offset(at).seconds()) * 1000
            }
        }
    }

    /// What its clocks show at a time.
    pub(super) fn local(&self, millis: i64) -> Civil {
        Civil::of(millis.saturating_add(self.offset_at(millis)))
    }

    /// The time at which its clocks show `local`: a time that clocks skip is as much later as they skip, and of two the
    /// earlier one is meant. `None` beyond what dates hold.
    pub(super) fn instant(&self, local: Civil) -> Option<i64> {
        let millis = local.millis()?;
        let local = Civil::of(millis);
        let Zone::Named(zone) = self else { return millis.checked_sub(self.offset_at(millis)) };
        let Some(civil) = jiff_civil(local) else { return millis.checked_sub(self.offset_at(millis)) };
        match zone.to_ambiguous_timestamp(civil).compatible() {
            Ok(timestamp) => Some(timestamp.as_millisecond()),
            Err(_) => millis.checked_sub(self.offset_at(millis)),
        }
    }
}

/// A zone by its name, whatever its case.
pub(super) fn named(text: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(text).ok()
}

fn jiff_civil(local: Civil) -> Option<DateTime> {
    DateTime::new(
        i16::try_from(local.year).ok()?,
        i8::try_from(local.month).ok()?,
        i8::try_from(local.day).ok()?,
        i8::try_from(local.hour).ok()?,
        i8::try_from(local.minute).ok()?,
        i8::try_from(local.second).ok()?,
        i32::try_from(local.millisecond).ok()? * 1_000_000,
    )
    .ok()
}

/// The milliseconds of `+hh`, `+hhmm` or `+hh:mm`. Hours and minutes may be up to 99.
fn offset(text: &str) -> Option<i64> {
    let (sign, digits) = text.split_at_checked(1)?;
    let digits = match digits.split_once(':') {
        Some((hours, minutes)) if hours.len() == 2 && minutes.len() == 2 => format!("{hours}{minutes}"),
        Some(_) => return None,
        None if digits.len() == 2 => format!("{digits}00"),
        None => digits.to_owned(),
    };
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    let minutes = number / 100 * 60 + number % 100;
    Some(if sign == "-" { -minutes } else { minutes } * 60_000)
}
