//! Text messages to phone numbers.
//!
//! The service takes messages for numbers that it does not reach, and says why in its logs alone: so do these, with the reason
//! in [`Captured::failure`].
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html>

use std::collections::BTreeMap;

use millpond_engine::Transaction;

use super::{attributes, number, opt_out, sandbox};
use crate::{
    AttributeValue, Body, Captured, Error, MessageAttribute, MessageId, Notification, Protocol, PublishMessage, Result,
    layout::sms::Settings, model::no_default, outbox, publish::check_direct, shared::Shared,
};

/// The longest message, which is sent in several parts.
const CHARACTERS: usize = 1600;

/// What a message may say of itself in attributes, with the names of it in what is captured.
const TOLD: [(&str, &str); 6] = [
    ("AWS.SNS.SMS.SenderID", "SenderID"),
    ("AWS.SNS.SMS.SMSType", "SMSType"),
    ("AWS.SNS.SMS.MaxPrice", "MaxPrice"),
    ("AWS.MM.SMS.OriginationNumber", "OriginationNumber"),
    ("AWS.MM.SMS.EntityId", "EntityId"),
    ("AWS.MM.SMS.TemplateId", "TemplateId"),
];

/// Publishes a message to a phone number.
pub(crate) fn publish(
    shared: &Shared,
    tx: &mut Transaction,
    given: &str,
    message: &PublishMessage,
) -> Result<MessageId> {
    let number = number::target(given)?;
    check_direct(message)?;
    check(&message.attributes)?;
    let text = text(&message.body)?;
    let id = MessageId::random();
    let mut captured = captured(shared, tx, &number, text, &message.attributes)?;
    captured.subject.clone_from(&message.subject);
    captured.message_id = Some(id);
    outbox::record(shared, tx, &captured)?;
    Ok(id)
}

/// Delivers a message of a topic to a phone number.
///
/// # Errors
/// [`Error::InvalidParameter`] for a message that is empty or too long: for good, no retry mends it. Those of the engine.
pub(crate) fn deliver(
    shared: &Shared,
    tx: &mut Transaction,
    given: &str,
    subscription_arn: &str,
    message: &Notification,
) -> Result<()> {
    let number = number::subscribed(given);
    let mut captured = captured(shared, tx, &number, text(&message.body)?, &message.attributes)?;
    captured.subject.clone_from(&message.subject);
    captured.message_id = Some(message.id);
    captured.topic_arn = Some(message.topic_arn.clone());
    captured.subscription_arn = Some(subscription_arn.to_owned());
    outbox::record(shared, tx, &captured)
}

fn text(body: &Body) -> Result<&str> {
    let text = match body {
        Body::Text(text) => Some(text),
        Body::Structured(texts) => texts.get("sms").or_else(|| texts.get("default")),
    };
    let text = text.ok_or_else(no_default)?;
    if text.is_empty() {
        return Err(Error::parameter("Empty message"));
    }
    if text.chars().count() > CHARACTERS {
        return Err(Error::parameter("Message Reason: Message must be less than 1600 characters long"));
    }
    Ok(text)
}

/// What the attributes of a message that is published to a number may say.
fn check(given: &BTreeMap<String, MessageAttribute>) -> Result<()> {
    for (name, attribute) in given {
        let AttributeValue::Text(value) = &attribute.value else { continue };
        let is_fit = match name.as_str() {
            "AWS.SNS.SMS.SenderID" => attributes::is_sender_id(value),
            "AWS.SNS.SMS.SMSType" => attributes::is_message_type(value),
            "AWS.SNS.SMS.MaxPrice" => value.parse().is_ok_and(|price: f64| price.is_finite() && price >= 0.0),
            "AWS.MM.SMS.OriginationNumber" => value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+'),
            _ => true,
        };
        if !is_fit {
            let shown: String = value.chars().take(64).collect();
            return Err(Error::parameter(format!("{name} Reason: {shown} is not a valid value")));
        }
    }
    Ok(())
}

fn captured(
    shared: &Shared,
    tx: &mut Transaction,
    number: &str,
    text: &str,
    given: &BTreeMap<String, MessageAttribute>,
) -> Result<Captured> {
    let settings = attributes::settings(shared, tx)?;
    let mut captured = Captured::new(Protocol::Sms, number, text);
    captured.attributes.clone_from(given);
    captured.details = details(&settings, given);
    captured.failure = failure(shared, tx, number, &settings)?.map(str::to_owned);
    Ok(captured)
}

/// What a carrier would be told: as the message says it, or else as it is set for all messages.
fn details(settings: &Settings, given: &BTreeMap<String, MessageAttribute>) -> BTreeMap<String, String> {
    let default = |name: &str| settings.attributes.get(name).cloned();
    let mut details =
        BTreeMap::from([("SMSType".to_owned(), default("DefaultSMSType").unwrap_or_else(|| "Promotional".to_owned()))]);
    details.extend(default("DefaultSenderID").map(|sender| ("SenderID".to_owned(), sender)));
    for (attribute, name) in TOLD {
        if let Some(MessageAttribute { value: AttributeValue::Text(value), .. }) = given.get(attribute) {
            details.insert(name.to_owned(), value.clone());
        }
    }
    details
}

/// Why a number is not reached, as the service's logs say it.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/sms_stats_cloudwatch.html>
fn failure(shared: &Shared, tx: &mut Transaction, number: &str, settings: &Settings) -> Result<Option<&'static str>> {
    if opt_out::is_opted_out(shared, tx, number)? {
        return Ok(Some("Phone number is opted out"));
    }
    if settings.attributes.get("MonthlySpendLimit").is_some_and(|limit| limit.trim_start_matches('0').is_empty()) {
        return Ok(Some("No quota left for account"));
    }
    if settings.is_in_sandbox && !sandbox::is_verified(shared, tx, number)? {
        return Ok(Some("Phone number is not verified in the SMS sandbox"));
    }
    Ok(None)
}
