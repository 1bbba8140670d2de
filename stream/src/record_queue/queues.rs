//! The part of the service's handle that makes and finds queues.

use std::sync::Arc;

use millpond_engine::Transaction;

use super::{CreateQueue, QueuePage, RecordQueue, create, list};
use crate::{Result, Streams};

impl Streams {
    fn record_queue(&self, id: &str) -> RecordQueue {
        RecordQueue { shared: Arc::clone(&self.shared), id: id.into() }
    }

    /// Makes a queue of the records of a stream that is on demand. It can be used at once.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`](crate::Error::StreamNotFound), [`Error::Validation`](crate::Error::Validation) for a stream
    /// whose owner decides on its shards, [`Error::ResourceInUse`](crate::Error::ResourceInUse) where there is a queue of that
    /// name, [`Error::LimitExceeded`](crate::Error::LimitExceeded) where the stream has as many consumers and queues as it may,
    /// those of options outside of their limits, and those of the engine.
    pub fn create_queue(&self, options: &CreateQueue) -> Result<RecordQueue> {
        let id = self.engine().transact(|tx| create::run(&self.shared, tx, options))?;
        Ok(self.record_queue(&id))
    }

    /// [`create_queue`](Streams::create_queue) in the caller's transaction.
    ///
    /// # Errors
    /// As [`create_queue`](Streams::create_queue).
    pub fn create_queue_in(&self, tx: &mut Transaction, options: &CreateQueue) -> Result<RecordQueue> {
        let id = tx.savepoint(|tx| create::run(&self.shared, tx, options))?;
        Ok(self.record_queue(&id))
    }

    /// The queue of that id.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), and those of the engine.
    pub fn queue(&self, id: &str) -> Result<RecordQueue> {
        list::need(&self.shared, &mut self.engine().latest(), id)?;
        Ok(self.record_queue(id))
    }

    /// The queues after the name given, in order of their names, of some streams, or of all where none is given: at most so many.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn queues(&self, streams: &[String], after: Option<&str>, max: usize) -> Result<QueuePage> {
        list::run(&self.shared, streams, after, max)
    }
}
