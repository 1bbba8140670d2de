//! Persistent ordered maps: a snapshot or a fork is a handful of pointers.

use std::{ops::Bound, path::Path};

use bytes::Bytes;
use imbl::OrdMap;
use parking_lot::RwLock;

use super::{Backend, BackendKind, BackendSnapshot, Batch, Capabilities, Entries, Limits};
use crate::{Error, Result, keyspace::KeyspaceId};

#[derive(Clone, Default)]
struct State {
    /// By keyspace id: name and entries.
    keyspaces: Vec<(String, OrdMap<Bytes, Bytes>)>,
    bytes: u64,
}

/// A store that lives as long as its engine.
#[derive(Default)]
pub(crate) struct Memory {
    state: RwLock<State>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Memory::default()
    }
}

impl State {
    fn entries(&self, keyspace: KeyspaceId) -> Option<&OrdMap<Bytes, Bytes>> {
        self.keyspaces.get(keyspace.0 as usize).map(|(_, entries)| entries)
    }
}

impl Backend for Memory {
    fn kind(&self) -> BackendKind {
        BackendKind::Memory
    }

    fn keyspaces(&self) -> Vec<(KeyspaceId, String)> {
        let state = self.state.read();
        (0..).map(KeyspaceId).zip(state.keyspaces.iter().map(|(name, _)| name.clone())).collect()
    }

    fn create_keyspace(&self, id: KeyspaceId, name: &str) -> Result<()> {
        let mut state = self.state.write();
        debug_assert_eq!(id.0 as usize, state.keyspaces.len(), "ids are dense");
        state.keyspaces.push((name.to_owned(), OrdMap::new()));
        Ok(())
    }

    fn get(&self, keyspace: KeyspaceId, key: &[u8]) -> Result<Option<Bytes>> {
        Ok(self.state.read().entries(keyspace).and_then(|entries| entries.get(key)).cloned())
    }

    fn snapshot(&self) -> Result<Box<dyn BackendSnapshot>> {
        Ok(Box::new(self.state.read().clone()))
    }

    fn apply(&self, batch: &Batch, _sync: bool) -> Result<()> {
        let mut state = self.state.write();
        let State { keyspaces, bytes } = &mut *state;
        for op in &batch.ops {
            let Some((_, entries)) = keyspaces.get_mut(op.keyspace.0 as usize) else { continue };
            let size = |value: &Bytes| (op.key.len() + value.len()) as u64;
            let before = match &op.value {
                Some(value) => {
                    *bytes += size(value);
                    entries.insert(op.key.clone(), value.clone())
                }
                None => entries.remove(&op.key),
            };
            *bytes -= before.as_ref().map_or(0, size);
        }
        Ok(())
    }

    fn checkpoint(&self, _dir: &Path) -> Result<()> {
        Err(Error::Unsupported { what: "checkpoint", backend: BackendKind::Memory })
    }

    fn fork(&self) -> Result<Box<dyn Backend>> {
        Ok(Box::new(Memory { state: RwLock::new(self.state.read().clone()) }))
    }

    fn stored_bytes(&self) -> u64 {
        self.state.read().bytes
    }

    fn limits(&self) -> Limits {
        Limits::COMMON
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            persistent: false,
            fork: true,
            checkpoint: false,
            multi_process: false,
            visible_after_sync: true,
        }
    }
}

impl BackendSnapshot for State {
    fn get(&self, keyspace: KeyspaceId, key: &[u8]) -> Result<Option<Bytes>> {
        Ok(self.entries(keyspace).and_then(|entries| entries.get(key)).cloned())
    }

    fn range<'a>(&'a self, keyspace: KeyspaceId, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Entries<'a> {
        let Some(entries) = self.entries(keyspace) else { return Box::new(std::iter::empty()) };
        let range = entries.range::<_, [u8]>((from, to)).map(|(key, value)| Ok((key.clone(), value.clone())));
        if reverse { Box::new(range.rev()) } else { Box::new(range) }
    }
}
