//! What is ready in a first-in-first-out queue.
//!
//! A group is ready if its first message is neither in flight nor delayed, and no receive under way has claimed the group.
//! Ready groups get their turns. As in the service, only the first 120,000 messages are looked at for groups: where they all
//! belong to groups that are not ready, later ones wait.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html>

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use millpond_engine::{Position, Timestamp};

use super::{Claimed, Rows};
use crate::{
    Result,
    layout::{GroupHash, GroupRow, Lane},
    receive::MAX_IN_FLIGHT,
};

/// How far it is looked ahead.
const MOST: usize = 120_000;

#[derive(Debug)]
pub(super) struct Fifo {
    arrived: Option<Position>,
    is_caught_up: bool,
    /// How many messages are in `groups`.
    known: usize,
    groups: HashMap<GroupHash, Group>,
    /// By turn.
    ready: BTreeMap<u64, GroupHash>,
    last_turn: u64,
    in_flight: BTreeSet<(Timestamp, GroupHash, Position)>,
}

#[derive(Debug, Default)]
struct Group {
    /// Its messages, as far as they were looked at, those in flight included.
    messages: BTreeSet<Position>,
    /// Until when those are invisible that were received.
    attempted: BTreeMap<Position, Timestamp>,
    /// When it is ready.
    turn: Option<u64>,
    is_claimed: bool,
}

impl Group {
    fn is_ready(&self, now: Timestamp) -> bool {
        let first = self.messages.first();
        let is_free = |first| self.attempted.get(first).is_none_or(|visible| *visible <= now);
        !self.is_claimed && first.is_some_and(is_free)
    }
}

/// A group that a receive has for itself, and the last of its messages that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClaimedGroup {
    pub(crate) group: GroupHash,
    pub(crate) first: Position,
    pub(crate) last: Position,
}

impl Fifo {
    pub(super) fn load(rows: &Rows, now: Timestamp) -> Result<Self> {
        let mut fifo = Fifo {
            arrived: rows.front(Lane::Arrivals)?,
            is_caught_up: false,
            known: 0,
            groups: HashMap::new(),
            ready: BTreeMap::new(),
            last_turn: 0,
            in_flight: BTreeSet::new(),
        };
        rows.groups(|group, row| fifo.attempted(group, &GroupRow::default(), &row, now))?;
        Ok(fifo)
    }

    /// Which messages of a group were received has changed.
    pub(super) fn attempted(&mut self, hash: GroupHash, before: &GroupRow, after: &GroupRow, now: Timestamp) {
        let group = self.groups.entry(hash).or_default();
        for attempted in &before.attempted {
            group.attempted.remove(&attempted.position);
            self.in_flight.remove(&(attempted.received.visible, hash, attempted.position));
        }
        for attempted in &after.attempted {
            let visible = attempted.received.visible;
            group.attempted.insert(attempted.position, visible);
            if visible > now {
                self.in_flight.insert((visible, hash, attempted.position));
            }
        }
        self.look(hash, now);
    }

    /// A message is gone.
    pub(super) fn forget(&mut self, hash: GroupHash, position: Position, now: Timestamp) {
        let Some(group) = self.groups.get_mut(&hash) else { return };
        self.known -= usize::from(group.messages.remove(&position));
        self.look(hash, now);
    }

    /// Puts a group among those that are ready, or takes it from there; one of which nothing is known is dropped.
    fn look(&mut self, hash: GroupHash, now: Timestamp) {
        let Some(group) = self.groups.get_mut(&hash) else { return };
        match (group.is_ready(now), group.turn) {
            (true, None) => {
                self.last_turn += 1;
                group.turn = Some(self.last_turn);
                self.ready.insert(self.last_turn, hash);
            }
            (false, Some(turn)) => {
                group.turn = None;
                self.ready.remove(&turn);
            }
            (true, Some(_)) | (false, None) => {}
        }
        if group.messages.is_empty() && group.attempted.is_empty() && !group.is_claimed {
            self.groups.remove(&hash);
        }
    }

