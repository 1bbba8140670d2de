//! One queue's handle.

use std::{fmt, sync::Arc, time::Duration};

use millpond_engine::Transaction;

use super::{
    QueueChanges, QueueDescription, QueueRecord, ReceiptHandle,
    acknowledge::{self, Fate},
    delete,
    layout::Kind,
    list,
    receive::{self, Wanted},
    update, wait,
};
use crate::{Result, shared::Shared};

/// A queue of the records of a stream. Cheap to clone, and usable from any thread.
///
/// An operation whose name ends in `_in` joins the caller's transaction and commits or fails with it; one that ends in `_async`
/// is a future for any runtime. All others are commits of their own.
///
/// ```
/// use std::time::Duration;
/// use millpond_engine::Engine;
/// use millpond_stream::{CreateOptions, CreateQueue, Streams};
///
/// let streams = Streams::open(&Engine::in_memory())?;
/// let clicks = streams.create("clicks", &CreateOptions::default())?; // on demand
/// let queue = streams.create_queue(&CreateQueue::new("work", "clicks"))?;
/// clicks.append(("alice", "page 1"))?;
///
/// let received = queue.receive(10, Duration::from_secs(1), None)?;
/// assert_eq!(received[0].data(), "page 1");
/// let handles: Vec<_> = received.iter().map(|record| record.receipt_handle).collect();
/// assert!(queue.acknowledge(&handles)?.iter().all(Result::is_ok));
/// # Ok::<(), millpond_stream::Error>(())
/// ```
#[derive(Clone)]
pub struct RecordQueue {
    pub(crate) shared: Arc<Shared>,
    pub(crate) id: Arc<str>,
}

impl fmt::Debug for RecordQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RecordQueue").field(&self.id).finish()
    }
}

impl RecordQueue {
    /// What identifies it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it is set to.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound) once it is deleted, and those of the engine.
    pub fn describe(&self) -> Result<QueueDescription> {
        list::describe(&self.shared, &mut self.shared.engine.latest(), &self.id)
    }

    /// Changes what it is set to.
    ///
    /// # Errors
    /// As [`describe`](RecordQueue::describe), and those of what is outside of its limits.
    pub fn update(&self, changes: &QueueChanges) -> Result<()> {
        self.shared.engine.transact(|tx| update::run(&self.shared, tx, &self.id, changes))
    }

    /// [`update`](RecordQueue::update) in the caller's transaction.
    ///
    /// # Errors
    /// As [`update`](RecordQueue::update).
    pub fn update_in(&self, tx: &mut Transaction, changes: &QueueChanges) -> Result<()> {
        tx.savepoint(|tx| update::run(&self.shared, tx, &self.id, changes))
    }

    /// Deletes it. The records stay where they are; [`maintain`](crate::Streams::maintain) frees what was known of them.
    ///
    /// # Errors
    /// As [`describe`](RecordQueue::describe).
    pub fn delete(&self) -> Result<()> {
        self.shared.engine.transact(|tx| delete::run(&self.shared, tx, &self.id))
    }

    /// [`delete`](RecordQueue::delete) in the caller's transaction.
    ///
    /// # Errors
    /// As [`delete`](RecordQueue::delete).
    pub fn delete_in(&self, tx: &mut Transaction) -> Result<()> {
        tx.savepoint(|tx| delete::run(&self.shared, tx, &self.id))
    }

    /// Receives at most so many records, 1 to 1,000 and 10 MiB, in no order. If there is none it waits for one, so long by the
    /// engine's clock. They are invisible for the time given, or that of the queue. While 120,000 are in flight there is none.
    ///
    /// # Errors
    /// As [`describe`](RecordQueue::describe), and [`Error::InvalidArgument`](crate::Error::InvalidArgument) for what is
    /// outside of its limits.
    pub fn receive(&self, max: usize, wait: Duration, visibility: Option<Duration>) -> Result<Vec<QueueRecord>> {
        wait::blocking(self, Wanted { kind: Kind::Live, max, visibility }, wait)
    }

