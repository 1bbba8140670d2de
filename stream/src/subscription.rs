//! Enhanced fan-out: records are handed to a consumer as they come.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShard.html>

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use millpond_engine::{Position, Timestamp};
use parking_lot::Mutex;

use crate::{
    ChildShard, Error, Record, Result, SequenceNumber, ShardId, StartingPosition, consumers, get_records, iterator,
    log::{LogId, Most, Watch},
    shared::Shared,
};

/// How long a subscription lasts.
const LIFE: Duration = Duration::from_secs(300);
/// How long a subscription cannot be taken over.
const SETTLING: Duration = Duration::from_secs(5);
/// How long nothing is told while there is nothing to tell.
const SILENCE: Duration = Duration::from_secs(5);
/// What one event has at most.
const MOST: Most = Most { records: 10_000, bytes: 2 << 20 };

type Key = (LogId, ShardId, String);

/// No two subscriptions have one number.
static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);

/// The subscriptions that are under way: the number of the last of each, and when it began.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions(Mutex<HashMap<Key, (u64, Timestamp)>>);

impl Subscriptions {
    /// Forgets those whose time is over.
    pub(crate) fn prune(&self, now: Timestamp) {
        self.0.lock().retain(|_, (_, began)| now.saturating_since(*began) < LIFE);
    }
}

/// A subscription of a consumer to a shard: see [`Stream::subscribe`](crate::Stream::subscribe).
pub struct Subscription {
    shared: Arc<Shared>,
    stream: Arc<str>,
    consumer: String,
    log: LogId,
    shard: ShardId,
    generation: u64,
    number: u64,
    position: Position,
    ends: Timestamp,
    speaks: Timestamp,
    is_over: bool,
}

/// What a consumer is told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscriptionEvent {
    /// Records in their order; none now and then, so that the consumer knows that it is not forgotten.
    pub records: Vec<Record>,
    /// After which number to go on in the next subscription; `None` at the end of a closed shard.
    pub continuation: Option<SequenceNumber>,
    /// How long ago the first was put that was not told of yet; 0 where all were.
    pub millis_behind_latest: u64,
    /// The shards that go on, at the end of a closed one.
    pub child_shards: Vec<ChildShard>,
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Subscription { stream, consumer, shard, .. } = self;
        f.debug_struct("Subscription")
            .field("stream", stream)
            .field("consumer", consumer)
            .field("shard", shard)
            .finish_non_exhaustive()
    }
}

/// What one look has come to.
enum Step {
    Event(Option<Result<SubscriptionEvent>>),
    Wait(Watch, Timestamp),
}

