//! Items in the text form of Amazon Ion, one or more in a line: `$ion_1_0 {Item:{…}}`. Read is what stands for items; symbols,
//! timestamps and expressions do not, and are refused.
//!
//! Sources: <https://amazon-ion.github.io/ion-docs/docs/spec.html>,
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Format.html>

use base64::{Engine as _, engine::general_purpose::STANDARD};
use millpond::kv::{AttributeValue, Item, Number, value::MAX_DEPTH};

use super::{
    json_lines::{Found, Lines},
    objects::{Allowance, Content},
};

const VERSION_MARKER: &str = "$ion_1_0";
/// Values deeper than an item's may be are not read: what nests is read by recursion. The line, its item and the struct around
/// them come on top.
const MAX_NESTING: usize = MAX_DEPTH + 3;

/// Calls `f` with each item of an object, until it asks to end.
pub(super) fn each<E>(
    content: Content,
    allowance: &Allowance,
    mut f: impl FnMut(Found) -> Result<(), E>,
) -> Result<(), E> {
    let mut lines = Lines::new(content, allowance);
    while let Some(line) = lines.next() {
        let Some(line) = line.and_then(|line| std::str::from_utf8(line).ok()) else { return f(Found::Broken) };
        let mut reader = Reader { text: line, depth: 0 };
        loop {
            match reader.top_level() {
                Ok(None) => break,
                Ok(Some(item)) => f(item.map_or(Found::Wrong, Found::Item))?,
                Err(Fault::Value) => {
                    f(Found::Wrong)?;
                    break;
                }
                Err(Fault::Syntax) => return f(Found::Broken),
            }
        }
    }
    Ok(())
}

/// Why something cannot be read.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    /// It is not Ion.
    Syntax,
    /// It is, but stands for no attribute value.
    Value,
}

