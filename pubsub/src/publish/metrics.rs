//! What was published and what became of it, counted as long as the program runs.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html>

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use millpond_engine::Transaction;
use parking_lot::RwLock;

/// What was published to a topic since the service was opened, and what became of it. Each field has the name of the
/// service's metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TopicMetrics {
    /// Messages that were published. One that was published before, to a first-in-first-out topic, is not counted again.
    pub number_of_messages_published: u64,
    /// Bytes of these messages, attributes included.
    pub publish_size_bytes: u64,
    /// Messages that were delivered to queues and streams, each once for a subscription, replays included. What is
    /// delivered after the commit is counted by the [service](crate::Topics::delivery_counts).
    pub number_of_notifications_delivered: u64,
    /// Messages that a queue or a stream did not take.
    pub number_of_notifications_failed: u64,
    /// Messages that a subscription did not want because of its filter policy.
    pub number_of_notifications_filtered_out: u64,
    /// Messages that a queue or a stream did not take and that went to a dead-letter queue.
    pub number_of_notifications_redriven_to_dlq: u64,
}

/// What one transaction has done.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    published: u64,
    bytes: u64,
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
    pub(crate) filtered_out: u64,
    pub(crate) redriven: u64,
}

impl Tally {
    pub(crate) fn published(&mut self, bytes: usize) {
        self.published += 1;
        self.bytes += bytes as u64;
    }
}

/// So many topics are counted; then counting begins anew.
const MOST_TOPICS: usize = 64 << 10;

/// The counts of topics, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Metrics(RwLock<HashMap<u64, Arc<Counts>>>);

#[derive(Debug, Default)]
struct Counts {
    published: AtomicU64,
    bytes: AtomicU64,
    delivered: AtomicU64,
    failed: AtomicU64,
    filtered_out: AtomicU64,
    redriven: AtomicU64,
}

impl Metrics {
    /// Counts what a transaction has done, once it is committed.
    pub(crate) fn add(&self, tx: &mut Transaction, topic: u64, tally: Tally) {
        let counts = self.counts(topic);
        tx.on_commit(move || {
            let add = |count: &AtomicU64, by: u64| {
                if by > 0 {
                    count.fetch_add(by, Ordering::Relaxed);
                }
            };
            add(&counts.published, tally.published);
            add(&counts.bytes, tally.bytes);
            add(&counts.delivered, tally.delivered);
            add(&counts.failed, tally.failed);
            add(&counts.filtered_out, tally.filtered_out);
            add(&counts.redriven, tally.redriven);
        });
    }

    pub(crate) fn read(&self, topic: u64) -> TopicMetrics {
        let Some(counts) = self.0.read().get(&topic).cloned() else { return TopicMetrics::default() };
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        TopicMetrics {
            number_of_messages_published: read(&counts.published),
            publish_size_bytes: read(&counts.bytes),
            number_of_notifications_delivered: read(&counts.delivered),
            number_of_notifications_failed: read(&counts.failed),
            number_of_notifications_filtered_out: read(&counts.filtered_out),
            number_of_notifications_redriven_to_dlq: read(&counts.redriven),
        }
    }

    fn counts(&self, topic: u64) -> Arc<Counts> {
        if let Some(counts) = self.0.read().get(&topic) {
            return Arc::clone(counts);
        }
        let mut counted = self.0.write();
        if counted.len() >= MOST_TOPICS && !counted.contains_key(&topic) {
            counted.clear();
        }
        Arc::clone(counted.entry(topic).or_default())
    }
}
