//! What all handles of the service share.

use std::sync::Arc;

use millpond_engine::{Engine, Read, Transaction};
use millpond_queue::Queues;
use millpond_stream::Streams;
use parking_lot::RwLock;

use crate::{
    Error, Options, Result, SubscriptionId,
    deferred::{self, Deferred},
    envelope::Signer,
    index::{self, Indexes},
    layout::{self, Counted, Keyspaces, SUBSCRIPTIONS, SubscriptionRecord, TOPICS, TopicRecord},
    local::Locals,
    mobile::Mobile,
    outbox::Outbox,
    publish::Publisher,
    sms::Sms,
};

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) options: Options,
    pub(crate) queues: Queues,
    pub(crate) streams: Streams,
    pub(crate) keyspaces: Keyspaces,
    /// Which subscriptions of a topic want a message: hints.
    pub(crate) indexes: Indexes,
    pub(crate) publisher: Publisher,
    /// Subscriptions that last as long as the program.
    pub(crate) locals: Locals,
    /// Deliveries that are made after the commit.
    pub(crate) deferred: Deferred,
    pub(crate) signer: Signer,
    pub(crate) outbox: Outbox,
    pub(crate) mobile: Mobile,
    pub(crate) sms: Sms,
    public_url: RwLock<Arc<str>>,
}

impl Shared {
    pub(crate) fn open(queues: &Queues, streams: &Streams, options: Options) -> Result<Arc<Shared>> {
        let engine = queues.engine();
        let public_url = RwLock::new(options.first_public_url().into());
        let shared = Arc::new(Shared {
            engine: engine.clone(),
            queues: queues.clone(),
            streams: streams.clone(),
            keyspaces: Keyspaces::open(engine)?,
            indexes: Indexes::default(),
            publisher: Publisher::open(engine)?,
            locals: Locals::open(engine)?,
            deferred: Deferred::open(engine, &options)?,
            signer: Signer::open(engine)?,
            outbox: Outbox::open(engine)?,
            mobile: Mobile::open(engine)?,
            sms: Sms::open(engine)?,
            public_url,
            options,
        });
        deferred::start(&shared)?;
        Ok(shared)
    }

    pub(crate) fn public_url(&self) -> Arc<str> {
        Arc::clone(&self.public_url.read())
    }

    pub(crate) fn set_public_url(&self, url: &str) {
        *self.public_url.write() = url.trim_end_matches('/').into();
    }

    /// An ARN of this service, in the region of its options if none is given.
    pub(crate) fn arn(&self, region: Option<&str>, name: &str) -> String {
        format!("arn:aws:sns:{}:{}:{name}", region.unwrap_or(self.options.region_name()), self.options.account_id())
    }

    /// The topic of that name, if there is one.
    pub(crate) fn find(&self, reader: &mut impl Read, name: &str) -> Result<Option<TopicRecord>> {
        let stored = reader.get(&self.keyspaces.topics, &layout::topic_key(name))?;
        stored.map(|stored| layout::decode(TOPICS, &stored)).transpose()
    }

    /// As [`find`](Shared::find).
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none.
    pub(crate) fn need(&self, reader: &mut impl Read, name: &str) -> Result<TopicRecord> {
        self.find(reader, name)?.ok_or_else(Error::no_topic)
    }

    pub(crate) fn keep(&self, tx: &mut Transaction, record: &TopicRecord) -> Result<()> {
        Ok(tx.put(&self.keyspaces.topics, layout::topic_key(&record.name), layout::encode(record)?)?)
    }

    /// The subscription of that id with its topic, if there is one and it was confirmed in time or still can be.
    pub(crate) fn find_subscription(
        &self,
        reader: &mut impl Read,
        id: SubscriptionId,
    ) -> Result<Option<(TopicRecord, SubscriptionRecord)>> {
        let found = self.find_any_subscription(reader, id)?;
        Ok(found.filter(|(_, record)| !record.is_over(self.engine.clock().now())))
    }

