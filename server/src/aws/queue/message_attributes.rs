//! Attributes of messages on the wire, and the checksums by which clients see that messages came over whole.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use millpond::queue::{AttributeValue, MessageAttribute};
use serde::Serialize;

use super::failure::{failure, invalid};
use crate::aws::json::{Blob, Failure, List, Map, Word, members};

/// The one system attribute that can be sent.
const TRACE_HEADER: &str = "AWSTraceHeader";
/// Both kinds of value are bytes in the end, and the checksum tells them apart.
const TEXT: u8 = 1;
const BINARY: u8 = 2;

members! {
    Given {
        data_type: Word = "DataType",
        string_value: Word = "StringValue",
        binary_value: Blob = "BinaryValue",
        string_list_values: List<Word> = "StringListValues",
        binary_list_values: List<Blob> = "BinaryListValues",
    }
}

pub(super) type Attributes = BTreeMap<String, MessageAttribute>;

/// Reads the attributes of a message that is sent. What their names, types and values may be is the queue's to say.
///
/// # Errors
/// `InvalidParameterValueException`, `UnsupportedOperation`.
pub(super) fn read(given: Option<Map<Given>>) -> Result<Attributes, Failure> {
    let read = |(name, given)| Ok((String::clone(&name), attribute(&name, given)?));
    given.unwrap_or_default().0.into_iter().map(read).collect()
}

fn attribute(name: &str, given: Given) -> Result<MessageAttribute, Failure> {
    let has_elements = |count: Option<usize>| count.is_some_and(|count| count > 0);
    if has_elements(given.string_list_values.map(|list| list.0.len()))
        || has_elements(given.binary_list_values.map(|list| list.0.len()))
    {
        let message = "Message attribute list values in SendMessage operation are not supported.";
        return Err(failure("UnsupportedOperation", message));
    }
    let value = match (given.string_value, given.binary_value) {
        (Some(_), Some(_)) => {
            return Err(invalid(format!("Message (user) attribute '{name}' must have a single value.")));
        }
        (None, None) if given.data_type.is_none() => {
            let message = "must contain a non-empty message attribute value.";
            return Err(invalid(format!("The message (user) attribute '{name}' {message}")));
        }
        (None, Some(bytes)) => AttributeValue::Binary(bytes.0),
        (text, None) => AttributeValue::Text(text.map(|text| text.0).unwrap_or_default()),
    };
    let data_type = given.data_type.map(|data_type| data_type.0).unwrap_or_default();
    Ok(MessageAttribute { data_type, value })
}

/// The trace header among the system attributes of a message that is sent.
///
/// # Errors
/// `InvalidParameterValueException`, `UnsupportedOperation`.
pub(super) fn trace_header(given: Option<Map<Given>>) -> Result<Option<String>, Failure> {
    let mut trace_header = None;
    for (name, given) in given.unwrap_or_default().0 {
        if name != TRACE_HEADER {
            return Err(invalid(format!("Message system attribute name '{name}' is invalid.")));
        }
        let attribute = attribute(&name, given)?;
        match (attribute.data_type.as_str(), attribute.value) {
            ("String", AttributeValue::Text(text)) if !text.is_empty() => trace_header = Some(text),
            _ => {
                let reason = "must contain a non-empty value of type 'String'.";
                return Err(invalid(format!("Message system attribute '{name}' {reason}")));
            }
        }
    }
    Ok(trace_header)
}

/// The checksum of a body, in hexadecimal digits.
pub(super) fn md5_of_body(body: &str) -> String {
    hex(Md5::new_with_prefix(body))
}

/// The checksum of attributes, which come in the order of their names; `None` where there are none.
pub(super) fn md5_of_attributes<'a>(
    attributes: impl IntoIterator<Item = (&'a String, &'a MessageAttribute)>,
) -> Option<String> {
    let mut attributes = attributes.into_iter().peekable();
    attributes.peek()?;
    let mut sum = Md5::new();
    for (name, attribute) in attributes {
        add(&mut sum, name.as_bytes());
        add(&mut sum, attribute.data_type.as_bytes());
        sum.update([if matches!(attribute.value, AttributeValue::Binary(_)) { BINARY } else { TEXT }]);
        add(&mut sum, attribute.bytes());
    }
    Some(hex(sum))
}

/// The checksum of the system attributes of a message that is sent.
pub(super) fn md5_of_trace_header(trace_header: Option<&str>) -> Option<String> {
    let attribute = MessageAttribute::string(trace_header?);
    md5_of_attributes([(&TRACE_HEADER.to_owned(), &attribute)])
}

fn add(sum: &mut Md5, bytes: &[u8]) {
    // No message is as long as 4 GiB.
    sum.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    sum.update(bytes);
}

fn hex(sum: Md5) -> String {
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Which attributes of messages a receive asks for.
#[derive(Debug, Clone)]
pub(super) struct Wanted(Vec<String>);

impl Wanted {
    pub(super) fn new(names: Vec<String>) -> Wanted {
        Wanted(names)
    }

    /// Names are whole, or beginnings that end in `.*`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|wanted| match wanted.as_str() {
            "*" => true,
            all if all.eq_ignore_ascii_case("All") => true,
            wanted => wanted.strip_suffix(".*").map_or(wanted == name, |start| name.starts_with(start)),
        })
    }
}

