//! What a message may be.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::{Error, MAX_MESSAGE_BYTES, MessageAttribute, Result, SendMessage, Settings, message::AttributeValue};

const MAX_ATTRIBUTES: usize = 10;
const MAX_NAME_BYTES: usize = 256;
const MAX_ID_CHARACTERS: usize = 128;
/// The service does not say how long it may be; those of AWS X-Ray have a tenth of this.
const MAX_TRACE_HEADER_BYTES: usize = 4096;
const MAX_DELAY: Duration = Duration::from_secs(900);

/// Bytes of a message as the service counts them: the body, and of each attribute its name, its type and its value.
pub(crate) fn size_bytes(message: &SendMessage) -> usize {
    let attributes = message.attributes.iter();
    let of_attributes = attributes.map(|(name, value)| name.len() + value.data_type.len() + value.bytes().len());
    message.body.len() + of_attributes.sum::<usize>()
}

pub(crate) fn run(settings: &Settings, message: &SendMessage) -> Result<()> {
    if message.body.is_empty() {
        return Err(Error::MissingParameter { parameter: "MessageBody" });
    }
    check_queue_type(settings, message)?;
    check_attributes(message)?;
    check_trace_header(message)?;
    let limit = settings.maximum_message_bytes.min(MAX_MESSAGE_BYTES);
    if size_bytes(message) > limit {
        let text = format!("One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes.");
        return Err(Error::parameter(text));
    }
    if let Some(wrong) = first_outside_of_xml(&message.body) {
        let message = format!(
            "Invalid binary character '#x{:X}' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].",
            u32::from(wrong)
        );
        return Err(Error::InvalidMessageContents { message });
    }
    Ok(())
}

/// What one type of queue needs and the other does not take.
fn check_queue_type(settings: &Settings, message: &SendMessage) -> Result<()> {
    for (id, name) in [(&message.group_id, "MessageGroupId"), (&message.deduplication_id, "MessageDeduplicationId")] {
        if let Some(id) = id {
            check_id(id, name)?;
        }
    }
    if let Some(delay) = message.delay {
        let seconds = delay.as_secs();
        if settings.fifo.is_some() && !delay.is_zero() {
            return Err(Error::parameter(format!(
                "Value {seconds} for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type."
            )));
        }
        if delay > MAX_DELAY {
            return Err(Error::parameter(format!(
                "Value {seconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
            )));
        }
    }
    match (settings.fifo, &message.group_id, &message.deduplication_id) {
        (None, _, Some(_)) => Err(Error::parameter(
            "The request include parameter MessageDeduplicationId which is not valid for this queue type",
        )),
        (None, _, None) => Ok(()),
        (Some(_), None, _) => Err(Error::MissingParameter { parameter: "MessageGroupId" }),
        (Some(fifo), Some(_), None) if !fifo.content_based_deduplication => Err(no_deduplication()),
        (Some(_), Some(_), _) => Ok(()),
    }
}

pub(crate) fn no_deduplication() -> Error {
    Error::parameter(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    )
}

/// Checks the id of a group, a message or an attempt.
pub(crate) fn check_id(id: &str, name: &str) -> Result<()> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte.is_ascii_punctuation();
    if (1..=MAX_ID_CHARACTERS).contains(&id.len()) && id.bytes().all(is_allowed) {
        return Ok(());
    }
    Err(Error::parameter(format!(
        "Value {id} for parameter {name} is invalid. Reason: {name} can only include alphanumeric and punctuation characters. 1 to 128 in length."
    )))
}

fn check_attributes(message: &SendMessage) -> Result<()> {
    let count = message.attributes.len();
    if count > MAX_ATTRIBUTES {
        return Err(Error::parameter(format!(
            "Number of message attributes [{count}] exceeds the allowed maximum [{MAX_ATTRIBUTES}]."
        )));
    }
    for (name, attribute) in &message.attributes {
        check_name(name)?;
        check_value(name, attribute)?;
    }
    Ok(())
}

fn check_trace_header(message: &SendMessage) -> Result<()> {
    let Some(header) = &message.trace_header else { return Ok(()) };
    let text = if header.is_empty() {
        "Message (system) attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'.".to_owned()
    } else if header.len() > MAX_TRACE_HEADER_BYTES {
        format!("Message (system) attribute 'AWSTraceHeader' must be shorter than {MAX_TRACE_HEADER_BYTES} bytes.")
    } else if first_outside_of_xml(header).is_some() {
        "Invalid binary character was found in the message (system) attribute 'AWSTraceHeader'.".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::parameter(text))
}

