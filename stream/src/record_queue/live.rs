//! What is kept in memory of a queue: hints, all of which can be dropped and read again.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    fmt,
    ops::Bound,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use millpond_engine::{RangeRequest, Read, Timestamp, wait::Waiters};
use parking_lot::Mutex;

use super::{
    layout::{self, Kind, Place},
    receive::MAX_IN_FLIGHT,
};
use crate::{Result, shared::Shared};

/// So many of the entries that were added last are remembered.
const MOST_ADDED: usize = 4096;
const KINDS: [Kind; 2] = [Kind::Live, Kind::Dead];

/// Those of all queues of an engine, whoever opened them.
#[derive(Debug, Default)]
pub(crate) struct Lives(Mutex<HashMap<u64, Arc<Live>>>);

/// What is known of one queue.
#[derive(Default)]
pub(crate) struct Live {
    pub(crate) waiters: Arc<Waiters>,
    turn: AtomicUsize,
    /// `None` until they are first needed.
    hints: Mutex<Option<[Hints; 2]>>,
    /// When rows that are not needed any more were last looked for.
    cleared: Mutex<Timestamp>,
}

/// What is known of records of one kind.
struct Hints {
    /// No entry is before it: what was consumed from there on is not walked over again.
    front: Timestamp,
    /// The entries that are not due: each is a record in flight.
    in_flight: BTreeSet<(Timestamp, Place)>,
    /// The last entries that were added, each with a commit that shows it.
    added: VecDeque<(u64, Timestamp)>,
    /// The commit of the last one that was dropped from there.
    forgotten: u64,
}

/// What a transaction has done to the entries of a queue.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    Added(Kind, Timestamp, Place),
    Removed(Kind, Timestamp, Place),
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Live")
    }
}

impl Lives {
    pub(crate) fn of(&self, queue: u64) -> Arc<Live> {
        Arc::clone(self.0.lock().entry(queue).or_default())
    }

    /// Forgets a queue that is deleted. Who waits for its records looks again, and finds that it is gone.
    pub(crate) fn forget(&self, queue: u64) {
        let live = self.0.lock().remove(&queue);
        if let Some(live) = live {
            live.waiters.wake(usize::MAX);
        }
    }
}

impl Hints {
    fn load(shared: &Shared, queue: u64, kind: Kind) -> Result<Hints> {
        let now = shared.engine.clock().now();
        let mut snapshot = shared.engine.snapshot()?;
        let mark = Read::get(&mut snapshot, &shared.queues, &layout::mark_key(queue, kind))?;
        let front = mark.map_or(Ok(0), |mark| layout::read_u64(&mark))?;
        let mut in_flight = BTreeSet::new();
        let (from, to) = (layout::entries_from(queue, kind, now), layout::entries_from(queue, kind, END));
        let due = RangeRequest::between(Bound::Included(&from), Bound::Excluded(&to));
        for entry in snapshot.scan(&shared.queues, &due)? {
            in_flight.insert(layout::entry(&entry?.0)?);
        }
        // What was added before is in the snapshot; the effect of a commit that is in it may still come, and change nothing.
        let forgotten = shared.engine.latest_commit();
        Ok(Hints { front: Timestamp::from_millis(front), in_flight, added: VecDeque::new(), forgotten })
    }

    fn prune(&mut self, now: Timestamp) {
        while self.in_flight.first().is_some_and(|(at, _)| *at <= now) {
            self.in_flight.pop_first();
        }
    }

    fn add(&mut self, at: Timestamp, place: Place, commit: u64) {
        self.front = self.front.min(at);
        self.in_flight.insert((at, place));
        self.added.push_back((commit, at));
        if self.added.len() > MOST_ADDED
            && let Some((commit, _)) = self.added.pop_front()
        {
            self.forgotten = commit;
        }
    }

    /// Takes note that a transaction, which sees all commits up to one, has found no entry from `seen` to `to`.
    fn raise(&mut self, seen: Timestamp, to: Timestamp, latest_commit: u64) {
        // What was added since may be before `seen`, or have been added without being seen.
        if self.front < seen || self.forgotten > latest_commit {
            return;
        }
        let unseen = self.added.iter().rev().take_while(|(commit, _)| *commit > latest_commit);
        let to = unseen.map(|(_, at)| *at).min().map_or(to, |at| at.min(to));
        self.front = self.front.max(to);
    }
}

/// The last time that an entry can have.
const END: Timestamp = Timestamp::from_millis(u64::MAX);

