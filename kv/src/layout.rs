//! The only file that knows keys and values on disk. Integers in keys are big-endian.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `kv.tables` | `00` | u32: the highest table id ever given |
//! | `kv.tables` | `01` name | the table's record, an encoded item (see [`TableRecord`](crate::table::TableRecord)) |
//! | `kv.tables` | `02` table id (u32) | empty: the table is deleted, rows of it may be left |
//! | `kv.tables` | `03` table id (u32), index id (u32) | empty: the index is deleted, entries of it may be left |
//! | `kv.tables` | `04` table id (u32) | the table's name: its items expire |
//! | `kv.tables` | `05` table id (u32), index id (u32) | a second (u64): what was to expire before it is gone |
//! | `kv.tables` | `06` table name, `00`, label | a change stream, an encoded item (see `streams/record.rs`) |
//! | `kv.items` | table id (u32), hash (16 bytes), sort key | the item, encoded, its key attributes included |
//! | `kv.indexes` | table id (u32), index id (u32), hash (16 bytes), sort keys in groups, hash of the row's key (16 bytes) | the entry, an encoded item |
//! | `kv.indexes` | table id (u32), index id (u32), second of expiry (u64), row's key without the table id | empty |
//! | `kv.tokens` | `00` token | when it expires (u64, milliseconds since 1970), the digest of its actions (32 bytes) |
//! | `kv.tokens` | `01` expiry (u64) token | empty: the index by which expired tokens are found |
//! | `kv.attached` | `01` table id (u32) | the table's resource policy; with a label behind the id, that of its stream |
//! | `kv.attached` | `02` table id (u32), then `00`, or `01` and an index id (u32) | the contributor insights of the table or the index |
//! | `kv.attached` | `03` table id (u32) | the Kinesis streams that were named to the table |
//!
//! - The hash is the first half of BLAKE3 over the partition key's type letter and bytes. The item holds the partition
//!   key in full, and reads compare it, so a collision is an error and never another item's value. A put or a delete that
//!   reads nothing does not notice one; nobody can make one.
//!   A partition key of several attributes, which only an index has, is hashed with the length of each before it.
//! - The sort key stands last and raw: UTF-8 of a string, the bytes of a binary, the order-preserving form of a number
//!   (see [`Number::order_key`]). Key order is therefore the service's order. Without a sort key nothing follows the
//!   hash.
//! - In an index the row's hash follows the sort key, so that must show its own end: it stands in groups of eight bytes,
//!   the last one filled up with zeros, each followed by how many bytes it has, or by 9 where another group follows. That
//!   keeps the order, and costs an eighth: the longest sort key still fits a key of the engine.
//! - Table ids are never given twice, so rows that a deleted table left behind cannot show in a later table.

pub(crate) mod attached;
pub(crate) mod backups;

use std::borrow::Cow;
use std::ops::Bound;

use bytes::Bytes;
use millpond_engine::{Timestamp, key::prefix_end};

use crate::model::Stream;
use crate::value::{AttributeValue, Item, ItemView, codec};
use crate::{Error, Result};

/// Keyspace of the entries of indexes.
pub(crate) const INDEXES: &str = "kv.indexes";
/// Keyspace of table records.
pub(crate) const TABLES: &str = "kv.tables";
/// Keyspace of items.
pub(crate) const ITEMS: &str = "kv.items";
/// Keyspace of the tokens of transactions.
pub(crate) const TOKENS: &str = "kv.tokens";

/// Identifies a table for as long as the store exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TableId(pub(crate) u32);

/// Identifies an index for as long as its table exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct IndexId(pub(crate) u32);

const TABLE: u8 = 1;
const DELETED: u8 = 2;
const DROPPED: u8 = 3;
const EXPIRING: u8 = 4;
const EXPIRED: u8 = 5;
const STREAM: u8 = 6;
const HASH_BYTES: usize = 16;
/// Longer than what stands before a hash.
const FIRST_BYTES: usize = 8 + HASH_BYTES;

/// Key of the highest table id ever given.
pub(crate) const LAST_TABLE_ID: &[u8] = &[0];

pub(crate) fn table_id_value(id: TableId) -> Bytes {
    Bytes::copy_from_slice(&id.0.to_be_bytes())
}

pub(crate) fn read_table_id(value: &[u8]) -> Result<TableId> {
    let bytes = value.try_into().map_err(|_| corrupt(TABLES, "a table id is not four bytes"))?;
    Ok(TableId(u32::from_be_bytes(bytes)))
}