    /// Moves on what time has made visible.
    pub(super) fn pass(&mut self, now: Timestamp) {
        while let Some(entry) = self.in_flight.first().copied().filter(|(visible, ..)| *visible <= now) {
            self.in_flight.remove(&entry);
            self.look(entry.1, now);
        }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    pub(super) fn in_flight_from(&self, first: Position) -> usize {
        self.in_flight.iter().filter(|(_, _, position)| *position >= first).count()
    }

    /// Whether as many messages are in flight as may be.
    pub(super) fn is_full(&self) -> bool {
        self.in_flight.len() >= MAX_IN_FLIGHT
    }

    pub(super) fn next_due(&self, delay: Duration) -> Option<Timestamp> {
        let in_flight = self.in_flight.first().map(|(visible, ..)| *visible);
        // Where as many are in flight as may be, others are not received though they are due.
        let delayed = match delay.is_zero() || self.is_full() {
            true => None,
            false => self.ready.values().filter_map(|hash| self.due(*hash, delay)).min(),
        };
        [in_flight, delayed].into_iter().flatten().min()
    }

    /// When the delay of the first message of a group is over.
    fn due(&self, hash: GroupHash, delay: Duration) -> Option<Timestamp> {
        let first = self.groups.get(&hash)?.messages.first()?;
        Some(first.time().saturating_add(delay))
    }

    pub(super) fn sent(&mut self, hash: GroupHash, position: Position, now: Timestamp) {
        if self.arrived.is_some_and(|arrived| position <= arrived) {
            return;
        }
        if self.is_caught_up && self.known < MOST {
            self.arrived = Some(position);
            self.add(hash, position, now);
        } else {
            self.is_caught_up = false;
        }
    }

    fn add(&mut self, hash: GroupHash, position: Position, now: Timestamp) {
        let group = self.groups.entry(hash).or_default();
        self.known += usize::from(group.messages.insert(position));
        self.look(hash, now);
    }

    /// Takes the next group that is ready and whose first message's delay is over.
    pub(super) fn claim(&mut self, rows: &Rows, now: Timestamp, delay: Duration) -> Result<Option<ClaimedGroup>> {
        loop {
            let is_due = |hash: &GroupHash| delay.is_zero() || self.due(*hash, delay).is_some_and(|due| due <= now);
            let found = self.ready.iter().find(|(_, hash)| is_due(hash)).map(|(turn, hash)| (*turn, *hash));
            if let Some((turn, hash)) = found {
                self.ready.remove(&turn);
                let Some(group) = self.groups.get_mut(&hash) else { continue };
                group.turn = None;
                let (Some(first), Some(last)) = (group.messages.first(), group.messages.last()) else { continue };
                let claimed = ClaimedGroup { group: hash, first: *first, last: *last };
                group.is_claimed = true;
                return Ok(Some(claimed));
            }
            if self.is_caught_up || self.known >= MOST {
                return Ok(None);
            }
            let page = rows.arrivals(self.arrived)?;
            self.arrived = page.last.or(self.arrived);
            self.is_caught_up = page.is_exhausted;
            page.keys.into_iter().for_each(|(position, group)| self.add(group, position, now));
        }
    }

    pub(super) fn has_ready(&self, now: Timestamp, delay: Duration) -> bool {
        let is_due = |hash: &GroupHash| delay.is_zero() || self.due(*hash, delay).is_some_and(|due| due <= now);
        !self.is_full() && (self.ready.values().any(is_due) || (!self.is_caught_up && self.known < MOST))
    }

    /// A group can be claimed by others again.
    pub(super) fn release(&mut self, claimed: &Claimed, now: Timestamp) {
        if let Claimed::Group(claimed) = claimed
            && let Some(group) = self.groups.get_mut(&claimed.group)
        {
            group.is_claimed = false;
            self.look(claimed.group, now);
        }
    }
}
