//! What memory knows of queues: which messages are ready, and who waits for them.
//!
//! These are hints. All of it can be dropped at any moment and is made anew from the engine's rows when it is next asked for. What is
//! taken from here is looked at again in a transaction before it counts, so a wrong hint costs work and never a wrong answer.
//!
//! A commit tells of itself in the order of commits (`Transaction::on_commit`). Where hints are made from rows while commits
//! go on, some of them are told of after the rows have shown them: each event can be told twice.

mod fifo;
mod rows;
mod standard;
mod window;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use millpond_engine::{
    Appended, Engine, Position, Timestamp,
    wait::{Timer, Waiters, Waiting},
};
use parking_lot::{Mutex, RwLock};

pub(crate) use self::{fifo::ClaimedGroup, rows::Rows};
use self::{fifo::Fifo, standard::Standard};
use crate::{
    Result,
    layout::{GroupHash, GroupRow, Keyspaces, Place, StoreId},
};

/// So many things that were not found are remembered.
const MOST_MISSED: usize = 10_000;

/// The hints of all stores that are in use.
pub(crate) struct Stores {
    engine: Engine,
    keyspaces: Keyspaces,
    live: RwLock<HashMap<StoreId, Arc<Live>>>,
    /// What the clock calls when it is moved by hand; it lives as long as this.
    watcher: OnceLock<Arc<dyn Fn() + Send + Sync>>,
    pub(crate) timer: Timer,
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").field("live", &self.live.read().len()).finish_non_exhaustive()
    }
}

/// The hints of one store.
#[derive(Debug)]
pub(crate) struct Live {
    engine: Engine,
    rows: Rows,
    /// `None` until they are made.
    hints: Mutex<Option<Hints>>,
    timed_front: Mutex<TimedFront>,
    /// What receives did not find as it was hinted at, and the last commit that there was then.
    missed: Mutex<HashMap<Claimed, u64>>,
    waiters: Arc<Waiters>,
}

/// Where messages that wait for their time, or waited, begin at the earliest, as far as is known.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TimedFront {
    pub(crate) place: Option<Place>,
    /// How many such messages were told of. A reader that began before the last of them may not have seen it.
    told: u64,
}

#[derive(Debug)]
enum Hints {
    Standard(Box<Standard>),
    Fifo(Box<Fifo>),
}

/// Something that a commit has done to a store.
#[derive(Debug)]
pub(crate) enum Event {
    /// A message was sent, to the place that its commit has made of this one.
    Sent { place: Place, row: Appended },
    /// A message of a standard queue was received, or for how long it is invisible was changed; `before` is until when it was
    /// invisible, if it was received before.
    Received { place: Place, before: Option<Timestamp>, visible: Timestamp },
    /// A message is gone.
    Gone { place: Place, before: Option<Timestamp> },
    /// Which messages of a group of a first-in-first-out queue were received has changed.
    Attempted { group: GroupHash, before: GroupRow, after: GroupRow },
}

/// What a receive under way has for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Claimed {
    /// A message that nobody has received.
    Fresh(Place),
    /// A message whose visibility timeout was over at that time.
    Returned(Timestamp, Place),
    /// All messages of a group.
    Group(ClaimedGroup),
}

impl Stores {
    pub(crate) fn new(engine: &Engine, keyspaces: &Keyspaces) -> Arc<Stores> {
        let stores = Arc::new(Stores {
            engine: engine.clone(),
            keyspaces: keyspaces.clone(),
            live: RwLock::default(),
            watcher: OnceLock::new(),
            timer: Timer::default(),
        });
        if engine.clock().is_manual() {
            let weak: Weak<Stores> = Arc::downgrade(&stores);
            let watcher: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
                if let Some(stores) = weak.upgrade() {
                    stores.live.read().values().for_each(|live| live.waiters.wake(usize::MAX));
                }
            });
            engine.clock().watch(stores.watcher.get_or_init(|| watcher));
        }
        stores
    }

    /// The hints of a store, made now if there are none.
    pub(crate) fn live(&self, store: StoreId, is_fifo: bool) -> Result<Arc<Live>> {
        let found = self.live.read().get(&store).cloned();
        let live =
            found.unwrap_or_else(|| Arc::clone(self.live.write().entry(store).or_insert_with(|| self.unmade(store))));
        let mut hints = live.hints.lock();
        if hints.is_none() {
            // Commits that this does not see tell of themselves once it is done: they find the hints in the map.
            let now = self.engine.clock().now();
            *hints = Some(match is_fifo {
                true => Hints::Fifo(Box::new(Fifo::load(&live.rows, now)?)),
                false => Hints::Standard(Box::new(Standard::load(&live.rows, now)?)),
            });
        }
        drop(hints);
        Ok(live)
    }

    fn unmade(&self, store: StoreId) -> Arc<Live> {
        Arc::new(Live {
            rows: Rows::new(&self.engine, &self.keyspaces, store),
            engine: self.engine.clone(),
            hints: Mutex::new(None),
            timed_front: Mutex::default(),
            missed: Mutex::default(),
            waiters: Arc::default(),
        })
    }

    /// The hints of a store, if there are any.
    pub(crate) fn peek(&self, store: StoreId) -> Option<Arc<Live>> {
        self.live.read().get(&store).cloned()
    }

    /// Tells what a commit has done to a store.
    pub(crate) fn tell(&self, store: StoreId, events: Vec<Event>) {
        if let Some(live) = self.peek(store) {
            live.tell(&[], events);
        }
    }

    /// The store belongs to no queue any more.
    pub(crate) fn forget(&self, store: StoreId) {
        if let Some(live) = self.live.write().remove(&store) {
            live.waiters.wake(usize::MAX);
        }
    }

    /// What its queue is set to has changed.
    pub(crate) fn changed(&self, store: StoreId) {
        if let Some(live) = self.live.read().get(&store) {
            live.waiters.wake(usize::MAX);
        }
    }
}

