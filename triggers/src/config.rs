//! What can be chosen of a trigger, and what of it fits together.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html>

#[cfg(test)]
mod tests;

use std::time::Duration;

use millpond_engine::Timestamp;

use crate::{Error, Result, filter::Filters, retry::Policy};

const MAX_BATCH: u32 = 10_000;
const MAX_FIFO_BATCH: u32 = 10;
/// A larger batch of a queue needs a batching window.
const MAX_BATCH_WITHOUT_WINDOW: u32 = 10;
const MAX_BATCHING_WINDOW: Duration = Duration::from_secs(300);
const MAX_RETRIES: u32 = 10_000;
const MIN_RECORD_AGE: Duration = Duration::from_secs(60);
const MAX_RECORD_AGE: Duration = Duration::from_secs(604_800);
const MAX_LANES: u16 = 10;
const MAX_TUMBLING_WINDOW: Duration = Duration::from_secs(900);
/// Five, and up to ten for the asking.
const MAX_FILTERS: usize = 10;

/// Where a new trigger begins to read a stream. Later it goes on at its checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StartingPosition {
    /// With the oldest record that is kept.
    #[default]
    TrimHorizon,
    /// With the first record that is committed after the trigger was made.
    Latest,
    /// With the first record that was committed then or later. Not in the future.
    AtTimestamp(Timestamp),
}

/// The settings of a trigger, with the defaults of the service. [`TriggerBuilder`](crate::TriggerBuilder) says what each means.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The most records of a batch: 1 to 10,000, of a first-in-first-out queue 10. 100, and 10 for queues, unless told otherwise.
    pub batch_size: u32,
    /// How long to gather a batch: up to 300 s. Not for first-in-first-out queues.
    pub batching_window: Duration,
    /// Where to begin; not for queues.
    pub starting_position: StartingPosition,
    /// Event patterns, one of which a record has to match, if there are any: at most 10, of 4,096 characters.
    pub filters: Vec<String>,
    /// Whether a handler may name the records that failed.
    pub report_batch_item_failures: bool,
    /// Whether a batch that failed is halved; not for queues.
    pub bisect_on_error: bool,
    /// How often to try again: up to 10,000 times, `None` is for as long as the records are kept. Not for queues.
    pub maximum_retry_attempts: Option<u32>,
    /// The oldest records to handle: 60 s to 7 days, `None` is all that are kept. Not for queues.
    pub maximum_record_age: Option<Duration>,
    /// How many batches of a shard to handle at a time: 1 to 10. Not for queues.
    pub parallelization_factor: u16,
    /// The length of windows that carry a state: whole seconds up to 900, 0 is none. Not for queues.
    pub tumbling_window: Duration,
    /// The name of the queue that is told of what was given up; not for queues.
    pub on_failure: Option<String>,
    /// How many batches of a queue to handle at a time: 2 to 1,000, `None` is as many as there are threads. Only for queues.
    pub maximum_concurrency: Option<u32>,
}

/// What differs between sources, as far as settings go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Queue,
    FifoQueue,
    Stream,
    Table,
}

impl Kind {
    pub(crate) fn is_queue(self) -> bool {
        matches!(self, Kind::Queue | Kind::FifoQueue)
    }
}

impl Config {
    pub(crate) fn new(kind: Kind) -> Self {
        Config {
            batch_size: if kind.is_queue() { 10 } else { 100 },
            batching_window: Duration::ZERO,
            starting_position: StartingPosition::TrimHorizon,
            filters: Vec::new(),
            report_batch_item_failures: false,
            bisect_on_error: false,
            maximum_retry_attempts: None,
            maximum_record_age: None,
            parallelization_factor: 1,
            tumbling_window: Duration::ZERO,
            on_failure: None,
            maximum_concurrency: None,
        }
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy { max_retries: self.maximum_retry_attempts, bisects: self.bisect_on_error }
    }

    pub(crate) fn has_windows(&self) -> bool {
        !self.tumbling_window.is_zero()
    }

