//! What a message may be, in the words of the service.
//!
//! Sources: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>,
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html>

use crate::{AttributeValue, Body, Error, MessageAttribute, PublishMessage, Result, model::no_default};

use super::{deduplication, settings::PublishedTo};

const MAX_SUBJECT_CHARACTERS: usize = 100;
const MAX_NAME_BYTES: usize = 256;
const MAX_TRACE_BYTES: usize = 4096;
const MAX_ID_CHARACTERS: usize = 128;
/// Of a message that goes to no topic.
const MAX_DIRECT_BYTES: usize = 256 << 10;

/// Bytes of a message as the service counts them: the text, and of each attribute its name, its type and its value.
pub(crate) fn size_bytes(message: &PublishMessage) -> usize {
    let of_attribute = |(name, attribute): (&String, &MessageAttribute)| {
        name.len() + attribute.data_type.len() + value_bytes(&attribute.value).len()
    };
    let of_body = match &message.body {
        Body::Text(text) => text.len(),
        // As JSON it takes quotes, a colon and a comma besides.
        Body::Structured(texts) => 2 + texts.iter().map(|(key, text)| key.len() + text.len() + 6).sum::<usize>(),
    };
    of_body + message.attributes.iter().map(of_attribute).sum::<usize>()
}

fn value_bytes(value: &AttributeValue) -> &[u8] {
    match value {
        AttributeValue::Text(text) => text.as_bytes(),
        AttributeValue::Binary(bytes) => bytes,
    }
}

pub(crate) fn run(topic: &PublishedTo, message: &PublishMessage) -> Result<()> {
    check_subject(message.subject.as_deref())?;
    check_body(&message.body)?;
    check_trace_header(message.trace_header.as_deref())?;
    for (name, attribute) in &message.attributes {
        check_name(name)?;
        check_value(name, attribute)?;
    }
    if size_bytes(message) > topic.settings.max_bytes {
        return Err(Error::parameter("Message too long"));
    }
    check_ids(topic, message)
}

/// What a message to the endpoint of a device or to a phone number may be, but for its text, which each of them has its
/// own rules for.
pub(crate) fn direct(message: &PublishMessage) -> Result<()> {
    check_subject(message.subject.as_deref())?;
    for (name, attribute) in &message.attributes {
        check_name(name)?;
        check_value(name, attribute)?;
    }
    if size_bytes(message) > MAX_DIRECT_BYTES {
        return Err(Error::parameter("Message too long"));
    }
    Ok(())
}

fn check_subject(subject: Option<&str>) -> Result<()> {
    let Some(subject) = subject else { return Ok(()) };
    let is_good = !subject.is_empty()
        && subject.chars().count() <= MAX_SUBJECT_CHARACTERS
        && !subject.chars().any(|character| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}'));
    if is_good { Ok(()) } else { Err(Error::parameter("Subject")) }
}

/// What queues would refuse; the service takes it from a header of the request, and has no words for it.
fn check_trace_header(header: Option<&str>) -> Result<()> {
    let is_good = |header: &str| (1..=MAX_TRACE_BYTES).contains(&header.len()) && !header.contains(char::is_control);
    match header.is_none_or(is_good) {
        true => Ok(()),
        false => Err(Error::parameter("TraceHeader")),
    }
}

fn check_body(body: &Body) -> Result<()> {
    match body {
        Body::Text(text) if text.is_empty() => Err(Error::parameter("Empty message")),
        Body::Structured(texts) if !texts.contains_key("default") => Err(no_default()),
        Body::Text(_) | Body::Structured(_) => Ok(()),
    }
}

