//! Attributes of messages that are published, as the wire has them. What their names, types and values may be is the topic's to
//! say.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html>

use std::collections::BTreeMap;

use millpond::pubsub::{AttributeValue, MessageAttribute};

use super::{checks, failure::null};
use crate::aws::json::{Blob, Failure, Map, Word, members};

members! {
    Given { data_type: Word = "DataType", string_value: Word = "StringValue", binary_value: Blob = "BinaryValue" }
}

/// Reads the attributes of a message; `path` is where it stands in the request.
///
/// # Errors
/// `ValidationError`.
pub(super) fn read(given: Option<Map<Given>>, path: &str) -> Result<BTreeMap<String, MessageAttribute>, Failure> {
    let given = given.unwrap_or_default().0;
    let untyped = given.iter().filter(|(_, attribute)| attribute.data_type.is_none());
    let errors: Vec<_> =
        untyped.map(|(name, _)| null(&format!("{path}messageAttributes.{name}.member.dataType"))).collect();
    checks::refuse_any(&errors)?;
    Ok(given.into_iter().map(|(name, attribute)| (name, attribute.into())).collect())
}

impl From<Given> for MessageAttribute {
    fn from(given: Given) -> MessageAttribute {
        let data_type = checks::text(given.data_type);
        let is_binary = data_type.starts_with("Binary");
        // One that has both is of the value that its type wants, and one that has none is empty.
        let value = match (given.string_value, given.binary_value) {
            (None, Some(bytes)) => AttributeValue::Binary(bytes.0.into()),
            (Some(_), Some(bytes)) if is_binary => AttributeValue::Binary(bytes.0.into()),
            (None, None) if is_binary => AttributeValue::Binary(Vec::new()),
            (text, _) => AttributeValue::Text(checks::text(text)),
        };
        MessageAttribute { data_type, value }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read_one(attribute: Value) -> Result<MessageAttribute, String> {
        let given = serde_json::from_value(json!({ "a": attribute })).unwrap();
        let read = read(Some(given), "").map(|mut read| read.remove("a").unwrap());
        read.map_err(|failure| failure.message().to_owned())
    }

    #[test]
    fn attributes_are_read_by_their_fields() {
        let empty_binary = MessageAttribute::binary(Vec::new());
        for (given, expected) in [
            (json!({ "DataType": "String", "StringValue": "x" }), MessageAttribute::string("x")),
            (json!({ "DataType": "Number", "StringValue": "1" }), MessageAttribute::number(1)),
            (json!({ "DataType": "Binary", "BinaryValue": "AQI=" }), MessageAttribute::binary(vec![1, 2])),
            (
                json!({ "DataType": "Binary", "BinaryValue": "AQI=", "StringValue": "x" }),
                MessageAttribute::binary(vec![1, 2]),
            ),
            (json!({ "DataType": "String", "BinaryValue": "AQI=", "StringValue": "x" }), MessageAttribute::string("x")),
            (json!({ "DataType": "String" }), MessageAttribute::string("")),
            (json!({ "DataType": "Binary" }), empty_binary),
        ] {
            assert_eq!(read_one(given), Ok(expected));
        }
        let mixed = read_one(json!({ "DataType": "String", "BinaryValue": "AQI=" })).unwrap();
        assert_eq!(mixed.value, AttributeValue::Binary(vec![1, 2]), "the topic refuses it");
    }

    #[test]
    fn an_attribute_needs_a_type() {
        assert_eq!(
            read_one(json!({ "StringValue": "x" })).unwrap_err(),
            "1 validation error detected: Value null at 'messageAttributes.a.member.dataType' failed to satisfy constraint: \
             Member must not be null"
        );
    }
}