    /// [`receive`](RecordQueue::receive) as a future: waiting for a record holds no thread; receiving one is a commit, whose
    /// sync blocks the thread that polls. What was received when it is dropped comes back when its visibility timeout is over.
    ///
    /// # Errors
    /// As [`receive`](RecordQueue::receive).
    pub async fn receive_async(
        &self,
        max: usize,
        wait: Duration,
        visibility: Option<Duration>,
    ) -> Result<Vec<QueueRecord>> {
        wait::future(self, Wanted { kind: Kind::Live, max, visibility }, wait).await
    }

    /// [`receive`](RecordQueue::receive) in the caller's transaction, without waiting. The records are in flight once it is
    /// committed; if it fails they are visible again.
    ///
    /// # Errors
    /// As [`receive`](RecordQueue::receive).
    pub fn receive_in(
        &self,
        tx: &mut Transaction,
        max: usize,
        visibility: Option<Duration>,
    ) -> Result<Vec<QueueRecord>> {
        tx.savepoint(|tx| receive::run(&self.shared, tx, &self.id, Wanted { kind: Kind::Live, max, visibility }))
    }

    /// Records that it is not to deliver again. The results stand in the order of the handles: one that is not that of the last
    /// receive of a record is [`Error::NotFound`](crate::Error::NotFound).
    ///
    /// # Errors
    /// As [`describe`](RecordQueue::describe).
    pub fn acknowledge(&self, handles: &[ReceiptHandle]) -> Result<Vec<Result<()>>> {
        self.decide(Kind::Live, &with(handles, Fate::Acknowledged))
    }

    /// [`acknowledge`](RecordQueue::acknowledge) in the caller's transaction: with its other effects, each record has them once.
    ///
    /// # Errors
    /// As [`acknowledge`](RecordQueue::acknowledge).
    pub fn acknowledge_in(&self, tx: &mut Transaction, handles: &[ReceiptHandle]) -> Result<Vec<Result<()>>> {
        self.decide_in(tx, Kind::Live, &with(handles, Fate::Acknowledged))
    }

    /// Has records that were received be visible again after another time, from now on.
    ///
    /// # Errors
    /// As [`acknowledge`](RecordQueue::acknowledge).
    pub fn change_visibility(&self, changes: &[(ReceiptHandle, Duration)]) -> Result<Vec<Result<()>>> {
        self.decide(Kind::Live, &invisible(changes))
    }

    /// [`change_visibility`](RecordQueue::change_visibility) in the caller's transaction.
    ///
    /// # Errors
    /// As [`acknowledge`](RecordQueue::acknowledge).
    pub fn change_visibility_in(
        &self,
        tx: &mut Transaction,
        changes: &[(ReceiptHandle, Duration)],
    ) -> Result<Vec<Result<()>>> {
        self.decide_in(tx, Kind::Live, &invisible(changes))
    }

    /// [`receive`](RecordQueue::receive) of dead letters: those that were received as often as they may be, in vain.
    ///
    /// # Errors
    /// As [`receive`](RecordQueue::receive).
    pub fn receive_dead(&self, max: usize, wait: Duration, visibility: Option<Duration>) -> Result<Vec<QueueRecord>> {
        wait::blocking(self, Wanted { kind: Kind::Dead, max, visibility }, wait)
    }

    /// [`receive_dead`](RecordQueue::receive_dead) as a future.
    ///
    /// # Errors
    /// As [`receive_async`](RecordQueue::receive_async).
    pub async fn receive_dead_async(
        &self,
        max: usize,
        wait: Duration,
        visibility: Option<Duration>,
    ) -> Result<Vec<QueueRecord>> {
        wait::future(self, Wanted { kind: Kind::Dead, max, visibility }, wait).await
    }

