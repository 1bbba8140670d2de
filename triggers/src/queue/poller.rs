//! The task that receives messages, and starts a task for each batch as long as there may be more of them.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use millpond_engine::Timestamp;
use millpond_queue::{ChangeVisibility, Message, Queue, ReceiptHandle, Receive};

use super::handle::{Place, QueueBatch};
use crate::{
    Record, Result,
    job::{After, Job, MAX_BATCH_BYTES, Order, Trouble},
    meter::add,
    runner::{Context, Next, Task},
};

/// How long a receive waits before it is asked anew.
const WAIT: Duration = Duration::from_secs(20);
/// While it is not known how long messages are, no more are received than fit into memory whatever they are.
const FIRST_RECEIVE: usize = 10;
const MAX_RECEIVE: usize = 1000;
/// Entries of one call.
const MAX_ENTRIES: usize = 1000;
const LONGEST_VISIBILITY: Duration = Duration::from_secs(12 * 60 * 60);

type Receiving = Pin<Box<dyn Future<Output = millpond_queue::Result<Vec<Message>>> + Send>>;

pub(crate) struct Poller {
    job: Arc<Job>,
    queue: Queue,
    receiving: Option<Receiving>,
    /// Messages of the next batch.
    gathered: Vec<Record>,
    bytes: usize,
    /// When the first of them was received.
    since: Option<Timestamp>,
    in_flight: Arc<AtomicUsize>,
    most: usize,
    trouble: Trouble,
}

impl Poller {
    pub(crate) fn new(job: &Arc<Job>, queue: &Queue) -> Self {
        let threads = job.runner.most_threads();
        let most = job.config.maximum_concurrency.and_then(|most| usize::try_from(most).ok());
        Poller {
            job: Arc::clone(job),
            queue: queue.clone(),
            receiving: None,
            gathered: Vec::new(),
            bytes: 0,
            since: None,
            in_flight: Arc::default(),
            most: most.map_or(threads, |most| most.min(threads)),
            trouble: Trouble::default(),
        }
    }

    fn go_on(&mut self, context: &Context<'_>) -> Result<Next> {
        loop {
            if self.in_flight.load(Ordering::SeqCst) >= self.most {
                // A batch that ends wakes this. Until then it does not stand in the way of others who wait for messages.
                self.receiving = None;
                return Ok(Next::Wait(None));
            }
            if self.is_due(context.now) {
                self.start(context)?;
                continue;
            }
            let mut receiving = match self.receiving.take() {
                Some(receiving) => receiving,
                None => self.receive()?,
            };
            match receiving.as_mut().poll(&mut std::task::Context::from_waker(context.waker)) {
                Poll::Ready(received) => self.take(received?, context.now)?,
                Poll::Pending => {
                    self.receiving = Some(receiving);
                    return Ok(Next::Wait(self.due()));
                }
            }
        }
    }

    fn due(&self) -> Option<Timestamp> {
        self.since.map(|since| since.saturating_add(self.job.config.batching_window))
    }

    fn is_due(&self, now: Timestamp) -> bool {
        !self.gathered.is_empty() && (self.room() == 0 || self.due().is_some_and(|due| now >= due))
    }

    /// How many messages may still join the batch.
    fn room(&self) -> usize {
        if self.bytes >= MAX_BATCH_BYTES {
            return 0;
        }
        let batch_size = usize::try_from(self.job.config.batch_size).unwrap_or(usize::MAX);
        batch_size.saturating_sub(self.gathered.len())
    }

    fn receive(&self) -> Result<Receiving> {
        // By how long those were that are there.
        let likely = match self.bytes.checked_div(self.gathered.len()) {
            Some(average) => (MAX_BATCH_BYTES - self.bytes.min(MAX_BATCH_BYTES)) / average.max(1),
            None => FIRST_RECEIVE,
        };
        let mut request = Receive::up_to(self.room().min(likely.clamp(1, MAX_RECEIVE)).max(1)).wait(WAIT);
        let window = self.job.config.batching_window;
        if !window.is_zero() {
            // The window is not taken from the time in which the handler has them alone.
            let timeout = self.queue.describe()?.settings.visibility_timeout;
            request.visibility_timeout = Some(timeout.saturating_add(window).min(LONGEST_VISIBILITY));
        }
        let queue = self.queue.clone();
        Ok(Box::pin(async move { queue.receive_with_async(&request).await }))
    }

    fn take(&mut self, messages: Vec<Message>, now: Timestamp) -> Result<()> {
        let mut passed = Vec::new();
        for record in messages.into_iter().map(Record::of_message) {
            if self.job.filters.pass(&record) {
                self.since.get_or_insert(now);
                self.bytes += record.event_bytes();
                self.gathered.push(record);
            } else {
                passed.extend(record.message().map(|message| message.receipt_handle().clone()));
            }
        }
        add(&self.job.meter.filtered, passed.len());
        for receipts in passed.chunks(MAX_ENTRIES) {
            self.queue.delete_batch::<ReceiptHandle>(receipts)?;
        }
        Ok(())
    }

    /// Has the messages that are gathered handled, as many as a batch may have.
    fn start(&mut self, context: &Context<'_>) -> Result<()> {
        let mut bytes = 0;
        let fits = |record: &&Record| {
            let is_first = bytes == 0;
            bytes += record.event_bytes();
            is_first || bytes <= MAX_BATCH_BYTES
        };
        let fitting = self.gathered.iter().take_while(fits).count();
        let batch: Vec<Record> = self.gathered.drain(..fitting).collect();
        if self.queue.is_fifo() {
            // What follows in a group has to wait for what is before it, and the queue sees to that.
            self.release();
        }
        self.bytes = self.gathered.iter().map(Record::event_bytes).sum();
        self.since = self.since.filter(|_| !self.gathered.is_empty());
        let place = Place::take(&self.in_flight, context.waker);
        let batch = QueueBatch::new(&self.job, &self.queue, batch, place);
        self.job.runner.spawn(self.job.group, Box::new(batch))?;
        Ok(())
    }

    /// Gives back what is gathered.
    fn release(&mut self) {
        release(&self.queue, &std::mem::take(&mut self.gathered));
        (self.bytes, self.since) = (0, None);
    }
}

/// Lets others receive messages at once. What cannot be given back comes back by itself, later.
pub(super) fn release(queue: &Queue, records: &[Record]) {
    for records in records.chunks(MAX_ENTRIES) {
        let change = |message: &Message| ChangeVisibility {
            receipt_handle: message.receipt_handle().clone(),
            timeout: Duration::ZERO,
        };
        let changes: Vec<_> = records.iter().filter_map(Record::message).map(change).collect();
        if let Err(error) = queue.change_visibility_batch(&changes) {
            tracing::debug!(queue = queue.name(), %error, "messages are not given back at once");
        }
    }
}

impl Task for Poller {
    fn step(&mut self, context: &Context<'_>) -> Next {
        match self.job.order(context) {
            order @ (Order::End | Order::Rest) => {
                self.receiving = None;
                self.release();
                return if order == Order::End { Next::Over } else { Next::Wait(None) };
            }
            Order::Work => {}
        }
        if context.now < self.trouble.until {
            return Next::Wait(Some(self.trouble.until));
        }
        match self.go_on(context) {
            Ok(next) => {
                self.trouble.clear();
                next
            }
            Err(error) => match self.trouble.meet(&self.job, &error, context.now) {
                After::Again => Next::Again,
                After::Later(at) => Next::Wait(Some(at)),
                After::Never => {
                    self.job.end();
                    Next::Over
                }
            },
        }
    }
}
