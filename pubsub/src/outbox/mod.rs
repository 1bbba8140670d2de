//! What would have left: mails, text messages and messages to apps, kept for a test to read.

mod captured;
mod keep;
mod read;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use millpond_engine::{Engine, Keyspace, Position, Transaction};

pub use self::captured::{Captured, CapturedFilter, OutboxEntry, OutboxPage};
use crate::{Result, Topics, layout, layout::outbox::OUTBOX, shared::Shared};

/// How many messages are kept unless told otherwise.
const MESSAGES: u64 = 100_000;
/// How many bytes of messages are kept unless told otherwise.
const BYTES: u64 = 256 << 20;

/// What was captured, and would have left this program: mails, text messages and messages to apps. Cheap to clone, and usable
/// from any thread.
///
/// The newest 100,000 messages are kept, or fewer where these have more than 256 MiB: about that, as the oldest are removed by
/// those that follow, some at a time. [`keep`](Outbox::keep) chooses other limits.
///
/// ```
/// use millpond_engine::Engine;
/// use millpond_pubsub::{CapturedFilter, Protocol, Topics};
/// use millpond_queue::Queues;
/// use millpond_stream::Streams;
///
/// let engine = Engine::in_memory();
/// let topics = Topics::open(&Queues::open(&engine)?, &Streams::open(&engine)?)?;
/// topics.publish_to_phone("+12065550100", "your code is 4711")?;
///
/// let sent = topics.outbox().list(&CapturedFilter::of(Protocol::Sms).address("+12065550100"), None, 10)?;
/// assert_eq!(sent.entries[0].message.body, "your code is 4711");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Outbox {
    engine: Engine,
    rows: Keyspace,
    limits: Arc<Limits>,
}

#[derive(Debug)]
struct Limits {
    messages: AtomicU64,
    bytes: AtomicU64,
    /// How many messages were recorded since the store was opened, of how many bytes: hints, by which now and then one looks at
    /// the limits.
    recorded: AtomicU64,
    recorded_bytes: AtomicU64,
}

impl Topics {
    /// What was captured, and would have left this program.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.shared.outbox
    }
}

impl Outbox {
    pub(crate) fn open(engine: &Engine) -> Result<Outbox> {
        let limits = Limits {
            messages: AtomicU64::new(MESSAGES),
            bytes: AtomicU64::new(BYTES),
            recorded: AtomicU64::new(0),
            recorded_bytes: AtomicU64::new(0),
        };
        Ok(Outbox { engine: engine.clone(), rows: engine.keyspace(OUTBOX)?, limits: Arc::new(limits) })
    }

    /// Keeps at most so many of the newest messages, of so many bytes together, from the next one on.
    pub fn keep(&self, messages: u64, bytes: u64) {
        self.limits.messages.store(messages, Ordering::Relaxed);
        self.limits.bytes.store(bytes, Ordering::Relaxed);
        self.limits.recorded.store(0, Ordering::Relaxed);
    }

    /// A page of what was captured, the oldest first: at most so many messages after a position. A page ends with
    /// the message that brings its texts to 1 MiB, too.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn list(&self, which: &CapturedFilter, after: Option<Position>, max: usize) -> Result<OutboxPage> {
        read::page(self, which, after, max)
    }

    /// Removes what was captured so far, and gives how many messages that were.
    ///
    /// # Errors
    /// Those of the engine. What was removed until then stays removed.
    pub fn clear(&self, which: &CapturedFilter) -> Result<u64> {
        keep::clear(self, which)
    }
}

/// Captures what would have left, in a transaction.
pub(crate) fn record(shared: &Shared, tx: &mut Transaction, captured: &Captured) -> Result<()> {
    let outbox = &shared.outbox;
    let row = layout::encode(captured)?;
    let bytes = keep::row_size(&row);
    let appended = tx.append(&outbox.rows, layout::outbox::CAPTURED_PREFIX, 1, row)?;
    tx.append_beside(&outbox.rows, layout::outbox::address_prefix(&captured.address), &appended, Vec::new())?;
    tx.add(&outbox.rows, layout::outbox::MESSAGES, 1)?;
    tx.add(&outbox.rows, layout::outbox::BYTES, bytes)?;
    keep::trim(outbox, tx, bytes)
}
