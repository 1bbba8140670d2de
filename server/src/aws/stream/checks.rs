//! What is checked of the members of a request before its operation looks at them. The service reports what it finds together.
//!
//! The words were measured on the service by the author of kinesalite.

use std::fmt;

use super::member::{Blob, Flag, Integer, List, Moment, Tags, Text};
use crate::aws::json::Failure;

/// What is broken beyond these the service does not report.
const MAX_REPORTED: usize = 10;

/// What is allowed of a member.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    is_required: bool,
    /// Of a number its value; of anything else its length.
    at_least: i64,
    at_most: i64,
    pattern: Option<Pattern>,
    choices: &'static [&'static str],
    /// Of each element of a list, and of each value of a map.
    elements: Option<&'static Limits>,
    /// Of each key of a map.
    keys: Option<&'static Limits>,
}

/// A regular expression.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pattern {
    pub(super) text: &'static str,
    pub(super) matches: fn(&str) -> bool,
}

impl Limits {
    pub(super) const ANY: Limits = Limits {
        is_required: false,
        at_least: i64::MIN,
        at_most: i64::MAX,
        pattern: None,
        choices: &[],
        elements: None,
        keys: None,
    };

    pub(super) const fn between(at_least: i64, at_most: i64) -> Limits {
        Limits { at_least, at_most, ..Limits::ANY }
    }

    pub(super) const fn one_of(choices: &'static [&'static str]) -> Limits {
        Limits { choices, ..Limits::ANY }
    }

    pub(super) const fn pattern(self, pattern: Pattern) -> Limits {
        Limits { pattern: Some(pattern), ..self }
    }

    pub(super) const fn of(self, elements: &'static Limits) -> Limits {
        Limits { elements: Some(elements), ..self }
    }

    pub(super) const fn under(self, keys: &'static Limits) -> Limits {
        Limits { keys: Some(keys), ..self }
    }

    pub(super) const fn required(self) -> Limits {
        Limits { is_required: true, ..self }
    }

    /// What is said of the parts of a collection whose parts have these limits.
    fn of_parts(&self) -> String {
        let mut words = Vec::new();
        if self.at_most != i64::MAX {
            words.push(format!("Member must have length less than or equal to {}", self.at_most));
        }
        if self.at_least != i64::MIN {
            words.push(format!("Member must have length greater than or equal to {}", self.at_least));
        }
        words.extend(self.pattern.map(|pattern| told(&pattern)));
        if !self.choices.is_empty() {
            words.push(listed(self.choices));
        }
        format!("must satisfy constraint: [{}]", words.join(", "))
    }

    fn allow(&self, text: &str) -> bool {
        let length = length(text.chars().count());
        (self.at_least..=self.at_most).contains(&length)
            && self.pattern.is_none_or(|pattern| (pattern.matches)(text))
            && (self.choices.is_empty() || self.choices.contains(&text))
    }
}

/// Where a member stands.
#[derive(Debug)]
pub(super) enum Path<'p> {
    Request,
    Member(&'p Path<'p>, &'static str),
    Element(&'p Path<'p>, usize),
}

impl Path<'_> {
    pub(super) fn member<'p>(&'p self, name: &'static str) -> Path<'p> {
        Path::Member(self, name)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parent, dot) = match self {
            Path::Request => return Ok(()),
            Path::Member(parent, _) | Path::Element(parent, _) => {
                (parent, if let Path::Request = parent { "" } else { "." })
            }
        };
        write!(f, "{parent}{dot}")?;
        match self {
            Path::Member(_, name) => {
                let mut characters = name.chars();
                let first = characters.next().unwrap_or_default().to_ascii_lowercase();
                write!(f, "{first}{}", characters.as_str())
            }
            Path::Element(_, index) => write!(f, "{}.member", index + 1),
            Path::Request => Ok(()),
        }
    }
}

/// Constraints that a request breaks.
#[derive(Debug, Default)]
pub(super) struct Checks {
    broken: Vec<String>,
}

