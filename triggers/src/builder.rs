//! How a trigger is to be.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use millpond_engine::{Position, Timestamp, Transaction};
use millpond_queue::Queue;
use parking_lot::Mutex;

use crate::{
    Batch, BoxError, Config, Error, Outcome, Result, StartingPosition, Trigger, Triggers,
    event::Origin,
    handler::Handler,
    job::Job,
    layout::{SourceName, TriggerRecord},
    meter::Meter,
    queue::Poller,
    shard::Keeper,
    source::{Log, stream::StreamLog, table::TableLog},
};

const MAX_NAME_CHARS: usize = 64;

/// What a trigger reads.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Queue(Queue),
    Stream(StreamLog),
    Table(TableLog),
}

/// A trigger that is not yet started: what it is to do, with the defaults of the service.
#[derive(Debug, Clone)]
#[must_use = "a trigger starts with `run`, `run_in` or `run_http`"]
pub struct TriggerBuilder {
    triggers: Triggers,
    name: String,
    source: Source,
    config: Config,
    destination: Option<Queue>,
}

impl TriggerBuilder {
    pub(crate) fn new(triggers: &Triggers, name: &str, source: Source) -> Result<Self> {
        let is_allowed = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.');
        if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || !name.chars().all(is_allowed) {
            let message = format!("a trigger's name is 1 to {MAX_NAME_CHARS} letters, digits, '-', '_' and '.'");
            return Err(Error::parameter("FunctionName", message));
        }
        let config = Config::new(source.name().kind());
        Ok(TriggerBuilder { triggers: triggers.clone(), name: name.into(), source, config, destination: None })
    }

    /// The most records that the handler is called with: 1 to 10,000, of a first-in-first-out queue 10; 100 unless told otherwise, and 10
    /// for queues. A batch also ends at 6 MB, counted about as the events of the service would have them.
    pub fn batch_size(mut self, records: u32) -> Self {
        self.config.batch_size = records;
        self
    }

    /// How long to gather records for a batch that is not full, from when its first record was read: up to 300 s, and not at all
    /// unless told otherwise. A queue's batches of more than 10 need at least a second.
    pub fn batching_window(mut self, window: Duration) -> Self {
        self.config.batching_window = window;
        self
    }

    /// Where to begin when the trigger is first started; with the oldest record unless told otherwise. Not for queues.
    pub fn starting_position(mut self, position: StartingPosition) -> Self {
        self.config.starting_position = position;
        self
    }

    /// Has the handler called only with records that match this event pattern, or another one that is given: up to 10, of 4,096
    /// characters each. Records of a stream are matched with their data as JSON under `data`, messages with their body under
    /// `body`, changes of items with `eventName` and what the service has under `dynamodb`. What matches none is passed over; a
    /// message is deleted.
    ///
    /// A value is compared with strings, numbers, `true`, `false` and `null`, and by `prefix`, `suffix`, `equals-ignore-case`,
    /// `anything-but`, `numeric` and `exists`; `$or` states alternatives. Numbers that are spelled as fractions equal no whole
    /// ones: `300` is not `300.0`.
    ///
    /// Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>
    pub fn filter(mut self, pattern: impl Into<String>) -> Self {
        self.config.filters.push(pattern.into());
        self
    }

    /// Takes from the handler which records have failed: see [`Outcome::failed`]. Off unless told otherwise: then a handler that names
    /// some has failed as a whole.
    pub fn report_batch_item_failures(mut self, takes: bool) -> Self {
        self.config.report_batch_item_failures = takes;
        self
    }

    /// Halves a batch that has failed, and each half that fails again, until what fails is alone. Halving counts as no attempt. Off
    /// unless told otherwise; not for queues.
    pub fn bisect_on_error(mut self, bisects: bool) -> Self {
        self.config.bisect_on_error = bisects;
        self
    }

    /// How often a batch is tried again before its records are given up: up to 10,000 times, or `None`, unless told otherwise, for as
    /// long as they are kept. The first retry comes after [`FIRST_RETRY`](crate::FIRST_RETRY), each further one after twice
    /// as long, up to [`LONGEST_RETRY`](crate::LONGEST_RETRY). Attempts are counted in memory: a restart begins anew. Not for queues, which
    /// have dead-letter queues.
    pub fn maximum_retry_attempts(mut self, attempts: impl Into<Option<u32>>) -> Self {
        self.config.maximum_retry_attempts = attempts.into();
        self
    }

    /// The age beyond which records are given up instead of being handled: 60 s to 7 days, or `None`, unless told otherwise. Not for
    /// queues.
    pub fn maximum_record_age(mut self, age: impl Into<Option<Duration>>) -> Self {
        self.config.maximum_record_age = age.into();
        self
    }

    /// How many batches of one shard are handled at a time: 1 to 10, and 1 unless told otherwise. Records of one partition key
    /// keep their order. Not for queues.
    pub fn parallelization_factor(mut self, batches: u16) -> Self {
        self.config.parallelization_factor = batches;
        self
    }

