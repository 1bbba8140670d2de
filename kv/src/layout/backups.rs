//! Keys and values of backups, of the history that recovery reads, and of tables that are being filled.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `kv.tables` | `07` table name | table id (u32): the table is being filled from elsewhere |
//! | `kv.backups` | `00` backup id | the backup's record, an encoded item |
//! | `kv.backups` | `01` backup id, row's key without the table id | the item |
//! | `kv.backups` | `02` backup id | empty: the backup is unfinished or deleted, rows of it may be left |
//! | `kv.history` | `00` table id (u32) | a second (u64), the table's name: what is kept of its changes begins there |
//! | `kv.history` | `01` table id (u32), second (u64), row's key without the table id | the item before the row's first change in that second, empty if there was none |
//!
//! A backup id is fourteen digits (milliseconds since 1970), a hyphen and eight hexadecimal digits, so ids sort by time and
//! have one length.

use millpond_engine::Timestamp;

use super::{TABLES, TableId, corrupt, items_prefix};
use crate::Result;

/// Keyspace of backups.
pub(crate) const BACKUPS: &str = "kv.backups";
/// Keyspace of what items were before they changed.
pub(crate) const HISTORY: &str = "kv.history";

const LOADING: u8 = 7;

const BACKUP: u8 = 0;
const BACKUP_ROW: u8 = 1;
const BACKUP_LEFT: u8 = 2;
const BACKUP_ID_BYTES: usize = 14 + 1 + 8;

const HISTORY_OF: u8 = 0;
const HISTORY_ROW: u8 = 1;
const SECOND_BYTES: usize = 8;
/// The bytes of a table's id at the front of a row's key.
const TABLE_BYTES: usize = 4;

/// The key that marks a table as being filled.
pub(crate) fn loading_key(table: &str) -> Vec<u8> {
    [&[LOADING], table.as_bytes()].concat()
}

/// Prefix of the keys that mark tables that are being filled.
pub(crate) const LOADING_PREFIX: &[u8] = &[LOADING];

/// The table's name in such a key.
pub(crate) fn loading_name(key: &[u8]) -> Result<&str> {
    let name = key.strip_prefix(LOADING_PREFIX).and_then(|name| std::str::from_utf8(name).ok());
    name.ok_or_else(|| corrupt(TABLES, "a table's name is not text"))
}

/// The id of a backup: when it was asked for, and what tells it from others of that millisecond.
pub(crate) fn backup_id(at: Timestamp, distinct: u32) -> String {
    format!("{:014}-{distinct:08x}", at.as_millis())
}

/// Whether text can be the id of a backup.
pub(crate) fn is_backup_id(text: &str) -> bool {
    text.len() == BACKUP_ID_BYTES
        && text.bytes().enumerate().all(|(nth, byte)| match nth {
            14 => byte == b'-',
            15.. => byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase(),
            _ => byte.is_ascii_digit(),
        })
}

pub(crate) fn backup_key(id: &str) -> Vec<u8> {
    [&[BACKUP], id.as_bytes()].concat()
}

/// Prefix of the keys of all backups' records.
pub(crate) const BACKUP_PREFIX: &[u8] = &[BACKUP];

/// What the key of every backup from that moment on is not less than.
pub(crate) fn first_backup_key(from: Timestamp) -> Vec<u8> {
    // More than fourteen digits would sort before; no backup is of that time.
    [&[BACKUP], format!("{:014}", from.as_millis().min(99_999_999_999_999)).as_bytes()].concat()
}

/// Prefix of the keys of a backup's rows.
pub(crate) fn backup_rows_prefix(id: &str) -> Vec<u8> {
    [&[BACKUP_ROW], id.as_bytes()].concat()
}

pub(crate) fn backup_left_key(id: &str) -> Vec<u8> {
    [&[BACKUP_LEFT], id.as_bytes()].concat()
}

/// Prefix of the keys that mark unfinished and deleted backups.
pub(crate) const BACKUP_LEFT_PREFIX: &[u8] = &[BACKUP_LEFT];

/// The id of the backup in such a key.
pub(crate) fn backup_left_id(key: &[u8]) -> Result<String> {
    let id = key.strip_prefix(BACKUP_LEFT_PREFIX).and_then(|id| std::str::from_utf8(id).ok());
    id.map(str::to_owned).ok_or_else(|| corrupt(BACKUPS, "a backup's id is not text"))
}

