//! Publishing messages.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>

mod batch;
mod check;
pub(crate) mod deduplication;
mod deliver;
mod handles;
mod metrics;
mod settings;

use std::sync::Arc;

use millpond_engine::{Engine, Keyspace, Timestamp, TransactOptions, Transaction};
use parking_lot::Mutex;

use crate::{
    MessageId, Notification, PublishMessage, Published, Result, SequenceNumber, archive, index,
    layout::{self, archive::ARCHIVE, deduplication::DEDUPLICATION},
    local, replay,
    shared::Shared,
};

pub(crate) use batch::{all, batch};
pub(crate) use check::direct as check_direct;
pub(crate) use deliver::{deliver, queue_attributes};
use metrics::Metrics;
pub(crate) use metrics::Tally;
pub use metrics::TopicMetrics;
pub(crate) use settings::PublishedTo;

/// What publishing keeps: rows of its own, hints and counts.
#[derive(Debug)]
pub(crate) struct Publisher {
    pub(crate) deduplication: Keyspace,
    pub(crate) archive: Keyspace,
    /// The deduplication ids that were known until then are forgotten.
    pub(crate) expired: Mutex<Timestamp>,
    topics: settings::Topics,
    pub(crate) metrics: Metrics,
}

impl Publisher {
    pub(crate) fn open(engine: &Engine) -> Result<Publisher> {
        Ok(Publisher {
            deduplication: engine.keyspace(DEDUPLICATION)?,
            archive: engine.keyspace(ARCHIVE)?,
            expired: Mutex::default(),
            topics: settings::Topics::default(),
            metrics: Metrics::default(),
        })
    }
}

/// How a transaction is run that publishes to a topic. Those to a first-in-first-out topic run one after the other:
/// each gives the number after the one before, so they could not run beside each other.
pub(crate) fn lane(topic: &str) -> TransactOptions {
    match topic.ends_with(".fifo") {
        true => TransactOptions::default().serialized(),
        false => TransactOptions::default(),
    }
}

pub(crate) fn one(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    topic: &str,
    message: &PublishMessage,
) -> Result<Published> {
    let topic = settings::need(shared, tx, topic)?;
    check::run(&topic, message)?;
    let mut publishing = Publishing::new(shared, topic);
    let published = publishing.publish(tx, message)?;
    publishing.finish(tx);
    Ok(published)
}

/// The messages that one call publishes.
struct Publishing<'a> {
    shared: &'a Arc<Shared>,
    topic: Arc<PublishedTo>,
    tally: Tally,
}

impl<'a> Publishing<'a> {
    fn new(shared: &'a Arc<Shared>, topic: Arc<PublishedTo>) -> Self {
        Publishing { shared, topic, tally: Tally::default() }
    }

    /// Publishes a message that was checked.
    fn publish(&mut self, tx: &mut Transaction, message: &PublishMessage) -> Result<Published> {
        let notification = match &self.topic.settings.fifo {
            None => self.notification(tx, message),
            Some(fifo) => {
                let id = deduplication::id_of(fifo, message)?;
                let token = deduplication::token(fifo, &id, message.group_id.as_deref().unwrap_or_default());
                if let Some(first) = deduplication::find(self.shared, tx, self.topic.record.id, token)? {
                    return Ok(first);
                }
                let number = self.next_number(tx)?;
                let notification = Notification {
                    deduplication_id: Some(id),
                    sequence_number: Some(number),
                    ..self.notification(tx, message)
                };
                deduplication::keep(self.shared, tx, self.topic.record.id, token, notification.id, number)?;
                if fifo.retention.is_some() {
                    archive::keep(self.shared, tx, &self.topic.record, number, &notification)?;
                }
                notification
            }
        };
        let published = Published { message_id: notification.id, sequence_number: notification.sequence_number };
        self.tally.published(check::size_bytes(message));
        self.deliver(tx, Arc::new(notification))?;
        Ok(published)
    }

    fn notification(&self, tx: &Transaction, message: &PublishMessage) -> Notification {
        Notification {
            id: MessageId::random(),
            topic_arn: self.topic.record.arn.clone(),
            published: tx.began().as_millis(),
            body: message.body.clone(),
            subject: message.subject.clone(),
            attributes: message.attributes.clone(),
            group_id: message.group_id.clone(),
            deduplication_id: None,
            sequence_number: None,
            is_replayed: false,
            trace_header: message.trace_header.clone(),
        }
    }

    /// The next sequence number of the topic.
    fn next_number(&self, tx: &mut Transaction) -> Result<SequenceNumber> {
        let (topics, key) = (&self.shared.keyspaces.topics, layout::sequence_key(self.topic.record.id));
        let last = tx.get(topics, &key)?.map_or(Ok(0), |last| layout::read_u64(&last))?;
        tx.put(topics, key, (last + 1).to_be_bytes().to_vec())?;
        Ok(SequenceNumber(last + 1))
    }

    fn deliver(&mut self, tx: &mut Transaction, message: Arc<Notification>) -> Result<()> {
        let topic = &self.topic.record;
        let matched = index::matching(self.shared, tx, topic, &message)?;
        self.tally.filtered_out += matched.filtered_out;
        deliver(self.shared, tx, topic, &matched.targets, &message, &mut self.tally)?;
        local::notify(self.shared, tx, topic, &message)
    }

    fn finish(self, tx: &mut Transaction) {
        self.shared.publisher.metrics.add(tx, self.topic.record.id, self.tally);
    }
}

/// Does what is due: forgets deduplication ids that are over, clears away what topics keep no longer, and goes on with
/// replays. Gives the number of messages that were replayed and cleared away.
pub(crate) fn maintain(shared: &Arc<Shared>) -> Result<u64> {
    deduplication::expire(shared)?;
    Ok(archive::trim(shared)? + replay::run(shared)?)
}