pub(crate) fn table_key(name: &str) -> Vec<u8> {
    [&[TABLE], name.as_bytes()].concat()
}

/// Prefix of the keys of all table records.
pub(crate) const TABLE_PREFIX: &[u8] = &[TABLE];

/// The table's name in the key of its record.
pub(crate) fn table_name(key: &[u8]) -> Result<String> {
    let name = key.strip_prefix(TABLE_PREFIX).and_then(|name| std::str::from_utf8(name).ok());
    name.map(str::to_owned).ok_or_else(|| corrupt(TABLES, "a table's name is not text"))
}

pub(crate) fn deleted_key(id: TableId) -> Vec<u8> {
    [&[DELETED][..], &id.0.to_be_bytes()].concat()
}

/// Prefix of the keys that mark deleted tables.
pub(crate) const DELETED_PREFIX: &[u8] = &[DELETED];

pub(crate) fn deleted_id(key: &[u8]) -> Result<TableId> {
    read_table_id(key.strip_prefix(DELETED_PREFIX).unwrap_or(key))
}

pub(crate) fn dropped_key(table: TableId, index: IndexId) -> Vec<u8> {
    [&[DROPPED][..], &index_prefix(table, index)].concat()
}

/// Prefix of the keys that mark deleted indexes of tables that are there.
pub(crate) const DROPPED_PREFIX: &[u8] = &[DROPPED];

pub(crate) fn dropped_ids(key: &[u8]) -> Result<(TableId, IndexId)> {
    let ids = key.strip_prefix(DROPPED_PREFIX).unwrap_or(key);
    let index = ids.get(4..).and_then(|id| id.try_into().ok()).map(u32::from_be_bytes);
    let index = index.ok_or_else(|| corrupt(TABLES, "an index id is not four bytes"))?;
    Ok((read_table_id(ids.get(..4).unwrap_or_default())?, IndexId(index)))
}

pub(crate) fn expiring_key(table: TableId) -> Vec<u8> {
    [&[EXPIRING][..], &table.0.to_be_bytes()].concat()
}

/// Prefix of the keys that name tables whose items expire.
pub(crate) const EXPIRING_PREFIX: &[u8] = &[EXPIRING];

/// The key of the second up to which a table's items have expired.
pub(crate) fn expired_key(table: TableId, index: IndexId) -> Vec<u8> {
    [&[EXPIRED][..], &index_prefix(table, index)].concat()
}

pub(crate) fn read_expired(value: &[u8]) -> Result<u64> {
    value.try_into().map(u64::from_be_bytes).map_err(|_| corrupt(TABLES, "a second of expiry is not eight bytes"))
}

const EXPIRY_PREFIX_BYTES: usize = 8 + EXPIRY_BYTES;

/// The key of an entry of the index by expiry. `row` is the key of the item's row.
pub(crate) fn expiry_key(table: TableId, index: IndexId, secs: u64, row: &[u8]) -> Vec<u8> {
    [&index_prefix(table, index)[..], &secs.to_be_bytes(), row.get(4..).unwrap_or_default()].concat()
}

/// The key of the row that an entry of the index by expiry stands for.
pub(crate) fn expiring_row(table: TableId, key: &[u8]) -> Result<Vec<u8>> {
    let rest = key.get(EXPIRY_PREFIX_BYTES..).ok_or_else(|| corrupt(INDEXES, "an entry's key is too short"))?;
    Ok([&items_prefix(table)[..], rest].concat())
}

/// Prefix of the keys of all items of a table, and of the entries of all its indexes.
pub(crate) fn items_prefix(table: TableId) -> [u8; 4] {
    table.0.to_be_bytes()
}

/// Prefix of the keys of all entries of an index.
pub(crate) fn index_prefix(table: TableId, index: IndexId) -> [u8; 8] {
    let mut prefix = [0; 8];
    let (first, second) = prefix.split_at_mut(4);
    first.copy_from_slice(&table.0.to_be_bytes());
    second.copy_from_slice(&index.0.to_be_bytes());
    prefix
}

/// The index in the key of an entry.
pub(crate) fn index_id(key: &[u8]) -> Result<IndexId> {
    let id = key.get(4..8).and_then(|id| id.try_into().ok()).map(u32::from_be_bytes);
    id.map(IndexId).ok_or_else(|| corrupt(INDEXES, "an entry's key is too short"))
}

