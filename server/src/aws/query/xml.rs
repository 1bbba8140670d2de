//! Answers and errors in XML.

use std::io;

use hyper::StatusCode;
use quick_xml::{
    Writer,
    events::{BytesText, Event},
};
use serde_json::{Map, Value};

use super::{Dialect, Entry, Service};
use crate::aws::json::Failure;

type Xml = Writer<Vec<u8>>;

const PROLOG: &[u8] = b"<?xml version=\"1.0\"?>";

/// The element of what an operation answers; empty where it has nothing to tell this time.
///
/// # Errors
/// `InternalServerError` if it cannot be written.
pub(super) fn result(dialect: Dialect, output: &Value) -> Result<Vec<u8>, Failure> {
    let mut xml = Writer::new(Vec::new());
    let written = element(&mut xml, dialect, &format!("{}Result", dialect.operation), output);
    written.map_err(|error| Failure::internal(format!("the answer cannot be written: {error}")))?;
    Ok(xml.into_inner())
}

/// The document of an answer.
pub(super) fn answer(dialect: Dialect, result: &[u8], request_id: &str) -> Vec<u8> {
    document(&format!("{}Response", dialect.operation), dialect.service, |xml| {
        xml.get_mut().extend_from_slice(result);
        let metadata = |xml: &mut Xml| text(xml, "RequestId", request_id);
        xml.create_element("ResponseMetadata").write_inner_content(metadata)?;
        Ok(())
    })
}

/// The document of an error.
pub(super) fn error(service: &Service, status: StatusCode, code: &str, message: &str, request_id: &str) -> Vec<u8> {
    document("ErrorResponse", service, |xml| {
        xml.create_element("Error").write_inner_content(|xml| {
            text(xml, "Type", if status.is_server_error() { "Receiver" } else { "Sender" })?;
            text(xml, "Code", code)?;
            text(xml, "Message", message)?;
            if service.has_detail {
                xml.create_element("Detail").write_empty()?;
            }
            Ok(())
        })?;
        text(xml, "RequestId", request_id)
    })
}

fn document(name: &str, service: &Service, content: impl FnOnce(&mut Xml) -> io::Result<()>) -> Vec<u8> {
    let mut xml = Writer::new(PROLOG.to_vec());
    let root = xml.create_element(name).with_attribute(("xmlns", service.namespace));
    if let Err(error) = root.write_inner_content(content) {
        // Writing to a vector does not fail.
        tracing::error!(%error, "an answer was not written to its end");
    }
    xml.into_inner()
}

/// A member. What is null is not there.
fn element(xml: &mut Xml, dialect: Dialect, name: &str, value: &Value) -> io::Result<()> {
    match value {
        Value::Null => Ok(()),
        Value::Bool(value) => text(xml, name, if *value { "true" } else { "false" }),
        Value::Number(value) => text(xml, name, &value.to_string()),
        Value::String(value) => text(xml, name, value),
        Value::Array(elements) if dialect.service.flat => {
            let name = dialect.element_of(name);
            elements.iter().try_for_each(|value| element(xml, dialect, &name, value))
        }
        Value::Array(elements) => around(xml, name, elements.is_empty(), |xml| {
            elements.iter().try_for_each(|value| element(xml, dialect, "member", value))
        }),
        Value::Object(members) => match dialect.service.maps.iter().find(|(_, member)| *member == name) {
            Some((entry, _)) if dialect.service.flat => entries(xml, dialect, *entry, members),
            Some((entry, _)) => around(xml, name, members.is_empty(), |xml| entries(xml, dialect, *entry, members)),
            None if members.is_empty() => xml.create_element(name).write_empty().map(drop),
            None => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by_key(|(name, _)| dialect.rank(name));
                let content = |xml: &mut Xml| {
                    members.into_iter().try_for_each(|(name, value)| element(xml, dialect, name, value))
                };
                xml.create_element(name).write_inner_content(content).map(drop)
            }
        },
    }
}

/// The entries of a map.
fn entries(xml: &mut Xml, dialect: Dialect, entry: Entry, members: &Map<String, Value>) -> io::Result<()> {
    members.iter().try_for_each(|(key, value)| {
        xml.create_element(entry.name).write_inner_content(|xml| {
            text(xml, entry.key, key)?;
            element(xml, dialect, entry.value, value)
        })?;
        Ok(())
    })
}

