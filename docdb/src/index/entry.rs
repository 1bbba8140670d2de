//! One entry of an index on disk.
//!
//! The key is the index's id (8 bytes), the components of the values, and, unless the index is unique, the record's id.
//! Keys have a limit that values do not: components longer than [`MAX_KEY_BYTES`] are cut there and followed by a hash of
//! all of them, so that equal values still have equal keys, and their order is that of what was not cut.
//!
//! The value is the length of the record's id in two bytes, the record's id, and, where the document has one key in the
//! index only, the values of the key as a document with empty names: what a covered query answers with.

use bson::RawDocument;
use bytes::Bytes;

use crate::value::Doc;

/// The longest components that are stored in whole, in bytes. With ids and a hash a key stays below the engine's limit.
pub(crate) const MAX_KEY_BYTES: usize = 1024;

/// Names a document within its collection: eight bytes that count up, or, in a clustered collection, the encoded `_id`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RecordId(pub(crate) Bytes);

impl RecordId {
    pub(crate) fn of_number(number: u64) -> RecordId {
        RecordId(Bytes::copy_from_slice(&number.to_be_bytes()))
    }

    /// The number that it is, unless the collection is clustered.
    pub(crate) fn number(&self) -> Option<u64> {
        Some(u64::from_be_bytes(self.0.as_ref().try_into().ok()?))
    }
}

impl std::fmt::Debug for RecordId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.number() {
            Some(number) => write!(f, "RecordId({number})"),
            None => write!(f, "RecordId({:02x?})", self.0),
        }
    }
}

/// Cuts components that are too long, and says whether it did.
pub(crate) fn truncate(components: &mut Vec<u8>) -> bool {
    if components.len() <= MAX_KEY_BYTES {
        return false;
    }
    let hash = blake3::hash(components);
    components.truncate(MAX_KEY_BYTES);
    components.extend_from_slice(hash.as_bytes().get(..16).unwrap_or_default());
    true
}

/// The components of a bound, cut where those of keys are, without a hash.
pub(crate) fn bound(components: &[u8]) -> &[u8] {
    components.get(..MAX_KEY_BYTES).unwrap_or(components)
}

/// The key of an entry. `record` is left out of unique indexes.
pub(crate) fn entry_key(index: u64, components: &[u8], record: Option<&RecordId>) -> Vec<u8> {
    let record = record.map_or(&[][..], |record| &record.0);
    let mut key = Vec::with_capacity(8 + components.len() + record.len());
    key.extend_from_slice(&index.to_be_bytes());
    key.extend_from_slice(components);
    key.extend_from_slice(record);
    key
}

/// The value of an entry.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stored {
    pub(crate) record: RecordId,
    /// The values of the key, if the document has no other key in the index.
    pub(crate) values: Option<Doc>,
}

impl Stored {
    pub(crate) fn encode(record: &RecordId, values: Option<&RawDocument>) -> Vec<u8> {
        let values = values.map_or(&[][..], RawDocument::as_bytes);
        let mut value = Vec::with_capacity(2 + record.0.len() + values.len());
        // Ids of records are keys, and those are shorter than two bytes can say.
        value.extend_from_slice(&u16::try_from(record.0.len()).unwrap_or(u16::MAX).to_be_bytes());
        value.extend_from_slice(&record.0);
        value.extend_from_slice(values);
        value
    }

    /// `None` for bytes that are no entry.
    pub(crate) fn decode(value: &Bytes) -> Option<Stored> {
        let length = usize::from(u16::from_be_bytes(value.get(..2)?.try_into().ok()?));
        let end = length + 2;
        if value.len() < end {
            return None;
        }
        let values = (value.len() > end).then(|| Doc::from_bytes(value.slice(end..)));
        Some(Stored { record: RecordId(value.slice(2..end)), values })
    }
}