/// Prefix of the keys of all rows under one partition key, in a table or in an index.
pub(crate) fn partition_prefix(prefix: &[u8], partition: &[&AttributeValue]) -> Result<Vec<u8>> {
    let mut hasher = blake3::Hasher::new();
    for part in partition {
        let bytes = key_bytes(part)?;
        if partition.len() > 1 {
            // Where one part ends has to be told where another follows.
            hasher.update(&(bytes.len() as u64).to_be_bytes());
        }
        hasher.update(part.type_name().as_bytes()).update(&bytes);
    }
    let mut key = Vec::with_capacity(prefix.len() + 2 * HASH_BYTES + 32);
    key.extend_from_slice(prefix);
    key.extend_from_slice(hasher.finalize().as_bytes().get(..HASH_BYTES).unwrap_or_default());
    Ok(key)
}

/// The sort key's bytes as they stand in the row's key.
pub(crate) fn push_sort_key(key: &mut Vec<u8>, sort: &AttributeValue) -> Result<()> {
    key.extend_from_slice(&key_bytes(sort)?);
    Ok(())
}

fn key_bytes(value: &AttributeValue) -> Result<Cow<'_, [u8]>> {
    match value {
        AttributeValue::S(text) => Ok(Cow::Borrowed(text.as_bytes())),
        AttributeValue::B(bytes) => Ok(Cow::Borrowed(bytes)),
        AttributeValue::N(number) => Ok(Cow::Owned(number.order_key())),
        _ => Err(Error::validation("The provided key element does not match the schema")),
    }
}

/// The key of an item's row.
pub(crate) fn item_key(table: TableId, partition: &AttributeValue, sort: Option<&AttributeValue>) -> Result<Vec<u8>> {
    let mut key = partition_prefix(&items_prefix(table), &[partition])?;
    if let Some(sort) = sort {
        push_sort_key(&mut key, sort)?;
    }
    Ok(key)
}

const GROUP_BYTES: usize = 8;
const MORE_FOLLOWS: u8 = GROUP_BYTES as u8 + 1;

/// The sort key as it stands in an entry's key.
pub(crate) fn push_grouped_sort_key(key: &mut Vec<u8>, sort: &AttributeValue) -> Result<()> {
    let mut bytes = Vec::new();
    push_sort_key(&mut bytes, sort)?;
    let mut rest = bytes.as_slice();
    while let Some((group, more)) = rest.split_first_chunk::<GROUP_BYTES>().filter(|(_, more)| !more.is_empty()) {
        key.extend_from_slice(group);
        key.push(MORE_FOLLOWS);
        rest = more;
    }
    key.extend_from_slice(rest);
    key.resize(key.len() + GROUP_BYTES - rest.len(), 0);
    // At most 8 are left.
    key.push(u8::try_from(rest.len()).unwrap_or(MORE_FOLLOWS));
    Ok(())
}

/// What the keys of all entries begin with whose sort key begins with this. The keys of some smaller sort keys do too,
/// since those are filled up with zeros.
pub(crate) fn push_grouped_sort_key_start(key: &mut Vec<u8>, start: &AttributeValue) -> Result<()> {
    let before = key.len();
    push_grouped_sort_key(key, start)?;
    // The last group's count, and what it was filled up with.
    let last = key.pop().map_or(0, usize::from);
    if key.len() > before {
        key.truncate(key.len() - GROUP_BYTES.saturating_sub(last));
    }
    Ok(())
}

/// The key of an entry of an index. `row` is the key of the item's row.
pub(crate) fn index_key(
    table: TableId,
    index: IndexId,
    partition: &[&AttributeValue],
    sort: &[&AttributeValue],
    row: &[u8],
) -> Result<Vec<u8>> {
    let mut key = partition_prefix(&index_prefix(table, index), partition)?;
    for sort in sort {
        push_grouped_sort_key(&mut key, sort)?;
    }
    key.extend_from_slice(blake3::hash(row).as_bytes().get(..HASH_BYTES).unwrap_or_default());
    Ok(key)
}

