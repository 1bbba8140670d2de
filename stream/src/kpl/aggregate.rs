//! Putting records into one.

use std::collections::HashMap;

use bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

use super::format::{DATA, DIGEST_BYTES, HASH_KEY, HASH_KEY_INDEX, KEY, KEY_INDEX, MAGIC, RECORD, digest};
use crate::NewRecord;

/// Puts records into one, which goes to where the first of them would. `None` where there are none.
///
/// A shard is chosen for all of them together, so give it those of one partition key, or of one shard, where order matters to readers.
/// What comes of it has to be within the limits of a record.
#[must_use]
pub fn aggregate(records: &[NewRecord]) -> Option<NewRecord> {
    let mut aggregator = Aggregator::new(usize::MAX);
    for record in records {
        aggregator.push(record.clone());
    }
    aggregator.finish()
}

/// Puts records into as few as there can be within a size.
#[derive(Debug, Clone)]
pub struct Aggregator {
    max_bytes: usize,
    place: Option<(String, Option<u128>)>,
    keys: Table<String>,
    hash_keys: Table<u128>,
    records: Vec<u8>,
}

#[derive(Debug, Clone)]
struct Table<T> {
    places: HashMap<T, u64>,
    bytes: Vec<u8>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { places: HashMap::new(), bytes: Vec::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Table<T> {
    /// The place that it has, or would have, and the bytes that it takes if it is new.
    fn place(&self, value: &T, text: &str) -> (u64, usize) {
        match self.places.get(value) {
            Some(place) => (*place, 0),
            None => (self.places.len() as u64, 1 + encoded_len_varint(text.len() as u64) + text.len()),
        }
    }

    fn add(&mut self, tag: u32, value: &T, text: &str) {
        if !self.places.contains_key(value) {
            self.places.insert(value.clone(), self.places.len() as u64);
            put_bytes(&mut self.bytes, tag, text.as_bytes());
        }
    }
}

impl Aggregator {
    /// One whose records have at most so many bytes of data: 50 KiB is what the producer library does unless told otherwise, and 1 MiB
    /// less the partition key the most that a stream takes unless it is set to.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        let (keys, hash_keys) = (Table::default(), Table::default());
        Aggregator { max_bytes, place: None, keys, hash_keys, records: Vec::new() }
    }

    /// Adds a record. If it does not fit in beside those that were added before, these are given as one, and it begins the next. One
    /// that does not even fit in alone becomes a longer one alone.
    pub fn push(&mut self, record: NewRecord) -> Option<NewRecord> {
        let hash_text = record.explicit_hash_key.map(|hash_key| hash_key.to_string());
        let full = match self.place.is_some() && self.bytes_with(&record, hash_text.as_deref()) > self.max_bytes {
            true => self.finish(),
            false => None,
        };
        let (key_place, _) = self.keys.place(&record.partition_key, &record.partition_key);
        self.keys.add(KEY, &record.partition_key, &record.partition_key);
        let mut message = Vec::with_capacity(record.data.len() + 32);
        put_number(&mut message, KEY_INDEX, key_place);
        if let (Some(hash_key), Some(text)) = (record.explicit_hash_key, &hash_text) {
            let (place, _) = self.hash_keys.place(&hash_key, text);
            self.hash_keys.add(HASH_KEY, &hash_key, text);
            put_number(&mut message, HASH_KEY_INDEX, place);
        }
        put_bytes(&mut message, DATA, &record.data);
        put_bytes(&mut self.records, RECORD, &message);
        self.place.get_or_insert((record.partition_key, record.explicit_hash_key));
        full
    }

    /// What was added since it last gave a record, as one; `None` where that is nothing.
    pub fn finish(&mut self) -> Option<NewRecord> {
        let fresh = Aggregator::new(self.max_bytes);
        let Aggregator { place, keys, hash_keys, records, .. } = std::mem::replace(self, fresh);
        let (partition_key, explicit_hash_key) = place?;
        let message = [keys.bytes, hash_keys.bytes, records].concat();
        let digest = digest(&message);
        let data = Bytes::from([&MAGIC[..], &message, &digest].concat());
        Some(NewRecord { partition_key, explicit_hash_key, data })
    }

    /// How long the data would be with one more record.
    fn bytes_with(&self, record: &NewRecord, hash_text: Option<&str>) -> usize {
        let (key_place, key_bytes) = self.keys.place(&record.partition_key, &record.partition_key);
        let (hash_place, hash_bytes) = match (record.explicit_hash_key, hash_text) {
            (Some(hash_key), Some(text)) => {
                let (place, bytes) = self.hash_keys.place(&hash_key, text);
                (1 + encoded_len_varint(place), bytes)
            }
            _ => (0, 0),
        };
        let data = 1 + encoded_len_varint(record.data.len() as u64) + record.data.len();
        let message = 1 + encoded_len_varint(key_place) + hash_place + data;
        let before = MAGIC.len() + self.keys.bytes.len() + self.hash_keys.bytes.len() + self.records.len();
        before + key_bytes + hash_bytes + 1 + encoded_len_varint(message as u64) + message + DIGEST_BYTES
    }
}

fn put_number(buffer: &mut Vec<u8>, tag: u32, number: u64) {
    encode_key(tag, WireType::Varint, buffer);
    encode_varint(number, buffer);
}

fn put_bytes(buffer: &mut Vec<u8>, tag: u32, bytes: &[u8]) {
    encode_key(tag, WireType::LengthDelimited, buffer);
    encode_varint(bytes.len() as u64, buffer);
    buffer.extend_from_slice(bytes);
}