impl Live {
    fn with<T>(&self, shared: &Shared, queue: u64, look: impl FnOnce(&mut [Hints; 2]) -> T) -> Result<T> {
        let mut hints = self.hints.lock();
        if hints.is_none() {
            *hints = Some([Hints::load(shared, queue, KINDS[0])?, Hints::load(shared, queue, KINDS[1])?]);
        }
        let loaded = hints.as_mut().map(look);
        loaded.ok_or(crate::Error::Corrupt { keyspace: layout::KEYSPACE, detail: "nothing was loaded" })
    }

    /// How many records are in flight.
    pub(crate) fn in_flight(&self, shared: &Shared, queue: u64, now: Timestamp) -> Result<usize> {
        self.with(shared, queue, |hints| {
            hints.iter_mut().for_each(|hints| hints.prune(now));
            hints.iter().map(|hints| hints.in_flight.len()).sum()
        })
    }

    /// No entry is before this time.
    pub(crate) fn front(&self, shared: &Shared, queue: u64, kind: Kind) -> Result<Timestamp> {
        self.with(shared, queue, |hints| of(hints, kind).front)
    }

    /// When the next record of a kind is visible again that is not now.
    pub(crate) fn next_due(
        &self,
        shared: &Shared,
        queue: u64,
        kind: Kind,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        self.with(shared, queue, |hints| {
            let later = of(hints, kind).in_flight.iter().map(|(at, _)| *at);
            later.into_iter().find(|at| *at > now)
        })
    }

    /// Whose turn it is: receives that come together begin with different shards.
    pub(crate) fn turn(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }

    /// Takes note of what a commit has done; all commits up to `commit` can be seen.
    pub(crate) fn settle(&self, changes: &[Change], commit: u64, now: Timestamp) {
        let mut is_sooner = false;
        let mut is_full = false;
        if let Some(hints) = self.hints.lock().as_mut() {
            is_full = hints.iter().map(|hints| hints.in_flight.len()).sum::<usize>() >= MAX_IN_FLIGHT;
            for change in changes {
                match *change {
                    Change::Added(kind, at, place) => {
                        let hints = of(hints, kind);
                        is_sooner |= at <= now || hints.in_flight.first().is_none_or(|(first, _)| at < *first);
                        hints.add(at, place, commit);
                    }
                    Change::Removed(kind, at, place) => {
                        of(hints, kind).in_flight.remove(&(at, place));
                    }
                }
            }
        }
        // Who waits may have gone to sleep until a later time, or for want of room.
        if is_sooner || is_full {
            self.waiters.wake(usize::MAX);
        }
    }

    /// See [`Hints::raise`].
    pub(crate) fn raise(&self, kind: Kind, seen: Timestamp, to: Timestamp, latest_commit: u64) {
        if let Some(hints) = self.hints.lock().as_mut() {
            of(hints, kind).raise(seen, to, latest_commit);
        }
    }

    /// Whether it is so long since this was last asked.
    pub(crate) fn is_to_clear(&self, now: Timestamp, every: std::time::Duration) -> bool {
        let mut cleared = self.cleared.lock();
        let is_due = now.saturating_since(*cleared) >= every;
        if is_due {
            *cleared = now;
        }
        is_due
    }
}

fn of(hints: &mut [Hints; 2], kind: Kind) -> &mut Hints {
    let [live, dead] = hints;
    match kind {
        Kind::Live => live,
        Kind::Dead => dead,
    }
}

#[cfg(test)]
mod tests {
    use millpond_engine::Position;

    use super::*;
    use crate::ShardId;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn place(position: u64) -> Place {
        Place { shard: ShardId::new(0), position: Position::new(position) }
    }

    #[test]
    fn the_front_passes_nothing_that_a_transaction_has_not_seen() {
        let mut hints = Hints { front: at(0), in_flight: BTreeSet::new(), added: VecDeque::new(), forgotten: 3 };
        hints.raise(at(0), at(100), 4);
        assert_eq!(hints.front, at(100));
        hints.add(at(150), place(1), 6);
        hints.raise(at(100), at(200), 5);
        assert_eq!(hints.front, at(150), "it does not see the commit");
        hints.raise(at(150), at(200), 6);
        assert_eq!(hints.front, at(200));
        hints.add(at(180), place(2), 7);
        assert_eq!(hints.front, at(180));
        hints.raise(at(200), at(300), 7);
        assert_eq!(hints.front, at(180), "it did not look there");
        hints.raise(at(180), at(300), 2);
        assert_eq!(hints.front, at(180), "it sees less than is remembered");
        hints.raise(at(180), at(300), 7);
        assert_eq!(hints.front, at(300));
    }
}