impl Checks {
    /// Checks a member that may be absent.
    pub(super) fn member<T: Member>(&mut self, member: Option<&T>, limits: &Limits, path: &Path<'_>) {
        match member {
            Some(member) => member.check(limits, path, self),
            None if limits.is_required => {
                self.report(format_args!("Value null at '{path}'"), "Member must not be null")
            }
            None => {}
        }
    }

    fn breaks(&mut self, member: &impl Member, path: &Path<'_>, constraint: &str) {
        match member.show() {
            Some(value) => self.report(format_args!("Value '{value}' at '{path}'"), constraint),
            None => self.report(format_args!("Value at '{path}'"), constraint),
        }
    }

    fn bounds(&mut self, member: &impl Member, size: i64, limits: &Limits, path: &Path<'_>, what: &str) {
        if size < limits.at_least {
            self.breaks(member, path, &format!("Member must have {what} greater than or equal to {}", limits.at_least));
        } else if size > limits.at_most {
            self.breaks(member, path, &format!("Member must have {what} less than or equal to {}", limits.at_most));
        }
    }

    fn report(&mut self, what: fmt::Arguments<'_>, constraint: &str) {
        if !self.is_full() {
            self.broken.push(format!("{what} failed to satisfy constraint: {constraint}"));
        }
    }

    fn is_full(&self) -> bool {
        self.broken.len() == MAX_REPORTED
    }

    /// Ends the checks.
    ///
    /// # Errors
    /// `ValidationException` that says all that was found.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let plural = match self.broken.len() {
            0 => return Ok(()),
            1 => "",
            _ => "s",
        };
        let (count, broken) = (self.broken.len(), self.broken.join("; "));
        Err(Failure::validation(format!("{count} validation error{plural} detected: {broken}")))
    }
}

/// A member that is there.
pub(super) trait Member {
    fn check(&self, limits: &Limits, path: &Path<'_>, checks: &mut Checks);

    /// The value, as the service repeats it; `None` for data, which it does not repeat.
    fn show(&self) -> Option<String>;
}

fn length(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn told(pattern: &Pattern) -> String {
    format!("Member must satisfy regular expression pattern: {}", pattern.text)
}

fn listed(choices: &[&str]) -> String {
    format!("Member must satisfy enum value set: [{}]", choices.join(", "))
}

impl Member for Text<'_> {
    fn check(&self, limits: &Limits, path: &Path<'_>, checks: &mut Checks) {
        if let Some(pattern) = limits.pattern.filter(|pattern| !(pattern.matches)(self)) {
            checks.breaks(self, path, &told(&pattern));
        }
        checks.bounds(self, length(self.chars().count()), limits, path, "length");
        if !limits.choices.is_empty() && !limits.choices.contains(&&**self) {
            checks.breaks(self, path, &listed(limits.choices));
        }
    }

    fn show(&self) -> Option<String> {
        Some(self.0.clone().into_owned())
    }
}

impl Member for Integer {
    fn check(&self, limits: &Limits, path: &Path<'_>, checks: &mut Checks) {
        checks.bounds(self, self.0, limits, path, "value");
    }

