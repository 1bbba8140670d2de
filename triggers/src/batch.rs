//! What a handler is called with.

use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::{Record, Window, event::Origin};

/// The records that a handler is called with: of one queue, or of one shard and in its order.
#[derive(Debug, Clone)]
pub struct Batch {
    pub(crate) origin: Arc<Origin>,
    pub(crate) shard: Option<Arc<str>>,
    pub(crate) records: Vec<Record>,
    pub(crate) window: Option<WindowCall>,
}

/// The window that a batch belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WindowCall {
    /// From when to when.
    pub window: Window,
    /// What the last invocation of the window gave as its state; `None` at the first one.
    pub state: Option<Bytes>,
    /// Whether this is the last invocation of the window. It has no records, only the state.
    pub is_final: bool,
    /// Whether the window ends before its time, since its state has grown too long.
    pub is_terminated_early: bool,
}

impl Batch {
    /// The trigger's name.
    #[must_use]
    pub fn trigger(&self) -> &str {
        &self.origin.trigger
    }

    /// The shard, if the source has shards.
    #[must_use]
    pub fn shard(&self) -> Option<&str> {
        self.shard.as_deref()
    }

    /// The records, in the order of their source.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// [`records`](Batch::records) one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, Record> {
        self.records.iter()
    }

    /// The window that they belong to, if the trigger has windows.
    #[must_use]
    pub fn window(&self) -> Option<&WindowCall> {
        self.window.as_ref()
    }

    /// Whether this is the last invocation of a window.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.window.as_ref().is_some_and(|window| window.is_final)
    }

    /// The state of the window so far; `None` at its first invocation, and where there are no windows.
    #[must_use]
    pub fn state(&self) -> Option<&Bytes> {
        self.window.as_ref().and_then(|window| window.state.as_ref())
    }

    /// [`state`](Batch::state) as JSON of a Rust type, and its default where there is none.
    ///
    /// # Errors
    /// Those of `serde_json`.
    pub fn json_state<T: DeserializeOwned + Default>(&self) -> Result<T, serde_json::Error> {
        self.state().map_or_else(|| Ok(T::default()), |state| serde_json::from_slice(state))
    }
}

impl<'a> IntoIterator for &'a Batch {
    type Item = &'a Record;
    type IntoIter = std::slice::Iter<'a, Record>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
