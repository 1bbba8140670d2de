//! Values in the text form of Amazon Ion, as exports have them.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html>

use std::fmt::Write;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use millpond::kv::{AttributeValue, Item, Number};

/// What begins each line.
pub(super) const VERSION_MARKER: &str = "$ion_1_0";
/// Words that stand for values, so that they are no names unless they are quoted.
const KEYWORDS: [&str; 4] = ["null", "true", "false", "nan"];

/// An item as a struct.
pub(in crate::aws::kv) fn item(item: &Item) -> String {
    let mut text = String::new();
    write_struct(&mut text, item);
    text
}

fn write_struct(text: &mut String, item: &Item) {
    text.push('{');
    for (nth, (name, value)) in item.iter().enumerate() {
        if nth > 0 {
            text.push(',');
        }
        write_symbol(text, name);
        text.push(':');
        write_value(text, value);
    }
    text.push('}');
}

fn write_value(text: &mut String, value: &AttributeValue) {
    match value {
        AttributeValue::S(value) => write_quoted(text, value, '"'),
        AttributeValue::N(number) => write_decimal(text, number),
        AttributeValue::B(bytes) => write_blob(text, bytes),
        AttributeValue::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        AttributeValue::Null => text.push_str("null"),
        AttributeValue::Ss(members) => {
            write_list(text, "$dynamodb_SS::", members, |text, member: &String| write_quoted(text, member, '"'));
        }
        AttributeValue::Ns(members) => write_list(text, "$dynamodb_NS::", members, write_decimal),
        AttributeValue::Bs(members) => write_list(text, "$dynamodb_BS::", members, write_blob),
        AttributeValue::L(values) => write_list(text, "", values, write_value),
        AttributeValue::M(item) => write_struct(text, item),
    }
}

fn write_list<'a, T: 'a>(
    text: &mut String,
    annotation: &str,
    values: impl IntoIterator<Item = &'a T>,
    write: fn(&mut String, &T),
) {
    text.push_str(annotation);
    text.push('[');
    for (nth, value) in values.into_iter().enumerate() {
        if nth > 0 {
            text.push(',');
        }
        write(text, value);
    }
    text.push(']');
}

/// A number without a point would be an int.
fn write_decimal(text: &mut String, number: &Number) {
    let digits = number.to_string();
    text.push_str(&digits);
    if !digits.contains('.') {
        text.push('.');
    }
}

fn write_blob(text: &mut String, bytes: &bytes::Bytes) {
    text.push_str("{{");
    text.push_str(&STANDARD.encode(bytes));
    text.push_str("}}");
}

fn write_symbol(text: &mut String, name: &str) {
    let is_identifier = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'));
    if is_identifier && !KEYWORDS.contains(&name) {
        text.push_str(name);
    } else {
        write_quoted(text, name, '\'');
    }
}

fn write_quoted(text: &mut String, value: &str, quote: char) {
    text.push(quote);
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            _ if character == quote => {
                text.push('\\');
                text.push(quote);
            }
            _ if character.is_control() => {
                // Writing to a string does not fail.
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            _ => text.push(character),
        }
    }
    text.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_the_service_writes_them() {
        let number = |text: &str| AttributeValue::N(text.parse().unwrap());
        let text = |text: &str| AttributeValue::S(text.into());
        for (value, expected) in [
            (text("8.5 x \"11\"\n"), r#""8.5 x \"11\"\n""#),
            (text("żółw\u{1}"), "\"żółw\\u0001\""),
            (number("103"), "103."),
            (number("-1.50"), "-1.5"),
            (AttributeValue::Bool(false), "false"),
            (AttributeValue::Null, "null"),
            (AttributeValue::B(vec![1, 2, 3].into()), "{{AQID}}"),
            (AttributeValue::string_set(vec!["a".into(), "b".into()]).unwrap(), r#"$dynamodb_SS::["a","b"]"#),
            (AttributeValue::number_set(vec!["1".parse().unwrap()]).unwrap(), "$dynamodb_NS::[1.]"),
            (AttributeValue::L(vec![number("1"), text("x")]), r#"[1.,"x"]"#),
        ] {
            let written = item(&Item::from([("name".to_owned(), value)]));
            assert_eq!(written, format!("{{name:{expected}}}"));
        }
        let names = Item::from(["true", "a b", "it's", "$x", "a1", ""].map(|name| (name.to_owned(), number("1"))));
        assert_eq!(item(&names), r"{'':1.,'$x':1.,'a b':1.,a1:1.,'it\'s':1.,'true':1.}");
    }
}
