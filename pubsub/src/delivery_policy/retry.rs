//! When a delivery is tried again.

use std::time::Duration;

use serde::Serialize;

use crate::Protocol;

/// How delays grow from the shortest to the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Backoff {
    Linear,
    Arithmetic,
    Geometric,
    Exponential,
}

/// So many attempts after the first, in four phases: at once, after the shortest delay, after delays that grow, and after the
/// longest. Delays are in seconds.
///
/// It is serialized as the service shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RetryPolicy {
    pub(crate) min_delay_target: u32,
    pub(crate) max_delay_target: u32,
    pub(crate) num_retries: u32,
    pub(crate) num_max_delay_retries: u32,
    pub(crate) num_no_delay_retries: u32,
    pub(crate) num_min_delay_retries: u32,
    pub(crate) backoff_function: Backoff,
}

impl RetryPolicy {
    /// What it is made of, by the service's names and in its order.
    pub(crate) const MEMBERS: [&str; 7] = [
        "minDelayTarget",
        "maxDelayTarget",
        "numRetries",
        "numMaxDelayRetries",
        "numNoDelayRetries",
        "numMinDelayRetries",
        "backoffFunction",
    ];

    /// The service's policy for a protocol. Only that of HTTP and HTTPS can be changed.
    pub(crate) const fn of(protocol: Protocol) -> RetryPolicy {
        match protocol {
            Protocol::Sqs | Protocol::Firehose | Protocol::Lambda => RetryPolicy {
                min_delay_target: 1,
                max_delay_target: 20,
                num_retries: 100_015,
                num_max_delay_retries: 100_000,
                num_no_delay_retries: 3,
                num_min_delay_retries: 2,
                backoff_function: Backoff::Exponential,
            },
            Protocol::Http | Protocol::Https => RetryPolicy {
                min_delay_target: 20,
                max_delay_target: 20,
                num_retries: 3,
                num_max_delay_retries: 0,
                num_no_delay_retries: 0,
                num_min_delay_retries: 0,
                backoff_function: Backoff::Linear,
            },
            Protocol::Email | Protocol::EmailJson | Protocol::Sms | Protocol::Application => RetryPolicy {
                min_delay_target: 10,
                max_delay_target: 600,
                num_retries: 50,
                num_max_delay_retries: 38,
                num_no_delay_retries: 0,
                num_min_delay_retries: 2,
                backoff_function: Backoff::Exponential,
            },
        }
    }

    /// How long to wait after so many attempts have failed (1 or more) until the next; `None` when there is none.
    pub(crate) fn delay(&self, failed_attempts: u32) -> Option<Duration> {
        let retry = failed_attempts.checked_sub(1)?;
        if retry >= self.num_retries {
            return None;
        }
        let (shortest, longest) =
            (Duration::from_secs(self.min_delay_target.into()), Duration::from_secs(self.max_delay_target.into()));
        let Some(after_immediate) = retry.checked_sub(self.num_no_delay_retries) else { return Some(Duration::ZERO) };
        let Some(grown) = after_immediate.checked_sub(self.num_min_delay_retries) else { return Some(shortest) };
        let growing = self.num_growing_retries();
        Some(if grown < growing { self.grown(grown, growing) } else { longest })
    }

    /// The retries of the phase in which delays grow: those that are of no other.
    fn num_growing_retries(&self) -> u32 {
        let others = [self.num_no_delay_retries, self.num_min_delay_retries, self.num_max_delay_retries];
        others.iter().fold(self.num_retries, |left, others| left.saturating_sub(*others))
    }

    /// The delay before one of the retries of that phase: the first waits for the shortest, the last for the longest.
    fn grown(&self, index: u32, count: u32) -> Duration {
        let (shortest, longest) = (f64::from(self.min_delay_target), f64::from(self.max_delay_target));
        if count < 2 {
            return Duration::from_secs(self.min_delay_target.into());
        }
        // From 0, for the first, to 1, for the last.
        let share = f64::from(index) / f64::from(count - 1);
        let share = match self.backoff_function {
            Backoff::Linear => share,
            // Each step is one unit longer than the one before.
            Backoff::Arithmetic => f64::from(index) * f64::from(index + 1) / (f64::from(count - 1) * f64::from(count)),
            // Each delay is the one before times the same.
            Backoff::Geometric => return Duration::from_secs_f64(shortest * (longest / shortest).powf(share)),
            // Each step is twice the one before.
            Backoff::Exponential => (f64::from(index).exp2() - 1.0) / (f64::from(count - 1).exp2() - 1.0),
        };
        Duration::from_secs_f64((longest - shortest).mul_add(share, shortest))
    }
}
