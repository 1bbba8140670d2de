//! Having messages handled: threads that receive, a handler of the caller's, and a thread that keeps what is being handled
//! from others.

use std::{
    collections::HashMap,
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use millpond_engine::{Timestamp, Transaction};
use parking_lot::{Condvar, Mutex};

use crate::{Error, Message, Queue, ReceiptHandle, Receive, Result, wait};

/// How long a thread waits for a message before it looks again whether it is to end.
const WAIT: Duration = Duration::from_secs(20);
/// How long a thread rests after a receive has failed.
const REST: Duration = Duration::from_secs(1);

/// How a worker is to work: see [`Queue::worker`].
///
/// ```
/// use millpond_engine::Engine;
/// use millpond_queue::{CreateOptions, Queues};
///
/// let queues = Queues::open(&Engine::in_memory())?;
/// let jobs = queues.create("jobs", &CreateOptions::default())?;
/// let (done, results) = std::sync::mpsc::channel();
/// let worker = jobs.worker().concurrency(4).start(move |message| done.send(message.body().to_owned()));
/// jobs.send("resize pond.png")?;
/// assert_eq!(results.recv(), Ok("resize pond.png".to_owned()));
/// worker.stop();
/// # Ok::<(), millpond_queue::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct WorkerBuilder {
    queue: Queue,
    concurrency: usize,
    visibility_timeout: Option<Duration>,
    retry_after: Option<Duration>,
}

impl WorkerBuilder {
    pub(crate) fn new(queue: Queue) -> Self {
        WorkerBuilder { queue, concurrency: 1, visibility_timeout: None, retry_after: None }
    }

    /// How many messages are handled at a time, each on a thread of its own: 1 unless told otherwise, and at most 1,024.
    #[must_use]
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency.clamp(1, 1024);
        self
    }

    /// For how long others do not get a message once this process is gone; as the queue is set unless told otherwise. While
    /// a handler runs it is renewed each time that half of it is over, for up to the 12 hours that the queue allows.
    #[must_use]
    pub fn visibility_timeout(mut self, timeout: Duration) -> Self {
        self.visibility_timeout = Some(timeout);
        self
    }

    /// How long after a handler has failed the message can be received again: when its visibility timeout is over unless
    /// told otherwise.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// Starts the worker. A message is deleted when its handler returns `Ok`. If it returns an error or panics, that is logged
    /// and counted, and the message comes again.
    pub fn start<E: Display>(self, handler: impl Fn(&Message) -> Result<(), E> + Send + Sync + 'static) -> Worker {
        self.start_with(move |message| {
            handler(message).map_err(|error| error.to_string())?;
            message.delete().map_err(|error| error.to_string())
        })
    }

    /// Starts a worker whose handler runs in a transaction: what it writes there and the deletion of the message commit
    /// together, once. The handler may run more than once for that; what it does outside of the transaction has to bear it.
    pub fn start_in<E: Display + From<Error>>(
        self,
        handler: impl Fn(&mut Transaction, &Message) -> Result<(), E> + Send + Sync + 'static,
    ) -> Worker {
        let engine = self.queue.shared.engine.clone();
        self.start_with(move |message| {
            let handled = engine.transact(|tx| -> Result<(), Handled<E>> {
                handler(tx, message).map_err(Handled)?;
                message.delete_in(tx).map_err(|error| Handled(E::from(error)))
            });
            handled.map_err(|Handled(error)| error.to_string())
        })
    }

    fn start_with(self, handle: impl Fn(&Message) -> Result<(), String> + Send + Sync + 'static) -> Worker {
        let shared = Arc::new(Shared {
            is_to_end: AtomicBool::new(false),
            handled: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            running: Mutex::default(),
            changed: Condvar::new(),
        });
        let run = Arc::new(Run { builder: self, shared: Arc::clone(&shared), handle: Box::new(handle) });
        let mut threads = Vec::new();
        for _ in 0..run.builder.concurrency {
            let run = Arc::clone(&run);
            threads.extend(spawn("millpond-worker", move || run.work()));
        }
        let extending = Arc::clone(&run);
        let extender = spawn("millpond-extend", move || extending.extend());
        Worker { queue: run.builder.queue.clone(), shared, threads, extender }
    }
}

/// An error of a handler, through the engine's transaction.
struct Handled<E>(E);

impl<E: From<Error>> From<millpond_engine::Error> for Handled<E> {
    fn from(error: millpond_engine::Error) -> Self {
        Handled(E::from(Error::from(error)))
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    spawned.map_err(|error| tracing::error!(%error, "a worker's thread could not be started")).ok()
}

type Handle = dyn Fn(&Message) -> Result<(), String> + Send + Sync;

struct Run {
    builder: WorkerBuilder,
    shared: Arc<Shared>,
    handle: Box<Handle>,
}

#[derive(Debug)]
struct Shared {
    is_to_end: AtomicBool,
    handled: AtomicU64,
    failed: AtomicU64,
    /// The messages that are being handled, and when to renew their timeouts.
    running: Mutex<HashMap<ReceiptHandle, Timestamp>>,
    changed: Condvar,
}

impl Run {
    fn work(&self) {
        let mut request = Receive::up_to(1).wait(WAIT);
        request.visibility_timeout = self.builder.visibility_timeout;
        while !self.is_to_end() {
            match wait::blocking_unless(&self.builder.queue, &request, &self.shared.is_to_end) {
                Ok(messages) => messages.iter().for_each(|message| self.handle(message)),
                Err(error) => {
                    tracing::warn!(queue = self.builder.queue.name(), %error, "a worker receives nothing");
                    self.rest();
                }
            }
        }
    }