    fn show(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

impl Member for Blob<'_> {
    fn check(&self, limits: &Limits, path: &Path<'_>, checks: &mut Checks) {
        checks.bounds(self, length(self.0.len()), limits, path, "length");
    }

    fn show(&self) -> Option<String> {
        None
    }
}

impl Member for Flag {
    fn check(&self, _: &Limits, _: &Path<'_>, _: &mut Checks) {}

    fn show(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

impl Member for Moment {
    fn check(&self, _: &Limits, _: &Path<'_>, _: &mut Checks) {}

    fn show(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

impl<T: Member> Member for List<T> {
    fn check(&self, limits: &Limits, path: &Path<'_>, checks: &mut Checks) {
        checks.bounds(self, length(self.elements.len()), limits, path, "length");
        if let Some(index) = self.null_at {
            checks.member::<T>(None, &Limits::ANY.required(), &Path::Element(path, index));
        }
        match limits.elements {
            // Of texts it is told once for all of them.
            Some(limits) if self.elements.iter().filter_map(Member::show).any(|element| !limits.allow(&element)) => {
                checks.breaks(self, path, &format!("Member {}", limits.of_parts()));
            }
            Some(_) => {}
            None => {
                for (index, element) in self.elements.iter().enumerate() {
                    element.check(&Limits::ANY, &Path::Element(path, index), checks);
                    if checks.is_full() {
                        return;
                    }
                }
            }
        }
    }

    fn show(&self) -> Option<String> {
        let elements: Option<Vec<_>> = self.elements.iter().map(Member::show).collect();
        elements.map(|elements| format!("[{}]", elements.join(", ")))
    }
}

impl Member for Tags {
    fn check(&self, limits: &Limits, path: &Path<'_>, checks: &mut Checks) {
        checks.bounds(self, length(self.0.len()), limits, path, "length");
        let keys = limits.keys.filter(|keys| self.0.keys().any(|key| !keys.allow(key)));
        let values = limits.elements.filter(|values| self.0.values().any(|value| !values.allow(value)));
        for (what, limits) in [("keys", keys), ("value", values)] {
            if let Some(limits) = limits {
                checks.breaks(self, path, &format!("Map {what} {}", limits.of_parts()));
            }
        }
    }

    fn show(&self) -> Option<String> {
        let entries: Vec<_> = self.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
        Some(format!("{{{}}}", entries.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use crate::aws::stream::{
        limits,
        member::{Blob, Flag, Integer, List, Moment, Tags, Text},
        protocol::Protocol,
        request::request,
    };

    use super::*;

    request! {
        Request<'a> {
            limit: Integer = "Limit" => Limits::between(1, 100),
            stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME.required(),
            kind: Text<'a> = "Kind" => limits::STREAM_MODE,
            entries: List<Entry<'a>> = "Entries" => Limits::between(1, 3),
            tags: Tags = "Tags" => limits::TAGS,
            tag_keys: List<Text<'a>> = "TagKeys" => limits::TAG_KEYS,
            flag: Flag = "Flag",
            time: Moment = "Time",
        }
        Entry<'a> { data: Blob<'a> = "Data" => Limits::between(0, 3).required() }
    }

    fn said(body: &str) -> String {
        let given: Request<'_> = match Protocol::Json.read(body.as_bytes()) {
            Ok(given) => given,
            Err(failure) => return failure.message().to_owned(),
        };
        let mut checks = Checks::default();
        given.check(&Limits::ANY, &Path::Request, &mut checks);
        checks.finish().err().map_or_else(String::new, |failure| failure.message().to_owned())
    }

    #[test]
    fn what_is_broken_is_told_in_the_services_words() {
        for (body, parts) in [
            (r#"{"StreamName":"a","Limit":1}"#, &[][..]),
            ("{}", &["Value null at 'streamName' failed to satisfy constraint: Member must not be null"]),
            (
                r#"{"StreamName":"","Limit":0}"#,
                &[
                    "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
                    "Value '' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
                    "Value '' at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1",
                ],
            ),
            (
                r#"{"StreamName":"a","Kind":"X"}"#,
                &[
                    "Value 'X' at 'kind' failed to satisfy constraint: Member must satisfy enum value set: [PROVISIONED, ON_DEMAND]",
                ],
            ),
            (
                r#"{"StreamName":"a","Entries":[{"Data":"AAAAAAAA"},{},null,{"Data":""}]}"#,
                &[
                    "Value null at 'entries.3.member' failed to satisfy constraint: Member must not be null",
                    "Value at 'entries.1.member.data' failed to satisfy constraint: Member must have length less than or equal to 3",
                    "Value null at 'entries.2.member.data' failed to satisfy constraint: Member must not be null",
                ],
            ),
            (
                r#"{"StreamName":"a","Entries":[],"Tags":{"":"b"},"TagKeys":["a",""]}"#,
                &[
                    "Value '[]' at 'entries' failed to satisfy constraint: Member must have length greater than or equal to 1",
                    "Value '{=b}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]",
                    "Value '[a, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]",
                ],
            ),
        ] {
            let plural = if parts.len() == 1 { "" } else { "s" };
            let expected = format!("{} validation error{plural} detected: {}", parts.len(), parts.join("; "));
            assert_eq!(said(body), if parts.is_empty() { String::new() } else { expected });
        }
        let many = format!(r#"{{"StreamName":"a","Entries":[{}{{}}]}}"#, "{},".repeat(5000));
        assert!(said(&many).starts_with("10 validation errors detected: Value at 'entries'"));
    }

    #[test]
    fn wrong_types_get_the_services_texts() {
        const NUMBER: &str = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to";
        for (body, text) in [
            ("", ""),
            ("[]", ""),
            ("{\"StreamName\":", ""),
            (r#"{"StreamName":true}"#, "class java.lang.Boolean can not be converted to an String"),
            (r#"{"StreamName":1.5}"#, &format!("{NUMBER} an String")),
            (r#"{"StreamName":[]}"#, "Start of list found where not expected"),
            (r#"{"StreamName":{}}"#, "Start of structure or map found where not expected."),
            (r#"{"Limit":"1"}"#, "class java.lang.String can not be converted to an Integer"),
            (r#"{"Flag":1}"#, &format!("{NUMBER} an Boolean")),
            (r#"{"Flag":"maybe"}"#, "'MAYBE' can not be converted to an Boolean"),
            (r#"{"Entries":[{"Data":1}]}"#, &format!("{NUMBER} a Blob")),
            (
                r#"{"Entries":[{"Data":"abc"}]}"#,
                "'abc' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: 3",
            ),
            (
                r#"{"Entries":[{"Data":"ab!="}]}"#,
                "'ab!=' can not be converted to a Blob: Invalid Base64 character: '!'",
            ),
            (
                r#"{"Entries":[{"Data":"AAB="}]}"#,
                "'AAB=' can not be converted to a Blob: Invalid last non-pad Base64 character dectected",
            ),
            (r#"{"Time":"1"}"#, "class java.lang.String can not be converted to milliseconds since epoch"),
            (r#"{"Entries":1}"#, "Expected list or null"),
            (r#"{"Entries":{}}"#, "Start of structure or map found where not expected."),
            (r#"{"Entries":[1]}"#, "Expected null"),
            (r#"{"Entries":[[]]}"#, "Start of list found where not expected"),
            (r#"{"Tags":1}"#, "Expected map or null"),
            (r#"{"Tags":[]}"#, "Start of list found where not expected"),
        ] {
            assert_eq!(said(body), text, "{body}");
        }
    }

    #[test]
    fn both_protocols_read_the_same_members() {
        let json =
            r#"{"Limit":7.9,"StreamName":"a","Entries":[{"Data":"AQI="}],"Time":1.5,"Other":{"a":[1]},"Flag":null}"#;
        // The same with milliseconds, and maps and lists whose ends are told by breaks.
        let cbor = b"\xbf\x65Limit\xfb\x40\x1f\x99\x99\x99\x99\x99\x9a\x6aStreamName\x61a\x67Entries\x9f\xbf\x64Data\x42\x01\x02\xff\xff\x64Time\xc1\x19\x05\xdc\x65Other\xa1\x61a\x81\x01\x64Flag\xf6\xff";
        for given in [
            Protocol::Json.read::<Request<'_>>(json.as_bytes()).unwrap(),
            Protocol::Cbor.read::<Request<'_>>(cbor).unwrap(),
        ] {
            assert_eq!((given.limit, given.time), (Some(Integer(7)), Some(Moment(1500))));
            assert_eq!((&*given.stream_name.unwrap(), given.flag.is_none()), ("a", true));
            assert_eq!(*given.entries.unwrap().elements[0].data.as_ref().unwrap().0, [1, 2]);
        }
        let huge: Request<'_> = Protocol::Json.read(br#"{"Limit":100000000000,"Time":1e300}"#).unwrap();
        assert_eq!((huge.limit, huge.time), (Some(Integer(2_147_483_647)), Some(Moment(i64::MAX))));
    }
}
