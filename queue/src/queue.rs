//! One queue's handle.

use std::{borrow::Borrow, collections::BTreeMap, fmt, sync::Arc, time::Duration};

use millpond_engine::{Ticket, Transaction};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    ChangeVisibility, Changes, Description, Error, Message, Metrics, ReceiptHandle, Receive, Result, SendMessage, Sent,
    TypedQueue, delete, metrics, policy, purge, receive, send, set_attributes, shared::Shared, visibility, wait,
    worker::WorkerBuilder,
};

/// A queue by its name. Cheap to clone, and usable from any thread.
///
/// An operation whose name ends in `_in` joins the caller's transaction and commits or fails with it; one that ends in `_async`
/// is a future for any runtime, or a [`Ticket`], which is both. All others are commits of their own: when they return `Ok`, what
/// they did is as durable as the engine promises.
#[derive(Clone)]
pub struct Queue {
    pub(crate) shared: Arc<Shared>,
    pub(crate) name: Arc<str>,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Queue").field(&self.name).finish()
    }
}

impl Queue {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it keeps order and deduplicates.
    #[must_use]
    pub fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }

    /// Sends a message.
    ///
    /// # Errors
    /// [`Error::QueueDoesNotExist`], those of a message outside of the limits
    /// ([`Error::InvalidParameterValue`], [`Error::InvalidMessageContents`], [`Error::MissingParameter`]), and those of the
    /// engine.
    pub fn send(&self, message: impl Into<SendMessage>) -> Result<Sent> {
        let message = message.into();
        self.shared.engine.transact(|tx| send::one(&self.shared, tx, &self.name, &message))
    }

    /// [`send`](Queue::send) without waiting for the commit: the ticket does, blocking or as a future.
    ///
    /// # Errors
    /// As [`send`](Queue::send).
    pub fn send_async(&self, message: impl Into<SendMessage>) -> Result<Ticket<Sent>> {
        let message = message.into();
        self.shared.engine.submit(|tx| send::one(&self.shared, tx, &self.name, &message))
    }

    /// [`send`](Queue::send) in the caller's transaction. The transaction itself cannot receive the message.
    ///
    /// # Errors
    /// As [`send`](Queue::send).
    pub fn send_in(&self, tx: &mut Transaction, message: impl Into<SendMessage>) -> Result<Sent> {
        let message = message.into();
        tx.savepoint(|tx| send::one(&self.shared, tx, &self.name, &message))
    }

    /// Sends messages in one commit, at most 1,000 of 1 MiB together. Each is accepted or refused on its own; the results stand
    /// in the order of the messages.
    ///
    /// # Errors
    /// [`Error::QueueDoesNotExist`], [`Error::TooManyEntriesInBatchRequest`], [`Error::BatchRequestTooLong`], and those of the
    /// engine.
    pub fn send_batch<M: Into<SendMessage>>(&self, messages: impl IntoIterator<Item = M>) -> Result<Vec<Result<Sent>>> {
        let messages: Vec<SendMessage> = messages.into_iter().map(Into::into).collect();
        self.shared.engine.transact(|tx| send::batch(&self.shared, tx, &self.name, &messages))
    }

    /// [`send_batch`](Queue::send_batch) without waiting for the commit.
    ///
    /// # Errors
    /// As [`send_batch`](Queue::send_batch).
    pub fn send_batch_async<M: Into<SendMessage>>(
        &self,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<Ticket<Vec<Result<Sent>>>> {
        let messages: Vec<SendMessage> = messages.into_iter().map(Into::into).collect();
        self.shared.engine.submit(|tx| send::batch(&self.shared, tx, &self.name, &messages))
    }

    /// [`send_batch`](Queue::send_batch) in the caller's transaction.
    ///
    /// # Errors
    /// As [`send_batch`](Queue::send_batch).
    pub fn send_batch_in<M: Into<SendMessage>>(
        &self,
        tx: &mut Transaction,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<Vec<Result<Sent>>> {
        let messages: Vec<SendMessage> = messages.into_iter().map(Into::into).collect();
        tx.savepoint(|tx| send::batch(&self.shared, tx, &self.name, &messages))
    }

    /// Receives at most so many messages. If there is none it waits for one, up to `wait` (at most 20 s), and returns as soon
    /// as there is.
    ///
    /// # Errors
    /// As [`receive_with`](Queue::receive_with).
    pub fn receive(&self, max_messages: usize, wait: Duration) -> Result<Vec<Message>> {
        self.receive_with(&Receive::up_to(max_messages).wait(wait))
    }

    /// [`receive`](Queue::receive), with all that can be chosen.
    ///
    /// # Errors
    /// [`Error::QueueDoesNotExist`], [`Error::InvalidParameterValue`] for what is outside of the limits,
    /// [`Error::OverLimit`] where 120,000 messages of a standard queue are in flight and it does not wait, and those of the
    /// engine.
    pub fn receive_with(&self, request: &Receive) -> Result<Vec<Message>> {
        wait::blocking(self, request)
    }

    /// [`receive`](Queue::receive) as a future, for any runtime. A message that was received when the future is dropped comes
    /// back when its visibility timeout is over.
    ///
    /// # Errors
    /// As [`receive_with`](Queue::receive_with).
    pub async fn receive_async(&self, max_messages: usize, wait: Duration) -> Result<Vec<Message>> {
        self.receive_with_async(&Receive::up_to(max_messages).wait(wait)).await
    }

    /// [`receive_with`](Queue::receive_with) as a future, for any runtime. Waiting for a message holds no thread; receiving one
    /// is a commit, whose sync blocks the thread that polls, for as long as [`receive`](Queue::receive) takes.
    ///
    /// # Errors
    /// As [`receive_with`](Queue::receive_with).
    pub async fn receive_with_async(&self, request: &Receive) -> Result<Vec<Message>> {
        wait::future(self, request).await
    }

    /// Receives in the caller's transaction, without waiting. The messages are in flight once it is committed; until then no
    /// other receive gets them, and if it fails they are ready again.
    ///
    /// # Errors
    /// As [`receive_with`](Queue::receive_with).
    pub fn receive_in(&self, tx: &mut Transaction, request: &Receive) -> Result<Vec<Message>> {
        tx.savepoint(|tx| receive::run(self, tx, request))
    }

    /// Deletes a message. Deleting one that is gone, or that was received again since, does nothing and is no error.
    ///
    /// # Errors
    /// [`Error::QueueDoesNotExist`], [`Error::InvalidParameterValue`] for a receipt of a first-in-first-out queue that is
    /// over, [`Error::ReceiptHandleIsInvalid`] for one of another queue, and those of the engine.
    pub fn delete(&self, receipt: &ReceiptHandle) -> Result<()> {
        self.shared.transact(|tx| delete::one(&self.shared, tx, &self.name, receipt))
    }

    /// [`delete`](Queue::delete) without waiting for the commit: the ticket does, blocking or as a future. A consumer that
    /// receives its next messages before it waits has both in one sync.
    ///
    /// # Errors
    /// As [`delete`](Queue::delete).
    pub fn delete_async(&self, receipt: &ReceiptHandle) -> Result<Ticket<()>> {
        self.shared.submit(|tx| delete::one(&self.shared, tx, &self.name, receipt))
    }

    /// [`delete`](Queue::delete) in the caller's transaction. [`Message::delete_in`] also makes sure that the message was this
    /// receive's to delete.
    ///
    /// # Errors
    /// As [`delete`](Queue::delete).
    pub fn delete_in(&self, tx: &mut Transaction, receipt: &ReceiptHandle) -> Result<()> {
        tx.savepoint(|tx| delete::one(&self.shared, tx, &self.name, receipt))
    }

    pub(crate) fn delete_owned_in(&self, tx: &mut Transaction, receipt: &ReceiptHandle) -> Result<()> {
        tx.savepoint(|tx| delete::owned(&self.shared, tx, &self.name, receipt))
    }

    /// Deletes messages in one commit, at most 1,000. Each is deleted or refused on its own.
    ///
    /// # Errors
    /// [`Error::QueueDoesNotExist`], [`Error::TooManyEntriesInBatchRequest`], and those of the engine.
    pub fn delete_batch<R: Borrow<ReceiptHandle>>(&self, receipts: &[R]) -> Result<Vec<Result<()>>> {
        self.shared.transact(|tx| delete::batch(&self.shared, tx, &self.name, receipts))
    }

    /// [`delete_batch`](Queue::delete_batch) without waiting for the commit.
    ///
    /// # Errors
    /// As [`delete_batch`](Queue::delete_batch).
    pub fn delete_batch_async<R: Borrow<ReceiptHandle>>(&self, receipts: &[R]) -> Result<Ticket<Vec<Result<()>>>> {
        self.shared.submit(|tx| delete::batch(&self.shared, tx, &self.name, receipts))
    }

    /// [`delete_batch`](Queue::delete_batch) in the caller's transaction.
    ///
    /// # Errors
    /// As [`delete_batch`](Queue::delete_batch).
    pub fn delete_batch_in<R: Borrow<ReceiptHandle>>(
        &self,
        tx: &mut Transaction,
        receipts: &[R],
    ) -> Result<Vec<Result<()>>> {
        tx.savepoint(|tx| delete::batch(&self.shared, tx, &self.name, receipts))
    }

    /// Keeps a message in flight for `timeout` from now on: 0, which lets others receive it at once, to 12 h, counted from
    /// when it was received.
    ///
    /// # Errors
    /// [`Error::QueueDoesNotExist`], [`Error::InvalidParameterValue`] where the timeout is too long or the message is gone,
    /// [`Error::MessageNotInflight`] where the message is visible, [`Error::ReceiptHandleIsInvalid`] for a receipt of another
    /// queue, and those of the engine.
    pub fn change_visibility(&self, receipt: &ReceiptHandle, timeout: Duration) -> Result<()> {
        self.shared.transact(|tx| visibility::one(&self.shared, tx, &self.name, receipt, timeout))
    }

    /// [`change_visibility`](Queue::change_visibility) in the caller's transaction.
    ///
    /// # Errors
    /// As [`change_visibility`](Queue::change_visibility).
    pub fn change_visibility_in(&self, tx: &mut Transaction, receipt: &ReceiptHandle, timeout: Duration) -> Result<()> {
        tx.savepoint(|tx| visibility::one(&self.shared, tx, &self.name, receipt, timeout))
    }

    /// [`change_visibility`](Queue::change_visibility) of several messages in one commit, at most 1,000. Each is changed or
    /// refused on its own.
    ///
    /// # Errors
    /// [`Error::QueueDoesNotExist`], [`Error::TooManyEntriesInBatchRequest`], and those of the engine.
    pub fn change_visibility_batch(&self, changes: &[ChangeVisibility]) -> Result<Vec<Result<()>>> {
        self.shared.transact(|tx| visibility::batch(&self.shared, tx, &self.name, changes))
    }

    /// Removes all messages, at once and whatever their number. Once in 60 seconds.
    ///
    /// # Errors
    /// [`Error::QueueDoesNotExist`], [`Error::PurgeQueueInProgress`], and those of the engine.
    pub fn purge(&self) -> Result<()> {
        self.shared.engine.transact(|tx| purge::run(&self.shared, tx, &self.name))
    }

    /// [`purge`](Queue::purge) in the caller's transaction.
    ///
    /// # Errors
    /// As [`purge`](Queue::purge).
    pub fn purge_in(&self, tx: &mut Transaction) -> Result<()> {
        tx.savepoint(|tx| purge::run(&self.shared, tx, &self.name))
    }

    /// Changes its settings. The retention and, of first-in-first-out queues, the delay also count for messages that were
    /// sent before.
    ///
    /// # Errors
    /// [`Error::QueueDoesNotExist`], [`Error::InvalidAttributeName`], [`Error::InvalidAttributeValue`],
    /// [`Error::InvalidParameterValue`], and those of the engine.
    pub fn set(&self, changes: &Changes) -> Result<()> {
        self.shared.engine.transact(|tx| set_attributes::run(&self.shared, tx, &self.name, changes))
    }

    /// [`set`](Queue::set) in the caller's transaction.
    ///
    /// # Errors
    /// As [`set`](Queue::set).
    pub fn set_in(&self, tx: &mut Transaction, changes: &Changes) -> Result<()> {
        tx.savepoint(|tx| set_attributes::run(&self.shared, tx, &self.name, changes))
    }

    /// Makes a policy of the one that there is, in one transaction. The closure may run more than once.
    ///
    /// # Errors
    /// [`Error::QueueDoesNotExist`], the closure's own, and those of the engine.
    pub fn change_policy(&self, change: impl FnMut(Option<&str>) -> Result<Option<String>>) -> Result<()> {
        policy::change(&self.shared, &self.name, change)
    }

    /// What it is set to, and how many messages it has.
    ///
    /// # Errors
    /// [`Error::QueueDoesNotExist`], and those of the engine.
    pub fn describe(&self) -> Result<Description> {
        metrics::describe(&self.shared, &self.name)
    }

    /// How many messages it has and how old the oldest is, without reading them.
    ///
    /// # Errors
    /// As [`describe`](Queue::describe).
    pub fn metrics(&self) -> Result<Metrics> {
        metrics::run(&self.shared, &self.name)
    }

    /// Its tags.
    ///
    /// # Errors
    /// As [`describe`](Queue::describe).
    pub fn tags(&self) -> Result<BTreeMap<String, String>> {
        Ok(self.shared.need(&mut self.shared.latest(), &self.name)?.tags.clone())
    }

    /// Adds tags, or changes their values: at most 50, names of 128 characters and values of 256.
    ///
    /// # Errors
    /// [`Error::QueueDoesNotExist`], [`Error::InvalidParameterValue`], and those of the engine.
    pub fn tag(&self, tags: &BTreeMap<String, String>) -> Result<()> {
        self.shared.engine.transact(|tx| set_attributes::tag(&self.shared, tx, &self.name, tags))
    }

    /// Takes away tags; it is no error where there are none.
    ///
    /// # Errors
    /// As [`tag`](Queue::tag).
    pub fn untag(&self, names: &[String]) -> Result<()> {
        self.shared.engine.transact(|tx| set_attributes::untag(&self.shared, tx, &self.name, names))
    }

    /// The queue as one of Rust values, which are JSON in the bodies of its messages.
    #[must_use]
    pub fn typed<T: Serialize + DeserializeOwned>(&self) -> TypedQueue<T> {
        TypedQueue::new(self.clone())
    }

    /// A worker that has its messages handled: see [`WorkerBuilder`].
    #[must_use]
    pub fn worker(&self) -> WorkerBuilder {
        WorkerBuilder::new(self.clone())
    }

    pub(crate) fn too_many(entries: usize) -> Result<()> {
        match entries > crate::MAX_BATCH_ENTRIES {
            true => Err(Error::TooManyEntriesInBatchRequest { entries, limit: crate::MAX_BATCH_ENTRIES }),
            false => Ok(()),
        }
    }
}

impl<T: Serialize + DeserializeOwned> From<&Queue> for TypedQueue<T> {
    fn from(queue: &Queue) -> Self {
        queue.typed()
    }
}