fn check_name(name: &str) -> Result<()> {
    let is_reserved = ["aws.", "amazon."]
        .iter()
        .any(|prefix| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)));
    let is_allowed = |character: char| character.is_alphanumeric() || "_-.".contains(character);
    let text = if name.is_empty() {
        "The request must contain non-empty message (user) attribute names."
    } else if name.len() > MAX_NAME_BYTES {
        "Message (user) attribute name must be shorter than 256 bytes."
    } else if is_reserved {
        "You can't use message attribute names beginning with 'AWS.' or 'Amazon'. These strings are reserved for internal use."
    } else if name.starts_with('.') {
        "Message (user) attribute name must not begin with character '.'."
    } else if name.ends_with('.') {
        "Message (user) attribute name must not end with character '.'."
    } else if name.contains("..") {
        "Message (user) attribute name must not have successive '.' characters."
    } else if !name.chars().all(is_allowed) {
        "Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens and underscores. "
    } else {
        return Ok(());
    };
    Err(Error::parameter(text))
}

fn check_value(name: &str, attribute: &MessageAttribute) -> Result<()> {
    let refused = |text: String| Err(Error::parameter(text));
    let data_type = &attribute.data_type;
    if data_type.is_empty() {
        return refused(format!(
            "The message (user) attribute '{name}' must contain a non-empty message attribute type."
        ));
    }
    let kind = data_type.split_once('.').map_or(data_type.as_str(), |(kind, _)| kind);
    if !["String", "Number", "Binary"].contains(&kind) {
        return refused(format!(
            "The type of message (user) attribute '{name}' is invalid. You must use only the following supported type prefixes: Binary, Number, String."
        ));
    }
    if attribute.bytes().is_empty() {
        return refused(format!(
            "Message (user) attribute '{name}' must contain a non-empty value of type '{data_type}'."
        ));
    }
    if data_type.len() > MAX_NAME_BYTES {
        return refused("Message (user) attribute type must be shorter than 256 bytes.".to_owned());
    }
    match (&attribute.value, kind == "Binary") {
        (AttributeValue::Text(_), true) => {
            refused(format!("Message (user) attribute '{name}' with type 'Binary' must use field 'Binary'."))
        }
        (AttributeValue::Binary(_), false) => {
            refused(format!("Message (user) attribute '{name}' with type '{data_type}' must use field 'String'."))
        }
        (AttributeValue::Binary(_), true) => Ok(()),
        (AttributeValue::Text(text), false) => check_text(name, text, kind),
    }
}

fn check_text(name: &str, text: &str, kind: &str) -> Result<()> {
    if let Some(wrong) = first_outside_of_xml(text) {
        return Err(Error::parameter(format!(
            "Invalid binary character '#x{:X}' was found in the message attribute '{name}' value, the set of allowed characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].",
            u32::from(wrong)
        )));
    }
    if kind == "Number" && !is_number(text) {
        return Err(Error::parameter(format!(
            "Can't cast the value of message (user) attribute '{name}' to a number."
        )));
    }
    Ok(())
}

/// Digits with at most one point among them, after a sign if there is one, and before an exponent if there is one.
fn is_number(text: &str) -> bool {
    let unsigned = |text: &str| text.strip_prefix(['+', '-']).unwrap_or(text).to_owned();
    let text = unsigned(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(unsigned(exponent))),
        None => (text.as_str(), None),
    };
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let points = mantissa.bytes().filter(|byte| *byte == b'.').count();
    are_digits(&mantissa.replacen('.', "", 1)) && points <= 1 && exponent.is_none_or(|exponent| are_digits(&exponent))
}

fn first_outside_of_xml(text: &str) -> Option<char> {
    // Most texts are plain, which is told several bytes at a time.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    text.chars().find(|character| !is_of_xml(*character))
}

/// The characters of XML 1.0, which messages are made of.
fn is_of_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// The SHA-256 of a body, in hexadecimal digits.
pub(crate) fn sha256(body: &str) -> String {
    Sha256::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_with_a_sign_a_point_and_an_exponent() {
        for number in ["0", "-1", "+1.5", ".5", "5.", "1e10", "-1.25E-7", "1234567890123456789012345678901234567890"] {
            assert!(is_number(number), "{number}");
        }
        for text in ["", "-", ".", "1.2.3", "e5", "1e", "1e+", "0x1", "1 ", "NaN", "1,5", "--1"] {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn names_of_attributes_are_checked() {
        for name in ["a", "A-b_c.9", "øß", &"n".repeat(256)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", ".a", "a.", "a..b", "AWS.x", "aMaZoN.x", "a b", "a!", &"n".repeat(257)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn bodies_hold_the_characters_of_xml() {
        for (character, is_allowed) in [
            ('\0', false),
            ('\u{8}', false),
            ('\t', true),
            ('\u{B}', false),
            ('\r', true),
            ('\u{1F}', false),
            (' ', true),
            ('\u{D7FF}', true),
            ('\u{E000}', true),
            ('\u{FFFD}', true),
            ('\u{FFFE}', false),
            ('\u{10FFFF}', true),
        ] {
            assert_eq!(is_of_xml(character), is_allowed, "{character:?}");
        }
    }

    #[test]
    fn content_is_known_by_its_sha_256() {
        assert_eq!(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
