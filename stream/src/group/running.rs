//! Having batches handled: threads that poll one member, a handler of the caller's, and a thread that keeps the member in its group.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use super::{Batch, ConsumerGroup, Member, keeper::Keeper};
use crate::Result;

/// How long a thread waits for a batch; it makes no difference to anybody.
const WAIT: Duration = Duration::from_secs(60);
/// How long a thread rests after it could not ask for one.
const REST: Duration = Duration::from_secs(1);

type Handle = dyn Fn(&Batch) -> Result<(), String> + Send + Sync;

struct Run {
    keeper: Arc<Keeper>,
    batch_records: usize,
    first_retry: Duration,
    longest_retry: Duration,
    handle: Box<Handle>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    is_to_end: AtomicBool,
    /// Nothing is handled any more.
    is_over: AtomicBool,
    batches: AtomicU64,
    records: AtomicU64,
    failed: AtomicU64,
}

pub(crate) fn start(
    group: &ConsumerGroup,
    threads: usize,
    handle: impl Fn(&Batch) -> Result<(), String> + Send + Sync + 'static,
) -> Result<Running> {
    let member = group.join_as(None)?;
    let run = Arc::new(Run {
        keeper: Arc::clone(&member.keeper),
        batch_records: group.batch_records,
        first_retry: group.first_retry,
        longest_retry: group.longest_retry,
        handle: Box::new(handle),
        state: Arc::default(),
    });
    let mut workers = Vec::new();
    for _ in 0..threads.clamp(1, 1024) {
        let run = Arc::clone(&run);
        workers.extend(spawn("millpond-consumer", move || run.work()));
    }
    let keeping = Arc::clone(&run);
    let keeper = spawn("millpond-lease", move || keeping.keep());
    Ok(Running { member: Some(member), state: Arc::clone(&run.state), workers, keeper })
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    spawned.map_err(|error| tracing::error!(%error, "a thread of a consumer group could not be started")).ok()
}

impl Run {
    fn work(&self) {
        while !self.state.is_to_end.load(Ordering::SeqCst) {
            match self.keeper.poll(self.batch_records, WAIT, &self.state.is_to_end) {
                // It is given back as it is.
                Ok(Some(_)) if self.state.is_to_end.load(Ordering::SeqCst) => {}
                Ok(Some(batch)) => self.handle(batch),
                Ok(None) => {}
                Err(error) => {
                    self.warn(&error, "a member is given no records");
                    self.rest(&self.state.is_to_end);
                }
            }
        }
    }

    fn handle(&self, batch: Batch) {
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.handle)(&batch)));
        let failure = match outcome {
            Ok(Ok(())) => {
                self.state.batches.fetch_add(1, Ordering::Relaxed);
                self.state.records.fetch_add(batch.records.len() as u64, Ordering::Relaxed);
                return;
            }
            Ok(Err(failure)) => failure,
            Err(_) => "the handler panicked".to_owned(),
        };
        let (group, shard) = (&self.keeper.group, batch.shard());
        tracing::warn!(stream = %group.stream, group = %group.name, %shard, failure, "not handled");
        batch.back_off(self.first_retry, self.longest_retry);
        // Last: whoever has seen it may move the clock, and the rest has begun before.
        self.state.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// Says that the member is there while its threads are busy with their batches.
    fn keep(&self) {
        while !self.state.is_over.load(Ordering::SeqCst) {
            let watch = self.keeper.group_watch();
            if let Err(error) = self.keeper.tend() {
                self.warn(&error, "a member cannot say that it is there");
                self.rest(&self.state.is_over);
                continue;
            }
            if !self.state.is_over.load(Ordering::SeqCst) {
                watch.block(self.keeper.next_look());
            }
        }
    }

    /// Until then, or until it is to end.
    fn rest(&self, is_to_end: &AtomicBool) {
        let until = self.keeper.now().saturating_add(REST);
        while self.keeper.now() < until {
            let watch = self.keeper.group_watch();
            if is_to_end.load(Ordering::SeqCst) {
                return;
            }
            watch.block(until);
        }
    }

    fn warn(&self, error: &crate::Error, what: &str) {
        let group = &self.keeper.group;
        tracing::warn!(stream = %group.stream, group = %group.name, member = self.keeper.name, %error, "{what}");
    }
}

/// A member at work: see [`ConsumerGroup::run`]. Dropping it stops it as [`stop`](Running::stop) does.
pub struct Running {
    member: Option<Member>,
    state: Arc<State>,
    workers: Vec<JoinHandle<()>>,
    keeper: Option<JoinHandle<()>>,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("member", &self.member).field("state", &self.state).finish_non_exhaustive()
    }
}

impl Running {
    /// How many batches were handled and checkpointed.
    #[must_use]
    pub fn batches(&self) -> u64 {
        self.state.batches.load(Ordering::Relaxed)
    }

    /// How many records were in them.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.state.records.load(Ordering::Relaxed)
    }

    /// How many times a handler has failed, or a checkpoint.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.state.failed.load(Ordering::Relaxed)
    }

    /// Takes no more batches, waits until all that are being handled are done, and leaves the group.
    ///
    /// # Errors
    /// Those of the engine: the member is out of the group then too, once its leases are over.
    pub fn stop(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        let Some(member) = self.member.take() else { return Ok(()) };
        let line = &member.keeper.group.line;
        // Whoever waits stands in line before it looks whether it is to end.
        self.state.is_to_end.store(true, Ordering::SeqCst);
        line.wake();
        join(self.workers.drain(..));
        self.state.is_over.store(true, Ordering::SeqCst);
        line.wake();
        join(self.keeper.take());
        member.leave()
    }
}

fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    for thread in threads {
        if thread.join().is_err() {
            tracing::error!("a thread of a consumer group panicked");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::warn!(%error, "a member has not left its group");
        }
    }
}
