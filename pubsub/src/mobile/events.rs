//! What an application's topics are told of its endpoints.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/application-event-notifications.html>

use std::sync::Arc;

use millpond_engine::Transaction;

use crate::{Error, PublishMessage, Result, layout::mobile::ApplicationRecord, publish, shared::Shared};

/// What has happened to an endpoint.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    Created,
    Updated,
    Deleted,
}

impl Event {
    /// What it is called in messages; the attribute with the topic's ARN has `Event` before it.
    const fn name(self) -> &'static str {
        match self {
            Event::Created => "EndpointCreated",
            Event::Updated => "EndpointUpdated",
            Event::Deleted => "EndpointDeleted",
        }
    }
}

const SUBJECT_CHARACTERS: usize = 100;

/// Publishes an event to the topic that the application has for it, if it has one and that exists. First-in-first-out topics are
/// told nothing: there is no group for it.
pub(super) fn tell(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    application: &ApplicationRecord,
    endpoint: &str,
    event: Event,
) -> Result<()> {
    let name = event.name();
    let Some(arn) = application.attributes.get(&format!("Event{name}")) else { return Ok(()) };
    let topic = arn.rsplit(':').next().unwrap_or_default();
    if topic.ends_with(".fifo") {
        return Ok(());
    }
    let body = serde_json::json!({
        "EndpointArn": endpoint,
        "EventType": name,
        "Resource": application.arn,
        "Service": "SNS",
        "Time": tx.began().to_string(),
    });
    let subject = format!("{name} event for app {} ({})", application.name, application.platform);
    let subject: String = subject.chars().take(SUBJECT_CHARACTERS).collect();
    let message = PublishMessage::new(body.to_string()).subject(subject);
    match tx.savepoint(|tx| publish::one(shared, tx, topic, &message)) {
        Ok(_) | Err(Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
