//! The bytes of the format: four of magic, a message `AggregatedRecord` of protocol buffers, and its MD5.
//!
//! ```text
//! AggregatedRecord { repeated string partition_key_table = 1; repeated string explicit_hash_key_table = 2; repeated Record records = 3; }
//! Record { required uint64 partition_key_index = 1; optional uint64 explicit_hash_key_index = 2; required bytes data = 3; repeated Tag tags = 4; }
//! ```
//!
//! The message is not decoded as a whole: what a hostile one holds would be many times its size. Its fields are walked over twice,
//! once to check them, and once when they are asked for.

use bytes::{Buf, Bytes};
use md5::{Digest, Md5};
use prost::{
    DecodeError,
    encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field},
};

pub(crate) const MAGIC: [u8; 4] = [0xF3, 0x89, 0x9A, 0xC2];
pub(crate) const DIGEST_BYTES: usize = 16;

pub(crate) const KEY: u32 = 1;
pub(crate) const HASH_KEY: u32 = 2;
pub(crate) const RECORD: u32 = 3;
pub(crate) const KEY_INDEX: u32 = 1;
pub(crate) const HASH_KEY_INDEX: u32 = 2;
pub(crate) const DATA: u32 = 3;

/// The MD5 that stands behind a message.
pub(crate) fn digest(message: &[u8]) -> [u8; DIGEST_BYTES] {
    Md5::digest(message).into()
}

/// A record that holds others, which were all found to be in the format.
#[derive(Debug, Clone)]
pub(crate) struct Aggregate {
    keys: Vec<Bytes>,
    hash_keys: Vec<u128>,
    message: Bytes,
}

/// One of the records in it.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) key: Bytes,
    pub(crate) hash_key: Option<u128>,
    pub(crate) data: Bytes,
}

impl Aggregate {
    /// `None` for anything that is not in the format.
    pub(crate) fn parse(data: &Bytes) -> Option<Aggregate> {
        let message = data.strip_prefix(&MAGIC)?;
        let (message, given) = message.split_last_chunk::<DIGEST_BYTES>()?;
        if digest(message) != *given {
            return None;
        }
        let mut aggregate = Aggregate { keys: Vec::new(), hash_keys: Vec::new(), message: data.slice_ref(message) };
        // A table names what records refer to. One that is longer than they are many could only be there to take memory.
        let mut counts = [0_usize; 4];
        for field in Fields(aggregate.message.clone()) {
            let (tag, _) = field.ok()?;
            if let Some(count) = counts.get_mut(tag as usize) {
                *count += 1;
            }
        }
        let [_, keys, hash_keys, records] = counts;
        if keys > records || hash_keys > records {
            return None;
        }
        for field in Fields(aggregate.message.clone()) {
            match field.ok()? {
                (KEY, Value::Bytes(key)) => {
                    std::str::from_utf8(&key).ok()?;
                    aggregate.keys.push(key);
                }
                (HASH_KEY, Value::Bytes(hash_key)) => aggregate.hash_keys.push(parse_hash_key(&hash_key)?),
                (RECORD, Value::Bytes(_)) => {}
                (KEY | HASH_KEY | RECORD, _) => return None,
                _ => {}
            }
        }
        // The tables may stand behind the records.
        let mut records = aggregate.records();
        records.all(|record| aggregate.part(record).is_some()).then_some(aggregate)
    }

    fn records(&self) -> impl Iterator<Item = Bytes> + use<> {
        Fields(self.message.clone()).filter_map(|field| match field {
            Ok((RECORD, Value::Bytes(record))) => Some(record),
            _ => None,
        })
    }

    fn part(&self, record: Bytes) -> Option<Part> {
        let (mut key, mut hash_key, mut data) = (None, None, None);
        for field in Fields(record) {
            match field.ok()? {
                (KEY_INDEX, Value::Number(nth)) => key = Some(self.keys.get(usize::try_from(nth).ok()?)?.clone()),
                (HASH_KEY_INDEX, Value::Number(nth)) => {
                    hash_key = Some(*self.hash_keys.get(usize::try_from(nth).ok()?)?);
                }
                (DATA, Value::Bytes(bytes)) => data = Some(bytes),
                (KEY_INDEX | HASH_KEY_INDEX | DATA, _) => return None,
                _ => {}
            }
        }
        Some(Part { key: key?, hash_key, data: data? })
    }

    pub(crate) fn parts(self) -> Parts {
        Parts { rest: Fields(self.message.clone()), aggregate: self }
    }
}

/// The records in one, in their order.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    aggregate: Aggregate,
    rest: Fields,
}

impl Iterator for Parts {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        loop {
            // All of it was found to be in order.
            if let (RECORD, Value::Bytes(record)) = self.rest.next()?.ok()? {
                return self.aggregate.part(record);
            }
        }
    }
}

/// As the service takes it: `0`, or up to 39 digits without a sign or leading zeros.
fn parse_hash_key(text: &[u8]) -> Option<u128> {
    let text = std::str::from_utf8(text).ok()?;
    let is_plain = text == "0" || text.starts_with(|first: char| matches!(first, '1'..='9'));
    text.parse().ok().filter(|_| is_plain)
}

enum Value {
    Number(u64),
    Bytes(Bytes),
    Other,
}

/// The fields of a message, in their order; it ends after one that cannot be read.
#[derive(Debug, Clone)]
struct Fields(Bytes);

impl Fields {
    fn field(&mut self) -> Result<(u32, Value), DecodeError> {
        let (tag, wire_type) = decode_key(&mut self.0)?;
        let value = match wire_type {
            WireType::Varint => Value::Number(decode_varint(&mut self.0)?),
            WireType::LengthDelimited => {
                let mut length = self.0.clone();
                let bytes = usize::try_from(decode_varint(&mut length)?).unwrap_or(usize::MAX);
                match bytes <= length.remaining() {
                    true => {
                        self.0 = length;
                        Value::Bytes(self.0.split_to(bytes))
                    }
                    // It says itself what is wrong.
                    false => {
                        skip_field(wire_type, tag, &mut self.0, DecodeContext::default()).map(|()| Value::Other)?
                    }
                }
            }
            _ => skip_field(wire_type, tag, &mut self.0, DecodeContext::default()).map(|()| Value::Other)?,
        };
        Ok((tag, value))
    }
}

impl Iterator for Fields {
    type Item = Result<(u32, Value), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if !self.0.has_remaining() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0.clear();
        }
        Some(field)
    }
}
