//! Dates read from text that says itself what it is: ISO 8601 in its many forms, and the customary ones.

use super::{
    civil::{Civil, days_in_month},
    cursor::{Cursor, FoundZone},
    parse_format::month_of,
    zone::Zone,
};
use crate::error::{Code, Result, refuse};

/// Why a text is no date.
pub(super) type Fault = &'static str;

pub(super) const INCOMPLETE: Fault = "an incomplete date/time string has been found, with elements missing";

/// The milliseconds of a date in text, of UTC if it does not say otherwise.
///
/// # Errors
/// 241 for what is no date.
pub(crate) fn parse_date(text: &str) -> Result<i64> {
    scan(text).and_then(|found| found.instant(&Zone::UTC)).or_else(|reason| failure(text, reason))
}

pub(super) fn failure(text: &str, reason: Fault) -> Result<i64> {
    let shown: String = text.chars().take(100).collect();
    refuse(Code::CONVERSION_FAILURE, format!("Error parsing date string '{shown}': {reason}"))
}

/// A date in a text.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) civil: Civil,
    pub(super) zone: Option<FoundZone>,
}

impl Found {
    /// The milliseconds, in a zone that is given beside the text.
    pub(super) fn instant(self, zone: &Zone) -> Result<i64, Fault> {
        let zone = match &self.zone {
            Some(_) if !zone.is_utc() => {
                return Err(
                    "you cannot pass in a date/time string with time zone information together with a timezone argument",
                );
            }
            Some(found) => found.zone(),
            None => zone,
        };
        zone.instant(self.civil).ok_or("the date is out of range")
    }
}

/// A day that exists.
pub(super) fn valid(year: i64, month: i64, day: i64) -> Result<Civil, Fault> {
    if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return Err("the date is not valid");
    }
    Ok(Civil::midnight(year, month, day))
}

/// Reads a text without a format.
pub(super) fn scan(text: &str) -> Result<Found, Fault> {
    let mut scan =
        Scan { cursor: Cursor::new(text), date: None, month_day: None, time: None, zone: None, weekday: None };
    loop {
        scan.cursor.skip(" \t,");
        match scan.cursor.peek() {
            None => return scan.finish(),
            Some(char) if char.is_ascii_digit() => scan.digits()?,
            Some(char) if char.is_ascii_alphabetic() => scan.letters()?,
            Some('+' | '-') if scan.zone.is_none() && scan.date_or_time() => scan.zone = Some(scan.cursor.zone()?),
            Some('@') if !scan.date_or_time() => scan.seconds()?,
            Some(_) => return Err("unexpected character"),
        }
    }
}

struct Scan<'t> {
    cursor: Cursor<'t>,
    date: Option<Civil>,
    /// A month and a day whose year is still to come.
    month_day: Option<(i64, i64)>,
    time: Option<[i64; 4]>,
    zone: Option<FoundZone>,
    /// From 1, which is Monday.
    weekday: Option<i64>,
}

