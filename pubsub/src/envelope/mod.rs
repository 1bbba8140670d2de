//! What subscribers get who do not want messages raw: the service's JSON around a message, signed.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>

mod certificate;
mod confirmation;
mod json;
mod key;
mod signer;

use base64::{Engine as _, prelude::BASE64_STANDARD};

pub(crate) use confirmation::{Told, confirm_url, confirmation};
pub(crate) use key::SignatureVersion;
pub(crate) use signer::Signer;

use crate::{
    AttributeValue, MessageAttribute, Notification, Result, SubscriptionId,
    layout::{SubscriptionRecord, TopicRecord, time},
    shared::Shared,
};
use json::{Members, quoted};

/// The envelopes of one message: what is the same for all subscribers is made once, its signature too.
pub(crate) struct Envelopes<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) topic: &'a TopicRecord,
    pub(crate) message: &'a Notification,
    /// All before the members that differ by subscriber, by the text.
    heads: Vec<(&'a str, String)>,
    attributes: Option<String>,
}

impl<'a> Envelopes<'a> {
    pub(crate) fn new(shared: &'a Shared, topic: &'a TopicRecord, message: &'a Notification) -> Self {
        Envelopes { shared, topic, message, heads: Vec::new(), attributes: None }
    }

    /// The envelope for a subscription, by the text that its protocol gets.
    pub(crate) fn notification(&mut self, subscription: &SubscriptionRecord) -> Result<String> {
        let text = self.message.text_for(subscription.endpoint.protocol.name());
        self.with_text(subscription, text)
    }

    fn with_text(&mut self, subscription: &SubscriptionRecord, text: &'a str) -> Result<String> {
        let unsubscribe = unsubscribe_url(self.shared, &self.message.topic_arn, subscription.id);
        if self.attributes.is_none() && !self.message.attributes.is_empty() {
            self.attributes = Some(attributes(self.message));
        }
        let position = match self.heads.iter().position(|(known, _)| *known == text) {
            Some(position) => position,
            None => {
                self.heads.push((text, self.head(text)?));
                self.heads.len() - 1
            }
        };
        let head = self.heads.get(position).map_or("", |(_, head)| head.as_str());
        let room = unsubscribe.len() + self.attributes.as_ref().map_or(0, String::len) + 80;
        let mut members = Members::resume(head, room);
        members.text("UnsubscribeURL", &unsubscribe);
        if let Some(attributes) = &self.attributes {
            members.json("MessageAttributes", attributes);
        }
        if self.message.is_replayed {
            members.text("Replayed", "true");
        }
        Ok(members.finish())
    }

    fn head(&self, text: &str) -> Result<String> {
        let (message, published) = (self.message, time(self.message.published).to_string());
        let id = message.id.to_string();
        let mut members = Members::new();
        members.text("Type", Kind::Notification.name());
        members.text("MessageId", &id);
        if let Some(number) = message.sequence_number {
            members.text("SequenceNumber", &number.to_string());
        }
        members.text("TopicArn", &message.topic_arn);
        if let Some(subject) = &message.subject {
            members.text("Subject", subject);
        }
        members.text("Message", text);
        members.text("Timestamp", &published);
        // The service signs nothing of a first-in-first-out topic.
        if !self.topic.is_fifo() {
            let subject = message.subject.as_deref().map(|subject| ("Subject", subject));
            let signed = [("Message", text), ("MessageId", id.as_str())].into_iter().chain(subject).chain([
                ("Timestamp", published.as_str()),
                ("TopicArn", message.topic_arn.as_str()),
                ("Type", Kind::Notification.name()),
            ]);
            let version = SignatureVersion::of(self.topic.attributes.get("SignatureVersion").map(String::as_str));
            sign(self.shared, version, &mut members, signed)?;
        }
        Ok(members.into_text())
    }
}

/// Adds the members that say how the others are signed. `signed` are those, in the order of their names.
fn sign<'a>(
    shared: &Shared,
    version: SignatureVersion,
    members: &mut Members,
    signed: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<()> {
    let mut text = String::new();
    for (name, value) in signed {
        for part in [name, "\n", value, "\n"] {
            text.push_str(part);
        }
    }
    members.text("SignatureVersion", version.name());
    members.text("Signature", &shared.signer.sign(version, &text)?);
    members.text("SigningCertURL", &format!("{}{}", shared.public_url(), shared.signer.certificate_path()?));
    Ok(())
}

/// Where a subscription is ended.
pub(crate) fn unsubscribe_url(shared: &Shared, topic_arn: &str, subscription: SubscriptionId) -> String {
    format!("{}/?Action=Unsubscribe&SubscriptionArn={topic_arn}:{subscription}", shared.public_url())
}

/// The attributes of a message as a member of its envelope.
fn attributes(message: &Notification) -> String {
    let written = message.attributes.iter().map(|(name, MessageAttribute { data_type, value })| {
        let value = match value {
            AttributeValue::Text(text) => quoted(text),
            AttributeValue::Binary(bytes) => quoted(&BASE64_STANDARD.encode(bytes)),
        };
        format!("    {} : {{\"Type\":{},\"Value\":{value}}}", quoted(name), quoted(data_type))
    });
    let written: Vec<String> = written.collect();
    format!("{{\n{}\n  }}", written.join(",\n"))
}

/// What an address is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Kind {
    Notification,
    SubscriptionConfirmation,
    UnsubscribeConfirmation,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Kind::Notification => "Notification",
            Kind::SubscriptionConfirmation => "SubscriptionConfirmation",
            Kind::UnsubscribeConfirmation => "UnsubscribeConfirmation",
        }
    }
}