/// A row's key under another prefix: what follows `from` stays.
pub(crate) fn moved(row: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    [to, row.get(from.len()..).unwrap_or_default()].concat()
}

pub(crate) fn history_of_key(table: TableId) -> Vec<u8> {
    [&[HISTORY_OF][..], &items_prefix(table)].concat()
}

/// Prefix of the keys that name tables with a history.
pub(crate) const HISTORY_OF_PREFIX: &[u8] = &[HISTORY_OF];

/// The table in such a key.
pub(crate) fn history_of_id(key: &[u8]) -> Result<TableId> {
    let id = key.strip_prefix(HISTORY_OF_PREFIX).and_then(|id| id.try_into().ok()).map(u32::from_be_bytes);
    id.map(TableId).ok_or_else(|| corrupt(HISTORY, "a table id is not four bytes"))
}

pub(crate) fn history_of_value(front_secs: u64, table: &str) -> Vec<u8> {
    [&front_secs.to_be_bytes()[..], table.as_bytes()].concat()
}

/// The second at which a history begins, and the table's name.
pub(crate) fn read_history_of(value: &[u8]) -> Result<(u64, &str)> {
    let parts = value.split_first_chunk::<SECOND_BYTES>();
    let read = parts.and_then(|(secs, name)| Some((u64::from_be_bytes(*secs), std::str::from_utf8(name).ok()?)));
    read.ok_or_else(|| corrupt(HISTORY, "the front of a history cannot be read"))
}

/// Prefix of the keys of a table's history.
pub(crate) fn history_prefix(table: TableId) -> Vec<u8> {
    [&[HISTORY_ROW][..], &items_prefix(table)].concat()
}

/// Where a second begins in a table's history.
pub(crate) fn history_second_key(table: TableId, secs: u64) -> Vec<u8> {
    [&history_prefix(table)[..], &secs.to_be_bytes()].concat()
}

/// The key of what a row was before it changed in that second. `row` is the key of the item's row.
pub(crate) fn history_key(table: TableId, secs: u64, row: &[u8]) -> Vec<u8> {
    [&history_second_key(table, secs)[..], row.get(TABLE_BYTES..).unwrap_or_default()].concat()
}

/// The second in such a key, and the row's key without its table's id.
pub(crate) fn read_history_key(key: &[u8]) -> Result<(u64, &[u8])> {
    let rest = key.get(1 + TABLE_BYTES..).and_then(|rest| rest.split_first_chunk::<SECOND_BYTES>());
    let read = rest.map(|(secs, row)| (u64::from_be_bytes(*secs), row));
    read.ok_or_else(|| corrupt(HISTORY, "a key is too short"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_backups_sort_by_time() {
        let early = backup_id(Timestamp::from_millis(999), u32::MAX);
        let late = backup_id(Timestamp::from_millis(1_791_504_762_511), 0);
        assert_eq!(late, "01791504762511-00000000");
        assert!(early < late && is_backup_id(&early) && is_backup_id(&late));
        for text in [
            "",
            "01791504762511-0000000",
            "01791504762511_00000000",
            "x1791504762511-00000000",
            "01791504762511-0000000G",
        ] {
            assert!(!is_backup_id(text), "{text}");
        }
    }

    #[test]
    fn the_bounds_of_a_listing_fall_between_milliseconds() {
        let at = Timestamp::from_millis;
        let of = |millis| backup_key(&backup_id(at(millis), 7));
        assert!(first_backup_key(at(5)) <= of(5) && of(5) < first_backup_key(at(6)));
        assert!(of(1_791_504_762_511) < first_backup_key(at(u64::MAX)));
    }

    #[test]
    fn history_is_in_order_of_time_within_a_table() {
        let row = [&items_prefix(TableId(7))[..], b"row"].concat();
        let key = |secs| history_key(TableId(7), secs, &row);
        assert!(key(9) < key(10) && key(10) < history_second_key(TableId(7), 11));
        assert_eq!(read_history_key(&key(10)).unwrap(), (10, &b"row"[..]));
        assert!(key(u64::MAX) < history_prefix(TableId(8)));
        let (front, name) = (12, "orders");
        assert_eq!(read_history_of(&history_of_value(front, name)).unwrap(), (front, name));
        assert_eq!(history_of_id(&history_of_key(TableId(7))).unwrap(), TableId(7));
    }
}
