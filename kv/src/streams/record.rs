//! The record of a stream, as stored.

use bytes::Bytes;
use millpond_engine::{Read, Timestamp, Transaction};
use millpond_stream::log::LogId;

use crate::catalog::Catalog;
use crate::key::Keys;
use crate::layout::{self, TABLES};
use crate::model::{KeySchemaElement, KeyType, Stream, StreamViewType};
use crate::record::Fields;
use crate::value::{AttributeValue, Item, codec};
use crate::{Error, Result};

const VERSION: i64 = 1;
/// The last moment of the year 9999, the last that a label can name.
const LAST_LABEL_MILLIS: u64 = 253_402_300_799_999;

/// The stream that a table's changes go to, as part of the table's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableStream {
    pub(crate) log: LogId,
    pub(crate) view_type: StreamViewType,
}

/// A stream, enabled or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamRecord {
    pub(crate) log: LogId,
    pub(crate) view_type: StreamViewType,
    pub(crate) created: Timestamp,
    pub(crate) disabled: Option<Timestamp>,
    pub(crate) partition_key: String,
    pub(crate) sort_key: Option<String>,
}

impl StreamRecord {
    pub(crate) fn new(log: LogId, view_type: StreamViewType, created: Timestamp, keys: &Keys) -> Self {
        let sort_key = keys.sort.as_ref().map(|sort| sort.name.clone());
        StreamRecord { log, view_type, created, disabled: None, partition_key: keys.partition.name.clone(), sort_key }
    }

    pub(crate) fn key_schema(&self) -> Vec<KeySchemaElement> {
        let element = |name: &String, key_type| KeySchemaElement { attribute_name: name.clone(), key_type };
        let partition = std::iter::once(element(&self.partition_key, KeyType::Hash));
        partition.chain(self.sort_key.as_ref().map(|name| element(name, KeyType::Range))).collect()
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut item = Item::from([
            ("version".to_owned(), AttributeValue::N(VERSION.into())),
            ("log".to_owned(), AttributeValue::N(self.log.get().into())),
            ("view_type".to_owned(), AttributeValue::S(self.view_type.as_str().to_owned())),
            ("created".to_owned(), AttributeValue::N(self.created.as_millis().into())),
            ("partition_key".to_owned(), AttributeValue::S(self.partition_key.clone())),
        ]);
        item.extend(self.disabled.map(|at| ("disabled".to_owned(), AttributeValue::N(at.as_millis().into()))));
        item.extend(self.sort_key.as_ref().map(|name| ("sort_key".to_owned(), AttributeValue::S(name.clone()))));
        Bytes::from(codec::encode(&item))
    }

    pub(crate) fn decode(value: &Bytes) -> Result<Self> {
        let bad = |field: &str| layout::corrupt(TABLES, format_args!("a stream's record has no usable {field}"));
        let item = codec::decode(value).map_err(|error| layout::corrupt(TABLES, error))?;
        let fields = Fields(&item);
        if fields.number("version").is_none_or(|version| version > VERSION) {
            return Err(bad("version"));
        }
        let log = fields.number("log").and_then(|id| u64::try_from(id).ok());
        Ok(StreamRecord {
            log: log.map(LogId::new).ok_or_else(|| bad("log"))?,
            view_type: fields.choice("view_type", StreamViewType::from_name).ok_or_else(|| bad("view_type"))?,
            created: fields.time("created").ok_or_else(|| bad("created"))?,
            disabled: fields.time("disabled"),
            partition_key: fields.text("partition_key").ok_or_else(|| bad("partition_key"))?,
            sort_key: fields.text("sort_key"),
        })
    }
}

/// The label of a stream that is enabled at this time.
pub(crate) fn label(at: Timestamp) -> String {
    let at = Timestamp::from_millis(at.as_millis().min(LAST_LABEL_MILLIS));
    at.to_string().trim_end_matches('Z').to_owned()
}

/// The stream of that name, if there is one.
pub(crate) fn find(catalog: &Catalog, reader: &mut impl Read, stream: &Stream) -> Result<Option<StreamRecord>> {
    let stored = reader.get(&catalog.tables, &layout::stream_key(stream))?;
    stored.as_ref().map(StreamRecord::decode).transpose()
}

/// The stream that an operation names.
pub(crate) fn need(catalog: &Catalog, reader: &mut impl Read, arn: &str, stream: &Stream) -> Result<StreamRecord> {
    find(catalog, reader, stream)?.ok_or_else(|| Error::ResourceNotFound {
        message: format!("Requested resource not found: Stream: {arn} not found"),
    })
}

pub(crate) fn store(catalog: &Catalog, tx: &mut Transaction, stream: &Stream, record: &StreamRecord) -> Result<()> {
    Ok(tx.put(&catalog.tables, layout::stream_key(stream), record.encode())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let record = StreamRecord {
            log: LogId::new(7),
            view_type: StreamViewType::OldImage,
            created: Timestamp::from_millis(1_700_000_000_123),
            disabled: Some(Timestamp::from_millis(1_700_000_000_124)),
            partition_key: "pk".into(),
            sort_key: Some("sk".into()),
        };
        assert_eq!(StreamRecord::decode(&record.encode()).unwrap(), record);
        let bare = StreamRecord { disabled: None, sort_key: None, ..record };
        assert_eq!(StreamRecord::decode(&bare.encode()).unwrap(), bare);
        assert!(StreamRecord::decode(&Bytes::from_static(b"x")).is_err());
    }

    #[test]
    fn a_label_is_the_time_to_the_millisecond_whatever_the_clock_says() {
        assert_eq!(label(Timestamp::from_millis(1_700_000_000_023)), "2023-11-14T22:13:20.023");
        assert_eq!(label(Timestamp::from_millis(u64::MAX)), "9999-12-31T23:59:59.999");
    }
}