    /// Has each record belong to a window of so many seconds, up to 900, by when it arrived. The handler is given the state that it
    /// gave at the end of its last call in the window, up to 1 MiB, and is called a last time when the window is over. There is a
    /// state for each shard, and for each of the [batches at a time](TriggerBuilder::parallelization_factor). The state
    /// is stored with the checkpoint. Windows of a shard end with it. Not for queues.
    pub fn tumbling_window(mut self, length: Duration) -> Self {
        self.config.tumbling_window = length;
        self
    }

    /// Tells a standard queue of records that were given up: where they are, as the service does, and not what they are. It is told in the
    /// commit that passes over them. Not for queues.
    pub fn on_failure(mut self, queue: &Queue) -> Self {
        self.config.on_failure = Some(queue.name().to_owned());
        self.destination = Some(queue.clone());
        self
    }

    /// How many batches of a queue are handled at a time: 2 to 1,000, and as many as there are
    /// [threads](crate::Options::threads) unless told otherwise. Only for queues.
    pub fn maximum_concurrency(mut self, batches: impl Into<Option<u32>>) -> Self {
        self.config.maximum_concurrency = batches.into();
        self
    }

    /// Starts the trigger with a handler that is called at least once with each record: when it has returned `Ok`, the records are marked as
    /// done.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], [`Error::TriggerRuns`], [`Error::OtherSource`], [`Error::Stopped`], and those of the engine.
    pub fn run<O: Into<Outcome>>(
        self,
        handler: impl Fn(&Batch) -> Result<O, BoxError> + Send + Sync + 'static,
    ) -> Result<Trigger> {
        self.start(Handler::plain(handler))
    }

    /// Starts the trigger with a handler that runs in the transaction that marks its records as done: what it writes there is written
    /// exactly once for each record, whatever fails. Like any closure of a transaction it may run more than once before
    /// that, so it should be short and have no other effects.
    ///
    /// # Errors
    /// As [`run`](TriggerBuilder::run).
    pub fn run_in<O: Into<Outcome>>(
        self,
        handler: impl Fn(&mut Transaction, &Batch) -> Result<O, BoxError> + Send + Sync + 'static,
    ) -> Result<Trigger> {
        self.start(Handler::in_transaction(handler))
    }

    /// Starts the trigger with a function behind an address: it is sent the service's events and answers as functions of AWS
    /// Lambda do. See [`Endpoint`](crate::Endpoint).
    ///
    /// # Errors
    /// As [`run`](TriggerBuilder::run).
    #[cfg(feature = "http")]
    pub fn run_http(self, endpoint: crate::Endpoint) -> Result<Trigger> {
        let is_reporting = self.config.report_batch_item_failures;
        self.start(Handler::plain(move |batch| endpoint.call(batch, is_reporting)))
    }

    pub(crate) fn start(self, handler: Handler) -> Result<Trigger> {
        let inner = Arc::clone(&self.triggers.inner);
        let source = self.source.name();
        let filters = self.config.check(source.kind(), inner.engine.clock().now())?;
        if let Some(queue) = &self.destination {
            queue.tags()?;
        }
        // Held to the end, so that of two that start one trigger one is refused.
        let mut running = inner.running.lock();
        if running.contains_key(&self.name) {
            return Err(Error::TriggerRuns { name: self.name });
        }
        let wanted = TriggerRecord {
            id: 0,
            name: self.name.clone(),
            source: source.clone(),
            start: Position::default(),
            is_enabled: true,
            created: Timestamp::default(),
            config: self.config,
        };
        let record = inner.engine.transact(|tx| inner.register(tx, &wanted))?;
        let origin = Origin {
            trigger: self.name.clone(),
            region: inner.options.region.clone(),
            account: inner.options.account.clone(),
            arn: String::new(),
        };
        let origin = Origin { arn: origin.arn_of(&source), ..origin };
        let job = Arc::new(Job {
            engine: inner.engine.clone(),
            runner: inner.runner.clone(),
            rows: inner.rows.clone(),
            id: record.id,
            group: record.id,
            origin: Arc::new(origin),
            config: record.config,
            filters,
            handler,
            destination: self.destination,
            meter: Meter::default(),
            is_enabled: AtomicBool::new(record.is_enabled),
            is_ended: AtomicBool::new(false),
            keeper: Mutex::default(),
        });
        spawn(&job, self.source, record.start)?;
        running.insert(self.name, Arc::clone(&job));
        drop(running);
        Ok(Trigger::new(inner, job))
    }
}

fn spawn(job: &Arc<Job>, source: Source, start: Position) -> Result<()> {
    let log: Arc<dyn Log> = match source {
        Source::Queue(queue) => {
            job.runner.spawn(job.group, Box::new(Poller::new(job, &queue)))?;
            return Ok(());
        }
        Source::Stream(stream) => Arc::new(stream),
        Source::Table(table) => Arc::new(table),
    };
    job.runner.spawn(job.group, Box::new(Keeper::new(job, &log, start)))?;
    Ok(())
}

impl Origin {
    fn arn_of(&self, source: &SourceName) -> String {
        let Origin { region, account, .. } = self;
        match source {
            SourceName::Queue { name } => self.queue_arn(name),
            SourceName::Stream { name, .. } => format!("arn:aws:kinesis:{region}:{account}:stream/{name}"),
            SourceName::Table { stream, .. } => format!("arn:aws:dynamodb:{region}:{account}:{stream}"),
        }
    }
}
