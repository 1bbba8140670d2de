//! What is captured, and how it is asked for.

use std::collections::BTreeMap;

use millpond_engine::{Position, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{MessageAttribute, MessageId, Protocol};

/// A message that would have left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Captured {
    /// What it is: a mail, a mail that is JSON, a text message, or a message to an app.
    pub kind: Protocol,
    /// Whom it is for: a mail address, a phone number (`+` and digits), or the ARN of a mobile endpoint.
    pub address: String,
    /// Its subject, where it has one.
    pub subject: Option<String>,
    /// Its text as the address gets it.
    pub body: String,
    /// The attributes that it was published with.
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// What a carrier or a platform would be told besides: `SenderID`, `SMSType`, `MaxPrice` and others of a text message (those
    /// that were set and those that hold by default), `Platform`, `Token` and `CustomUserData` of a message to an app.
    pub details: BTreeMap<String, String>,
    /// The topic that it was published to, if not to the address.
    pub topic_arn: Option<String>,
    /// The subscription by which it is sent.
    pub subscription_arn: Option<String>,
    /// What the message is known by.
    pub message_id: Option<MessageId>,
    /// Why it would not have reached its address, such as `Phone number is opted out`. The service says so in its logs alone.
    pub failure: Option<String>,
}

impl Captured {
    pub(crate) fn new(kind: Protocol, address: impl Into<String>, body: impl Into<String>) -> Captured {
        Captured {
            kind,
            address: address.into(),
            subject: None,
            body: body.into(),
            attributes: BTreeMap::new(),
            details: BTreeMap::new(),
            topic_arn: None,
            subscription_arn: None,
            message_id: None,
            failure: None,
        }
    }
}

/// Which messages are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CapturedFilter {
    pub(super) kind: Option<Protocol>,
    pub(super) address: Option<String>,
}

impl CapturedFilter {
    /// All.
    #[must_use]
    pub fn all() -> Self {
        CapturedFilter::default()
    }

    /// Those of a kind.
    #[must_use]
    pub fn of(kind: Protocol) -> Self {
        CapturedFilter { kind: Some(kind), address: None }
    }

    /// Those for an address.
    #[must_use]
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    pub(super) fn wants(&self, captured: &Captured) -> bool {
        self.kind.is_none_or(|kind| kind == captured.kind)
            && self.address.as_ref().is_none_or(|address| *address == captured.address)
    }
}

/// A message with its place among all that were captured.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxEntry {
    /// Its place: later ones have higher positions.
    pub position: Position,
    /// When it was captured.
    pub captured_at: Timestamp,
    /// What was captured.
    pub message: Captured,
}

/// A page of what was captured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct OutboxPage {
    /// The messages, the oldest first.
    pub entries: Vec<OutboxEntry>,
    /// Go on after this one; `None` at the end.
    pub next: Option<Position>,
}
