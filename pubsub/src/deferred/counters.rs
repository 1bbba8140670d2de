//! What has become of deliveries since the service was opened.

use std::sync::atomic::{AtomicU64, Ordering};

/// What has become of deliveries since the service was opened: see [`Topics::delivery_counts`](crate::Topics::delivery_counts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DeliveryCounts {
    /// Deliveries over HTTP, to functions and to what is captured that have succeeded.
    pub delivered: u64,
    /// Attempts that have failed and were followed by another, or will be.
    pub retried: u64,
    /// Messages that went to the dead-letter queue of their subscription.
    pub dead_lettered: u64,
    /// Messages that could not be delivered and went nowhere, those of deleted subscriptions among them.
    pub dropped: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    delivered: AtomicU64,
    retried: AtomicU64,
    dead_lettered: AtomicU64,
    dropped: AtomicU64,
}

impl Counters {
    pub(crate) fn delivered(&self) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn retried(&self) {
        self.retried.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn dead_lettered(&self) {
        self.dead_lettered.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> DeliveryCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        DeliveryCounts {
            delivered: read(&self.delivered),
            retried: read(&self.retried),
            dead_lettered: read(&self.dead_lettered),
            dropped: read(&self.dropped),
        }
    }
}
