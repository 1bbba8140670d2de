//! A snapshot: what sled holds now, with later changes taken back.

use std::{collections::VecDeque, ops::Bound, sync::Arc};

use bytes::Bytes;

use super::{PREFIX_BYTES, Store, prefix, stored_key};
use crate::{
    Result,
    backend::{BackendSnapshot, Entries},
    keyspace::KeyspaceId,
};

/// A range is read in parts, so that sled's moving state is compared with the kept values of one span at a time. Most
/// ranges end within the first few entries, so parts begin small.
const FIRST_PART: usize = 16;
const LARGEST_PART: usize = 512;
const PART_BYTES: usize = 1 << 20;

pub(super) struct View {
    store: Arc<Store>,
    version: u64,
}

impl View {
    pub(super) fn new(store: &Arc<Store>) -> View {
        View { version: store.versions.retain(), store: Arc::clone(store) }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.store.versions.release(self.version);
    }
}

impl BackendSnapshot for View {
    fn get(&self, keyspace: KeyspaceId, key: &[u8]) -> Result<Option<Bytes>> {
        let key = stored_key(keyspace, key);
        let stored = self.store.stored(&key)?;
        Ok(self.store.versions.at(self.version, &key, stored))
    }

    fn range<'a>(&'a self, keyspace: KeyspaceId, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Entries<'a> {
        let from = match from {
            Bound::Unbounded => Bound::Included(prefix(keyspace).to_vec()),
            bound => bound.map(|key| stored_key(keyspace, key)),
        };
        let to = match to {
            Bound::Unbounded => Bound::Excluded(prefix(KeyspaceId(keyspace.0.saturating_add(1))).to_vec()),
            bound => bound.map(|key| stored_key(keyspace, key)),
        };
        let part = VecDeque::new();
        Box::new(Range { view: self, from, to, reverse, part, part_size: FIRST_PART, ended: false })
    }
}

struct Range<'a> {
    view: &'a View,
    /// What is still to be read.
    from: Bound<Vec<u8>>,
    to: Bound<Vec<u8>>,
    reverse: bool,
    part: VecDeque<(Bytes, Bytes)>,
    part_size: usize,
    ended: bool,
}

impl Iterator for Range<'_> {
    type Item = Result<(Bytes, Bytes)>;

    fn next(&mut self) -> Option<Self::Item> {
        // A part may be empty although the range goes on: all of its keys may have been absent at this version.
        while self.part.is_empty() && !self.ended {
            if let Err(error) = self.read_part() {
                self.ended = true;
                return Some(Err(error));
            }
        }
        self.part.pop_front().map(|(key, value)| Ok((key.slice(PREFIX_BYTES..), value)))
    }
}

impl Range<'_> {
    fn read_part(&mut self) -> Result<()> {
        // The store first, the kept values second: see `versions`.
        let (mut entries, mut last) = self.read_stored()?;
        let span = self.span(last.as_deref());
        let changes = self.view.store.versions.changes(self.view.version, span, self.reverse, LARGEST_PART);
        if let Some(cut) = &changes.cut_at {
            entries.retain(|(key, _)| if self.reverse { key >= cut } else { key <= cut });
            last = Some(cut.clone());
        }
        if !changes.values.is_empty() {
            entries.retain(|(key, _)| !changes.values.contains_key(key));
            entries.extend(changes.values.into_iter().filter_map(|(key, value)| Some((key, value?))));
            entries.sort_unstable_by(|(a, _), (b, _)| if self.reverse { b.cmp(a) } else { a.cmp(b) });
        }
        self.part = entries.into();
        match last {
            Some(last) if self.reverse => self.to = Bound::Excluded(last.to_vec()),
            Some(last) => self.from = Bound::Excluded(last.to_vec()),
            None => self.ended = true,
        }
        self.part_size = (self.part_size * 4).min(LARGEST_PART);
        Ok(())
    }

    /// What the store holds now in the next part, and the last key of it if the range may go on behind.
    #[allow(clippy::type_complexity)]
    fn read_stored(&self) -> Result<(Vec<(Bytes, Bytes)>, Option<Bytes>)> {
        let store = &self.view.store;
        let mut range = store.db.range::<&[u8], _>((as_slice(&self.from), as_slice(&self.to)));
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while let Some(entry) = if self.reverse { range.next_back() } else { range.next() } {
            let (key, value) = entry.map_err(|error| store.error("read", error))?;
            bytes += key.len() + value.len();
            let key = Bytes::copy_from_slice(&key);
            entries.push((key.clone(), Bytes::copy_from_slice(&value)));
            if entries.len() >= self.part_size || bytes >= PART_BYTES {
                return Ok((entries, Some(key)));
            }
        }
        Ok((entries, None))
    }

    /// The bounds of what is still to be read, as far as its key `last`.
    fn span<'a>(&'a self, last: Option<&'a [u8]>) -> (Bound<&'a [u8]>, Bound<&'a [u8]>) {
        let (from, to) = (as_slice(&self.from), as_slice(&self.to));
        match last {
            Some(last) if self.reverse => (Bound::Included(last), to),
            Some(last) => (from, Bound::Included(last)),
            None => (from, to),
        }
    }
}

fn as_slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    bound.as_ref().map(Vec::as_slice)
}
