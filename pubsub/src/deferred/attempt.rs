//! One attempt to deliver.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html>

use std::sync::Arc;

use super::{
    discover::REST,
    functions::{self, Function, guarded},
    lanes::Hold,
    post, settle,
};
use crate::{
    Body, Endpoint, Error, Notification, Protocol, Result, SubscriptionId, delivery_policy,
    delivery_policy::RetryPolicy,
    envelope::Told,
    layout::{
        self, SubscriptionRecord, TopicRecord,
        deferred::{Content, DELIVERIES, DeliveryKey, DeliveryRecord, content_key, delivery_key},
    },
    shared::Shared,
};

/// A delivery with all that it takes.
pub(super) struct Delivery {
    pub(super) id: SubscriptionId,
    pub(super) key: DeliveryKey,
    pub(super) record: DeliveryRecord,
    pub(super) what: What,
}

pub(super) enum What {
    Message(Box<Addressed>),
    Told(Told, Endpoint),
}

/// A message and whom it is for.
pub(super) struct Addressed {
    pub(super) topic: TopicRecord,
    pub(super) subscription: SubscriptionRecord,
    pub(super) message: Notification,
}

/// What came of an attempt.
pub(super) enum Outcome {
    Delivered,
    /// It is tried again.
    Failed(String),
    /// It would fail again.
    Refused(String),
    /// It waits for a function of that name.
    Missing(Arc<str>),
    /// The transaction in which it was handled has taken it out.
    Settled,
}

/// Makes a delivery that was taken.
pub(super) fn run(shared: &Arc<Shared>, id: SubscriptionId, key: DeliveryKey) {
    if let Err(error) = attempt(shared, id, key) {
        tracing::warn!(%error, "a delivery waits until the store can be used");
        let runner = &shared.deferred.runner;
        runner.put_back(id, key, Hold::Until(runner.now().saturating_add(REST)));
    }
}

fn attempt(shared: &Arc<Shared>, id: SubscriptionId, key: DeliveryKey) -> Result<()> {
    let runner = &shared.deferred.runner;
    let Some((record, what)) = load(shared, id, key)? else {
        runner.done(id, key);
        return Ok(());
    };
    let Some(what) = what else { return settle::dropped(shared, id, key, &record) };
    let delivery = Delivery { id, key, record, what };
    let (retry, most_a_second) = policy(&delivery.what);
    if let Some(most) = most_a_second
        && !runner.with(|state, now| state.lanes.permit(id, key, most, now))
    {
        return Ok(());
    }
    match deliver(shared, &delivery)? {
        Outcome::Delivered => settle::delivered(shared, &delivery),
        Outcome::Settled => Ok(()),
        Outcome::Failed(reason) => match retry.delay(delivery.record.attempts.saturating_add(1)) {
            Some(delay) => settle::again(shared, &delivery, delay, &reason),
            None => settle::given_up(shared, &delivery, &reason),
        },
        Outcome::Refused(reason) => settle::given_up(shared, &delivery, &reason),
        Outcome::Missing(name) => {
            runner.put_back(id, key, Hold::Function(Arc::clone(&name)));
            // It may have been attached since.
            runner.with(|state, now| {
                if state.functions.get(&name).is_some() {
                    state.lanes.attached(&name, now);
                }
            });
            Ok(())
        }
    }
}

/// A delivery as it is in the store, and what is to be delivered: nothing if its subscription is gone.
fn load(shared: &Arc<Shared>, id: SubscriptionId, key: DeliveryKey) -> Result<Option<(DeliveryRecord, Option<What>)>> {
    let mut view = shared.engine.snapshot()?;
    let rows = &shared.deferred.rows;
    let Some(row) = view.get(rows, &delivery_key(id, key))? else { return Ok(None) };
    let record: DeliveryRecord = layout::decode(DELIVERIES, &row)?;
    let message = match &record.content {
        Content::Told(told, endpoint) => {
            let what = What::Told(told.clone(), endpoint.clone());
            return Ok(Some((record, Some(what))));
        }
        Content::Own(message) => Notification::clone(message),
        Content::Shared(content) => {
            let row = view.get(rows, &content_key(*content))?;
            let row = row.ok_or(Error::Corrupt { keyspace: DELIVERIES, detail: "a message is not there" })?;
            layout::decode(DELIVERIES, &row)?
        }
    };
    let found = shared.find_subscription(&mut view, id)?;
    let what = found.map(|(topic, subscription)| What::Message(Box::new(Addressed { topic, subscription, message })));
    Ok(Some((record, what)))
}

/// When it is tried again, and how many deliveries there may be in a second.
fn policy(what: &What) -> (RetryPolicy, Option<u32>) {
    match what {
        What::Message(addressed) => {
            let delivery = delivery_policy::effective(&addressed.topic, &addressed.subscription);
            (delivery.retry, delivery.max_receives_per_second)
        }
        What::Told(_, endpoint) => (RetryPolicy::of(endpoint.protocol), None),
    }
}

fn deliver(shared: &Arc<Shared>, delivery: &Delivery) -> Result<Outcome> {
    match &delivery.what {
        What::Told(told, endpoint) => post::told(shared, told, endpoint),
        What::Message(addressed) => match addressed.subscription.endpoint.protocol {
            Protocol::Http | Protocol::Https => post::message(shared, addressed),
            Protocol::Lambda => call(shared, delivery, addressed),
            other => Ok(Outcome::Refused(format!("nothing is delivered to {other} in this way"))),
        },
    }
}

fn call(shared: &Arc<Shared>, delivery: &Delivery, addressed: &Addressed) -> Result<Outcome> {
    let Addressed { subscription, message, .. } = addressed;
    let name = functions::name(&subscription.endpoint);
    let Some(function) = shared.deferred.runner.with(|state, _| state.functions.get(&name)) else {
        return Ok(Outcome::Missing(name));
    };
    // It has the text of its protocol, and no other.
    let text = message.text_for(Protocol::Lambda.name()).to_owned();
    let message = Notification { body: Body::Text(text), ..message.clone() };
    match function {
        Function::Plain(handler) => Ok(match guarded(|| handler(&message)) {
            Ok(()) => Outcome::Delivered,
            Err(reason) => Outcome::Failed(reason),
        }),
        Function::InTransaction(handler) => settle::handled_in(shared, delivery, |tx| handler(tx, &message)),
    }
}