    /// [`receive_dead`](RecordQueue::receive_dead) in the caller's transaction, without waiting.
    ///
    /// # Errors
    /// As [`receive`](RecordQueue::receive).
    pub fn receive_dead_in(
        &self,
        tx: &mut Transaction,
        max: usize,
        visibility: Option<Duration>,
    ) -> Result<Vec<QueueRecord>> {
        tx.savepoint(|tx| receive::run(&self.shared, tx, &self.id, Wanted { kind: Kind::Dead, max, visibility }))
    }

    /// Discards dead letters.
    ///
    /// # Errors
    /// As [`acknowledge`](RecordQueue::acknowledge).
    pub fn acknowledge_dead(&self, handles: &[ReceiptHandle]) -> Result<Vec<Result<()>>> {
        self.decide(Kind::Dead, &with(handles, Fate::Acknowledged))
    }

    /// [`acknowledge_dead`](RecordQueue::acknowledge_dead) in the caller's transaction.
    ///
    /// # Errors
    /// As [`acknowledge`](RecordQueue::acknowledge).
    pub fn acknowledge_dead_in(&self, tx: &mut Transaction, handles: &[ReceiptHandle]) -> Result<Vec<Result<()>>> {
        self.decide_in(tx, Kind::Dead, &with(handles, Fate::Acknowledged))
    }

    /// [`change_visibility`](RecordQueue::change_visibility) of dead letters.
    ///
    /// # Errors
    /// As [`acknowledge`](RecordQueue::acknowledge).
    pub fn change_dead_visibility(&self, changes: &[(ReceiptHandle, Duration)]) -> Result<Vec<Result<()>>> {
        self.decide(Kind::Dead, &invisible(changes))
    }

    /// [`change_dead_visibility`](RecordQueue::change_dead_visibility) in the caller's transaction.
    ///
    /// # Errors
    /// As [`acknowledge`](RecordQueue::acknowledge).
    pub fn change_dead_visibility_in(
        &self,
        tx: &mut Transaction,
        changes: &[(ReceiptHandle, Duration)],
    ) -> Result<Vec<Result<()>>> {
        self.decide_in(tx, Kind::Dead, &invisible(changes))
    }

    /// Has dead letters be received again as if they never were.
    ///
    /// # Errors
    /// As [`acknowledge`](RecordQueue::acknowledge).
    pub fn restore(&self, handles: &[ReceiptHandle]) -> Result<Vec<Result<()>>> {
        self.decide(Kind::Dead, &with(handles, Fate::Restored))
    }

    /// [`restore`](RecordQueue::restore) in the caller's transaction.
    ///
    /// # Errors
    /// As [`acknowledge`](RecordQueue::acknowledge).
    pub fn restore_in(&self, tx: &mut Transaction, handles: &[ReceiptHandle]) -> Result<Vec<Result<()>>> {
        self.decide_in(tx, Kind::Dead, &with(handles, Fate::Restored))
    }

    fn decide(&self, kind: Kind, fates: &[(ReceiptHandle, Fate)]) -> Result<Vec<Result<()>>> {
        self.shared.engine.transact(|tx| acknowledge::run(&self.shared, tx, &self.id, kind, fates))
    }

    fn decide_in(&self, tx: &mut Transaction, kind: Kind, fates: &[(ReceiptHandle, Fate)]) -> Result<Vec<Result<()>>> {
        tx.savepoint(|tx| acknowledge::run(&self.shared, tx, &self.id, kind, fates))
    }
}

fn with(handles: &[ReceiptHandle], fate: Fate) -> Vec<(ReceiptHandle, Fate)> {
    handles.iter().map(|handle| (*handle, fate)).collect()
}

fn invisible(changes: &[(ReceiptHandle, Duration)]) -> Vec<(ReceiptHandle, Fate)> {
    changes.iter().map(|(handle, timeout)| (*handle, Fate::Invisible(*timeout))).collect()
}