/// What one type of topic needs and the other does not take.
fn check_ids(topic: &PublishedTo, message: &PublishMessage) -> Result<()> {
    match (&topic.settings.fifo, &message.group_id, &message.deduplication_id) {
        (None, _, Some(_)) => {
            return Err(Error::parameter(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
            ));
        }
        (Some(_), None, _) => {
            return Err(Error::parameter("The MessageGroupId parameter is required for FIFO topics"));
        }
        (Some(fifo), Some(_), None) if !fifo.is_content_based => return Err(deduplication::no_deduplication()),
        (None, _, None) | (Some(_), Some(_), _) => {}
    }
    check_id(message.group_id.as_deref(), "MessageGroupId")?;
    check_id(message.deduplication_id.as_deref(), "MessageDeduplicationId")
}

fn check_id(id: Option<&str>, name: &str) -> Result<()> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte.is_ascii_punctuation();
    let is_good = |id: &str| (1..=MAX_ID_CHARACTERS).contains(&id.len()) && id.bytes().all(is_allowed);
    match id.is_none_or(is_good) {
        true => Ok(()),
        false => Err(Error::parameter(format!(
            "{name} Reason: {name} can only include alphanumeric and punctuation characters. 1 to 128 in length."
        ))),
    }
}

fn refused<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::ParameterValueInvalid { message: message.into() })
}

fn check_name(name: &str) -> Result<()> {
    if name.len() > MAX_NAME_BYTES {
        return refused("Length of message attribute name must be less than 256 bytes.");
    }
    if name.is_empty() {
        return refused("Message attribute name can not be empty.");
    }
    if name.starts_with('.') {
        return refused("Invalid message attribute name starting with character '.' was found.");
    }
    if name.ends_with('.') {
        return refused("Invalid message attribute name ending with character '.' was found.");
    }
    let is_allowed = |character: &char| character.is_ascii_alphanumeric() || "_-.".contains(*character);
    if let Some(wrong) = name.chars().find(|character| !is_allowed(character)) {
        return refused(format!(
            "Invalid non-alphanumeric character '#x{:X}' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.",
            u32::from(wrong)
        ));
    }
    if name.contains("..") {
        return refused("Message attribute name can not have successive '.' character.");
    }
    Ok(())
}

fn check_value(name: &str, attribute: &MessageAttribute) -> Result<()> {
    let data_type = &attribute.data_type;
    let (kind, label) =
        data_type.split_once('.').map_or((data_type.as_str(), None), |(kind, label)| (kind, Some(label)));
    if !["String", "Number", "Binary"].contains(&kind) || label == Some("") {
        return refused(format!(
            "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
        ));
    }
    let field = if kind == "Binary" { "Binary" } else { "String" };
    let is_in_field = matches!(attribute.value, AttributeValue::Binary(_)) == (kind == "Binary");
    if !is_in_field {
        return refused(format!("The message attribute '{name}' with type '{data_type}' must use field '{field}'."));
    }
    if value_bytes(&attribute.value).is_empty() {
        return refused(format!(
            "The message attribute '{name}' must contain non-empty message attribute value for message attribute type '{data_type}'."
        ));
    }
    match &attribute.value {
        // The service's documents of filter policies have arrays under this type too.
        AttributeValue::Text(text) if kind == "Number" && label != Some("Array") && !is_number(text) => {
            refused(format!("Could not cast message attribute '{name}' value to number."))
        }
        AttributeValue::Text(_) | AttributeValue::Binary(_) => Ok(()),
    }
}

