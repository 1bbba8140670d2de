//! Receiving messages of a first-in-first-out queue: group by group, each in its order, and up to the first message that is in
//! flight.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html>

use std::{ops::Bound, sync::Arc};

use millpond_engine::{Position, RangeRequest, Timestamp, Transaction};

use crate::{
    Message, Queue, Receive, Result, attempt, dead_letter,
    dead_letter::Removed,
    layout,
    layout::{GroupHash, GroupRow, Place, QueueRecord, ReceivedRow, StoreId},
    ready::{Claimed, ClaimedGroup, Claims, Event},
    receive::{self, MAX_IN_FLIGHT, Step},
    shared::Shared,
};

/// A step ends after so many groups from which nothing was received.
const MAX_PASSED_OVER: usize = 50;
/// So many messages of one group that were deleted or moved end a step.
const MAX_REMOVED: usize = 200;

pub(crate) fn step(queue: &Queue, tx: &mut Transaction, record: &QueueRecord, request: &Receive) -> Result<Step> {
    if let Some(messages) = attempt::again(queue, tx, record, request)? {
        return Ok(Step { messages, is_cut_short: false, is_behind: false });
    }
    let live = queue.shared.stores.live(record.store, true)?;
    let now = tx.began();
    let delay = record.settings.delay;
    let room = MAX_IN_FLIGHT.saturating_sub(live.in_flight(now));
    let wanted = request.max_messages.min(room);
    let mut claims = Claims::new(&live);
    let mut round = Round::new(queue, record, now, receive::visible_after(record, request, now));
    while round.messages.len() < wanted && claims.count() < wanted + MAX_PASSED_OVER && round.gone < MAX_REMOVED {
        let Some(Claimed::Group(claimed)) = live.claim(&mut claims, now, delay)? else { break };
        round.take(tx, claimed, wanted)?;
    }
    let mut is_behind = false;
    let is_cut_short = round.messages.is_empty() && (round.gone > 0 || claims.count() >= wanted + MAX_PASSED_OVER);
    for (claimed, correction) in std::mem::take(&mut round.missed) {
        match claims.is_stale(Claimed::Group(claimed), tx.latest_commit()) {
            true => {
                // A transaction that writes nothing is neither validated nor told of in the order of commits; what it has
                // seen could be outdated by the time that it is told.
                tx.add(&queue.shared.keyspaces.counters, layout::total_key(record.store), 0)?;
                round.events.push(correction);
            }
            false => is_behind = true,
        }
    }
    attempt::keep(queue, tx, record, request, &round.messages)?;
    let messages = round.finish(tx, claims)?;
    if live.has_ready(now, delay) {
        live.wake(1);
    }
    Ok(Step { messages, is_cut_short, is_behind })
}

/// One receive under way.
struct Round<'a> {
    queue: &'a Queue,
    record: &'a QueueRecord,
    now: Timestamp,
    visible: Timestamp,
    messages: Vec<Message>,
    events: Vec<Event>,
    removed: Removed<'a>,
    /// How many messages were deleted or moved.
    gone: usize,
    /// The groups that were not found as they were claimed, and what is right of them.
    missed: Vec<(ClaimedGroup, Event)>,
}

impl<'a> Round<'a> {
    fn new(queue: &'a Queue, record: &'a QueueRecord, now: Timestamp, visible: Timestamp) -> Self {
        let removed = Removed::new(&queue.shared, &queue.name, record);
        Round {
            queue,
            record,
            now,
            visible,
            messages: Vec::new(),
            events: Vec::new(),
            removed,
            gone: 0,
            missed: Vec::new(),
        }
    }

