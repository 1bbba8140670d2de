//! Delivering again what a topic has kept: in the order in which it was published, as it was published, to
//! subscriptions that ask for it. While a subscription is replayed to, what is published comes to it out of the archive
//! too, so that it keeps its order.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/message-archiving-and-replay-subscriber.html>

mod policy;

use std::sync::Arc;

use millpond_engine::{RangeRequest, Timestamp, TransactOptions, Transaction};

use crate::{
    Error, Notification, Result, SubscribeOptions, Subscription, SubscriptionId, archive,
    index::Target,
    layout::{
        self, ReplayRecord, ReplayStatus, SubscriptionRecord, TopicRecord,
        archive::{ARCHIVE, ProgressRow, REPLAYS, messages_after, number_of, replay_key, subscription_of_replay},
    },
    publish::{self, Tally},
    shared::Shared,
};

use policy::Policy;

/// So many messages are looked at in one transaction, of so many bytes.
const MESSAGES: usize = 100;
const BYTES: usize = 1 << 20;
/// So many transactions are made for one replay in one call.
const STEPS: usize = 1000;

/// The attribute that asks for a replay.
const ATTRIBUTE: &str = "ReplayPolicy";

/// Begins a replay, in the place of one that is under way, or ends it: with nothing, or a policy without keys. The
/// record is the caller's to keep.
///
/// # Errors
/// [`Error::InvalidParameter`] with the service's text after `ReplayPolicy: `.
pub(crate) fn set(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    topic: &TopicRecord,
    record: &mut SubscriptionRecord,
    policy: Option<&str>,
) -> Result<()> {
    let policy = policy.map(Policy::parse).transpose()?.flatten();
    let key = replay_key(topic.id, record.id);
    let Some(policy) = policy else {
        record.attributes.remove(ATTRIBUTE);
        record.replay = None;
        return Ok(tx.delete(&shared.publisher.archive, key)?);
    };
    if !topic.is_fifo() {
        return Err(Error::parameter("ReplayPolicy: can only be set for subscriptions of FIFO topics"));
    }
    let Some(beginning) = archive::beginning(shared, tx, topic)? else {
        return Err(Error::parameter("ReplayPolicy: Topic does not have an ArchivePolicy"));
    };
    policy.check(tx.began())?;
    // What is asked for from before the archive begins with it.
    let after = archive::last_before(shared, topic.id, policy.start.max(beginning))?;
    tx.put(&shared.publisher.archive, key, layout::encode(&ProgressRow { after })?)?;
    record.attributes.insert(ATTRIBUTE.to_owned(), policy.text);
    let until = policy.end.map(|end| end.as_millis());
    record.replay = Some(ReplayRecord { after, until, status: ReplayStatus::Pending });
    Ok(())
}

/// Goes on with all replays that are under way. Gives the number of messages that were looked at.
pub(crate) fn run(shared: &Arc<Shared>) -> Result<u64> {
    let mut replayed = 0;
    let mut request = RangeRequest::prefix(REPLAYS);
    loop {
        let page = shared.engine.snapshot()?.range(&shared.publisher.archive, &request)?;
        for (key, _) in page.entries {
            let Some(subscription) = subscription_of_replay(&key) else { continue };
            replayed += run_one(shared, &key, subscription)?;
        }
        match page.resume {
            Some(last) => request = RangeRequest::prefix(REPLAYS).resume_after(&last),
            None => return Ok(replayed),
        }
    }
}

fn run_one(shared: &Arc<Shared>, key: &[u8], subscription: SubscriptionId) -> Result<u64> {
    let mut replayed = 0;
    for _ in 0..STEPS {
        // Among those that publish to the topic: what is published comes either before, and is in the archive, or after.
        let options = TransactOptions::default().serialized();
        let step = shared.engine.transact_with(&options, |tx| step(shared, tx, key, subscription))?;
        match step {
            Step::Some(messages) => replayed += messages,
            Step::Last(messages) => return Ok(replayed + messages),
        }
    }
    Ok(replayed)
}

/// How many messages were looked at, and whether more can be now.
enum Step {
    Some(u64),
    Last(u64),
}

fn step(shared: &Arc<Shared>, tx: &mut Transaction, key: &[u8], id: SubscriptionId) -> Result<Step> {
    let rows = &shared.publisher.archive;
    let Some(row) = tx.get(rows, key)? else { return Ok(Step::Last(0)) };
    let mut progress: ProgressRow = layout::decode(ARCHIVE, &row)?;
    let found = shared.find_subscription(tx, id)?.filter(|(topic, _)| replay_key(topic.id, id) == key);
    let Some((topic, mut record)) = found else {
        tx.delete(rows, key.to_vec())?;
        return Ok(Step::Last(0));
    };
    let Some(mut replay) = record.replay.take() else {
        tx.delete(rows, key.to_vec())?;
        return Ok(Step::Last(0));
    };
    if !record.is_confirmed() {
        record.replay = Some(replay);
        return Ok(Step::Last(0));
    }
    let (messages, status) = match archive::retention(&topic) {
        None => (0, Some(ReplayStatus::Failed)),
        Some(_) => deliver(shared, tx, &topic, &record, &replay, &mut progress)?,
    };
    let before = replay.status;
    match status {
        Some(status) => {
            tx.delete(rows, key.to_vec())?;
            replay.status = status;
        }
        None => {
            if messages > 0 {
                tx.put(rows, key.to_vec(), layout::encode(&progress)?)?;
            }
            replay.status = ReplayStatus::InProgress;
        }
    }
    if replay.status != before {
        record.replay = Some(replay);
        shared.keep_subscription(tx, &topic, &record)?;
    }
    // Where there was nothing, nothing comes by asking again.
    Ok(if status.is_some() || messages == 0 { Step::Last(messages) } else { Step::Some(messages) })
}