/// The keys of one of `total` equal shares of the hashes of a table or an index.
pub(crate) fn segment_bounds(prefix: &[u8], segment: u32, total: u32) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
    let at = |segment: u32| {
        // The share's first hash, rounded up so that shares neither overlap nor leave a gap.
        let start = (u128::from(segment) << 64).div_ceil(u128::from(total.max(1)));
        u64::try_from(start).ok().map(|start| [prefix, &start.to_be_bytes()].concat())
    };
    let from = at(segment).map_or_else(|| Bound::Excluded(vec![0xFF; FIRST_BYTES]), Bound::Included);
    let end = || prefix_end(prefix).map_or(Bound::Unbounded, Bound::Excluded);
    let to = at(segment.saturating_add(1)).map_or_else(end, Bound::Excluded);
    (from, to)
}

/// The key of a stream. A table's name has no zero byte.
pub(crate) fn stream_key(stream: &Stream) -> Vec<u8> {
    [&table_streams_prefix(&stream.table_name), stream.stream_label.as_bytes()].concat()
}

/// Prefix of the keys of all streams.
pub(crate) const STREAM_PREFIX: &[u8] = &[STREAM];

/// Prefix of the keys of all streams of a table name.
pub(crate) fn table_streams_prefix(table: &str) -> Vec<u8> {
    [STREAM_PREFIX, table.as_bytes(), &[0]].concat()
}

/// The stream in a key.
pub(crate) fn stream(key: &[u8]) -> Result<Stream> {
    let name = key.strip_prefix(STREAM_PREFIX).and_then(|name| std::str::from_utf8(name).ok());
    let parts = name.and_then(|name| name.split_once('\0'));
    let (table, label) = parts.ok_or_else(|| corrupt(TABLES, "a stream's name is not text"))?;
    Ok(Stream { table_name: table.to_owned(), stream_label: label.to_owned() })
}

const TOKEN: u8 = 0;
const TOKEN_EXPIRY: u8 = 1;
const EXPIRY_BYTES: usize = 8;

/// What is kept of a transaction under its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenRecord {
    pub(crate) expires: Timestamp,
    pub(crate) digest: [u8; 32],
}

pub(crate) fn token_key(token: &str) -> Vec<u8> {
    [&[TOKEN], token.as_bytes()].concat()
}

pub(crate) fn token_value(record: &TokenRecord) -> Vec<u8> {
    [&record.expires.as_millis().to_be_bytes()[..], &record.digest].concat()
}

pub(crate) fn read_token(value: &[u8]) -> Result<TokenRecord> {
    let parts = value.split_first_chunk::<EXPIRY_BYTES>();
    let record = parts.and_then(|(expires, digest)| {
        let expires = Timestamp::from_millis(u64::from_be_bytes(*expires));
        Some(TokenRecord { expires, digest: digest.try_into().ok()? })
    });
    record.ok_or_else(|| corrupt(TOKENS, "a token's record has another length"))
}

pub(crate) fn token_expiry_key(expires: Timestamp, token: &str) -> Vec<u8> {
    [&[TOKEN_EXPIRY][..], &expires.as_millis().to_be_bytes(), token.as_bytes()].concat()
}

/// The expiry and the token in a key of the index.
pub(crate) fn read_token_expiry(key: &[u8]) -> Result<(Timestamp, &str)> {
    let parts = key.strip_prefix(&[TOKEN_EXPIRY]).and_then(|rest| rest.split_first_chunk::<EXPIRY_BYTES>());
    let read = parts.and_then(|(expires, token)| {
        Some((Timestamp::from_millis(u64::from_be_bytes(*expires)), std::str::from_utf8(token).ok()?))
    });
    read.ok_or_else(|| corrupt(TOKENS, "a token's expiry cannot be read"))
}

pub(crate) fn encode(item: &Item) -> Bytes {
    Bytes::from(codec::encode(item))
}

pub(crate) fn decode(value: &Bytes) -> Result<Item> {
    codec::decode(value).map_err(|error| corrupt(ITEMS, error))
}

pub(crate) fn view(value: Bytes) -> Result<ItemView> {
    ItemView::new(value).map_err(|error| corrupt(ITEMS, error))
}