/// Digits with at most one point among them, after a sign if there is one, and before an exponent if there is one.
fn is_number(text: &str) -> bool {
    let unsigned = |text: &'_ str| text.strip_prefix(['+', '-']).map_or(text.to_owned(), str::to_owned);
    let text = unsigned(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(unsigned(exponent))),
        None => (text.as_str(), None),
    };
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(&mantissa.replacen('.', "", 1)) && exponent.is_none_or(|exponent| are_digits(&exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(result: Result<()>) -> String {
        result.map_or_else(|error| format!("{}: {error}", error.code()), |()| String::new())
    }

    #[test]
    fn subjects_are_lines_of_a_hundred_characters() {
        for good in ["a", "Grüße", &"ü".repeat(100), " a b"] {
            assert!(check_subject(Some(good)).is_ok(), "{good}");
        }
        for bad in ["", "a\nb", "a\rb", "a\u{7f}", "\u{0}", "a\u{85}b", "a\u{2028}b", &"x".repeat(101)] {
            assert_eq!(said(check_subject(Some(bad))), "InvalidParameter: Invalid parameter: Subject", "{bad:?}");
        }
        assert!(check_subject(None).is_ok());
    }

    #[test]
    fn trace_headers_are_what_queues_take() {
        assert!(
            [None, Some("Root=1-a-b"), Some(&*"x".repeat(4096))]
                .into_iter()
                .all(|good| check_trace_header(good).is_ok())
        );
        for bad in ["", "a\nb", &"x".repeat(4097)] {
            assert!(check_trace_header(Some(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_of_attributes_are_checked_in_the_words_of_the_service() {
        for (name, text) in [
            (
                "^",
                "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.",
            ),
            (".a", "Invalid message attribute name starting with character '.' was found."),
            ("a.", "Invalid message attribute name ending with character '.' was found."),
            ("a..b", "Message attribute name can not have successive '.' character."),
            (&"a".repeat(257), "Length of message attribute name must be less than 256 bytes."),
        ] {
            assert_eq!(said(check_name(name)), format!("ParameterValueInvalid: {text}"));
        }
        assert!(["a", "A.b-c_9", &"a".repeat(256)].iter().all(|name| check_name(name).is_ok()));
    }

    #[test]
    fn values_of_attributes_go_with_their_types() {
        let of = |data_type: &str, value: AttributeValue| {
            said(check_value("attr1", &MessageAttribute { data_type: data_type.into(), value }))
        };
        let text = |text: &str| AttributeValue::Text(text.into());
        let bytes = |bytes: &[u8]| AttributeValue::Binary(bytes.into());
        let wrong = |message: &str| format!("ParameterValueInvalid: {message}");
        for (data_type, value) in [
            ("String", text("a")),
            ("String.Array", text("[1]")),
            ("String.prefixed", text("a")),
            ("Number", text("-1.5e3")),
            ("Number.java", text("0")),
            ("Number.Array", text("[100, 50]")),
            ("Binary", bytes(b"\0")),
        ] {
            assert_eq!(of(data_type, value), "", "{data_type}");
        }
        let invalid = "The message attribute 'attr1' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.";
        for data_type in ["", "string", "Stringprefix", "Array", "String."] {
            assert_eq!(of(data_type, text("a")), wrong(invalid), "{data_type}");
        }
        for (data_type, value, message) in [
            (
                "String",
                text(""),
                "The message attribute 'attr1' must contain non-empty message attribute value for message attribute type 'String'.",
            ),
            (
                "Binary",
                bytes(b""),
                "The message attribute 'attr1' must contain non-empty message attribute value for message attribute type 'Binary'.",
            ),
            ("String", bytes(b"a"), "The message attribute 'attr1' with type 'String' must use field 'String'."),
            ("Number", bytes(b"1"), "The message attribute 'attr1' with type 'Number' must use field 'String'."),
            ("Binary", text("a"), "The message attribute 'attr1' with type 'Binary' must use field 'Binary'."),
            ("Number", text("one"), "Could not cast message attribute 'attr1' value to number."),
        ] {
            assert_eq!(of(data_type, value), wrong(message));
        }
    }

    #[test]
    fn numbers_are_digits_with_a_sign_a_point_and_an_exponent() {
        for number in ["0", "-1", "+1.5", ".5", "5.", "1e10", "-1.25E-7"] {
            assert!(is_number(number), "{number}");
        }
        for text in ["", "-", ".", "1.2.3", "e5", "1e", "1e+", "0x1", "1 ", "NaN", "1,5", "--1"] {
            assert!(!is_number(text), "{text}");
        }
    }
}