    /// Checks the settings for a source, and compiles the filters.
    pub(crate) fn check(&self, kind: Kind, now: Timestamp) -> Result<Filters> {
        self.check_batching(kind)?;
        if kind.is_queue() {
            self.check_queue()?;
        } else {
            self.check_log(now)?;
        }
        if self.filters.len() > MAX_FILTERS {
            return Err(Error::parameter("FilterCriteria", format!("there are at most {MAX_FILTERS} filters")));
        }
        Filters::compile(&self.filters, kind)
    }

    fn check_batching(&self, kind: Kind) -> Result<()> {
        let most = if kind == Kind::FifoQueue { MAX_FIFO_BATCH } else { MAX_BATCH };
        if !(1..=most).contains(&self.batch_size) {
            return Err(Error::parameter("BatchSize", format!("{} is not from 1 to {most}", self.batch_size)));
        }
        let window = "MaximumBatchingWindowInSeconds";
        if self.batching_window > MAX_BATCHING_WINDOW {
            return Err(Error::parameter(window, "it is longer than 300 seconds"));
        }
        if kind == Kind::FifoQueue && !self.batching_window.is_zero() {
            return Err(Error::parameter(window, "Batching window is not supported for FIFO queues"));
        }
        let is_large = self.batch_size > MAX_BATCH_WITHOUT_WINDOW;
        if kind == Kind::Queue && is_large && self.batching_window < Duration::from_secs(1) {
            let message =
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10";
            return Err(Error::parameter(window, message));
        }
        Ok(())
    }

    fn check_queue(&self) -> Result<()> {
        let defaults = Config::new(Kind::Queue);
        let of_logs = [
            ("StartingPosition", self.starting_position != defaults.starting_position),
            ("BisectBatchOnFunctionError", self.bisect_on_error),
            ("MaximumRetryAttempts", self.maximum_retry_attempts.is_some()),
            ("MaximumRecordAgeInSeconds", self.maximum_record_age.is_some()),
            ("ParallelizationFactor", self.parallelization_factor != 1),
            ("TumblingWindowInSeconds", self.has_windows()),
            ("DestinationConfig", self.on_failure.is_some()),
        ];
        if let Some((parameter, _)) = of_logs.iter().find(|(_, is_set)| *is_set) {
            return Err(Error::parameter(parameter, "it is not supported for queues"));
        }
        if self.maximum_concurrency.is_some_and(|most| !(2..=1000).contains(&most)) {
            return Err(Error::parameter("ScalingConfig", "the maximum concurrency is not from 2 to 1000"));
        }
        Ok(())
    }

    fn check_log(&self, now: Timestamp) -> Result<()> {
        if matches!(self.starting_position, StartingPosition::AtTimestamp(at) if at > now) {
            return Err(Error::parameter("StartingPositionTimestamp", "it lies in the future"));
        }
        if self.maximum_retry_attempts.is_some_and(|most| most > MAX_RETRIES) {
            return Err(Error::parameter("MaximumRetryAttempts", format!("it is more than {MAX_RETRIES}")));
        }
        if self.maximum_record_age.is_some_and(|age| !(MIN_RECORD_AGE..=MAX_RECORD_AGE).contains(&age)) {
            return Err(Error::parameter("MaximumRecordAgeInSeconds", "it is not from 60 seconds to 7 days"));
        }
        if !(1..=MAX_LANES).contains(&self.parallelization_factor) {
            return Err(Error::parameter("ParallelizationFactor", format!("it is not from 1 to {MAX_LANES}")));
        }
        if self.tumbling_window > MAX_TUMBLING_WINDOW || self.tumbling_window.subsec_nanos() != 0 {
            return Err(Error::parameter("TumblingWindowInSeconds", "it is not a whole number from 0 to 900"));
        }
        if self.on_failure.as_ref().is_some_and(|queue| queue.ends_with(".fifo")) {
            return Err(Error::parameter("DestinationConfig", "a first-in-first-out queue is no destination"));
        }
        if self.maximum_concurrency.is_some() {
            return Err(Error::parameter("ScalingConfig", "it is supported only for queues"));
        }
        Ok(())
    }
}
