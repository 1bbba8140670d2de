//! What becomes of a batch whose handler fails: pure, and only in memory. After a restart a batch begins anew at its
//! checkpoint, with no attempt counted.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>

#[cfg(test)]
mod tests;

use std::time::Duration;

/// The wait before the first retry; it doubles with each one.
pub const FIRST_RETRY: Duration = Duration::from_secs(1);
/// The longest wait before a retry.
pub const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// A batch under way, cut into parts by what has failed so far. The parts are done in the order of their records, one at a
/// time: what is done or given up is always at the front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Retry {
    policy: Policy,
    /// The last one is next.
    parts: Vec<Part>,
}

/// How often to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Retries after the first attempt; `None` is without end.
    pub(crate) max_retries: Option<u32>,
    /// Whether a part that has failed is halved instead of being tried again, which counts as no attempt.
    pub(crate) bisects: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    records: usize,
    failures: u32,
}

/// How an invocation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    Succeeded,
    /// The records before this one are done.
    FailedAt(usize),
    Failed,
}

/// What follows from an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settled {
    /// So many records at the front are done.
    pub(crate) done: usize,
    /// So many after them are given up.
    pub(crate) discarded: usize,
    /// How often what is given up was tried.
    pub(crate) invocations: u32,
    /// How long to wait before the next invocation of this batch.
    pub(crate) wait: Duration,
}

impl Retry {
    /// A batch of so many records. One without any is an invocation for its own sake, such as the last one of a window.
    pub(crate) fn new(policy: Policy, records: usize) -> Self {
        Retry { policy, parts: vec![Part { records, failures: 0 }] }
    }

    /// How many records the next invocation has; `None` when all are done or given up.
    pub(crate) fn next(&self) -> Option<usize> {
        self.parts.last().map(|part| part.records)
    }

    /// Takes out records at the front that are too old to be tried; gives how many, and how often they were tried.
    pub(crate) fn expire(&mut self, records: usize) -> (usize, u32) {
        let Some(part) = self.parts.last_mut() else { return (0, 0) };
        let expired = records.min(part.records);
        let failures = part.failures;
        part.records -= expired;
        if part.records == 0 && expired > 0 {
            self.parts.pop();
        }
        (expired, failures)
    }

    /// Notes how an invocation ended.
    pub(crate) fn settle(&mut self, attempt: Attempt) -> Settled {
        let nothing = Settled { done: 0, discarded: 0, invocations: 0, wait: Duration::ZERO };
        let Some(part) = self.parts.pop() else { return nothing };
        let (done, failed) = match attempt {
            Attempt::Succeeded => return Settled { done: part.records, ..nothing },
            Attempt::FailedAt(first) if first < part.records => (first, Some(first)),
            Attempt::FailedAt(_) | Attempt::Failed => (0, None),
        };
        let left = part.records - done;
        // With progress, what has failed is another record than before.
        let failures = if done > 0 { 0 } else { part.failures };
        let settled = Settled { done, ..nothing };
        if self.policy.bisects && (left > 1 || done > 0) {
            self.split(Part { records: left, failures }, done, failed.is_some());
            return settled;
        }
        let failures = failures.saturating_add(1);
        if self.policy.max_retries.is_some_and(|most| failures > most) {
            return Settled { discarded: left, invocations: failures, ..settled };
        }
        self.parts.push(Part { records: left, failures });
        Settled { wait: backoff(failures), ..settled }
    }

    /// Cuts what is left of a part: at the record that was named, or else in the middle.
    fn split(&mut self, left: Part, done: usize, is_named: bool) {
        let Part { records, failures } = left;
        if done > 0 {
            return self.parts.push(left);
        }
        let first = if is_named { 1 } else { records / 2 };
        self.parts.push(Part { records: records - first, failures });
        self.parts.push(Part { records: first, failures });
    }
}

/// The wait before the next attempt after so many failures.
pub(crate) fn backoff(failures: u32) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).filter(|factor| *factor > 0).unwrap_or(u32::MAX);
    FIRST_RETRY.saturating_mul(doubled).min(LONGEST_RETRY)
}
