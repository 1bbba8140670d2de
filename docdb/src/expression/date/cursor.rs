//! A place in a text that is being read as a date, and what may stand at it.

use super::{
    parse::Fault,
    zone::{Zone, named},
};

/// A zone in a text.
#[derive(Debug)]
pub(super) struct FoundZone(Zone);

impl FoundZone {
    pub(super) fn offset(millis: i64) -> FoundZone {
        FoundZone(Zone::Offset(millis))
    }

    pub(super) fn zone(&self) -> &Zone {
        &self.0
    }
}

/// A place in a text.
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Cursor { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn set_position(&mut self, at: usize) {
        self.at = at;
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The character some ASCII characters on.
    pub(super) fn peek_at(&self, distance: usize) -> Option<char> {
        self.rest().get(distance..)?.chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.at += char.len_utf8();
        Some(char)
    }

    pub(super) fn eat(&mut self, char: char) -> bool {
        let found = self.peek() == Some(char);
        if found {
            self.at += char.len_utf8();
        }
        found
    }

    pub(super) fn skip(&mut self, among: &str) {
        while self.peek().is_some_and(|char| among.contains(char)) {
            self.next();
        }
    }

    pub(super) fn count_digits(&self) -> usize {
        self.rest().bytes().take_while(u8::is_ascii_digit).count()
    }

    pub(super) fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let count = self.count_digits().min(most);
        if count < least {
            return None;
        }
        let number = self.rest().get(..count)?.parse().ok()?;
        self.at += count;
        Some(number)
    }

    /// The letters that follow.
    pub(super) fn word(&mut self) -> String {
        let word: String = self.rest().chars().take_while(char::is_ascii_alphabetic).collect();
        self.at += word.len();
        word
    }

    /// The milliseconds of a fraction of a second, if one follows.
    pub(super) fn fraction(&mut self) -> i64 {
        if !matches!(self.peek(), Some('.' | ',')) || !self.peek_at(1).is_some_and(|char| char.is_ascii_digit()) {
            return 0;
        }
        self.next();
        let count = self.count_digits();
        let digits = self.rest().get(..count.min(3)).unwrap_or_default();
        let millis = format!("{digits:0<3}").parse().unwrap_or(0);
        self.at += count;
        millis
    }

    pub(super) fn ordinal(&mut self) {
        let start = self.at;
        if !matches!(self.word().to_ascii_lowercase().as_str(), "st" | "nd" | "rd" | "th") {
            self.at = start;
        }
    }

    pub(super) fn meridian_follows(&self, digits: usize) -> bool {
        Cursor { text: self.text, at: self.at + digits }.meridian().is_some()
    }

    /// `am` or `p.m.`: whether it is the afternoon.
    pub(super) fn meridian(&mut self) -> Option<bool> {
        let rest = self.rest().trim_start_matches([' ', '\t']);
        let lower: String = rest.chars().take(5).collect::<String>().to_ascii_lowercase();
        for (written, afternoon) in [("a.m.", false), ("p.m.", true), ("am", false), ("pm", true)] {
            let follows = lower.get(written.len()..).and_then(|rest| rest.chars().next());
            if lower.starts_with(written) && !follows.is_some_and(|char| char.is_ascii_alphabetic()) {
                self.at = self.text.len() - rest.len() + written.len();
                return Some(afternoon);
            }
        }
        None
    }

    /// `Z`, `UTC`, `GMT+2`, `+02:00`, `EST`, `Europe/Paris`.
    pub(super) fn zone(&mut self) -> Result<FoundZone, Fault> {
        let word: String =
            self.rest().chars().take_while(|char| char.is_ascii_alphabetic() || "/_".contains(*char)).collect();
        if word.is_empty() {
            return self.offset();
        }
        self.at += word.len();
        let upper = word.to_ascii_uppercase();
        if matches!(upper.as_str(), "UTC" | "GMT" | "Z") {
            let signed = upper != "Z" && matches!(self.peek(), Some('+' | '-'));
            return if signed { self.offset() } else { Ok(FoundZone::offset(0)) };
        }
        if let Some((_, hours)) = ABBREVIATIONS.iter().find(|(name, _)| *name == upper) {
            return Ok(FoundZone::offset(hours * 3_600_000));
        }
        named(&word).map(|zone| FoundZone(Zone::Named(zone))).ok_or("the timezone could not be found in the database")
    }

    fn offset(&mut self) -> Result<FoundZone, Fault> {
        let negative = self.peek() == Some('-');
        if !self.eat('+') && !self.eat('-') {
            return Err("a timezone is missing");
        }
        let (hours, minutes) = match self.count_digits() {
            1 | 2 => {
                let hours = self.number(1, 2).unwrap_or(0);
                let minutes = if self.eat(':') { self.number(1, 2).ok_or("minutes are missing")? } else { 0 };
                (hours, minutes)
            }
            3 => (self.number(1, 1).unwrap_or(0), self.number(2, 2).unwrap_or(0)),
            4 => (self.number(2, 2).unwrap_or(0), self.number(2, 2).unwrap_or(0)),
            _ => return Err("a timezone is missing"),
        };
        let minutes = hours * 60 + minutes;
        Ok(FoundZone::offset(if negative { -minutes } else { minutes } * 60_000))
    }
}

/// The usual abbreviations, with the hours that they are ahead of UTC.
const ABBREVIATIONS: [(&str, i64); 17] = [
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
    ("AKST", -9),
    ("AKDT", -8),
    ("HST", -10),
    ("WET", 0),
    ("BST", 1),
    ("CET", 1),
    ("CEST", 2),
    ("EET", 2),
    ("JST", 9),
];