    /// Receives the first messages of a group.
    fn take(&mut self, tx: &mut Transaction, claimed: ClaimedGroup, wanted: usize) -> Result<()> {
        let shared = &self.queue.shared;
        let (store, group) = (self.record.store, claimed.group);
        let before = self::group(shared, tx, store, group)?;
        let mut after = before.clone();
        // Messages are received from the front of the group, so none stands before the first that was.
        let first = before.attempted.first().map_or(claimed.first, |attempted| attempted.position.min(claimed.first));
        let range = self.range(group, first, claimed.last, wanted - self.messages.len());
        let rows = tx.range(&shared.keyspaces.messages, &range)?.entries;
        let is_missing = rows.is_empty();
        for (row_key, row) in rows {
            let place = Place::of_key(&row_key)?;
            let attempted = before.of(place.position());
            let is_in_flight = attempted.is_some_and(|attempted| attempted.visible > self.now);
            let is_delayed = place.ready().saturating_add(self.record.settings.delay) > self.now;
            if is_in_flight || is_delayed || self.messages.len() >= wanted {
                break;
            }
            self.take_one(tx, place, attempted, layout::decode_message(row)?, &mut after)?;
        }
        if after != before {
            keep(shared, tx, store, group, &after)?;
            self.events.push(Event::Attempted { group, before, after });
        } else if is_missing {
            let place = Place::Lane(group, claimed.first);
            self.missed.push((claimed, Event::Gone { place, before: None }));
        } else {
            self.missed.push((claimed, Event::Attempted { group, before, after }));
        }
        Ok(())
    }

    fn range(&self, group: GroupHash, first: Position, last: Position, count: usize) -> RangeRequest {
        let key = |position| Place::Lane(group, position).key(self.record.store);
        RangeRequest::between(Bound::Included(&key(first)), Bound::Included(&key(last))).limit(count)
    }

    fn take_one(
        &mut self,
        tx: &mut Transaction,
        place: Place,
        attempted: Option<ReceivedRow>,
        content: crate::message::Content,
        after: &mut GroupRow,
    ) -> Result<()> {
        let count = attempted.map_or(0, |attempted| attempted.count);
        let is_over = receive::is_over(self.record, &content, self.now);
        let is_gone = if is_over {
            self.removed.delete(tx, place, false)?;
            true
        } else {
            dead_letter::is_due(self.record, count) && self.removed.redrive(tx, place, &content, attempted)?
        };
        if is_gone {
            after.set(place.position(), None);
            self.gone += 1;
            self.events.push(Event::Gone { place, before: None });
            return Ok(());
        }
        let received = ReceivedRow::received(attempted, self.now, self.visible);
        after.set(place.position(), Some(received));
        self.messages.push(receive::message(self.queue, self.record, place, received, content));
        Ok(())
    }

    fn finish(self, tx: &mut Transaction, claims: Claims) -> Result<Vec<Message>> {
        self.removed.finish(tx)?;
        let events = self.events;
        tx.on_commit(move || claims.settle(events));
        Ok(self.messages)
    }
}

/// What is kept of the messages of a group that were received.
pub(crate) fn group(shared: &Shared, tx: &mut Transaction, store: StoreId, group: GroupHash) -> Result<GroupRow> {
    let row = tx.get(&shared.keyspaces.groups, &layout::group_key(store, group))?;
    Ok(row.map(GroupRow::decode).transpose()?.unwrap_or_default())
}

fn keep(shared: &Shared, tx: &mut Transaction, store: StoreId, group: GroupHash, row: &GroupRow) -> Result<()> {
    let (groups, key) = (&shared.keyspaces.groups, layout::group_key(store, group));
    match row.attempted.is_empty() {
        true => Ok(tx.delete(groups, key)?),
        false => Ok(tx.put(groups, key, row.encode())?),
    }
}

/// Changes what is kept of the messages of a group that were received.
pub(crate) fn change(
    shared: &Shared,
    tx: &mut Transaction,
    record: &QueueRecord,
    group: GroupHash,
    change: impl FnOnce(&mut GroupRow),
) -> Result<()> {
    let store = record.store;
    let before = self::group(shared, tx, store, group)?;
    let mut after = before.clone();
    change(&mut after);
    keep(shared, tx, store, group, &after)?;
    let stores = Arc::clone(&shared.stores);
    tx.on_commit(move || stores.tell(store, vec![Event::Attempted { group, before, after }]));
    Ok(())
}