impl Scan<'_> {
    fn date_or_time(&self) -> bool {
        self.date.is_some() || self.month_day.is_some() || self.time.is_some()
    }

    fn finish(self) -> Result<Found, Fault> {
        let date = self.date.ok_or(INCOMPLETE)?;
        let [hour, minute, second, millisecond] = self.time.unwrap_or_default();
        // A date that is not the day of the week which is named beside it is the next such day.
        let later = self.weekday.map_or(0, |day| (day - date.iso_day_of_week()).rem_euclid(7));
        Ok(Found { civil: Civil { day: date.day + later, hour, minute, second, millisecond, ..date }, zone: self.zone })
    }

    fn set_date(&mut self, year: i64, month: i64, day: i64) -> Result<(), Fault> {
        if self.date.is_some() || self.month_day.is_some() {
            return Err("double date specification");
        }
        self.date = Some(valid(year, month, day)?);
        Ok(())
    }

    fn set_month_day(&mut self, month: i64, day: i64) -> Result<(), Fault> {
        if self.date.is_some() || self.month_day.is_some() {
            return Err("double date specification");
        }
        self.month_day = Some((month, day));
        Ok(())
    }

    /// `@1486555840`: seconds since 1970.
    fn seconds(&mut self) -> Result<(), Fault> {
        self.cursor.next();
        let negative = self.cursor.eat('-');
        let seconds = self.cursor.number(1, 12).ok_or("a number is missing")?;
        let civil = Civil::of(if negative { -seconds } else { seconds } * 1000);
        self.set_date(civil.year, civil.month, civil.day)?;
        self.time = Some([civil.hour, civil.minute, civil.second, 0]);
        self.zone = Some(FoundZone::offset(0));
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let count = self.cursor.count_digits();
        let after = self.cursor.peek_at(count);
        match (count, after) {
            (1 | 2, Some(':')) => self.time_of_day(),
            (1 | 2, _) if self.cursor.meridian_follows(count) => self.time_of_day(),
            (1 | 2, Some('/')) => self.american(),
            (1 | 2, Some('-' | '.')) => self.european(),
            (1 | 2, _) => self.day_and_month(),
            (4, Some('-' | '/' | '.')) => self.year_first(),
            (4, Some('w' | 'W')) => {
                let year = self.number(4)?;
                self.cursor.next();
                self.iso_week(year)
            }
            (4, _) => self.year_last(),
            (7, _) => {
                let (year, day) = (self.number(4)?, self.number(3)?);
                self.day_of_year(year, day)
            }
            (8, _) => {
                let (year, month, day) = (self.number(4)?, self.number(2)?, self.number(2)?);
                self.set_date(year, month, day)
            }
            (14, _) => {
                let (year, month, day) = (self.number(4)?, self.number(2)?, self.number(2)?);
                self.set_date(year, month, day)?;
                self.compact_time()
            }
            _ => Err("unexpected number"),
        }
    }

    fn number(&mut self, digits: usize) -> Result<i64, Fault> {
        self.cursor.number(digits, digits).ok_or("a number is missing")
    }

    /// A year that the rest of the date came before.
    fn year_last(&mut self) -> Result<(), Fault> {
        let year = self.number(4)?;
        match self.month_day.take() {
            Some((month, day)) => self.set_date(year, month, day),
            None => Err(INCOMPLETE),
        }
    }

    /// `2017-02-08`, `2017/2/8`, `2017-02`, `2017-039`, `2017-W06-3`, `2017-Feb-08`, `2017.039`.
    fn year_first(&mut self) -> Result<(), Fault> {
        let year = self.number(4)?;
        let separator = self.cursor.next().unwrap_or('-');
        if self.cursor.eat('w') || self.cursor.eat('W') {
            return self.iso_week(year);
        }
        if self.cursor.peek().is_some_and(|char| char.is_ascii_alphabetic()) {
            let month = month_of(&self.cursor.word()).ok_or("the name of a month is missing")?;
            self.cursor.skip(" -.");
            let day = self.cursor.number(1, 2).ok_or("a day is missing")?;
            return self.set_date(year, month, day);
        }
        if self.cursor.count_digits() == 3 && separator != '/' {
            let day = self.number(3)?;
            return self.day_of_year(year, day);
        }
        let month = self.cursor.number(1, 2).ok_or("a month is missing")?;
        if !self.cursor.eat(separator) {
            return if separator == '-' { self.set_date(year, month, 1) } else { Err(INCOMPLETE) };
        }
        let day = self.cursor.number(1, 2).ok_or("a day is missing")?;
        self.set_date(year, month, day)
    }

    fn iso_week(&mut self, year: i64) -> Result<(), Fault> {
        let week = self.number(2)?;
        let hyphen =
            self.cursor.peek() == Some('-') && self.cursor.peek_at(1).is_some_and(|char| char.is_ascii_digit());
        if hyphen {
            self.cursor.next();
        }
        let day = self.cursor.number(1, 1).unwrap_or(1);
        if !(1..=53).contains(&week) || day > 7 {
            return Err("the week is not valid");
        }
        let date = Civil::of_iso_week(year, week, day).millis().map(Civil::of).ok_or("the date is out of range")?;
        self.set_date(date.year, date.month, date.day)
    }

    fn day_of_year(&mut self, year: i64, day: i64) -> Result<(), Fault> {
        let date = Civil::midnight(year, 1, day).millis().map(Civil::of).ok_or("the date is out of range")?;
        if date.year != year {
            return Err("the date is not valid");
        }
        self.set_date(date.year, date.month, date.day)
    }

    /// `2/8/2017`, `2/8/17`.
    fn american(&mut self) -> Result<(), Fault> {
        let month = self.cursor.number(1, 2).ok_or("a month is missing")?;
        self.cursor.next();
        let day = self.cursor.number(1, 2).ok_or("a day is missing")?;
        if !self.cursor.eat('/') {
            return self.set_month_day(month, day);
        }
        let year = self.year_of_two_or_four()?;
        self.set_date(year, month, day)
    }

    /// `8-2-2017`, `8.2.2017`, `8-Feb-2017`, `17-02-08`.
    fn european(&mut self) -> Result<(), Fault> {
        let first = self.cursor.number(1, 2).ok_or("a day is missing")?;
        let separator = self.cursor.next().unwrap_or('-');
        if self.cursor.peek().is_some_and(|char| char.is_ascii_alphabetic()) {
            let month = month_of(&self.cursor.word()).ok_or("the name of a month is missing")?;
            self.cursor.skip(" -.");
            let year = self.year_of_two_or_four()?;
            return self.set_date(year, month, first);
        }
        let month = self.cursor.number(1, 2).ok_or("a month is missing")?;
        if !self.cursor.eat(separator) {
            return Err(INCOMPLETE);
        }
        if separator == '-' && self.cursor.count_digits() <= 2 {
            let day = self.cursor.number(1, 2).ok_or("a day is missing")?;
            return self.set_date(full_year(first), month, day);
        }
        let year = self.year_of_two_or_four()?;
        self.set_date(year, month, first)
    }

    fn year_of_two_or_four(&mut self) -> Result<i64, Fault> {
        match self.cursor.count_digits() {
            2 => self.number(2).map(full_year),
            4 => self.number(4),
            _ => Err("a year is missing"),
        }
    }

    /// `8 February 2017`, `8th of Feb`.
    fn day_and_month(&mut self) -> Result<(), Fault> {
        let day = self.cursor.number(1, 2).ok_or("a day is missing")?;
        self.cursor.ordinal();
        self.cursor.skip(" \t.-");
        let month = month_of(&self.cursor.word()).ok_or("the name of a month is missing")?;
        self.cursor.skip(" \t.,-");
        if self.cursor.count_digits() == 4 && self.cursor.peek_at(4) != Some(':') {
            let year = self.number(4)?;
            return self.set_date(year, month, day);
        }
        self.set_month_day(month, day)
    }

    /// `12:10`, `12:10:40.787`, `1:30 pm`, `1 pm`.
    fn time_of_day(&mut self) -> Result<(), Fault> {
        let mut hour = self.cursor.number(1, 2).ok_or("an hour is missing")?;
        let (mut minute, mut second, mut millisecond) = (0, 0, 0);
        if self.cursor.eat(':') {
            minute = self.number(2)?;
            if self.cursor.eat(':') {
                second = self.number(2)?;
                millisecond = self.cursor.fraction();
            }
        }
        if let Some(afternoon) = self.cursor.meridian() {
            if !(1..=12).contains(&hour) {
                return Err("the hour is not valid");
            }
            hour = hour % 12 + if afternoon { 12 } else { 0 };
        }
        self.set_time([hour, minute, second, millisecond])
    }

    /// `121040.787`, `1210`, `12`.
    fn compact_time(&mut self) -> Result<(), Fault> {
        let hour = self.number(2)?;
        let minute = self.cursor.number(2, 2).unwrap_or(0);
        let second = self.cursor.number(2, 2).unwrap_or(0);
        let millisecond = self.cursor.fraction();
        self.set_time([hour, minute, second, millisecond])
    }

    fn set_time(&mut self, time: [i64; 4]) -> Result<(), Fault> {
        let [hour, minute, second, _] = time;
        if self.time.is_some() {
            return Err("double time specification");
        }
        if hour > 24 || minute > 59 || second > 60 {
            return Err("the time is not valid");
        }
        self.time = Some(time);
        Ok(())
    }

    fn letters(&mut self) -> Result<(), Fault> {
        let start = self.cursor.position();
        let word = self.cursor.word();
        if matches!(word.as_str(), "t" | "T") && self.date.is_some() {
            return match self.cursor.count_digits() {
                1 | 2 if self.cursor.peek_at(self.cursor.count_digits()) == Some(':') => self.time_of_day(),
                2 | 4 | 6 => self.compact_time(),
                _ => Err("a time is missing"),
            };
        }
        if let Some(month) = month_of(&word) {
            return self.month_first(month);
        }
        if let Some(day) = weekday_of(&word) {
            self.cursor.eat('.');
            self.weekday = Some(day);
            return Ok(());
        }
        if self.zone.is_some() {
            return Err("double timezone specification");
        }
        self.cursor.set_position(start);
        self.zone = Some(self.cursor.zone()?);
        Ok(())
    }

    /// `February 8, 2017`, `Feb 2017`, `Feb 8`.
    fn month_first(&mut self, month: i64) -> Result<(), Fault> {
        self.cursor.skip(" \t.-");
        if self.cursor.count_digits() == 4 {
            let year = self.number(4)?;
            return self.set_date(year, month, 1);
        }
        let day = self.cursor.number(1, 2).ok_or("a day is missing")?;
        self.cursor.ordinal();
        self.cursor.skip(" \t.,-");
        if self.cursor.count_digits() == 4 && self.cursor.peek_at(4) != Some(':') {
            let year = self.number(4)?;
            return self.set_date(year, month, day);
        }
        self.set_month_day(month, day)
    }
}

fn full_year(year: i64) -> i64 {
    match year {
        0..70 => 2000 + year,
        70..100 => 1900 + year,
        year => year,
    }
}

/// From 1, which is Monday.
fn weekday_of(word: &str) -> Option<i64> {
    Some(match word.to_ascii_lowercase().as_str() {
        "monday" | "mon" => 1,
        "tuesday" | "tues" | "tue" => 2,
        "wednesday" | "wednes" | "wed" => 3,
        "thursday" | "thurs" | "thur" | "thu" => 4,
        "friday" | "fri" => 5,
        "saturday" | "satur" | "sat" => 6,
        "sunday" | "sun" => 7,
        _ => return None,
    })
}
