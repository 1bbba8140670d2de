//! The row of a message: written once, when it is sent.

use std::collections::BTreeMap;

use bytes::Bytes;
use millpond_engine::Timestamp;

use super::codec::{Reader, Writer};
use crate::message::{AttributeValue, Content, MessageAttribute, MessageId};
use crate::{Result, SendMessage};

const VERSION: u8 = 1;
const KEYSPACE: &str = "queue.messages";
/// Room for what is not the body of most messages.
const USUAL_BYTES: usize = 48;

const TEXT: u8 = 0;
const BINARY: u8 = 1;

// What most messages do not have.
const ATTRIBUTES: u8 = 1;
const GROUP: u8 = 2;
const DEDUPLICATION: u8 = 4;
const TRACE: u8 = 8;
const DEAD_LETTER: u8 = 16;

/// A message that is sent now.
pub(crate) fn encode_message(
    id: MessageId,
    sent: Timestamp,
    message: &SendMessage,
    deduplication_id: Option<&str>,
) -> Vec<u8> {
    encode(&Parts {
        id,
        sent,
        body: &message.body,
        attributes: &message.attributes,
        group_id: message.group_id.as_deref(),
        deduplication_id,
        trace_header: message.trace_header.as_deref(),
        dead_letter: None,
    })
}

struct Parts<'a> {
    id: MessageId,
    sent: Timestamp,
    body: &'a str,
    attributes: &'a BTreeMap<String, MessageAttribute>,
    group_id: Option<&'a str>,
    deduplication_id: Option<&'a str>,
    trace_header: Option<&'a str>,
    /// Where it was moved from, and how often it was received there.
    dead_letter: Option<(Option<&'a str>, u32)>,
}

impl Content {
    /// A message that is moved from another queue.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let is_dead_letter = self.dead_letter_source.is_some() || self.received_before > 0;
        encode(&Parts {
            id: self.id,
            sent: self.sent,
            body: &self.body,
            attributes: &self.attributes,
            group_id: self.group_id.as_deref(),
            deduplication_id: self.deduplication_id.as_deref(),
            trace_header: self.trace_header.as_deref(),
            dead_letter: is_dead_letter.then_some((self.dead_letter_source.as_deref(), self.received_before)),
        })
    }
}

fn encode(parts: &Parts<'_>) -> Vec<u8> {
    let flags = [
        (ATTRIBUTES, !parts.attributes.is_empty()),
        (GROUP, parts.group_id.is_some()),
        (DEDUPLICATION, parts.deduplication_id.is_some()),
        (TRACE, parts.trace_header.is_some()),
        (DEAD_LETTER, parts.dead_letter.is_some()),
    ];
    let flags = flags.into_iter().filter(|(_, is_there)| *is_there).fold(0, |flags, (flag, _)| flags | flag);
    let mut row = Writer::with_capacity(VERSION, USUAL_BYTES + parts.body.len());
    row.u8(flags).raw(&parts.id.to_bytes()).time(parts.sent);
    if !parts.attributes.is_empty() {
        row.u32(u32::try_from(parts.attributes.len()).unwrap_or(u32::MAX));
        for (name, attribute) in parts.attributes {
            let kind = match attribute.value {
                AttributeValue::Text(_) => TEXT,
                AttributeValue::Binary(_) => BINARY,
            };
            row.text(name).text(&attribute.data_type).u8(kind).bytes(attribute.bytes());
        }
    }
    for text in [parts.group_id, parts.deduplication_id, parts.trace_header].into_iter().flatten() {
        row.text(text);
    }
    if let Some((source, received)) = parts.dead_letter {
        row.option(source, |row, source| row.text(source)).u32(received);
    }
    row.text(parts.body).finish()
}

pub(crate) fn decode_message(row: Bytes) -> Result<Content> {
    let mut row = Reader::new(row, KEYSPACE, VERSION)?;
    let flags = row.u8()?;
    let (id, sent) = (MessageId::from_bytes(row.array()?), row.time()?);
    let mut attributes = BTreeMap::new();
    if flags & ATTRIBUTES != 0 {
        attributes.extend(row.list(attribute)?);
    }
    let mut text = |flag| if flags & flag == 0 { Ok(None) } else { row.text().map(Some) };
    let (group_id, deduplication_id, trace_header) = (text(GROUP)?, text(DEDUPLICATION)?, text(TRACE)?);
    let mut dead_letter = (None, 0);
    if flags & DEAD_LETTER != 0 {
        dead_letter = (row.option(Reader::text)?, row.u32()?);
    }
    let body = row.text()?;
    row.finish()?;
    let (dead_letter_source, received_before) = dead_letter;
    Ok(Content {
        id,
        sent,
        body,
        attributes,
        group_id,
        deduplication_id,
        trace_header,
        dead_letter_source,
        received_before,
    })
}

fn attribute(row: &mut Reader) -> Result<(String, MessageAttribute)> {
    let (name, data_type) = (row.text()?, row.text()?);
    let value = match row.u8()? {
        TEXT => AttributeValue::Text(row.text()?),
        BINARY => AttributeValue::Binary(row.bytes()?),
        _ => return Err(row.corrupt("an attribute is of an unknown kind")),
    };
    Ok((name, MessageAttribute { data_type, value }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn attributes() -> impl Strategy<Value = BTreeMap<String, MessageAttribute>> {
        let value = prop_oneof![
            any::<String>().prop_map(AttributeValue::Text),
            any::<Vec<u8>>().prop_map(|bytes| AttributeValue::Binary(bytes.into())),
        ];
        let attribute = (any::<String>(), value).prop_map(|(data_type, value)| MessageAttribute { data_type, value });
        proptest::collection::btree_map(any::<String>(), attribute, 0..4)
    }

    fn contents() -> impl Strategy<Value = Content> {
        let options = (any::<Option<String>>(), any::<Option<String>>(), any::<Option<String>>());
        let moved = (any::<Option<String>>(), any::<u32>());
        (any::<[u8; 16]>(), any::<u64>(), any::<String>(), attributes(), options, moved).prop_map(
            |(id, sent, body, attributes, options, (dead_letter_source, received_before))| Content {
                id: MessageId::from_bytes(id),
                sent: Timestamp::from_millis(sent),
                body,
                attributes,
                group_id: options.0,
                deduplication_id: options.1,
                trace_header: options.2,
                dead_letter_source,
                received_before,
            },
        )
    }

    proptest! {
        #[test]
        fn a_message_is_read_back_as_it_was_written_or_not_at_all(content in contents(), cut in any::<prop::sample::Index>()) {
            let row = Bytes::from(content.encode());
            prop_assert_eq!(&decode_message(row.clone()).unwrap(), &content);
            prop_assert!(decode_message(row.slice(..cut.index(row.len()))).is_err());
        }

        #[test]
        fn random_bytes_never_panic(mut row in any::<Vec<u8>>()) {
            row.insert(0, VERSION);
            let _ = decode_message(row.into());
        }
    }
}
