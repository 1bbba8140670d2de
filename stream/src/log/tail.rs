//! The records that were just appended, in memory, and who waits for the next.
//!
//! A tail is a hint: it can be dropped at any moment, and what it does not hold is read from the engine. It is made when a
//! shard's end is first read, and from then on commits tell it of their rows. It holds all rows that were appended after its
//! `since`, for as long as they are within its bounds: a commit that was visible before the tail was made has a lower position
//! than that, and one that was not tells the tail, which it finds in the map.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use millpond_engine::{
    Appended, Clock, Engine, Position, Timestamp, Transaction,
    wait::{Timer, Waiters, Waiting},
};
use parking_lot::{Mutex, RwLock};

use super::{LogId, Most, ShardId, layout};

/// The most bytes of rows that one shard's tail holds.
const TAIL_BYTES: usize = 16 << 20;
/// The most bytes that all tails of an engine hold together.
const ALL_BYTES: usize = 256 << 20;
/// A tail that nobody has read for so long is dropped.
const IDLE: Duration = Duration::from_secs(60);

type Place = (LogId, ShardId);

/// The tails of all logs of an engine, whoever opened them.
#[derive(Debug, Default)]
pub(crate) struct Tails {
    tails: RwLock<HashMap<Place, Arc<Tail>>>,
    bytes: AtomicUsize,
    bounds: Bounds,
    timer: Timer,
    /// What the clock calls when it is moved by hand; it lives as long as this.
    watcher: OnceLock<Watcher>,
}

/// How many bytes of rows are held.
#[derive(Debug)]
struct Bounds {
    one: AtomicUsize,
    all: AtomicUsize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { one: AtomicUsize::new(TAIL_BYTES), all: AtomicUsize::new(ALL_BYTES) }
    }
}

struct Watcher {
    _called: Arc<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watcher")
    }
}

/// The fresh rows of one shard.
#[derive(Debug)]
pub(crate) struct Tail {
    rows: Mutex<Rows>,
    waiters: Arc<Waiters>,
}

#[derive(Debug)]
struct Rows {
    /// All rows at this position and after it were told of; `None` while it is being made.
    since: Option<Position>,
    /// All of those from this position on are still here.
    kept_from: Position,
    rows: VecDeque<TailRow>,
    bytes: usize,
    read: Timestamp,
}

/// A row of records.
#[derive(Debug, Clone)]
pub(crate) struct TailRow {
    pub(crate) first: Position,
    /// The position after its last record.
    end: Position,
    pub(crate) bytes: Bytes,
}

