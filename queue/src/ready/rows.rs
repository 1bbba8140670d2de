//! What the hints are made of: rows of one store, read in pages.

use std::{collections::HashSet, ops::Bound};

use bytes::Bytes;
use millpond_engine::{Engine, Position, RangeRequest, Snapshot, Timestamp};

use crate::{
    Result, layout,
    layout::{GroupHash, GroupRow, Keyspaces, Lane, Place, ReceivedRow, StoreId},
};

/// How many rows are looked at in one step. Rows of messages also end a page by their bytes.
const PAGE: usize = 1000;
/// The same of a group, of which there may be many.
const GROUP_PAGE: usize = 50;

#[derive(Debug, Clone)]
pub(crate) struct Rows {
    engine: Engine,
    keyspaces: Keyspaces,
    store: StoreId,
}

/// Some rows, and how far it was looked.
#[derive(Debug)]
pub(super) struct RowPage<K, L> {
    pub(super) keys: Vec<K>,
    pub(super) last: Option<L>,
    pub(super) is_exhausted: bool,
}

impl Rows {
    pub(super) fn new(engine: &Engine, keyspaces: &Keyspaces, store: StoreId) -> Self {
        Rows { engine: engine.clone(), keyspaces: keyspaces.clone(), store }
    }

    /// A position that no message of a lane has or ever will have again, with all before it.
    pub(super) fn front(&self, lane: Lane) -> Result<Option<Position>> {
        let front = self.engine.get(&self.keyspaces.queues, &layout::front_key(self.store, lane))?;
        // Messages stand at the front or behind it; what is kept here lies before them.
        let front = front.map(|front| layout::read_u64(&front)).transpose()?;
        Ok(front.and_then(|front| front.checked_sub(1)).map(Position::new))
    }

    /// Tells of each message of a standard queue that was received.
    pub(super) fn received(&self, mut tell: impl FnMut(Place, Timestamp)) -> Result<()> {
        let snapshot = self.engine.snapshot()?;
        let all = RangeRequest::prefix(&layout::store_prefix(self.store));
        for entry in snapshot.scan(&self.keyspaces.received, &all)? {
            let (key, row) = entry?;
            tell(Place::of_key(&key)?, ReceivedRow::decode(row)?.visible);
        }
        Ok(())
    }

    /// Tells of each group of a first-in-first-out queue of which messages were received.
    pub(super) fn groups(&self, mut tell: impl FnMut(GroupHash, GroupRow)) -> Result<()> {
        let snapshot = self.engine.snapshot()?;
        let all = RangeRequest::prefix(&layout::store_prefix(self.store));
        for entry in snapshot.scan(&self.keyspaces.groups, &all)? {
            let (key, row) = entry?;
            tell(layout::group_of_key(&key)?, GroupRow::decode(row)?);
        }
        Ok(())
    }

    /// Messages without a group that nobody has received, after a position.
    pub(super) fn unreceived_plain(&self, after: Option<Position>) -> Result<RowPage<Position, Position>> {
        let after = after.map(|after| Place::Lane(GroupHash::NONE, after).key(self.store));
        let page = self.unreceived(&layout::lane_prefix(self.store, GroupHash::NONE), after, PAGE)?;
        Ok(page.map(Place::position))
    }

    /// Messages of a group that nobody has received, after a position.
    pub(super) fn unreceived_of_group(
        &self,
        group: GroupHash,
        after: Option<Position>,
    ) -> Result<RowPage<Position, Position>> {
        let after = after.map(|after| Place::Lane(group, after).key(self.store));
        let page = self.unreceived(&layout::lane_prefix(self.store, group), after, GROUP_PAGE)?;
        Ok(page.map(Place::position))
    }

    /// Messages that wait for their time, or waited, and that nobody has received.
    pub(super) fn unreceived_timed(
        &self,
        after: Option<(Timestamp, Position)>,
    ) -> Result<RowPage<(Timestamp, Position), (Timestamp, Position)>> {
        let after = after.map(|(due, position)| Place::Timed(due, position).key(self.store));
        let page = self.unreceived(&layout::timed_prefix(self.store), after, PAGE)?;
        Ok(page.map(|place| (place.ready(), place.position())))
    }

    fn unreceived(&self, prefix: &[u8], after: Option<Vec<u8>>, rows: usize) -> Result<RowPage<Place, Place>> {
        let snapshot = self.engine.snapshot()?;
        let range = behind(prefix, after.as_deref()).limit(rows);
        let page = snapshot.range(&self.keyspaces.messages, &range)?;
        let (Some((first, _)), Some((last, _))) = (page.entries.first(), page.entries.last()) else {
            return Ok(RowPage { keys: Vec::new(), last: None, is_exhausted: true });
        };
        let last_place = Place::of_key(last)?;
        let received = self.received_between(&snapshot, first, last)?;
        let unreceived = page.entries.iter().filter(|(key, _)| !received.contains(key));
        Ok(RowPage {
            keys: unreceived.map(|(key, _)| Place::of_key(key)).collect::<Result<_>>()?,
            last: Some(last_place),
            is_exhausted: page.resume.is_none(),
        })
    }

    fn received_between(&self, snapshot: &Snapshot, first: &[u8], last: &[u8]) -> Result<HashSet<Bytes>> {
        let range = RangeRequest::between(Bound::Included(first), Bound::Included(last));
        let keys = snapshot.scan(&self.keyspaces.received, &range)?;
        Ok(keys.map(|entry| entry.map(|(key, _)| key)).collect::<millpond_engine::Result<_>>()?)
    }

    /// Messages with a group, after a position.
    pub(super) fn arrivals(&self, after: Option<Position>) -> Result<RowPage<(Position, GroupHash), Position>> {
        let after = after.map(|after| layout::arrival_key(self.store, after));
        let range = behind(&layout::store_prefix(self.store), after.as_deref()).limit(PAGE);
        let snapshot = self.engine.snapshot()?;
        let page = snapshot.range(&self.keyspaces.arrivals, &range)?;
        let entry = |(key, group): &(Bytes, Bytes)| -> Result<_> {
            Ok((layout::position(key)?, layout::group_of_arrival(group)?))
        };
        let keys = page.entries.iter().map(entry).collect::<Result<Vec<_>>>()?;
        let last = keys.last().map(|(position, _)| *position);
        Ok(RowPage { keys, last, is_exhausted: page.resume.is_none() })
    }
}

impl RowPage<Place, Place> {
    fn map<K>(self, of: impl Fn(Place) -> K) -> RowPage<K, K> {
        RowPage {
            keys: self.keys.into_iter().map(&of).collect(),
            last: self.last.map(of),
            is_exhausted: self.is_exhausted,
        }
    }
}

/// The keys with a prefix, behind one of them.
fn behind(prefix: &[u8], after: Option<&[u8]>) -> RangeRequest {
    let range = RangeRequest::prefix(prefix);
    match after {
        Some(after) => range.resume_after(after),
        None => range,
    }
}