/// An element with these within it.
fn around(
    xml: &mut Xml,
    name: &str,
    is_empty: bool,
    content: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> io::Result<()> {
    let element = xml.create_element(name);
    match is_empty {
        true => element.write_empty().map(drop),
        false => element.write_inner_content(content).map(drop),
    }
}

impl Dialect {
    /// Where a member comes among the others.
    fn rank(self, member: &str) -> usize {
        let first = self.service.first;
        first.iter().position(|name| *name == member).unwrap_or(first.len())
    }

    fn element_of(self, list: &str) -> String {
        let known = self.service.answered_lists.iter().find(|(_, member)| *member == list);
        known.map_or(list, |(element, _)| element).replace('*', self.operation)
    }
}

fn text(xml: &mut Xml, name: &str, value: &str) -> io::Result<()> {
    let escaped = escape(value);
    xml.create_element(name)
        .write_inner_content(|xml| xml.write_event(Event::Text(BytesText::from_escaped(escaped))))?;
    Ok(())
}

/// As the service does: quotation marks too, and carriage returns, which a parser would turn into line feeds. What XML cannot
/// hold can only have come from the client, in what an error repeats.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#xD;"),
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                escaped.push(char::REPLACEMENT_CHARACTER);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SERVICE: Service = Service {
        namespace: "ns",
        flat: true,
        has_detail: true,
        lists: &[],
        answered_lists: &[("*Entry", "Entries"), ("Name", "Names")],
        maps: &[(Entry { name: "Attribute", key: "Name", value: "Value" }, "Attributes")],
        numbers: &[],
        first: &["Id"],
    };
    const DIALECT: Dialect = Dialect { service: &SERVICE, operation: "Do" };

    fn written(output: &Value) -> String {
        String::from_utf8(result(DIALECT, output).unwrap()).unwrap()
    }

    #[test]
    fn lists_and_maps_are_flat() {
        assert_eq!(
            written(&json!({ "Entries": [{ "Id": "a", "Fault": true }, { "Id": "b" }], "Names": ["x"], "None": null })),
            "<DoResult><DoEntry><Id>a</Id><Fault>true</Fault></DoEntry><DoEntry><Id>b</Id></DoEntry><Name>x</Name></DoResult>"
        );
        assert_eq!(
            written(&json!({ "Attributes": { "k": { "Type": "t" }, "l": "v" } })),
            "<DoResult><Attribute><Name>k</Name><Value><Type>t</Type></Value></Attribute><Attribute><Name>l</Name><Value>v</Value></Attribute></DoResult>"
        );
        assert_eq!(written(&json!({})), "<DoResult/>");
    }

    #[test]
    fn lists_and_maps_may_have_their_elements_within() {
        const NESTED: Service = Service {
            flat: false,
            has_detail: false,
            maps: &[(Entry { name: "entry", key: "key", value: "value" }, "Attributes")],
            ..SERVICE
        };
        let dialect = Dialect { service: &NESTED, ..DIALECT };
        let written = |output: &Value| String::from_utf8(result(dialect, output).unwrap()).unwrap();
        assert_eq!(
            written(&json!({ "Topics": [{ "Arn": "a", "Attributes": { "k": "v" } }], "Names": ["x"], "None": [] })),
            "<DoResult><Names><member>x</member></Names><None/><Topics><member><Arn>a</Arn><Attributes><entry><key>k</key>\
             <value>v</value></entry></Attributes></member></Topics></DoResult>"
        );
        assert_eq!(written(&json!({ "Attributes": {} })), "<DoResult><Attributes/></DoResult>");
        let refused = error(&NESTED, StatusCode::NOT_FOUND, "C", "M", "id");
        assert!(!String::from_utf8(refused).unwrap().contains("Detail"));
    }

    #[test]
    fn text_is_escaped_as_the_service_does_it() {
        assert_eq!(
            written(&json!({ "T": "<a>&\"'\r\n\t\u{0}" })),
            "<DoResult><T>&lt;a&gt;&amp;&quot;'&#xD;\n\t\u{fffd}</T></DoResult>"
        );
    }

    #[test]
    fn answers_and_errors_have_their_envelopes() {
        let document = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        assert_eq!(
            document(answer(DIALECT, b"<DoResult/>", "id")),
            "<?xml version=\"1.0\"?><DoResponse xmlns=\"ns\"><DoResult/><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DoResponse>"
        );
        assert_eq!(
            document(error(&SERVICE, StatusCode::BAD_REQUEST, "C", "M", "id")),
            "<?xml version=\"1.0\"?><ErrorResponse xmlns=\"ns\"><Error><Type>Sender</Type><Code>C</Code><Message>M</Message><Detail/></Error><RequestId>id</RequestId></ErrorResponse>"
        );
    }
}
