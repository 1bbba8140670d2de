//! What of a transaction is settled only when its commit has its place among all commits: rows whose keys or values name
//! that place, and counters. None of it reads anything, so none of it conflicts.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;

use crate::{
    Clock, Error, Position, Result,
    backend::{Backend, Op},
    keyspace::KeyspaceId,
};

/// More counters than this are not remembered; they are read again when they are changed.
const MOST_COUNTERS: usize = 1 << 16;

/// A row that was appended: see [`Transaction::append`](crate::Transaction::append). Its position is known once its
/// transaction is committed.
#[derive(Debug, Clone)]
pub struct Appended(Arc<AtomicU64>);

impl Appended {
    pub(crate) fn new() -> Self {
        // No commit has the position 0.
        Appended(Arc::new(AtomicU64::new(0)))
    }

    /// Where the row stands, or `None` while its transaction is under way and if it failed.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            position => Some(Position::new(position)),
        }
    }

    pub(crate) fn is(&self, other: &Appended) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn place(&self, position: Position) {
        self.0.store(position.get(), Ordering::Release);
    }

    fn bytes(&self) -> [u8; 8] {
        Position::new(self.0.load(Ordering::Acquire)).to_bytes()
    }
}

/// One change that waits for its place.
pub(crate) struct Deferred {
    pub(crate) keyspace: KeyspaceId,
    pub(crate) key: Bytes,
    pub(crate) change: Change,
}

pub(crate) enum Change {
    /// A row under the key and the next position, of which it takes so many.
    Append { value: Bytes, positions: u32, row: Appended },
    /// A row under the key and the position of an appended one.
    Beside { value: Bytes, row: Appended },
    /// The key's value is these bytes and the position of an appended row.
    Pointing { value: Bytes, row: Appended },
    /// The key's value is a number that rises by this much.
    Add { delta: i64 },
}

impl Deferred {
    /// Bytes of key and value as they will be.
    pub(crate) fn size(&self) -> usize {
        self.key.len()
            + match &self.change {
                Change::Append { value, .. } | Change::Beside { value, .. } | Change::Pointing { value, .. } => {
                    size_of::<Position>() + value.len()
                }
                Change::Add { .. } => size_of::<i64>(),
            }
    }

    /// Bytes of the key as it will be.
    pub(crate) fn key_bytes(&self) -> usize {
        match self.change {
            Change::Append { .. } | Change::Beside { .. } => self.key.len() + size_of::<Position>(),
            Change::Pointing { .. } | Change::Add { .. } => self.key.len(),
        }
    }
}

/// The counter that a value is: see [`Transaction::add`](crate::Transaction::add). Where there is none it is 0.
///
/// # Errors
/// [`Error::NotACounter`].
pub fn read_counter(value: Option<&Bytes>) -> Result<i64> {
    let Some(value) = value else { return Ok(0) };
    let bytes = value.as_ref().try_into().map_err(|_| Error::NotACounter { bytes: value.len() })?;
    Ok(i64::from_be_bytes(bytes))
}

struct Counter {
    value: i64,
    /// The last commit that changed it.
    sequence: u64,
}

/// Gives commits their positions and keeps the counters that were changed lately, with what is not yet visible of them.
pub(crate) struct Places {
    last: Position,
    counters: HashMap<(KeyspaceId, Bytes), Counter>,
    /// The keyspaces of those counters: few, and most changes are in none of them.
    keyspaces: Vec<KeyspaceId>,
}

impl Places {
    pub(crate) fn new(last: Position) -> Self {
        Places { last, counters: HashMap::new(), keyspaces: Vec::new() }
    }

    /// The last position given.
    pub(crate) fn last(&self) -> Position {
        self.last
    }

    /// Turns the deferred changes of a commit into plain ones, behind those that it has.
    ///
    /// # Errors
    /// Those of the backend, for a counter that has to be read; nothing of the commit is settled then.
    pub(crate) fn settle(
        &mut self,
        sequence: u64,
        clock: &Clock,
        ops: &mut Vec<Op>,
        deferred: Vec<Deferred>,
        backend: &dyn Backend,
    ) -> Result<()> {
        // What can fail comes first.
        for Deferred { keyspace, key, change } in &deferred {
            if matches!(change, Change::Add { .. }) {
                self.load(*keyspace, key, backend)?;
            }
        }
        self.overwritten(sequence, ops);
        if deferred.is_empty() {
            return Ok(());
        }
        let mut next = self.last.next().max(Position::first_at(clock.now()));
        for Deferred { keyspace, key, change } in deferred {
            let (key, value) = match change {
                Change::Append { value, positions, row } => {
                    row.place(next);
                    self.last = next.plus(positions - 1);
                    next = self.last.next();
                    (joined(&key, row.bytes()), Some(value))
                }
                Change::Beside { value, row } => (joined(&key, row.bytes()), Some(value)),
                Change::Pointing { value, row } => (key, Some(joined(&value, row.bytes()))),
                Change::Add { delta } => {
                    let value = self.add(keyspace, &key, delta, sequence);
                    (key, (value != 0).then(|| Bytes::copy_from_slice(&value.to_be_bytes())))
                }
            };
            ops.push(Op { keyspace, key, value });
        }
        Ok(())
    }

    /// A counter may be set and deleted like any other key.
    fn overwritten(&mut self, sequence: u64, ops: &[Op]) {
        if self.keyspaces.is_empty() {
            return;
        }
        for op in ops.iter().filter(|op| self.keyspaces.contains(&op.keyspace)) {
            if let Some(counter) = self.counters.get_mut(&(op.keyspace, op.key.clone())) {
                let value = read_counter(op.value.as_ref()).unwrap_or_default();
                *counter = Counter { value, sequence };
            }
        }
    }

    fn load(&mut self, keyspace: KeyspaceId, key: &Bytes, backend: &dyn Backend) -> Result<()> {
        if let Entry::Vacant(vacant) = self.counters.entry((keyspace, key.clone())) {
            let value = read_counter(backend.get(keyspace, key)?.as_ref())?;
            vacant.insert(Counter { value, sequence: 0 });
            if !self.keyspaces.contains(&keyspace) {
                self.keyspaces.push(keyspace);
            }
        }
        Ok(())
    }

    fn add(&mut self, keyspace: KeyspaceId, key: &Bytes, delta: i64, sequence: u64) -> i64 {
        let counter = self.counters.entry((keyspace, key.clone())).or_insert(Counter { value: 0, sequence });
        *counter = Counter { value: counter.value.saturating_add(delta), sequence };
        counter.value
    }

    /// Forgets counters, where there are many, that the backend has as they are.
    pub(crate) fn prune(&mut self, visible: u64) {
        if self.counters.len() > MOST_COUNTERS {
            self.counters.retain(|_, counter| counter.sequence > visible);
        }
    }
}

fn joined(bytes: &[u8], position: [u8; 8]) -> Bytes {
    [bytes, &position].concat().into()
}