impl Tails {
    /// Those of an engine.
    pub(crate) fn of(engine: &Engine) -> Arc<Tails> {
        let tails: Arc<Tails> = engine.shared();
        if engine.clock().is_manual() {
            let weak = Arc::downgrade(&tails);
            tails.watcher.get_or_init(|| {
                let watcher: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
                    if let Some(tails) = weak.upgrade() {
                        // Not under the lock: who is woken may look at once.
                        let all: Vec<_> = tails.tails.read().values().cloned().collect();
                        all.iter().for_each(|tail| tail.waiters.wake(usize::MAX));
                    }
                });
                engine.clock().watch(&watcher);
                Watcher { _called: watcher }
            });
        }
        tails
    }

    /// Has one tail, and all together, hold at most so many bytes.
    pub(crate) fn set_bounds(&self, one: usize, all: usize) {
        self.bounds.one.store(one, Ordering::Relaxed);
        self.bounds.all.store(all, Ordering::Relaxed);
    }

    /// Tells of a row once it is committed.
    pub(crate) fn tell(
        self: &Arc<Self>,
        tx: &mut Transaction,
        place: Place,
        row: Appended,
        records: u32,
        bytes: Bytes,
    ) {
        let tails = Arc::clone(self);
        tx.on_commit(move || {
            if let (Some(tail), Some(first)) = (tails.get(place), row.position()) {
                tails.push(&tail, TailRow { first, end: first.plus(records), bytes });
                tail.waiters.wake(usize::MAX);
            }
        });
    }

    fn push(&self, tail: &Tail, row: TailRow) {
        let (one, all) = (self.bounds.one.load(Ordering::Relaxed), self.bounds.all.load(Ordering::Relaxed));
        let mut tail = tail.rows.lock();
        let bytes = row.bytes.len();
        tail.bytes += bytes;
        tail.rows.push_back(row);
        let mut total = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        while tail.bytes > one || total > all {
            let Some(row) = tail.rows.pop_front() else { break };
            tail.bytes -= row.bytes.len();
            total = self.bytes.fetch_sub(row.bytes.len(), Ordering::Relaxed) - row.bytes.len();
            tail.kept_from = row.end;
        }
    }

    /// Wakes those who wait for shards that will be closed by this transaction, or are gone.
    pub(crate) fn wake(self: &Arc<Self>, tx: &mut Transaction, log: LogId, shards: &[ShardId]) {
        let (tails, places): (_, Vec<Place>) = (Arc::clone(self), shards.iter().map(|shard| (log, *shard)).collect());
        tx.on_commit(move || {
            for tail in places.into_iter().filter_map(|place| tails.get(place)) {
                tail.waiters.wake(usize::MAX);
            }
        });
    }

    pub(crate) fn wake_now(&self, log: LogId, shard: ShardId) {
        if let Some(tail) = self.get((log, shard)) {
            tail.waiters.wake(usize::MAX);
        }
    }

    fn get(&self, place: Place) -> Option<Arc<Tail>> {
        self.tails.read().get(&place).cloned()
    }

    /// The tail of a shard, made now if there is none.
    pub(crate) fn tail(&self, engine: &Engine, place: Place) -> Arc<Tail> {
        if let Some(tail) = self.get(place) {
            return tail;
        }
        let mut tails = self.tails.write();
        if let Some(tail) = tails.get(&place) {
            return Arc::clone(tail);
        }
        let read = engine.clock().now();
        // Nothing is told of rows before it stands in the map; until then it claims to hold none.
        let (since, kept_from) = (None, Position::default());
        let rows = Rows { since, kept_from, rows: VecDeque::new(), bytes: 0, read };
        let tail = Arc::new(Tail { rows: Mutex::new(rows), waiters: Arc::default() });
        tails.insert(place, Arc::clone(&tail));
        drop(tails);
        tail.rows.lock().since = Some(engine.last_position().next());
        tail
    }

    /// Drops the tails that nobody reads.
    pub(crate) fn prune(&self, now: Timestamp) {
        let is_idle = |tail: &Tail| tail.waiters.is_empty() && now.saturating_since(tail.rows.lock().read) > IDLE;
        let mut tails = self.tails.write();
        tails.retain(|_, tail| {
            // Whoever holds it beside the map is about to read or to wait.
            let is_kept = Arc::strong_count(tail) > 1 || !is_idle(tail);
            if !is_kept {
                self.bytes.fetch_sub(tail.rows.lock().bytes, Ordering::Relaxed);
            }
            is_kept
        });
    }
}

impl Tail {
    /// The rows from a position on, that which has it in its middle included, until they have as many records or bytes as are asked for,
    /// and one row more, by which it is seen that there are more; `None` where they are not all here.
    pub(crate) fn rows_from(&self, from: Position, most: Most, now: Timestamp) -> Option<Vec<TailRow>> {
        let mut tail = self.rows.lock();
        tail.read = now;
        if from < tail.since?.max(tail.kept_from) {
            return None;
        }
        let first = tail.rows.partition_point(|row| row.end <= from);
        let (mut records, mut bytes) = (0, 0);
        let is_wanted = |row: &&TailRow| {
            let is_wanted = records < most.records && bytes < most.bytes;
            let of_row = row.end.get() - row.first.max(from).get();
            records += usize::try_from(of_row).unwrap_or(usize::MAX);
            // Of one that is not read from its beginning nobody knows how much is left.
            bytes += if row.first < from { 0 } else { layout::record_bytes(row.bytes.len(), of_row) };
            is_wanted
        };
        let wanted = tail.rows.range(first..).take_while(is_wanted).count();
        Some(tail.rows.range(first..).take(wanted + 1).cloned().collect())
    }

