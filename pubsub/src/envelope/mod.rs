//! What subscribers get who do not want messages raw: the service's JSON around a message, signed.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>

use millpond_engine::Engine;

use crate::{
    Notification, Protocol, Result,
    layout::{SubscriptionRecord, TopicRecord},
    shared::Shared,
};

/// Signs envelopes.
#[derive(Debug)]
pub(crate) struct Signer {}

impl Signer {
    pub(crate) fn open(_engine: &Engine) -> Result<Signer> {
        Ok(Signer {})
    }

    /// The certificate, in PEM, and the path below the public URL where a server gives it out.
    pub(crate) fn certificate(&self) -> Result<(String, String)> {
        Ok((String::new(), String::new()))
    }
}

/// The envelopes of one message: what is the same for all subscribers is made once, its signature too.
pub(crate) struct Envelopes<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) topic: &'a TopicRecord,
    pub(crate) message: &'a Notification,
}

impl<'a> Envelopes<'a> {
    pub(crate) fn new(shared: &'a Shared, topic: &'a TopicRecord, message: &'a Notification) -> Self {
        Envelopes { shared, topic, message }
    }

    /// The envelope for a subscription, by the text that its protocol gets.
    pub(crate) fn notification(&mut self, _subscription: &SubscriptionRecord) -> Result<String> {
        Ok(String::new())
    }
}

/// The body by which an address is asked to confirm that it was subscribed, or told that it was unsubscribed.
pub(crate) fn confirmation(
    _shared: &Shared,
    _topic: &TopicRecord,
    _subscription: &SubscriptionRecord,
    _token: &str,
    _kind: Kind,
    _protocol: Protocol,
) -> Result<String> {
    Ok(String::new())
}

/// What an address is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