impl Live {
    /// Takes a message or a group that is ready, if there is one.
    pub(crate) fn claim(
        self: &Arc<Self>,
        claims: &mut Claims,
        now: Timestamp,
        delay: Duration,
    ) -> Result<Option<Claimed>> {
        let mut hints = self.hints.lock();
        let claimed = match hints.as_mut() {
            Some(Hints::Standard(standard)) => {
                standard.pass(now);
                standard.claim(&self.rows, now)?
            }
            Some(Hints::Fifo(fifo)) => {
                fifo.pass(now);
                fifo.claim(&self.rows, now, delay)?.map(Claimed::Group)
            }
            None => None,
        };
        claims.claimed.extend(claimed);
        Ok(claimed)
    }

    /// How many messages are in flight.
    pub(crate) fn in_flight(&self, now: Timestamp) -> usize {
        match self.hints.lock().as_mut() {
            Some(Hints::Standard(standard)) => {
                standard.pass(now);
                standard.in_flight()
            }
            Some(Hints::Fifo(fifo)) => {
                fifo.pass(now);
                fifo.in_flight()
            }
            None => 0,
        }
    }

    /// How many messages of a first-in-first-out queue are in flight that stand at a position or behind it.
    pub(crate) fn in_flight_from(&self, first: Position) -> usize {
        match self.hints.lock().as_ref() {
            Some(Hints::Fifo(fifo)) => fifo.in_flight_from(first),
            Some(Hints::Standard(_)) | None => 0,
        }
    }

    /// When a message becomes ready without anybody's doing, as far as is known.
    pub(crate) fn next_due(&self, delay: Duration) -> Option<Timestamp> {
        match self.hints.lock().as_ref()? {
            Hints::Standard(standard) => standard.next_due(),
            Hints::Fifo(fifo) => fifo.next_due(delay),
        }
    }

    /// Whether there is something for another receive.
    pub(crate) fn has_ready(&self, now: Timestamp, delay: Duration) -> bool {
        match self.hints.lock().as_ref() {
            Some(Hints::Standard(standard)) => standard.has_ready(now),
            Some(Hints::Fifo(fifo)) => fifo.has_ready(now, delay),
            None => false,
        }
    }

    pub(crate) fn wait(&self) -> Waiting {
        Waiting::new(&self.waiters)
    }

    pub(crate) fn wake(&self, count: usize) {
        self.waiters.wake(count);
    }

    /// Ends claims that have come to something, and takes note of what.
    fn tell(&self, claimed: &[Claimed], events: Vec<Event>) {
        let now = self.engine.clock().now();
        self.note_timed(&events);
        let mut wakes = wakes(&events, now);
        if !claimed.is_empty() {
            let mut missed = self.missed.lock();
            missed.retain(|missed, _| !claimed.contains(missed));
        }
        let mut guard = self.hints.lock();
        match guard.as_mut() {
            Some(Hints::Standard(standard)) => {
                let was_full = standard.is_full();
                claimed.iter().for_each(|claimed| standard.settle(claimed));
                events.into_iter().for_each(|event| tell_standard(standard, event, now));
                wakes += usize::from(was_full && !standard.is_full());
            }
            Some(Hints::Fifo(fifo)) => {
                events.into_iter().for_each(|event| tell_fifo(fifo, event, now));
                claimed.iter().for_each(|claimed| fifo.release(claimed, now));
                wakes += usize::from(fifo.has_ready(now, Duration::ZERO));
            }
            None => {}
        }
        drop(guard);
        self.waiters.wake(wakes);
    }

