//! JSON as tokens: for policies, whose errors tell the line and column that the service's reader had come to, and for
//! bodies, which are read once and never made into a tree.
//!
//! The texts are those of the service's reader, which is Jackson: a caller sees them behind `failed to parse JSON. `.

use std::borrow::Cow;

/// How deep objects and arrays may nest, as in the service's reader.
const MOST_DEPTH: usize = 1000;

const EXPECTED_VALUE: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    StartObject,
    EndObject,
    StartArray,
    EndArray,
    Name,
    Text,
    Number,
    True,
    False,
    Null,
}

#[derive(Debug, Clone)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    /// A name or a text without its quotes and escapes; the characters themselves for all others.
    pub(super) text: Cow<'t, str>,
    /// Where it begins and ends, in bytes of the whole text.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What is wrong with a text that is not JSON, and where, in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) message: String,
    pub(super) at: usize,
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    /// A value, or the end of an array that has none.
    FirstValue,
    /// A name, or the end of an object that has none.
    FirstName,
    /// A comma or the end of the innermost object or array.
    More,
    End,
}

#[derive(Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// The objects (`true`) and arrays that are open, and where they began.
    open: Vec<(bool, usize)>,
    expect: Expect,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Lexer { text, at: 0, open: Vec::new(), expect: Expect::Value }
    }

    /// The next token; none behind the value that the text is.
    pub(super) fn next(&mut self) -> Result<Option<Token<'t>>, SyntaxError> {
        let byte = self.skip_space();
        match self.expect {
            Expect::End if byte.is_none() => return Ok(None),
            Expect::End => return Err(self.unrecognized_or_unexpected("expected a valid value ")),
            Expect::More => match (byte, self.open.last()) {
                (Some(b',' | b'}' | b']'), None) | (None, _) => return Err(self.end_of_input()),
                (Some(b','), Some((true, _))) => {
                    self.at += 1;
                    self.skip_space();
                    return self.name();
                }
                (Some(b','), Some((false, _))) => {
                    self.at += 1;
                    self.skip_space();
                }
                (Some(b'}' | b']'), _) => return self.close(),
                (Some(_), Some((is_object, _))) => {
                    let entries = if *is_object { "Object" } else { "Array" };
                    return Err(self.unexpected(&format!("was expecting comma to separate {entries} entries")));
                }
                (Some(_), None) => return Err(self.unexpected("expected a valid value ")),
            },
            Expect::FirstName if byte == Some(b'}') => return self.close(),
            Expect::FirstName => return self.name(),
            Expect::FirstValue if byte == Some(b']') => return self.close(),
            Expect::Value | Expect::FirstValue => {}
        }
        self.value()
    }

    fn skip_space(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let spaces = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).count();
        self.at += spaces;
        rest.get(spaces).copied()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn value(&mut self) -> Result<Option<Token<'t>>, SyntaxError> {
        let start = self.at;
        let Some(byte) = self.rest().bytes().next() else { return Err(self.end_of_input()) };
        let kind = match byte {
            b'{' | b'[' => return self.open(byte == b'{'),
            b'"' => {
                let text = self.string(": was expecting closing quote for a string value")?;
                self.after_value();
                return Ok(Some(Token { kind: Kind::Text, text, start, end: self.at }));
            }
            b'-' | b'0'..=b'9' => {
                self.number()?;
                Kind::Number
            }
            b't' => self.literal("true", Kind::True)?,
            b'f' => self.literal("false", Kind::False)?,
            b'n' => self.literal("null", Kind::Null)?,
            b'}' | b']' if !self.open.is_empty() && self.expect == Expect::FirstValue => return self.close(),
            _ => return Err(self.unrecognized_or_unexpected("expected a valid value ")),
        };
        self.after_value();
        Ok(Some(self.token(kind, start)))
    }

    fn token(&self, kind: Kind, start: usize) -> Token<'t> {
        Token { kind, text: Cow::Borrowed(self.text.get(start..self.at).unwrap_or_default()), start, end: self.at }
    }

    fn after_value(&mut self) {
        self.expect = if self.open.is_empty() { Expect::End } else { Expect::More };
    }

    fn open(&mut self, is_object: bool) -> Result<Option<Token<'t>>, SyntaxError> {
        let start = self.at;
        self.at += 1;
        self.open.push((is_object, start));
        if self.open.len() > MOST_DEPTH {
            let message = format!(
                "Document nesting depth ({}) exceeds the maximum allowed ({MOST_DEPTH}, from \
                 `StreamReadConstraints.getMaxNestingDepth()`)",
                self.open.len()
            );
            return Err(SyntaxError { message, at: self.at });
        }
        self.expect = if is_object { Expect::FirstName } else { Expect::FirstValue };
        Ok(Some(self.token(if is_object { Kind::StartObject } else { Kind::StartArray }, start)))
    }

    fn close(&mut self) -> Result<Option<Token<'t>>, SyntaxError> {
        let start = self.at;
        let is_object = self.rest().starts_with('}');
        match self.open.pop() {
            Some((opened, _)) if opened == is_object => {}
            Some((opened, from)) => {
                let (found, expected, of) = if opened { (']', '}', "Object") } else { ('}', ']', "Array") };
                let from = Location::of(self.text, from);
                let message =
                    format!("Unexpected close marker '{found}': expected '{expected}' (for {of} starting at {from})");
                return Err(SyntaxError { message, at: start });
            }
            None => return Err(self.unexpected("expected a valid value ")),
        }
        self.at += 1;
        self.after_value();
        Ok(Some(self.token(if is_object { Kind::EndObject } else { Kind::EndArray }, start)))
    }

    fn name(&mut self) -> Result<Option<Token<'t>>, SyntaxError> {
        let start = self.at;
        match self.rest().bytes().next() {
            Some(b'"') => {}
            Some(_) => return Err(self.unexpected("was expecting double-quote to start field name")),
            None => return Err(self.end_of_input()),
        }
        let text = self.string(" in field name")?;
        let end = self.at;
        match self.skip_space() {
            Some(b':') => self.at += 1,
            Some(_) => return Err(self.unexpected("was expecting a colon to separate field name and value")),
            None => return Err(self.end_of_input()),
        }
        self.expect = Expect::Value;
        Ok(Some(Token { kind: Kind::Name, text, start, end }))
    }

    /// The text between the quotes that begin here.
    fn string(&mut self, without_end: &str) -> Result<Cow<'t, str>, SyntaxError> {
        self.at += 1;
        let mut text = Cow::Borrowed("");
        loop {
            let rest = self.rest();
            let plain = rest.bytes().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)).count();
            let piece = rest.get(..plain).unwrap_or_default();
            if text.is_empty() {
                text = Cow::Borrowed(piece);
            } else {
                text.to_mut().push_str(piece);
            }
            self.at += plain;
            match rest.as_bytes().get(plain) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.to_mut().push(self.escape()?),
                Some(control) => {
                    let message = format!(
                        "Illegal unquoted character ((CTRL-CHAR, code {control})): has to be escaped using backslash to be \
                         included in string value"
                    );
                    return Err(SyntaxError { message, at: self.at + 1 });
                }
                None => {
                    return Err(SyntaxError { message: format!("Unexpected end-of-input{without_end}"), at: self.at });
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, SyntaxError> {
        let escaped = self.rest().chars().nth(1);
        self.at += 1 + escaped.map_or(0, char::len_utf8);
        Ok(match escaped {
            Some(plain @ ('"' | '\\' | '/')) => plain,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let unit = self.hex()?;
                let low = if (0xd800..0xdc00).contains(&unit) && self.rest().starts_with("\\u") {
                    let back = self.at;
                    self.at += 2;
                    let low = self.hex()?;
                    if !(0xdc00..0xe000).contains(&low) {
                        self.at = back;
                    }
                    Some(low).filter(|low| (0xdc00..0xe000).contains(low))
                } else {
                    None
                };
                let code = low.map_or(unit, |low| 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
                // Half of a pair alone is no character.
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            Some(other) => {
                let message = format!("Unrecognized character escape {}", described(other));
                return Err(SyntaxError { message, at: self.at });
            }
            None => {
                let message = "Unexpected end-of-input in character escape sequence".to_owned();
                return Err(SyntaxError { message, at: self.at });
            }
        })
    }

    fn hex(&mut self) -> Result<u32, SyntaxError> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let Some(unit) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
            return Err(self.unexpected("expected a hex-digit for character escape sequence"));
        };
        self.at += 4;
        Ok(unit)
    }

    fn digits(&mut self) -> usize {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += digits;
        digits
    }

    fn number(&mut self) -> Result<(), SyntaxError> {
        self.at += usize::from(self.rest().starts_with('-'));
        let leading_zero = self.rest().starts_with('0');
        match self.digits() {
            0 => return Err(self.unexpected("expected digit (0-9) to follow minus sign, for valid numeric value")),
            1 => {}
            _ if leading_zero => {
                let message = "Invalid numeric value: Leading zeroes not allowed".to_owned();
                return Err(SyntaxError { message, at: self.at });
            }
            _ => {}
        }
        if self.rest().starts_with('.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.unexpected("Decimal point not followed by a digit"));
            }
        }
        if self.rest().starts_with(['e', 'E']) {
            self.at += 1;
            self.at += usize::from(self.rest().starts_with(['+', '-']));
            if self.digits() == 0 {
                return Err(self.unexpected("Exponent indicator not followed by a digit"));
            }
        }
        if self.rest().starts_with(|next: char| next.is_alphanumeric()) {
            let space = "Expected space separating root-level values";
            return Err(self.unexpected(if self.open.is_empty() { space } else { "expected a valid value " }));
        }
        Ok(())
    }

    fn literal(&mut self, literal: &str, kind: Kind) -> Result<Kind, SyntaxError> {
        let word = self.word();
        if word != literal {
            return Err(self.unrecognized(word));
        }
        self.at += literal.len();
        Ok(kind)
    }

    /// The letters and digits that stand here.
    fn word(&self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|next: char| !(next.is_alphanumeric() || next == '_' || next == '$')).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    fn unrecognized(&self, word: &str) -> SyntaxError {
        let shown: String = word.chars().take(256).collect();
        let message = format!("Unrecognized token '{shown}': was expecting {EXPECTED_VALUE}");
        SyntaxError { message, at: self.at + word.len() }
    }

    fn unrecognized_or_unexpected(&self, expected: &str) -> SyntaxError {
        let word = self.word();
        if word.starts_with(char::is_alphabetic) { self.unrecognized(word) } else { self.unexpected(expected) }
    }

    fn unexpected(&self, expected: &str) -> SyntaxError {
        let Some(found) = self.rest().chars().next() else { return self.end_of_input() };
        let values = if expected.ends_with(' ') { EXPECTED_VALUE } else { "" };
        let message = format!("Unexpected character ({}): {expected}{values}", described(found));
        SyntaxError { message, at: self.at }
    }

    fn end_of_input(&self) -> SyntaxError {
        let message = match self.open.last() {
            Some((is_object, from)) => {
                let of = if *is_object { "Object" } else { "Array" };
                let from = Location::of(self.text, *from);
                format!("Unexpected end-of-input: expected close marker for {of} (start marker at {from})")
            }
            None => "No content to map due to end-of-input".to_owned(),
        };
        SyntaxError { message, at: self.text.len() }
    }
}

