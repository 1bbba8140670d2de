//! The service's handle.

use std::sync::Arc;

use millpond_engine::{Engine, Transaction};

use crate::{
    CancelledMove, CreateOptions, MoveTask, MoveTaskHandle, Options, Queue, QueuePage, Result, StartMove, create_queue,
    dead_letter, delete_queue, expire, list_queues, move_task, shared::Shared,
};

/// The queue service of one engine. Cheap to clone, and usable from any thread.
///
/// Open it once and clone it: what it keeps in memory (which messages are ready, who waits for them) is kept up to date by
/// what goes through it.
#[derive(Clone, Debug)]
pub struct Queues {
    pub(crate) shared: Arc<Shared>,
}

impl Queues {
    /// Opens the service on an engine. That takes no longer where there are many queues and messages.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn open(engine: &Engine) -> Result<Queues> {
        Queues::open_with(engine, Options::default())
    }

    /// [`open`](Queues::open) with options of one's own.
    ///
    /// # Errors
    /// As [`open`](Queues::open).
    pub fn open_with(engine: &Engine, options: Options) -> Result<Queues> {
        Ok(Queues { shared: Shared::open(engine, options)? })
    }

    /// The engine it is on.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    /// What was chosen when it was opened.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// A handle of the queue of that name, which need not be there yet.
    #[must_use]
    pub fn named(&self, name: &str) -> Queue {
        Queue { shared: Arc::clone(&self.shared), name: name.into() }
    }

    /// Creates a queue, or finds the one that there is, if it is set to what is asked for. A name of letters, digits, hyphens
    /// and underscores, 1 to 80 of them, makes a standard queue; one that ends in `.fifo` besides, a first-in-first-out queue.
    ///
    /// # Errors
    /// [`Error::QueueNameExists`](crate::Error::QueueNameExists),
    /// [`Error::QueueDeletedRecently`](crate::Error::QueueDeletedRecently), those of settings outside of their limits, and
    /// those of the engine.
    pub fn create(&self, name: &str, options: &CreateOptions) -> Result<Queue> {
        create_queue::check(name, options)?;
        self.engine().transact(|tx| create_queue::run(&self.shared, tx, name, options))?;
        Ok(self.named(name))
    }

    /// [`create`](Queues::create) in the caller's transaction.
    ///
    /// # Errors
    /// As [`create`](Queues::create).
    pub fn create_in(&self, tx: &mut Transaction, name: &str, options: &CreateOptions) -> Result<Queue> {
        create_queue::check(name, options)?;
        create_queue::run(&self.shared, tx, name, options)?;
        Ok(self.named(name))
    }

    /// The queue of that name.
    ///
    /// # Errors
    /// [`Error::QueueDoesNotExist`](crate::Error::QueueDoesNotExist), and those of the engine.
    pub fn get(&self, name: &str) -> Result<Queue> {
        self.shared.need(&mut self.shared.latest(), name)?;
        Ok(self.named(name))
    }

    /// Whether there is a queue of that name, in the caller's transaction: it conflicts with one that creates or deletes it.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn exists_in(&self, tx: &mut Transaction, name: &str) -> Result<bool> {
        Ok(self.shared.find(tx, name)?.is_some())
    }

    /// Deletes a queue with all that is in it. For 60 seconds none of that name can be created.
    ///
    /// # Errors
    /// [`Error::QueueDoesNotExist`](crate::Error::QueueDoesNotExist), and those of the engine.
    pub fn delete(&self, name: &str) -> Result<()> {
        self.engine().transact(|tx| delete_queue::run(&self.shared, tx, name))
    }

    /// [`delete`](Queues::delete) in the caller's transaction.
    ///
    /// # Errors
    /// As [`delete`](Queues::delete).
    pub fn delete_in(&self, tx: &mut Transaction, name: &str) -> Result<()> {
        delete_queue::run(&self.shared, tx, name)
    }

    /// The names of the queues that begin so, in order, after the one given: at most so many (1 to 1,000).
    ///
    /// # Errors
    /// Those of the engine.
    pub fn list(&self, prefix: &str, after: Option<&str>, max: usize) -> Result<QueuePage> {
        list_queues::run(&self.shared, prefix, after, max)
    }

    /// The names of the queues whose dead-letter queue this is, as [`list`](Queues::list).
    ///
    /// # Errors
    /// [`Error::QueueDoesNotExist`](crate::Error::QueueDoesNotExist), and those of the engine.
    pub fn dead_letter_sources(&self, name: &str, after: Option<&str>, max: usize) -> Result<QueuePage> {
        dead_letter::sources(&self.shared, name, after, max)
    }

    /// Begins to move the messages of a dead-letter queue back to where they came from, or to another queue. They are
    /// moved by [`maintain`](Queues::maintain).
    ///
    /// # Errors
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound) where there is no such queue,
    /// [`Error::InvalidParameterValue`](crate::Error::InvalidParameterValue) where it is no dead-letter queue, is being moved
    /// already, or the rate is not 1 to 500, and those of the engine.
    pub fn start_move(&self, request: &StartMove) -> Result<MoveTaskHandle> {
        self.engine().transact(|tx| move_task::start(&self.shared, tx, request))
    }

    /// Ends a move. What was moved stays where it is.
    ///
    /// # Errors
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound) if it is not under way, and those of the engine.
    pub fn cancel_move(&self, task: &MoveTaskHandle) -> Result<CancelledMove> {
        self.engine().transact(|tx| move_task::cancel(&self.shared, tx, task))
    }

    /// The moves from a queue, the newest first: at most so many (1 to 10).
    ///
    /// # Errors
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound) where there is no such queue, and those of the engine.
    pub fn moves(&self, source: &str, max: usize) -> Result<Vec<MoveTask>> {
        move_task::list(&self.shared, source, max)
    }

    /// Does what is due: moves messages, deletes those that are older than their queue keeps them, and clears away what
    /// deleted and purged queues have left behind. Gives the number of messages that were moved and deleted. Nobody can
    /// receive what is too old, whether this is called or not; so once a second is enough, and never is safe.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn maintain(&self) -> Result<u64> {
        expire::maintain(&self.shared)
    }
}