    /// All rows at this position and after it were told of.
    pub(crate) fn since(&self) -> Option<Position> {
        self.rows.lock().since
    }
}

/// A place among those who wait for the next record of a shard. Stand here first, then look, then wait: so nothing that comes
/// between is missed.
#[derive(Debug)]
pub struct Watch {
    waiting: Waiting,
    /// The places in the other lines that it stands in.
    others: Vec<Waiting>,
    /// So that they are not dropped.
    held: Vec<Arc<Tail>>,
    tails: Arc<Tails>,
    clock: Clock,
}

impl Watch {
    pub(crate) fn new(tails: &Arc<Tails>, engine: &Engine, place: Place) -> Watch {
        let tail = tails.tail(engine, place);
        let mut watch = Watch::of_line(tails, engine, &tail.waiters);
        watch.held.push(tail);
        watch
    }

    /// A place among those who wait for something else, which [`also`](Watch::also) waits for records too.
    pub(crate) fn of_line(tails: &Arc<Tails>, engine: &Engine, line: &Arc<Waiters>) -> Watch {
        let (others, held) = (Vec::new(), Vec::new());
        let (waiting, tails) = (Waiting::new(line), Arc::clone(tails));
        Watch { waiting, others, held, tails, clock: engine.clock().clone() }
    }

    /// Has it woken by a record of this shard too.
    pub(crate) fn also(&mut self, engine: &Engine, place: Place) {
        let tail = self.tails.tail(engine, place);
        self.others.push(self.waiting.beside(&tail.waiters));
        self.held.push(tail);
    }

    /// Blocks until something was appended, the shard was closed, a clock was moved by hand, or it is `deadline`.
    pub fn block(self, deadline: Timestamp) {
        let limit = self.clock.now();
        let limit = (!self.clock.is_manual()).then(|| deadline.saturating_since(limit));
        if self.clock.now() < deadline {
            self.waiting.block(limit);
        }
        self.look();
    }

    /// [`block`](Watch::block) as a future, for any runtime.
    pub async fn wait(self, deadline: Timestamp) {
        if self.clock.now() < deadline {
            self.set_alarm(deadline);
            std::future::poll_fn(|context| self.poll(context)).await;
        }
        self.look();
    }

    /// Has it woken at `deadline`, for one that is [polled](Watch::poll). A clock that is moved by hand wakes it without.
    pub fn set_alarm(&self, deadline: Timestamp) {
        if !self.clock.is_manual() {
            let limit = deadline.saturating_since(self.clock.now());
            self.tails.timer.wake_at(Instant::now() + limit, self.waiting.waiter());
        }
    }

    /// Ends the wait of one that was [polled](Watch::poll): its owner is about to look. One that is dropped instead has another look in
    /// its place.
    pub fn look(self) {
        self.waiting.look();
        self.others.into_iter().for_each(Waiting::look);
    }

    /// Ready once something has happened.
    pub fn poll(&self, context: &Context<'_>) -> Poll<()> {
        self.waiting.poll(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_dropped_once_nobody_has_read_it_for_long_and_nobody_is_about_to() {
        let engine = Engine::options().clock(Clock::manual(Timestamp::from_secs(1_700_000_000))).open().unwrap();
        let (tails, place) = (Tails::of(&engine), (LogId::new(1), ShardId::new(0)));
        let tail = tails.tail(&engine, place);
        let row = TailRow { first: Position::new(1), end: Position::new(2), bytes: Bytes::from_static(b"row") };
        tails.push(&tail, row);
        let prune = || {
            engine.clock().advance(IDLE + Duration::from_secs(1)).unwrap();
            tails.prune(engine.clock().now());
            (tails.get(place).is_some(), tails.bytes.load(Ordering::Relaxed))
        };
        assert_eq!(prune(), (true, 3), "whoever holds it may be about to stand in its line");
        let watch = Watch::new(&tails, &engine, place);
        drop(tail);
        assert_eq!(prune(), (true, 3), "somebody waits in it");
        watch.look();
        assert_eq!(prune(), (false, 0));
    }
}
