//! Where messages are delivered to.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a subscription gets its messages.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Protocol {
    /// A queue, in the commit that publishes.
    Sqs,
    /// A stream that stands for a delivery stream, in the commit that publishes.
    Firehose,
    /// A function: see [`Topics::attach`](crate::Topics::attach).
    Lambda,
    /// A POST to an address.
    Http,
    /// The same over TLS.
    Https,
    /// A mail: captured, not sent.
    Email,
    /// A mail that is JSON: captured, not sent.
    EmailJson,
    /// A text message: captured, not sent.
    Sms,
    /// An app on a mobile device: captured, not sent.
    Application,
}

impl Protocol {
    /// All there are.
    pub const ALL: [Protocol; 9] = [
        Protocol::Sqs,
        Protocol::Firehose,
        Protocol::Lambda,
        Protocol::Http,
        Protocol::Https,
        Protocol::Email,
        Protocol::EmailJson,
        Protocol::Sms,
        Protocol::Application,
    ];

    /// Its name in the service.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Protocol::Sqs => "sqs",
            Protocol::Firehose => "firehose",
            Protocol::Lambda => "lambda",
            Protocol::Http => "http",
            Protocol::Https => "https",
            Protocol::Email => "email",
            Protocol::EmailJson => "email-json",
            Protocol::Sms => "sms",
            Protocol::Application => "application",
        }
    }

    /// The protocol of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Protocol> {
        Protocol::ALL.into_iter().find(|protocol| protocol.name() == name)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A protocol and an address: an ARN, a URL, a mail address or a phone number, as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Endpoint {
    /// How messages are delivered.
    pub protocol: Protocol,
    /// Where to.
    pub address: String,
}

impl Endpoint {
    /// An endpoint. What an address must look like is looked at when it is subscribed.
    pub fn new(protocol: Protocol, address: impl Into<String>) -> Endpoint {
        Endpoint { protocol, address: address.into() }
    }

    /// The name at the end of an ARN: of a queue, a stream or a function.
    pub(crate) fn target(&self) -> &str {
        let name = self.address.rsplit(':').next().unwrap_or_default();
        name.rsplit('/').next().unwrap_or_default()
    }
}
