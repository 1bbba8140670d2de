//! Dates read from text in a given format.

use super::{
    civil::Civil,
    cursor::{Cursor, FoundZone},
    format::MONTHS,
    parse::{Fault, Found},
};

/// What has been read so far.
#[derive(Default)]
struct Fields {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    iso_year: Option<i64>,
    iso_week: Option<i64>,
    iso_day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    millisecond: i64,
}

/// Reads a text in a format that is known to be valid.
pub(super) fn read(text: &str, format: &str) -> Result<Found, Fault> {
    let mut cursor = Cursor::new(text);
    let mut fields = Fields::default();
    let mut zone = None;
    let mut rest = format.chars();
    while let Some(char) = rest.next() {
        if char != '%' {
            if !cursor.eat(char) {
                return Err("the text does not have the characters of the format");
            }
            continue;
        }
        let mut number = |least: usize, most: usize| cursor.number(least, most).ok_or("a number is missing");
        match rest.next() {
            Some('Y') => fields.year = Some(number(4, 4)?),
            Some('m') => fields.month = Some(number(1, 2)?),
            Some('d') => fields.day = Some(number(1, 2)?),
            Some('G') => fields.iso_year = Some(number(4, 4)?),
            Some('V') => fields.iso_week = Some(number(1, 2)?),
            Some('u') => fields.iso_day = Some(number(1, 1)?),
            Some('j') => fields.day_of_year = Some(number(1, 3)?),
            Some('H') => fields.hour = number(1, 2)?,
            Some('M') => fields.minute = number(1, 2)?,
            Some('S') => fields.second = number(1, 2)?,
            Some('L') => fields.millisecond = number(1, 3)?,
            Some('b' | 'B') => {
                let word = cursor.word();
                fields.month = Some(month_of(&word).ok_or("the name of a month is missing")?);
            }
            Some('z') => zone = Some(cursor.zone()?),
            Some('Z') => {
                let negative = !cursor.eat('+') && cursor.eat('-');
                let minutes = cursor.number(1, 4).ok_or("an offset in minutes is missing")?;
                zone = Some(FoundZone::offset(if negative { -minutes } else { minutes } * 60_000));
            }
            _ if cursor.eat('%') => {}
            _ => return Err("a % is missing"),
        }
    }
    if !cursor.is_at_end() {
        return Err("there is more than the format says");
    }
    let date = fields.date()?;
    let Fields { hour, minute, second, millisecond, .. } = fields;
    if hour > 24 || minute > 59 || second > 59 {
        return Err("the time is not valid");
    }
    Ok(Found { civil: Civil { hour, minute, second, millisecond, ..date }, zone })
}

impl Fields {
    fn date(&self) -> Result<Civil, Fault> {
        if self.iso_year.is_some() || self.iso_week.is_some() || self.iso_day.is_some() {
            let year = self.iso_year.ok_or(super::parse::INCOMPLETE)?;
            let (week, day) = (self.iso_week.unwrap_or(1), self.iso_day.unwrap_or(1));
            if !(1..=53).contains(&week) || !(1..=7).contains(&day) {
                return Err("the week is not valid");
            }
            let date = Civil::of_iso_week(year, week, day);
            return date.millis().map(Civil::of).ok_or("the date is out of range");
        }
        let year = self.year.ok_or(super::parse::INCOMPLETE)?;
        if let Some(day) = self.day_of_year {
            // As the server has it, days of the year are counted from 0 here.
            let date = Civil::midnight(year, 1, 1 + day);
            return date.millis().map(Civil::of).ok_or("the date is out of range");
        }
        match (self.month, self.day) {
            (Some(month), Some(day)) => super::parse::valid(year, month, day),
            _ => Err(super::parse::INCOMPLETE),
        }
    }
}

/// The number of a month by its name or its first three letters.
pub(super) fn month_of(word: &str) -> Option<i64> {
    let word = word.to_ascii_lowercase();
    let is = |name: &&str| {
        let name = name.to_ascii_lowercase();
        word == name || name.get(..3) == Some(word.as_str()) || (word == "sept" && name == "september")
    };
    MONTHS.iter().position(is).and_then(|index| i64::try_from(index + 1).ok())
}