    fn is_to_end(&self) -> bool {
        self.shared.is_to_end.load(Ordering::SeqCst)
    }

    fn rest(&self) {
        let mut running = self.shared.running.lock();
        if !self.is_to_end() {
            self.shared.changed.wait_for(&mut running, REST);
        }
    }

    fn handle(&self, message: &Message) {
        let receipt = message.receipt_handle().clone();
        self.shared.running.lock().insert(receipt.clone(), self.renewal(message.invisible_until()));
        self.shared.changed.notify_all();
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.handle)(message)));
        self.shared.running.lock().remove(&receipt);
        let failure = match outcome {
            Ok(Ok(())) => {
                self.shared.handled.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Ok(Err(failure)) => failure,
            Err(_) => "the handler panicked".to_owned(),
        };
        self.shared.failed.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(queue = self.builder.queue.name(), message = %message.id(), failure, "not handled");
        if let Some(delay) = self.builder.retry_after
            && let Err(error) = message.extend(delay)
        {
            tracing::debug!(%error, "the message comes again when its visibility timeout is over");
        }
    }

    /// When half of what is left until then is over.
    fn renewal(&self, invisible_until: Timestamp) -> Timestamp {
        let now = self.builder.queue.shared.engine.clock().now();
        now.saturating_add(invisible_until.saturating_since(now) / 2)
    }

    /// Renews timeouts until the worker ends and nothing is handled any more.
    fn extend(&self) {
        let clock = self.builder.queue.shared.engine.clock().clone();
        let shared = Arc::downgrade(&self.shared);
        let watcher: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
            if let Some(shared) = shared.upgrade() {
                // Not between the look at the clock and the wait.
                let _running = shared.running.lock();
                shared.changed.notify_all();
            }
        });
        clock.watch(&watcher);
        loop {
            let mut running = self.shared.running.lock();
            if self.is_to_end() && running.is_empty() {
                return;
            }
            let now = clock.now();
            let due: Vec<ReceiptHandle> =
                running.iter().filter(|(_, at)| **at <= now).map(|(receipt, _)| receipt.clone()).collect();
            if due.is_empty() {
                let next = running.values().min().copied();
                match next {
                    Some(next) if !clock.is_manual() => {
                        self.shared.changed.wait_for(&mut running, next.saturating_since(now));
                    }
                    _ => self.shared.changed.wait(&mut running),
                }
                continue;
            }
            drop(running);
            due.iter().for_each(|receipt| self.renew(receipt, now));
        }
    }

    fn renew(&self, receipt: &ReceiptHandle, now: Timestamp) {
        let queue = &self.builder.queue;
        let timeout = self.builder.visibility_timeout.map_or_else(
            || Ok(queue.shared.need(&mut queue.shared.latest(), &queue.name)?.settings.visibility_timeout),
            Ok,
        );
        let renewed = timeout.and_then(|timeout| {
            // Less than a millisecond is no time.
            let timeout = timeout.max(Duration::from_millis(2));
            queue.change_visibility(receipt, timeout).map(|()| timeout)
        });
        let mut running = self.shared.running.lock();
        let Some(at) = running.get_mut(receipt) else { return };
        match renewed {
            Ok(timeout) => *at = now.saturating_add(timeout / 2),
            Err(error) => {
                // It was handled in the meantime, or the twelve hours are over.
                tracing::debug!(%error, "a message is not kept from others any longer");
                running.remove(receipt);
            }
        }
    }
}

/// A worker at work. Dropping it stops it as [`stop`](Worker::stop) does.
#[derive(Debug)]
pub struct Worker {
    queue: Queue,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    extender: Option<JoinHandle<()>>,
}

impl Worker {
    /// How many messages were handled.
    #[must_use]
    pub fn handled(&self) -> u64 {
        self.shared.handled.load(Ordering::Relaxed)
    }

    /// How many times a handler has failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.shared.failed.load(Ordering::Relaxed)
    }

    /// Receives no more, and waits until all that is being handled is done.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shared.is_to_end.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..).chain(self.extender.take()) {
            while !thread.is_finished() {
                // Whoever began to wait just now has to be woken too.
                self.queue.wake_all();
                self.shared.changed.notify_all();
                std::thread::sleep(Duration::from_millis(1));
            }
            if thread.join().is_err() {
                tracing::error!("a worker's thread panicked");
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end();
    }
}

impl Queue {
    /// Has all who wait for its messages look again.
    fn wake_all(&self) {
        if let Ok(Some(record)) = self.shared.find(&mut self.shared.latest(), &self.name) {
            self.shared.stores.changed(record.store);
        }
    }
}