    /// The subscription of that id with its topic, if there is one.
    pub(crate) fn find_any_subscription(
        &self,
        reader: &mut impl Read,
        id: SubscriptionId,
    ) -> Result<Option<(TopicRecord, SubscriptionRecord)>> {
        let Some(name) = reader.get(&self.keyspaces.subscriptions, &layout::by_id_key(id))? else { return Ok(None) };
        let name = std::str::from_utf8(&name).unwrap_or_default();
        let Some(topic) = self.find(reader, name)? else { return Ok(None) };
        let record = self.subscription_of(reader, &topic, id)?;
        Ok(record.map(|record| (topic, record)))
    }

    /// The subscription of that id, if it is one of the topic's.
    pub(crate) fn subscription_of(
        &self,
        reader: &mut impl Read,
        topic: &TopicRecord,
        id: SubscriptionId,
    ) -> Result<Option<SubscriptionRecord>> {
        let stored = reader.get(&self.keyspaces.subscriptions, &layout::subscription_key(topic.id, id))?;
        stored.map(|stored| layout::decode(SUBSCRIPTIONS, &stored)).transpose()
    }

    /// As [`find_subscription`](Shared::find_subscription).
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none.
    pub(crate) fn need_subscription(
        &self,
        reader: &mut impl Read,
        id: SubscriptionId,
    ) -> Result<(TopicRecord, SubscriptionRecord)> {
        self.find_subscription(reader, id)?.ok_or_else(Error::no_subscription)
    }

    /// Keeps a subscription, whether it is new or changed, and has the topic's index made anew.
    pub(crate) fn keep_subscription(
        &self,
        tx: &mut Transaction,
        topic: &TopicRecord,
        record: &SubscriptionRecord,
    ) -> Result<()> {
        let subscriptions = &self.keyspaces.subscriptions;
        tx.put(subscriptions, layout::subscription_key(topic.id, record.id), layout::encode(record)?)?;
        tx.put(subscriptions, layout::by_id_key(record.id), topic.name.clone())?;
        tx.put(subscriptions, layout::endpoint_key(topic.id, &record.endpoint), record.id.0.to_vec())?;
        self.changed(tx, topic.id, record.id)
    }

    /// Removes a subscription.
    pub(crate) fn remove_subscription(
        &self,
        tx: &mut Transaction,
        topic: &TopicRecord,
        record: &SubscriptionRecord,
    ) -> Result<()> {
        let subscriptions = &self.keyspaces.subscriptions;
        tx.delete(subscriptions, layout::subscription_key(topic.id, record.id))?;
        tx.delete(subscriptions, layout::by_id_key(record.id))?;
        tx.delete(subscriptions, layout::endpoint_key(topic.id, &record.endpoint))?;
        self.changed(tx, topic.id, record.id)
    }

    /// Counts subscriptions of a topic.
    pub(crate) fn count(&self, tx: &mut Transaction, topic: u64, counted: Counted, by: i64) -> Result<()> {
        Ok(tx.add(&self.keyspaces.counters, layout::counter_key(topic, counted), by)?)
    }

    /// How many subscriptions of a topic were counted.
    pub(crate) fn counted(&self, reader: &mut impl Read, topic: u64, counted: Counted) -> Result<i64> {
        Ok(reader.counter(&self.keyspaces.counters, &layout::counter_key(topic, counted))?)
    }

    /// How often the subscriptions of a topic were changed. Who reads it in a transaction conflicts with a change.
    pub(crate) fn changes(&self, reader: &mut impl Read, topic: u64) -> Result<u64> {
        let stored = reader.get(&self.keyspaces.topics, &layout::changes_key(topic))?;
        stored.map_or(Ok(0), |stored| layout::read_u64(&stored))
    }

    /// Counts a change of a topic's subscriptions, and notes it for the topic's index.
    fn changed(&self, tx: &mut Transaction, topic: u64, id: SubscriptionId) -> Result<()> {
        let next = self.changes(tx, topic)? + 1;
        tx.put(&self.keyspaces.topics, layout::changes_key(topic), next.to_be_bytes().to_vec())?;
        index::note(self, tx, topic, next, id)
    }
}