/// Delivers the next messages of the archive. Gives how many were looked at, and what has become of the replay if it is
/// over.
fn deliver(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    topic: &TopicRecord,
    record: &SubscriptionRecord,
    replay: &ReplayRecord,
    progress: &mut ProgressRow,
) -> Result<(u64, Option<ReplayStatus>)> {
    let request = messages_after(topic.id, progress.after).limit(MESSAGES).limit_bytes(BYTES);
    let page = tx.range(&shared.publisher.archive, &request)?;
    let target = [Arc::new(Target::new(shared, record))];
    let mut tally = Tally::default();
    let mut messages = 0;
    let mut is_over = false;
    for (key, row) in &page.entries {
        let mut message: Notification = layout::decode(ARCHIVE, row)?;
        if replay.until.is_some_and(|until| message.published > until) {
            is_over = true;
            break;
        }
        messages += 1;
        progress.after = number_of(key);
        if !target.iter().all(|target| target.matches(&message)) {
            tally.filtered_out += 1;
            continue;
        }
        message.is_replayed = true;
        publish::deliver(shared, tx, topic, &target, &Arc::new(message), &mut tally)?;
    }
    shared.publisher.metrics.add(tx, topic.id, tally);
    // It has caught up, and no message comes any more that it would still be for.
    let is_caught_up = page.resume.is_none() && replay.until.is_none_or(|until| tx.began().as_millis() > until);
    Ok((messages, (is_over || is_caught_up).then_some(ReplayStatus::Completed)))
}

/// A policy as the service has it.
fn written(from: Timestamp, to: Option<Timestamp>) -> String {
    let mut policy = serde_json::json!({ "PointType": "Timestamp", "StartingPoint": from.to_string() });
    if let (Some(to), Some(fields)) = (to, policy.as_object_mut()) {
        fields.insert("EndingPoint".into(), to.to_string().into());
    }
    policy.to_string()
}

impl SubscribeOptions {
    /// Has the messages that the topic's archive holds delivered first, from a time on. Without an end it goes on with
    /// those that are published; with one, nothing is delivered that was published later.
    /// [`Topics::maintain`](crate::Topics::maintain) delivers them.
    ///
    /// ```
    /// use millpond_engine::{Engine, Timestamp};
    /// use millpond_pubsub::{CreateOptions, PublishMessage, SubscribeOptions, Topics};
    /// use millpond_queue::Queues;
    /// use millpond_stream::Streams;
    ///
    /// let engine = Engine::in_memory();
    /// let queues = Queues::open(&engine)?;
    /// let topics = Topics::open(&queues, &Streams::open(&engine)?)?;
    /// let options = CreateOptions::default()
    ///     .attribute("FifoTopic", "true")
    ///     .attribute("ArchivePolicy", r#"{"MessageRetentionPeriod": "30"}"#);
    /// let orders = topics.create("orders.fifo", &options)?;
    /// orders.publish(PublishMessage::new("order 1").group("shop").deduplication("1"))?;
    ///
    /// let late = queues.create("late.fifo", &Default::default())?;
    /// let options = SubscribeOptions::default().replay(Timestamp::default(), None);
    /// orders.subscribe(&topics.queue_endpoint("late.fifo"), &options)?;
    /// topics.maintain()?;
    /// assert_eq!(late.metrics()?.counts.visible, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn replay(self, from: Timestamp, to: Option<Timestamp>) -> Self {
        self.attribute(ATTRIBUTE, written(from, to))
    }
}

impl Subscription {
    /// Delivers the messages that the topic's archive holds again, from a time on: see [`SubscribeOptions::replay`].
    /// What is published meanwhile is delivered after them. A replay that is under way is given up.
    ///
    /// # Errors
    /// As [`set_attribute`](Subscription::set_attribute).
    pub fn replay(&self, from: Timestamp, to: Option<Timestamp>) -> Result<()> {
        self.set_attribute(ATTRIBUTE, &written(from, to))
    }

    /// Gives up a replay, or forgets that there was one: from now on what is published is delivered.
    ///
    /// # Errors
    /// As [`set_attribute`](Subscription::set_attribute).
    pub fn end_replay(&self) -> Result<()> {
        self.set_attribute(ATTRIBUTE, "{}")
    }
}