impl Subscription {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        stream: &Arc<str>,
        consumer: &str,
        shard: ShardId,
        start: &StartingPosition,
    ) -> Result<Subscription> {
        let (view, position) = check(shared, stream, consumer, shard, start)?;
        let now = shared.engine.clock().now();
        let key = (view.id(), shard, consumer.to_owned());
        let mut all = shared.subscriptions.0.lock();
        if all.get(&key).is_some_and(|(_, began)| now.saturating_since(*began) < SETTLING) {
            let (stream, consumer) = (stream.to_string(), consumer.to_owned());
            return Err(Error::ActiveSubscription { stream, shard, consumer });
        }
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        all.insert(key, (number, now));
        drop(all);
        // Whoever had it looks again, and finds that it has it no more.
        shared.logs.wake(view.id(), shard);
        Ok(Subscription {
            shared: Arc::clone(shared),
            stream: Arc::clone(stream),
            consumer: consumer.to_owned(),
            log: view.id(),
            shard,
            generation: view.shard(shard).map_or(0, |shard| shard.generation),
            number,
            position,
            ends: now.saturating_add(LIFE),
            speaks: now.saturating_add(SILENCE),
            is_over: false,
        })
    }

    /// The next thing that the consumer is told: records as soon as there are any, and nothing about each five seconds otherwise. `None`
    /// after five minutes, and after the end of a closed shard.
    ///
    /// # Errors
    /// [`Error::ActiveSubscription`] once the consumer has subscribed anew, [`Error::StreamNotFound`],
    /// [`Error::ConsumerNotFound`], and those of the engine. They end it.
    pub async fn next(&mut self) -> Option<Result<SubscriptionEvent>> {
        let mut watch = None;
        loop {
            match self.step(&mut watch) {
                Step::Event(event) => return event,
                Step::Wait(watch, until) => watch.wait(until).await,
            }
        }
    }

    /// [`next`](Subscription::next), blocking.
    ///
    /// # Errors
    /// As [`next`](Subscription::next).
    pub fn next_blocking(&mut self) -> Option<Result<SubscriptionEvent>> {
        let mut watch = None;
        loop {
            match self.step(&mut watch) {
                Step::Event(event) => return event,
                Step::Wait(watch, until) => watch.block(until),
            }
        }
    }

    fn step(&mut self, watch: &mut Option<Watch>) -> Step {
        loop {
            if self.is_over {
                return Step::Event(None);
            }
            match self.look() {
                Ok(Some(event)) => return Step::Event(Some(Ok(event))),
                Ok(None) if self.is_over => return Step::Event(None),
                Ok(None) => {}
                Err(error) => {
                    self.is_over = true;
                    return Step::Event(Some(Err(error)));
                }
            }
            match watch.take() {
                Some(watch) => return Step::Wait(watch, self.speaks.min(self.ends)),
                None => *watch = Some(self.shared.logs.watch(self.log, self.shard)),
            }
        }
    }

    fn look(&mut self) -> Result<Option<SubscriptionEvent>> {
        let now = self.shared.engine.clock().now();
        if now >= self.ends {
            self.is_over = true;
            return Ok(None);
        }
        if !self.is_mine() {
            let (stream, consumer) = (self.stream.to_string(), self.consumer.clone());
            return Err(Error::ActiveSubscription { stream, shard: self.shard, consumer });
        }
        consumers::need(&self.shared, &mut self.shared.engine.latest(), &self.stream, &self.consumer)?;
        let look = || {
            let view = self.shared.logs.view(&mut self.shared.engine.latest(), self.log)?;
            get_records::look(&self.shared, &view, (self.log, self.shard), self.position, MOST)
        };
        let found = look().map_err(|error| get_records::gone(error, &self.stream, self.shard))?;
        if found.records.is_empty() && !found.is_end && now < self.speaks {
            return Ok(None);
        }
        self.position = found.next;
        self.speaks = now.saturating_add(SILENCE);
        // The end comes by itself, after the last records: some consumers do not look for records where there is nothing to go on with.
        self.is_over = found.is_end && found.records.is_empty();
        // After the record before this place: none is told of twice, and none is left out.
        let before = Position::new(self.position.get().saturating_sub(1));
        let continuation = SequenceNumber::new(self.generation, self.shard, before);
        Ok(Some(SubscriptionEvent {
            records: found.records,
            continuation: (!self.is_over).then_some(continuation),
            millis_behind_latest: found.millis_behind_latest,
            child_shards: if self.is_over { found.child_shards } else { Vec::new() },
        }))
    }

    fn is_mine(&self) -> bool {
        let key = (self.log, self.shard, self.consumer.clone());
        self.shared.subscriptions.0.lock().get(&key).is_some_and(|(number, _)| *number == self.number)
    }
}

/// Whether a consumer may subscribe, and where it would begin.
pub(crate) fn check(
    shared: &Shared,
    stream: &str,
    consumer: &str,
    shard: ShardId,
    start: &StartingPosition,
) -> Result<(crate::log::View, Position)> {
    consumers::need(shared, &mut shared.engine.latest(), stream, consumer)?;
    iterator::place(shared, stream, shard, start)
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let key = (self.log, self.shard, std::mem::take(&mut self.consumer));
        let mut all = self.shared.subscriptions.0.lock();
        let settled = self.shared.engine.clock().now();
        // What was begun just now is remembered for as long as another one is refused.
        let is_forgotten =
            |entry: &(u64, Timestamp)| entry.0 == self.number && settled.saturating_since(entry.1) >= SETTLING;
        if all.get(&key).is_some_and(is_forgotten) {
            all.remove(&key);
        }
    }
}