/// An attribute as it is given back.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Shown<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_value: Option<String>,
    data_type: &'a str,
}

impl<'a> From<&'a MessageAttribute> for Shown<'a> {
    fn from(attribute: &'a MessageAttribute) -> Shown<'a> {
        let (string_value, binary_value) = match &attribute.value {
            AttributeValue::Text(text) => (Some(text.as_str()), None),
            AttributeValue::Binary(bytes) => (None, Some(STANDARD.encode(bytes))),
        };
        Shown { string_value, binary_value, data_type: &attribute.data_type }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sum(attributes: &[(&str, MessageAttribute)]) -> String {
        let attributes: Attributes =
            attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        md5_of_attributes(&attributes).unwrap()
    }

    #[test]
    fn checksums_are_the_services() {
        let (hello, general) =
            (("Hello", MessageAttribute::string("There")), ("General", MessageAttribute::string("Kenobi")));
        let help = ("Help.Me", MessageAttribute::string("Me"));
        let color = ("color", MessageAttribute::string("blue"));
        let (count, blob) = (("count", MessageAttribute::number(3)), ("blob", MessageAttribute::binary(vec![1, 2, 3])));
        let bigint = MessageAttribute {
            data_type: "Number.bigint".into(),
            ..MessageAttribute::string("1234567890123456789012")
        };
        for (attributes, expected) in [
            (vec![general.clone(), hello.clone(), help.clone()], "4c360f3fdafd970e05fae2f149d997f5"),
            (vec![hello.clone(), general], "fca026605781cb4126a1e9044df24232"),
            (vec![hello.clone()], "a311262e065454b75da111d535b8dacd"),
            (vec![hello, help], "83fee93c1bcd8b9a5a923ffacdc636c7"),
            (vec![color.clone(), count, blob], "d838729972a4b70e2d2acd9d59ac847c"),
            (vec![color], "da1b33cc3cbfe8b1630921e78e6b9880"),
            (vec![("timestamp", MessageAttribute::number(1_493_147_359_900_u64))], "235c5c510d26fb653d073faed50ae77c"),
            (vec![("k", MessageAttribute::string("x"))], "a45daa70926828a2f0a1db3418e6feb4"),
            (vec![("Hello", MessageAttribute::string("World"))], "7db7fb1ba7f41366a8ea5eb18220b26d"),
            (vec![("UserId", bigint)], "797ab158d73dcb5242dedc4412c8e855"),
        ] {
            assert_eq!(sum(&attributes), expected);
        }
        assert_eq!(md5_of_attributes(&Attributes::new()), None);
        assert_eq!(md5_of_trace_header(Some("some-trace-id")).unwrap(), "fdce4f2818803f2f73becc09a54792c0");
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        assert_eq!(md5_of_trace_header(Some(header)).unwrap(), "5ae4d5d7636402d80f4eb6d213245a88");
        assert_eq!(md5_of_body("hello"), "5d41402abc4b2a76b9719d911017c592");
    }

    #[test]
    fn attributes_are_asked_for_by_name_or_beginning() {
        for (wanted, hits) in [
            ("All", vec!["Hello", "Help.Me", "x"]),
            (".*", vec!["Hello", "Help.Me", "x"]),
            ("*", vec!["Hello", "Help.Me", "x"]),
            ("Hel.*", vec!["Hello", "Help.Me"]),
            ("Help", vec![]),
            ("x", vec!["x"]),
        ] {
            let wanted = Wanted::new(vec![wanted.to_owned()]);
            let found: Vec<_> = ["Hello", "Help.Me", "x"].into_iter().filter(|name| wanted.has(name)).collect();
            assert_eq!(found, hits, "{wanted:?}");
        }
        assert!(!Wanted::new(Vec::new()).has("x"));
    }

    #[test]
    fn attributes_are_read_by_their_fields() {
        let read = |attribute: serde_json::Value| {
            let given = serde_json::from_value(json!({ "a": attribute })).unwrap();
            read(Some(given)).map(|mut read| read.remove("a").unwrap()).map_err(|failure| failure.message().to_owned())
        };
        assert_eq!(read(json!({ "DataType": "String", "StringValue": "x" })), Ok(MessageAttribute::string("x")));
        assert_eq!(
            read(json!({ "DataType": "Binary", "BinaryValue": "AQI=" })),
            Ok(MessageAttribute::binary(vec![1, 2]))
        );
        for (given, text) in [
            (json!({}), "The message (user) attribute 'a' must contain a non-empty message attribute value."),
            (
                json!({ "StringValue": "x", "BinaryValue": "AQI=" }),
                "Message (user) attribute 'a' must have a single value.",
            ),
            (
                json!({ "StringListValues": ["x"] }),
                "Message attribute list values in SendMessage operation are not supported.",
            ),
        ] {
            assert_eq!(read(given), Err(text.to_owned()));
        }
    }
}