struct Reader<'a> {
    /// What is left.
    text: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// The next item; the inner `None` is something else in its place, the outer one the end.
    fn top_level(&mut self) -> Result<Option<Option<Item>>, Fault> {
        self.skip()?;
        while self.take(VERSION_MARKER) {
            self.skip()?;
        }
        if self.text.is_empty() {
            return Ok(None);
        }
        match self.value()? {
            AttributeValue::M(mut line) => match line.remove("Item") {
                Some(AttributeValue::M(item)) => Ok(Some(Some(item))),
                _ => Ok(Some(None)),
            },
            _ => Ok(Some(None)),
        }
    }

    /// Passes over white space and comments.
    fn skip(&mut self) -> Result<(), Fault> {
        loop {
            self.text = self.text.trim_start();
            if self.text.starts_with("//") {
                self.text = self.text.split_once('\n').map_or("", |(_, rest)| rest);
            } else if let Some(comment) = self.text.strip_prefix("/*") {
                self.text = comment.split_once("*/").ok_or(Fault::Syntax)?.1;
            } else {
                return Ok(());
            }
        }
    }

    fn take(&mut self, token: &str) -> bool {
        match self.text.strip_prefix(token) {
            Some(rest) => {
                self.text = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Result<AttributeValue, Fault> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return Err(Fault::Value);
        }
        let value = self.annotated();
        self.depth -= 1;
        value
    }

    fn annotated(&mut self) -> Result<AttributeValue, Fault> {
        let mut annotation = None;
        loop {
            self.skip()?;
            let before = self.text;
            let is_symbol =
                before.starts_with(is_symbol_start) || (before.starts_with('\'') && !before.starts_with("'''"));
            if !is_symbol {
                break;
            }
            let symbol = self.symbol()?;
            self.skip()?;
            if !self.take("::") {
                // A word, which is no annotation.
                return word(&symbol, before.starts_with('\''));
            }
            annotation = Some(symbol);
        }
        let value = self.plain()?;
        match (annotation.as_deref(), value) {
            (Some("$dynamodb_SS"), AttributeValue::L(members)) => set(members, |member| match member {
                AttributeValue::S(text) => Some(text),
                _ => None,
            })
            .and_then(|members| AttributeValue::string_set(members).map_err(|_| Fault::Value)),
            (Some("$dynamodb_NS"), AttributeValue::L(members)) => set(members, |member| match member {
                AttributeValue::N(number) => Some(number),
                _ => None,
            })
            .and_then(|members| AttributeValue::number_set(members).map_err(|_| Fault::Value)),
            (Some("$dynamodb_BS"), AttributeValue::L(members)) => set(members, |member| match member {
                AttributeValue::B(bytes) => Some(bytes),
                _ => None,
            })
            .and_then(|members| AttributeValue::binary_set(members).map_err(|_| Fault::Value)),
            (_, value) => Ok(value),
        }
    }

    fn plain(&mut self) -> Result<AttributeValue, Fault> {
        if self.text.starts_with("'''") {
            return self.long_string().map(AttributeValue::S);
        }
        if self.take("\"") {
            return self.quoted("\"").map(AttributeValue::S);
        }
        if self.take("{{") {
            return self.blob();
        }
        if self.take("{") {
            return self.structure();
        }
        if self.take("[") {
            return self.list();
        }
        match self.text.chars().next() {
            Some('0'..='9' | '-' | '+') => self.number(),
            Some('(') => Err(Fault::Value),
            _ => Err(Fault::Syntax),
        }
    }

    fn structure(&mut self) -> Result<AttributeValue, Fault> {
        let mut item = Item::new();
        loop {
            self.skip()?;
            if self.take("}") {
                return Ok(AttributeValue::M(item));
            }
            let name = match self.take("\"") {
                true => self.quoted("\"")?,
                false if self.text.starts_with("'''") => self.long_string()?,
                false => self.symbol()?,
            };
            self.skip()?;
            if !self.take(":") {
                return Err(Fault::Syntax);
            }
            item.insert(name, self.value()?);
            self.separator("}")?;
        }
    }

    fn list(&mut self) -> Result<AttributeValue, Fault> {
        let mut values = Vec::new();
        loop {
            self.skip()?;
            if self.take("]") {
                return Ok(AttributeValue::L(values));
            }
            values.push(self.value()?);
            self.separator("]")?;
        }
    }

    /// What stands between two members, or before the end.
    fn separator(&mut self, end: &str) -> Result<(), Fault> {
        self.skip()?;
        if self.take(",") || self.text.starts_with(end) { Ok(()) } else { Err(Fault::Syntax) }
    }

    fn symbol(&mut self) -> Result<String, Fault> {
        if self.take("'") {
            return self.quoted("'");
        }
        let end = self.text.find(|character| !is_symbol_part(character)).unwrap_or(self.text.len());
        let (symbol, rest) = self.text.split_at_checked(end).ok_or(Fault::Syntax)?;
        if !symbol.starts_with(is_symbol_start) {
            return Err(Fault::Syntax);
        }
        self.text = rest;
        Ok(symbol.to_owned())
    }

    /// One or more pieces between three quotes each.
    fn long_string(&mut self) -> Result<String, Fault> {
        let mut text = String::new();
        while self.take("'''") {
            text.push_str(&self.quoted("'''")?);
            self.skip()?;
        }
        Ok(text)
    }

    /// What stands before the closing quotes.
    fn quoted(&mut self, quotes: &str) -> Result<String, Fault> {
        let mut text = String::new();
        loop {
            if self.take(quotes) {
                return Ok(text);
            }
            let mut characters = self.text.chars();
            let character = characters.next().ok_or(Fault::Syntax)?;
            self.text = characters.as_str();
            match character {
                '\\' => text.extend(self.escaped()?),
                _ => text.push(character),
            }
        }
    }

    /// What stands for a character after a backslash; nothing for the end of a line.
    fn escaped(&mut self) -> Result<Option<char>, Fault> {
        let mut characters = self.text.chars();
        let character = characters.next().ok_or(Fault::Syntax)?;
        self.text = characters.as_str();
        Ok(Some(match character {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '0' => '\0',
            '\n' => return Ok(None),
            '"' | '\'' | '\\' | '/' | '?' => character,
            'x' => self.code(2)?,
            'u' => self.code(4)?,
            'U' => self.code(8)?,
            _ => return Err(Fault::Syntax),
        }))
    }

    fn code(&mut self, digits: usize) -> Result<char, Fault> {
        let (code, rest) = self.text.split_at_checked(digits).ok_or(Fault::Syntax)?;
        self.text = rest;
        u32::from_str_radix(code, 16).ok().and_then(char::from_u32).ok_or(Fault::Syntax)
    }

    fn blob(&mut self) -> Result<AttributeValue, Fault> {
        let (content, rest) = self.text.split_once("}}").ok_or(Fault::Syntax)?;
        self.text = rest;
        let digits: String = content.chars().filter(|character| !character.is_whitespace()).collect();
        if digits.starts_with(['"', '\'']) {
            return Err(Fault::Value); // text in another coding
        }
        STANDARD.decode(digits).map(|bytes| AttributeValue::B(bytes.into())).map_err(|_| Fault::Syntax)
    }

    /// An int, a decimal or a float, in the digits that a number of the service may have.
    fn number(&mut self) -> Result<AttributeValue, Fault> {
        let is_part =
            |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '+' | '-' | '_' | ':');
        let end = self.text.find(|character| !is_part(character)).unwrap_or(self.text.len());
        let (digits, rest) = self.text.split_at_checked(end).ok_or(Fault::Syntax)?;
        self.text = rest;
        // The exponent of a decimal is written with another letter, and its point may be the last character.
        let digits = digits.replace('_', "").replace(['d', 'D', 'E'], "e").replace(".e", "e");
        let digits = digits.strip_suffix('.').unwrap_or(&digits);
        digits.parse::<Number>().map(AttributeValue::N).map_err(|_| Fault::Value)
    }
}

fn is_symbol_start(character: char) -> bool {
    character.is_ascii_alphabetic() || matches!(character, '_' | '$')
}

fn is_symbol_part(character: char) -> bool {
    is_symbol_start(character) || character.is_ascii_digit() || character == '.'
}

