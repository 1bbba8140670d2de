//! Messages to endpoints.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html>

use std::collections::BTreeMap;

use millpond_engine::Transaction;
use serde_json::Value;

use super::{Platform, arn, endpoint};
use crate::{
    Body, Captured, Error, MessageId, Notification, Protocol, PublishMessage, Result, layout::mobile::EndpointRecord,
    model::no_default, outbox, publish::check_direct, shared::Shared,
};

/// Publishes a message to the endpoint with this ARN.
pub(crate) fn publish(shared: &Shared, tx: &mut Transaction, arn: &str, message: &PublishMessage) -> Result<MessageId> {
    let (platform, endpoint) = ready(shared, tx, arn)?;
    check_direct(message)?;
    let payload = payload(platform, &message.body)?;
    let id = MessageId::random();
    let mut captured = captured(platform, &endpoint, payload);
    captured.subject.clone_from(&message.subject);
    captured.attributes.clone_from(&message.attributes);
    captured.message_id = Some(id);
    outbox::record(shared, tx, &captured)?;
    Ok(id)
}

/// Delivers a message of a topic to the endpoint with this ARN.
///
/// # Errors
/// Those of [`publish`]: all but the engine's are for good, and no retry mends them.
pub(crate) fn deliver(
    shared: &Shared,
    tx: &mut Transaction,
    arn: &str,
    subscription_arn: &str,
    message: &Notification,
) -> Result<()> {
    let (platform, endpoint) = ready(shared, tx, arn)?;
    let payload = payload(platform, &message.body)?;
    let mut captured = captured(platform, &endpoint, payload);
    captured.subject.clone_from(&message.subject);
    captured.attributes.clone_from(&message.attributes);
    captured.message_id = Some(message.id);
    captured.topic_arn = Some(message.topic_arn.clone());
    captured.subscription_arn = Some(subscription_arn.to_owned());
    outbox::record(shared, tx, &captured)
}

/// The endpoint, if it and its application take messages.
fn ready(shared: &Shared, tx: &mut Transaction, arn: &str) -> Result<(Platform, EndpointRecord)> {
    let missing = || Error::parameter("TargetArn Reason: No endpoint found for the target arn specified");
    let named = arn::endpoint(arn, "TargetArn")?.ok_or_else(missing)?;
    let (application, endpoint) = endpoint::locate(shared, tx, &named)?.ok_or_else(missing)?;
    let is_enabled = |attributes: &BTreeMap<String, String>| attributes.get("Enabled").is_some_and(|on| on == "true");
    if !is_enabled(&application.attributes) {
        return Err(Error::PlatformApplicationDisabled);
    }
    if !is_enabled(&endpoint.attributes) {
        return Err(Error::EndpointDisabled);
    }
    Ok((application.platform, endpoint))
}

/// What the platform would get of a message: its own text, or that of `default`.
fn payload(platform: Platform, body: &Body) -> Result<&str> {
    let (payload, is_own) = match body {
        Body::Text(text) => (Some(text), false),
        Body::Structured(texts) => {
            let own = texts.get(platform.name());
            (own.or_else(|| texts.get("default")), own.is_some())
        }
    };
    let payload = payload.ok_or_else(no_default)?;
    if payload.is_empty() {
        return Err(Error::parameter("Empty message"));
    }
    let refused =
        |why| Error::parameter(format!("Message Reason: Invalid notification for protocol {platform}: {why}"));
    if payload.len() > platform.payload_bytes() {
        return Err(refused(match platform {
            Platform::Gcm => "Notification data is larger than allowed limit",
            _ => "Notification is too long",
        }));
    }
    if is_own && platform.takes_json() && !matches!(serde_json::from_str(payload), Ok(Value::Object(_))) {
        return Err(refused("Notification is malformed"));
    }
    Ok(payload)
}

fn captured(platform: Platform, endpoint: &EndpointRecord, payload: &str) -> Captured {
    let mut captured = Captured::new(Protocol::Application, &endpoint.arn, payload);
    captured.details.insert("Platform".to_owned(), platform.name().to_owned());
    let told = ["Token", "CustomUserData", "ChannelId", "UserId"].into_iter();
    let known = told.filter_map(|name| Some((name.to_owned(), endpoint.attributes.get(name)?.clone())));
    captured.details.extend(known);
    captured
}