pub(crate) fn corrupt(keyspace: &'static str, detail: impl std::fmt::Display) -> Error {
    Error::Corrupt { keyspace, detail: detail.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_cover_all_hashes_once() {
        for total in [1, 2, 3, 7, 1_000_000] {
            let table = &items_prefix(TableId(7))[..];
            let (first, _) = segment_bounds(table, 0, total);
            assert_eq!(first, Bound::Included([table, &[0; 8]].concat()));
            let (_, last) = segment_bounds(table, total - 1, total);
            assert_eq!(last, Bound::Excluded(vec![0, 0, 0, 8]));
            for segment in (1..total).step_by((total as usize / 50).max(1)) {
                let (_, before) = segment_bounds(table, segment - 1, total);
                let (from, _) = segment_bounds(table, segment, total);
                let (Bound::Excluded(before), Bound::Included(from)) = (before, from) else { panic!("bounds") };
                assert_eq!(before, from);
            }
        }
    }

    #[test]
    fn a_token_is_read_back_as_it_was_written() {
        let record = TokenRecord { expires: Timestamp::from_millis(u64::MAX - 1), digest: [7; 32] };
        assert_eq!(read_token(&token_value(&record)).unwrap(), record);
        let key = token_expiry_key(record.expires, "tökén");
        assert_eq!(read_token_expiry(&key).unwrap(), (record.expires, "tökén"));
        assert!(read_token(&[0; 39]).is_err() && read_token_expiry(&key[..8]).is_err());
    }

    #[test]
    fn equal_numbers_share_a_key() {
        let key = |text: &str| item_key(TableId(1), &AttributeValue::N(text.parse().unwrap()), None).unwrap();
        assert_eq!(key("1"), key("1.0"));
        assert_eq!(key("100"), key("1e2"));
        assert_ne!(key("1"), key("2"));
    }

    #[test]
    fn values_of_different_types_have_different_partitions() {
        let text = item_key(TableId(1), &AttributeValue::S("a".into()), None).unwrap();
        let bytes = item_key(TableId(1), &AttributeValue::B(Bytes::from_static(b"a")), None).unwrap();
        assert_ne!(text, bytes);
    }

    fn grouped(bytes: &[u8]) -> Vec<u8> {
        let mut key = Vec::new();
        push_grouped_sort_key(&mut key, &AttributeValue::B(Bytes::copy_from_slice(bytes))).unwrap();
        key
    }

    proptest::proptest! {
        #[test]
        fn grouped_sort_keys_keep_their_order_whatever_follows(
            a in proptest::collection::vec(0..4_u8, 0..20),
            b in proptest::collection::vec(0..4_u8, 0..20),
            after in proptest::prelude::any::<(u8, u8)>(),
        ) {
            let key = |bytes: &[u8], after: u8| [grouped(bytes), vec![after]].concat();
            if a != b {
                proptest::prop_assert_eq!(a < b, key(&a, after.0) < key(&b, after.1));
            }
        }

        #[test]
        fn from_a_grouped_sort_key_on_its_start_finds_just_those_that_begin_with_it(
            start in proptest::collection::vec(0..2_u8, 1..20),
            bytes in proptest::collection::vec(0..2_u8, 0..20),
        ) {
            let mut prefix = Vec::new();
            push_grouped_sort_key_start(&mut prefix, &AttributeValue::B(Bytes::copy_from_slice(&start))).unwrap();
            let key = grouped(&bytes);
            let found = key.starts_with(&prefix) && key >= grouped(&start);
            proptest::prop_assert_eq!(found, bytes.starts_with(&start));
        }
    }

    #[test]
    fn the_longest_sort_key_fits_a_key_of_the_engine() {
        let longest = AttributeValue::B(Bytes::from(vec![0xFF; 1024]));
        let key = index_key(TableId(1), IndexId(1), &[&longest], &[&longest], &[]).unwrap();
        assert!(key.len() <= 1331, "{}", key.len());
        let quarters = [250, 250, 250, 274].map(|bytes| AttributeValue::B(Bytes::from(vec![0xFF; bytes])));
        let quarters: Vec<_> = quarters.iter().collect();
        let key = index_key(TableId(1), IndexId(1), &[&longest], &quarters, &[]).unwrap();
        assert!(key.len() <= 1331, "{}", key.len());
        let number = AttributeValue::N(format!("-{}", "1".repeat(38)).parse().unwrap());
        let key = index_key(TableId(1), IndexId(1), &[&number], &[&number, &number, &number, &longest], &[]).unwrap();
        assert!(key.len() <= 1331, "{}", key.len());
        let row = item_key(TableId(1), &longest, Some(&longest)).unwrap();
        let key = expiry_key(TableId(1), IndexId(1), u64::MAX, &row);
        assert!(key.len() <= 1331, "{}", key.len());
        assert_eq!(expiring_row(TableId(1), &key).unwrap(), row);
    }
}