fn word(symbol: &str, is_quoted: bool) -> Result<AttributeValue, Fault> {
    match symbol {
        _ if is_quoted => Err(Fault::Value),
        "true" => Ok(AttributeValue::Bool(true)),
        "false" => Ok(AttributeValue::Bool(false)),
        "null" => Ok(AttributeValue::Null),
        _ if symbol.starts_with("null.") => Ok(AttributeValue::Null),
        _ => Err(Fault::Value),
    }
}

fn set<T>(members: Vec<AttributeValue>, of: fn(AttributeValue) -> Option<T>) -> Result<Vec<T>, Fault> {
    members.into_iter().map(of).collect::<Option<Vec<T>>>().ok_or(Fault::Value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Option<Item>>, Fault> {
        Reader { text, depth: 0 }.top_level()
    }

    fn value(text: &str) -> Result<AttributeValue, Fault> {
        read(&format!("$ion_1_0 {{Item:{{v:{text}}}}}")).map(|item| item.unwrap().unwrap()["v"].clone())
    }

    #[test]
    fn values_are_read_as_the_service_writes_them() {
        let number = |text: &str| AttributeValue::N(text.parse().unwrap());
        let text = |text: &str| AttributeValue::S(text.into());
        for (ion, expected) in [
            (r#""a \"b\"\n\x41\u017c\U0001F600""#, text("a \"b\"\nAż😀")),
            ("'''one ''' '''two'''", text("one two")),
            ("103.", number("103")),
            ("6d2", number("600")),
            ("-1.50D-3", number("-0.0015")),
            ("1_000", number("1000")),
            ("2e0", number("2")),
            ("true", AttributeValue::Bool(true)),
            ("null", AttributeValue::Null),
            ("null.string", AttributeValue::Null),
            ("{{ AQ ID }}", AttributeValue::B(vec![1, 2, 3].into())),
            ("$dynamodb_SS::[\"a\",\"b\"]", AttributeValue::string_set(vec!["a".into(), "b".into()]).unwrap()),
            (
                "'$dynamodb_NS' :: [1., 2]",
                AttributeValue::number_set(vec!["1".parse().unwrap(), "2".parse().unwrap()]).unwrap(),
            ),
            ("$dynamodb_BS::[{{AQ==}}]", AttributeValue::binary_set(vec![vec![1].into()]).unwrap()),
            (
                "[1, /* one */ [], {'a b': // two\n 2,\"c\":false,},]",
                AttributeValue::L(vec![
                    number("1"),
                    AttributeValue::L(Vec::new()),
                    AttributeValue::M(Item::from([
                        ("a b".into(), number("2")),
                        ("c".into(), AttributeValue::Bool(false)),
                    ])),
                ]),
            ),
        ] {
            assert_eq!(value(ion), Ok(expected), "{ion}");
        }
    }

    #[test]
    fn what_is_no_value_is_told_from_what_is_no_ion() {
        for ion in [
            "symbol",
            "'quoted'",
            "(a b)",
            "2024-01-01T00:00Z",
            "0x1F",
            "nan",
            "+inf",
            "$dynamodb_SS::[1]",
            "$dynamodb_NS::[]",
            "$dynamodb_NS::[1,1.]",
            "1d999",
            "{{\"clob\"}}",
            &"[".repeat(100_000),
        ] {
            assert_eq!(value(ion), Err(Fault::Value), "{:.40}", ion);
        }
        for ion in
            ["\"open", "[1", "{a 1}", "[1 2]", "{{AQI}}", "}", "\"\\q\"", "\"\\u12\"", "/* open", "'''", "ż", "{:1}"]
        {
            assert_eq!(value(ion), Err(Fault::Syntax), "{ion}");
        }
        for other in ["{other:{}}", "{Item:1}", "[]", "1."] {
            assert_eq!(read(other), Ok(Some(None)), "{other}");
        }
        assert_eq!(read("  $ion_1_0 // nothing"), Ok(None));
        assert_eq!(read(&VERSION_MARKER.repeat(100_000)), Ok(None));
        assert_eq!(value(&"a::".repeat(100_000)), Err(Fault::Syntax));
    }

    #[test]
    fn what_an_export_writes_is_read_back() {
        let nested =
            AttributeValue::M(Item::from([("it's".to_owned(), AttributeValue::L(vec![AttributeValue::Null]))]));
        let item = Item::from([
            ("pk".to_owned(), AttributeValue::S("żółw \"\\'\n\u{1}\u{85}".into())),
            ("true".to_owned(), AttributeValue::N("-1.5".parse().unwrap())),
            ("".to_owned(), AttributeValue::B(vec![0, 255].into())),
            ("big".to_owned(), AttributeValue::N("1e100".parse().unwrap())),
            ("m".to_owned(), nested),
            ("ns".to_owned(), AttributeValue::number_set(vec!["1".parse().unwrap(), "2.5".parse().unwrap()]).unwrap()),
        ]);
        let line = format!("$ion_1_0 {{Item:{}}}", crate::aws::kv::export::ion::item(&item));
        assert_eq!(read(&line), Ok(Some(Some(item))));
    }
}
