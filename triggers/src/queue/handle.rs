//! Having a batch of messages handled. What is done is deleted; what has failed comes back when its visibility timeout is
//! over, and becomes a dead letter when its queue says so.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Waker,
};

use millpond_queue::{Message, Queue, ReceiptHandle};

use super::poller::release;
use crate::{
    Batch, BoxError, Outcome, Record,
    handler::{self, Handler, Refused},
    job::{Job, Order},
    outcome::failed_places,
    runner::{Context, Next, Task},
};

const MAX_ENTRIES: usize = 1000;

/// One of the batches that are handled at a time. It is given back when it is dropped.
pub(super) struct Place {
    in_flight: Arc<AtomicUsize>,
    poller: Waker,
}

impl Place {
    pub(super) fn take(in_flight: &Arc<AtomicUsize>, poller: &Waker) -> Self {
        in_flight.fetch_add(1, Ordering::SeqCst);
        Place { in_flight: Arc::clone(in_flight), poller: poller.clone() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        self.poller.wake_by_ref();
    }
}

pub(super) struct QueueBatch {
    job: Arc<Job>,
    queue: Queue,
    batch: Batch,
    _place: Place,
}

impl QueueBatch {
    pub(super) fn new(job: &Arc<Job>, queue: &Queue, records: Vec<Record>, place: Place) -> Self {
        let batch = Batch { origin: Arc::clone(&job.origin), shard: None, records, window: None };
        QueueBatch { job: Arc::clone(job), queue: queue.clone(), batch, _place: place }
    }

    /// Gives how many messages are done.
    fn handle(&self) -> Result<usize, Refused> {
        match &self.job.handler {
            Handler::Plain(handle) => {
                let outcome = handler::call(|| handle(&self.batch));
                self.job.count(&outcome);
                let done = self.done(outcome).map_err(Refused::Handler)?;
                let receipts: Vec<&ReceiptHandle> = done.iter().map(|message| message.receipt_handle()).collect();
                for receipts in receipts.chunks(MAX_ENTRIES) {
                    let deleted = self.queue.delete_batch(receipts).map_err(crate::Error::from)?;
                    deleted.into_iter().collect::<Result<Vec<()>, _>>().map_err(crate::Error::from)?;
                }
                Ok(done.len())
            }
            Handler::InTransaction(handle) => {
                let committed = self.job.engine.transact(|tx| {
                    let outcome = handler::call(|| handle(tx, &self.batch));
                    self.job.count(&outcome);
                    let done = self.done(outcome).map_err(Refused::Handler)?;
                    if done.is_empty() {
                        return Err(Refused::FailedAtFirst);
                    }
                    for message in &done {
                        // Unless it still is this receive's, another one does the same.
                        message.delete_in(tx).map_err(crate::Error::from)?;
                    }
                    Ok(done.len())
                });
                committed.map_err(Refused::blame)
            }
        }
    }

    /// The messages that are done. In a group, nothing after one that has failed is.
    fn done(&self, outcome: Result<Outcome, BoxError>) -> Result<Vec<&Message>, BoxError> {
        let failed = failed_places(&outcome?, &self.batch.records, self.job.config.report_batch_item_failures)?;
        let mut failed_groups = HashSet::new();
        let mut done = Vec::new();
        for (place, message) in self.batch.records.iter().filter_map(Record::message).enumerate() {
            let group = message.group_id().filter(|_| self.queue.is_fifo());
            if failed.contains(&place) {
                failed_groups.extend(group);
            } else if !group.is_some_and(|group| failed_groups.contains(group)) {
                done.push(message);
            }
        }
        Ok(done)
    }
}

impl Task for QueueBatch {
    fn step(&mut self, context: &Context<'_>) -> Next {
        if self.job.order(context) != Order::Work {
            release(&self.queue, &self.batch.records);
            return Next::Over;
        }
        match self.handle() {
            Ok(done) => self.job.meter.done(done),
            Err(Refused::Handler(error)) => self.job.failed(&error),
            Err(Refused::FailedAtFirst | Refused::Overtaken) => {}
            Err(Refused::Other(error)) => {
                tracing::warn!(trigger = self.job.origin.trigger, %error, "a batch was handled and not deleted");
                self.job.meter.problem(&error);
            }
        }
        Next::Over
    }
}
