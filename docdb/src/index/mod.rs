//! Indexes: what they are defined by, the keys they have for a document, and how both are kept.

pub(crate) mod encode;
mod entry;
mod expand;
mod keys;
mod spec;
mod special;
mod wildcard;

pub(crate) use entry::{MAX_KEY_BYTES, RecordId, Stored, bound, entry_key, truncate};
pub(crate) use expand::expand;
pub(crate) use keys::{Entry, Keys, hash_component, hash_of, keys};
pub(crate) use spec::{FieldKind, Index, IndexRow, parse};
pub(crate) use special::{shown, values_under};
