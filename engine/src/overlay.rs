//! Changes laid over a snapshot: a transaction's own writes, and commits that are validated but not yet synced.

use std::{cmp::Ordering, ops::Bound};

use bytes::Bytes;
use imbl::OrdMap;

use crate::{
    Result,
    backend::{Entries, Op},
    keyspace::KeyspaceId,
};

/// Changed keys by keyspace. `None` marks a deletion. Cloning is cheap: the maps are persistent.
#[derive(Clone, Default)]
pub(crate) struct Overlay {
    keyspaces: Vec<(KeyspaceId, OrdMap<Bytes, Option<Bytes>>)>,
}

impl Overlay {
    fn of(&self, keyspace: KeyspaceId) -> Option<&OrdMap<Bytes, Option<Bytes>>> {
        self.keyspaces.iter().find(|(id, _)| *id == keyspace).map(|(_, keys)| keys)
    }

    fn of_mut(&mut self, keyspace: KeyspaceId) -> &mut OrdMap<Bytes, Option<Bytes>> {
        let at = match self.keyspaces.iter().position(|(id, _)| *id == keyspace) {
            Some(at) => at,
            None => {
                self.keyspaces.push((keyspace, OrdMap::new()));
                self.keyspaces.len() - 1
            }
        };
        &mut self.keyspaces[at].1
    }

    /// What the overlay says of a key: nothing, deleted, or a value.
    pub(crate) fn get(&self, keyspace: KeyspaceId, key: &[u8]) -> Option<&Option<Bytes>> {
        self.of(keyspace)?.get(key)
    }

    /// Changes a key and gives what the overlay said of it before.
    pub(crate) fn set(&mut self, keyspace: KeyspaceId, key: Bytes, value: Option<Bytes>) -> Option<Option<Bytes>> {
        self.of_mut(keyspace).insert(key, value)
    }

    /// Puts back what [`set`](Overlay::set) gave.
    pub(crate) fn restore(&mut self, keyspace: KeyspaceId, key: Bytes, before: Option<Option<Bytes>>) {
        let keys = self.of_mut(keyspace);
        match before {
            Some(value) => keys.insert(key, value),
            None => keys.remove(&key),
        };
    }

    pub(crate) fn extend(&mut self, ops: &[Op]) {
        for op in ops {
            self.set(op.keyspace, op.key.clone(), op.value.clone());
        }
    }

    pub(crate) fn into_ops(self) -> Vec<Op> {
        let mut ops = Vec::new();
        for (keyspace, keys) in self.keyspaces {
            ops.extend(keys.into_iter().map(|(key, value)| Op { keyspace, key, value }));
        }
        ops
    }

    /// `below` with this overlay's changes in the range laid over it. The bounds must not be empty or crossed.
    pub(crate) fn lay_over<'a>(
        &'a self,
        keyspace: KeyspaceId,
        (from, to): (Bound<&[u8]>, Bound<&[u8]>),
        reverse: bool,
        below: Entries<'a>,
    ) -> Entries<'a> {
        let Some(keys) = self.of(keyspace).filter(|keys| !keys.is_empty()) else { return below };
        let changes = keys.range::<_, [u8]>((from, to));
        let changes: Box<dyn Iterator<Item = (&Bytes, &Option<Bytes>)>> =
            if reverse { Box::new(changes.rev()) } else { Box::new(changes) };
        Box::new(Merge { below: below.peekable(), changes: changes.peekable(), reverse })
    }
}

struct Merge<'a, C: Iterator<Item = (&'a Bytes, &'a Option<Bytes>)>> {
    below: std::iter::Peekable<Entries<'a>>,
    changes: std::iter::Peekable<C>,
    reverse: bool,
}

impl<'a, C: Iterator<Item = (&'a Bytes, &'a Option<Bytes>)>> Iterator for Merge<'a, C> {
    type Item = Result<(Bytes, Bytes)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let order = match (self.below.peek(), self.changes.peek()) {
                (None, None) => return None,
                (Some(Err(_)), _) | (Some(_), None) => return self.below.next(),
                (None, Some(_)) => Ordering::Greater,
                (Some(Ok((below, _))), Some((changed, _))) => {
                    let order = below.cmp(changed);
                    if self.reverse { order.reverse() } else { order }
                }
            };
            if order == Ordering::Less {
                return self.below.next();
            }
            if order == Ordering::Equal {
                self.below.next();
            }
            if let Some((key, Some(value))) = self.changes.next() {
                return Some(Ok((key.clone(), value.clone())));
            }
        }
    }
}