fn described(found: char) -> String {
    let code = u32::from(found);
    match found {
        found if found.is_control() => format!("(CTRL-CHAR, code {code})"),
        found if code > 255 => format!("'{found}' (code {code} / 0x{code:x})"),
        found => format!("'{found}' (code {code})"),
    }
}

/// A place in a text, as the service's reader tells it: lines and columns count from one, columns in UTF-16 units.
#[derive(Debug)]
pub(super) struct Location {
    line: usize,
    column: usize,
}

impl Location {
    pub(super) fn of(text: &str, at: usize) -> Location {
        let before = text.get(..at).unwrap_or(text);
        let lines = before.replace("\r\n", "\n").replace('\r', "\n");
        let last = lines.rsplit('\n').next().unwrap_or_default();
        Location { line: lines.matches('\n').count() + 1, column: last.encode_utf16().count() + 1 }
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let redacted = "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)";
        write!(f, "[Source: {redacted}; line: {}, column: {}]", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Kind>, String> {
        let mut lexer = Lexer::new(text);
        let mut kinds = Vec::new();
        while let Some(token) = lexer.next().map_err(|error| error.message)? {
            kinds.push(token.kind);
        }
        Ok(kinds)
    }

    #[test]
    fn agrees_with_a_json_parser_on_what_is_json() {
        let texts = [
            "{}",
            "[]",
            "1",
            "\"a\"",
            "null",
            "{\"a\":[1,2.5,-3e5,true,false,null,\"\\u00e9\\ud83d\\ude00\\n\"]}",
            " { \"a\" : { } } ",
            "[[],{},[[]]]",
            "",
            "{",
            "[",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1,",
            "{\"a\":1,}",
            "[1,]",
            "[,1]",
            "{,}",
            "]",
            "}",
            "{]",
            "[}",
            "01",
            "-",
            "1.",
            "1e",
            "1e+",
            ".5",
            "+1",
            "tru",
            "truee",
            "nul",
            "\"",
            "\"\\",
            "\"\\x\"",
            "\"\\u12\"",
            "\"a\nb\"",
            "{a:1}",
            "{'a':1}",
            "{\"a\" 1}",
            "{\"a\":1 \"b\":2}",
            "[1 2]",
            "{} {}",
            "1 2",
            "{\"a\":}",
            "[:]",
            ",",
            ":",
            "NaN",
            "[NaN]",
            "-0",
            "0.0",
            "[-]",
            "[1a]",
            "{\"a\":1]}",
            "\u{feff}{}",
            "[\"\u{7f}\"]",
            "{\"a\":[1}",
            "[1,,2]",
            "{\"a\":1,,\"b\":2}",
            "nullnull",
            "\"a\"\"b\"",
        ];
        for text in texts {
            let is_json = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(read(text).is_ok(), is_json, "{text:?}: {:?}", read(text));
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert!(read(&format!("{}{}", "[".repeat(1000), "]".repeat(1000))).is_ok());
        assert!(read(&"[".repeat(1001)).unwrap_err().starts_with("Document nesting depth (1001) exceeds"));
        assert!(read(&"[".repeat(1_000_000)).is_err());
    }

    #[test]
    fn places_are_told_in_lines_and_utf_16_columns() {
        assert_eq!(Location::of("{\r\n\"😀\": x", 8).to_string().rsplit(';').next(), Some(" line: 2, column: 4]"));
    }
}
