//! Envelopes as their receivers read them.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{AttributeValue, Error, MessageAttribute, Result};

/// What queues, addresses and mailboxes get that did not subscribe to raw messages: JSON around a message. Nothing of it is
/// [verified](https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html) by reading it.
///
/// ```
/// use millpond_pubsub::Envelope;
///
/// let envelope = Envelope::parse(r#"{
///     "Type": "Notification", "MessageId": "dc1e94d9-56c5-5e96-808d-cc7f68faa162",
///     "TopicArn": "arn:aws:sns:us-east-1:123456789012:orders", "Message": "{\"number\": 7}",
///     "Timestamp": "2021-02-12T22:37:59.144Z", "SignatureVersion": "1", "Signature": "EXAMPLE",
///     "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService.pem",
///     "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
///     "MessageAttributes": {"state": {"Type": "String", "Value": "paid"}}
/// }"#)?;
///
/// #[derive(serde::Deserialize)]
/// struct Order { number: u32 }
/// assert_eq!(envelope.json::<Order>()?.number, 7);
/// assert_eq!(envelope.message_attributes["state"].value, "paid");
/// # Ok::<(), millpond_pubsub::Error>(())
/// ```
///
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Envelope {
    /// `Notification`, `SubscriptionConfirmation` or `UnsubscribeConfirmation`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// What the message is known by.
    pub message_id: String,
    /// The topic that it was published to.
    pub topic_arn: String,
    /// Its subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Its text.
    pub message: String,
    /// When it was published, as a date and a time of day in UTC, to the millisecond.
    pub timestamp: String,
    /// `1`: SHA1 and RSA, or `2`: SHA256 and RSA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_version: Option<String>,
    /// The signature, in Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Where the certificate is that belongs to it.
    #[serde(rename = "SigningCertURL", default, skip_serializing_if = "Option::is_none")]
    pub signing_cert_url: Option<String>,
    /// By what the subscription can be ended.
    #[serde(rename = "UnsubscribeURL", default, skip_serializing_if = "Option::is_none")]
    pub unsubscribe_url: Option<String>,
    /// By what a subscription is confirmed, where that is asked for.
    #[serde(rename = "SubscribeURL", default, skip_serializing_if = "Option::is_none")]
    pub subscribe_url: Option<String>,
    /// The same to be given with [`ConfirmSubscription`](https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Its attributes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub message_attributes: BTreeMap<String, EnvelopeAttribute>,
    /// Its place in a first-in-first-out topic, in 20 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence_number: Option<String>,
}

/// An attribute in an [`Envelope`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EnvelopeAttribute {
    /// `String`, `String.Array`, `Number` or `Binary`.
    #[serde(rename = "Type")]
    pub data_type: String,
    /// Its value; that of a binary in Base64.
    pub value: String,
}

impl Envelope {
    /// Reads an envelope, such as the body of a queue's message.
    ///
    /// # Errors
    /// [`Error::Serde`] if it is none.
    pub fn parse(body: &str) -> Result<Envelope> {
        Ok(serde_json::from_str(body)?)
    }

    /// The message's text as a Rust value, from JSON.
    ///
    /// # Errors
    /// [`Error::Serde`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_str(&self.message)?)
    }

    /// The message's attributes as they were published.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if a binary is not Base64.
    pub fn attributes(&self) -> Result<BTreeMap<String, MessageAttribute>> {
        self.message_attributes.iter().map(|(name, attribute)| Ok((name.clone(), attribute.read()?))).collect()
    }
}

impl EnvelopeAttribute {
    fn read(&self) -> Result<MessageAttribute> {
        let EnvelopeAttribute { data_type, value } = self;
        let value = match data_type.as_str() {
            "Binary" => {
                let bytes = BASE64_STANDARD.decode(value);
                AttributeValue::Binary(bytes.map_err(|_| Error::parameter("a binary attribute is not Base64"))?)
            }
            _ => AttributeValue::Text(value.clone()),
        };
        Ok(MessageAttribute { data_type: data_type.clone(), value })
    }
}
