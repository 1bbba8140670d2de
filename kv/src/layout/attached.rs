//! Keys of what is attached to tables and read only by those who ask for it, so that the record which every operation
//! reads stays small. All of it begins with its kind and the table's id, by which it goes with the table.

use super::{IndexId, TableId};

/// Keyspace of what is attached to tables.
pub(crate) const ATTACHED: &str = "kv.attached";

const POLICY: u8 = 1;
const INSIGHTS: u8 = 2;
const DESTINATIONS: u8 = 3;
const OF_TABLE: u8 = 0;
const OF_INDEX: u8 = 1;

/// The key of the policy of a table, or of its stream of that label.
pub(crate) fn policy_key(table: TableId, stream: Option<&str>) -> Vec<u8> {
    [&of_table(POLICY, table)[..], stream.unwrap_or_default().as_bytes()].concat()
}

/// The key of the contributor insights of a table or of one of its indexes. A table stands before its indexes.
pub(crate) fn insights_key(table: TableId, index: Option<IndexId>) -> Vec<u8> {
    let mut key = of_table(INSIGHTS, table).to_vec();
    match index {
        None => key.push(OF_TABLE),
        Some(index) => {
            key.push(OF_INDEX);
            key.extend_from_slice(&index.0.to_be_bytes());
        }
    }
    key
}

/// Prefix of the keys of all contributor insights.
pub(crate) const INSIGHTS_PREFIX: &[u8] = &[INSIGHTS];

/// Prefix of the keys of the contributor insights of a table and its indexes.
pub(crate) fn insights_prefix(table: TableId) -> [u8; 5] {
    of_table(INSIGHTS, table)
}

/// The key of the destinations of a table's changes.
pub(crate) fn destinations_key(table: TableId) -> [u8; 5] {
    of_table(DESTINATIONS, table)
}

/// Prefixes of the keys of all that is attached to a table.
pub(crate) fn prefixes(table: TableId) -> [[u8; 5]; 3] {
    [POLICY, INSIGHTS, DESTINATIONS].map(|kind| of_table(kind, table))
}

fn of_table(kind: u8, table: TableId) -> [u8; 5] {
    let [a, b, c, d] = table.0.to_be_bytes();
    [kind, a, b, c, d]
}