    fn unclaim(&self, claimed: &[Claimed]) {
        let now = self.engine.clock().now();
        let mut guard = self.hints.lock();
        for claimed in claimed {
            match guard.as_mut() {
                Some(Hints::Standard(standard)) => standard.unclaim(claimed),
                Some(Hints::Fifo(fifo)) => fifo.release(claimed, now),
                None => {}
            }
        }
        drop(guard);
        self.waiters.wake(claimed.len());
    }

    pub(crate) fn timed_front(&self) -> TimedFront {
        *self.timed_front.lock()
    }

    /// None stands before `to`, as a reader that began at `from` has found; unless one came since.
    pub(crate) fn advance_timed_front(&self, from: TimedFront, to: Place) {
        let mut front = self.timed_front.lock();
        if front.told == from.told {
            front.place = Some(to);
        }
    }

    fn note_timed(&self, events: &[Event]) {
        for event in events {
            if let Event::Sent { place: Place::Timed(due, _), .. } = event {
                let mut front = self.timed_front.lock();
                let begin = Place::Timed(*due, Position::default());
                front.told += 1;
                front.place = front.place.map(|place| place.min(begin));
            }
        }
    }
}

/// How many of those who wait have something to look for: each event makes at most one message ready. Where one will be ready
/// later, one of them has to know when.
fn wakes(events: &[Event], now: Timestamp) -> usize {
    let is_later = |event: &Event| matches!(event, Event::Received { visible, .. } if *visible > now);
    let later = events.iter().filter(|event| is_later(event)).count();
    let gone = events.iter().filter(|event| matches!(event, Event::Gone { .. })).count();
    events.len() - later - gone + usize::from(later > 0)
}

fn placed(place: Place, position: Position) -> Place {
    match place {
        Place::Lane(group, _) => Place::Lane(group, position),
        Place::Timed(due, _) => Place::Timed(due, position),
    }
}

fn tell_standard(standard: &mut Standard, event: Event, now: Timestamp) {
    match event {
        Event::Sent { place, row } => {
            if let Some(position) = row.position() {
                standard.sent(placed(place, position));
            }
        }
        Event::Received { place, before, visible } => standard.received(place, before, visible, now),
        Event::Gone { place, before } => standard.forget(place, before),
        Event::Attempted { .. } => {}
    }
}

fn tell_fifo(fifo: &mut Fifo, event: Event, now: Timestamp) {
    match event {
        Event::Sent { place: Place::Lane(group, _), row } => {
            if let Some(position) = row.position() {
                fifo.sent(group, position, now);
            }
        }
        Event::Gone { place: Place::Lane(group, position), .. } => fifo.forget(group, position, now),
        Event::Attempted { group, before, after } => fifo.attempted(group, &before, &after, now),
        Event::Sent { .. } | Event::Gone { .. } | Event::Received { .. } => {}
    }
}

/// What a receive under way has claimed. Unless it is committed, it is ready for others again when this is dropped.
#[derive(Debug)]
pub(crate) struct Claims {
    live: Arc<Live>,
    claimed: Vec<Claimed>,
}

impl Claims {
    pub(crate) fn new(live: &Arc<Live>) -> Self {
        Claims { live: Arc::clone(live), claimed: Vec::new() }
    }

    pub(crate) fn count(&self) -> usize {
        self.claimed.len()
    }

    /// Something was not found as it was claimed, by a transaction that sees all up to a commit. Either the hints are wrong, or
    /// they tell of a commit that the transaction does not see yet; then it is ready for others again, and this is `false`.
    pub(crate) fn is_stale(&mut self, claimed: Claimed, latest_commit: u64) -> bool {
        // What is hinted at was committed by now. A transaction that began after it was first missed sees that.
        let missed_at = self.live.engine.latest_commit();
        let mut missed = self.live.missed.lock();
        if missed.len() > MOST_MISSED {
            // Those that matter are missed again.
            missed.clear();
        }
        let missed_at = *missed.entry(claimed).or_insert(missed_at);
        drop(missed);
        let is_stale = latest_commit >= missed_at;
        if !is_stale {
            self.claimed.retain(|other| *other != claimed);
            self.live.unclaim(&[claimed]);
        }
        is_stale
    }

    /// The receive is committed.
    pub(crate) fn settle(mut self, events: Vec<Event>) {
        let claimed = std::mem::take(&mut self.claimed);
        // Whoever has found nothing wakes nobody: it may be itself that waits.
        if claimed.is_empty() && events.is_empty() {
            return;
        }
        self.live.tell(&claimed, events);
    }
}

impl Drop for Claims {
    fn drop(&mut self) {
        if !self.claimed.is_empty() {
            self.live.unclaim(&self.claimed);
        }
    }
}
