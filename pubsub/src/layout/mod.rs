//! The only folder that knows keys and values on disk. Integers are big-endian; values are a version byte and a struct in
//! [postcard](https://postcard.jamesmunns.com/wire-format)'s form, unless told otherwise.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `pubsub.topics` | `00` | u64: the highest topic id ever given, as it is |
//! | `pubsub.topics` | `01` name | a topic's record |
//! | `pubsub.topics` | `02` topic id | u64 as it is: how often the topic's subscriptions were changed |
//! | `pubsub.topics` | `03` topic id | u64 as it is: the last sequence number of a first-in-first-out topic |
//! | `pubsub.topics` | `04` topic id | empty: a deleted topic, whose rows are cleared away in time |
//! | `pubsub.topics` | `05` topic id, count of changes modulo 1,024 | that count as a u64, and the id of the subscription that was changed, as they are |
//! | `pubsub.subscriptions` | `01` topic id, subscription id | a subscription's record |
//! | `pubsub.subscriptions` | `02` subscription id | the name of its topic, as text |
//! | `pubsub.subscriptions` | `03` topic id, 16 bytes of the endpoint's hash | the subscription of an endpoint: its id's 16 bytes |
//! | `pubsub.subscriptions` | `04` 16 bytes of a token's hash | what the token confirms |
//! | `pubsub.subscriptions` | `05` u64 milliseconds, 16 bytes of a token's hash | empty: until when the token is good |
//! | `pubsub.counters` | topic id, kind | i64: how many subscriptions are confirmed (`00`), wait for it (`01`), were deleted (`02`), have a filter policy (`03`) |
//! | `pubsub.deduplication` | `01` topic id, token | the message that was published first under a deduplication id, and until when that is known |
//! | `pubsub.deduplication` | `02` time in milliseconds, key of a token | empty: that token is known until then |
//! | `pubsub.archive` | `01` topic id, sequence number | a message that is kept to be replayed |
//! | `pubsub.archive` | `02` topic id, subscription id | how far a replay is that is under way |
//! | `pubsub.archive` | `03` topic id | a topic that has kept messages: its name, and since when |
//! | `pubsub.spilled` | listener id, position | a message that a subscriber in the program has not received; none outlasts the program |
//! | `pubsub.deliveries` | `01` subscription id, u64 milliseconds, position | a delivery that is due at that time |
//! | `pubsub.deliveries` | `02` 16 random bytes | a message that several deliveries share |
//! | `pubsub.deliveries` | `03` the same bytes | u64 as it is: how many deliveries are left that share it |
//! | `pubsub.keys` | `00` | the key by which messages are signed: its primes |
//!
//! The rows of `pubsub.outbox`, `pubsub.mobile` and `pubsub.sms` are described in the files of these names.
//!
//! A topic's id is never given twice, so what a deleted topic has left behind cannot show again.

pub(crate) mod archive;
pub(crate) mod changes;
pub(crate) mod deduplication;
pub(crate) mod deferred;
mod local;
pub(crate) mod mobile;
pub(crate) mod outbox;
pub(crate) mod sms;

use std::collections::BTreeMap;

use millpond_engine::{Engine, Keyspace, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Endpoint, Error, Result, SubscriptionId};

pub(crate) use local::{SPILLED, spilled_key, spilled_prefix};

pub(crate) const TOPICS: &str = "pubsub.topics";
pub(crate) const SUBSCRIPTIONS: &str = "pubsub.subscriptions";
const COUNTERS: &str = "pubsub.counters";
const VERSION: u8 = 1;

/// Key of the highest topic id.
pub(crate) const LAST_TOPIC: &[u8] = &[0];
/// Before the names of topics.
pub(crate) const TOPIC_PREFIX: &[u8] = &[1];
const CHANGES: u8 = 2;
const SEQUENCE: u8 = 3;
/// Before the ids of deleted topics.
pub(crate) const DELETED_PREFIX: &[u8] = &[4];
const OF_TOPIC: u8 = 1;
const OF_ENDPOINT: u8 = 3;
const TOKEN: u8 = 4;
/// Before the times until which tokens are good.
pub(crate) const UNTIL_PREFIX: &[u8] = &[5];
/// The first bytes of the rows of tokens.
#[cfg(test)]
pub(crate) const TOKENS: [u8; 2] = [TOKEN, 5];
/// Before the ids of all subscriptions.
pub(crate) const BY_ID_PREFIX: &[u8] = &[2];

/// The keyspaces of the service's core. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Keyspaces {
    pub(crate) topics: Keyspace,
    pub(crate) subscriptions: Keyspace,
    pub(crate) counters: Keyspace,
}

impl Keyspaces {
    pub(crate) fn open(engine: &Engine) -> Result<Self> {
        Ok(Keyspaces {
            topics: engine.keyspace(TOPICS)?,
            subscriptions: engine.keyspace(SUBSCRIPTIONS)?,
            counters: engine.keyspace(COUNTERS)?,
        })
    }
}

/// A topic as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TopicRecord {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) created: u64,
    /// What was set, by the names of the service and as it was given, once it was checked. What was not is not there.
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) data_protection_policy: Option<String>,
}

impl TopicRecord {
    pub(crate) fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }

    /// Whether an attribute was set to `true`.
    pub(crate) fn is_set(&self, attribute: &str) -> bool {
        self.attributes.get(attribute).is_some_and(|value| value == "true")
    }
}

/// Whether a subscription gets messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Confirmation {
    /// Its owner has asked for it.
    Confirmed {
        /// Whether only its owner may end it.
        authenticated: bool,
    },
    /// It waits for this token, until then.
    Pending { token: String, until: u64 },
}

/// A subscription as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SubscriptionRecord {
    pub(crate) id: SubscriptionId,
    /// The name of its topic.
    pub(crate) topic: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) created: u64,
    pub(crate) confirmation: Confirmation,
    /// What was set, by the names of the service and as it was given, once it was checked.
    pub(crate) attributes: BTreeMap<String, String>,
    /// Whether its filter policy may have forms that the service refuses.
    pub(crate) all_filter_forms: bool,
    /// Where its replay is, if there is one.
    pub(crate) replay: Option<ReplayRecord>,
}

/// A replay as stored. How far one is that is under way stands in a row of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReplayRecord {
    /// The sequence number after which it began.
    pub(crate) after: u64,
    /// Until messages of this time in milliseconds, if it does not go on with those that are published.
    pub(crate) until: Option<u64>,
    pub(crate) status: ReplayStatus,
}

/// What has become of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ReplayStatus {
    /// It is about to begin.
    Pending,
    InProgress,
    Completed,
    /// The topic keeps no messages any more.
    Failed,
}

impl ReplayStatus {
    /// Its name in the service.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            ReplayStatus::Pending => "Pending",
            ReplayStatus::InProgress => "In progress",
            ReplayStatus::Completed => "Completed",
            ReplayStatus::Failed => "Failed",
        }
    }
}

/// What a token confirms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TokenRecord {
    pub(crate) subscription: SubscriptionId,
    /// The topic's id.
    pub(crate) topic: u64,
    /// Until when it is good, in milliseconds.
    pub(crate) until: u64,
    /// What the token brings back, where it was sent because the endpoint was unsubscribed.
    pub(crate) unsubscribed: Option<SubscriptionRecord>,
}

impl SubscriptionRecord {
    pub(crate) fn arn(&self, topic: &TopicRecord) -> String {
        format!("{}:{}", topic.arn, self.id)
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        matches!(self.confirmation, Confirmation::Confirmed { .. })
    }

    /// Whether nobody has confirmed it in time.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        matches!(self.confirmation, Confirmation::Pending { until, .. } if until <= now.as_millis())
    }

    /// Whether messages that are published go to it: not while a replay delivers them, nor after one that was to end at some time.
    pub(crate) fn is_live(&self) -> bool {
        self.replay.as_ref().is_none_or(|replay| match replay.status {
            ReplayStatus::Pending | ReplayStatus::InProgress => false,
            ReplayStatus::Completed => replay.until.is_none(),
            ReplayStatus::Failed => true,
        })
    }

    /// Whether an attribute was set to `true`.
    pub(crate) fn is_set(&self, attribute: &str) -> bool {
        self.attributes.get(attribute).is_some_and(|value| value == "true")
    }

    /// The name of the queue that gets what cannot be delivered.
    pub(crate) fn dead_letter_queue(&self) -> Option<String> {
        let policy: serde_json::Value = serde_json::from_str(self.attributes.get("RedrivePolicy")?).ok()?;
        let arn = policy.get("deadLetterTargetArn")?.as_str()?;
        arn.rsplit(':').next().map(str::to_owned)
    }
}

/// Which subscriptions of a topic a counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    Confirmed,
    Pending,
    Deleted,
    /// Those with a filter policy of the service's forms, whose number has a limit.
    Filtered,
}

pub(crate) fn topic_key(name: &str) -> Vec<u8> {
    [TOPIC_PREFIX, name.as_bytes()].concat()
}

pub(crate) fn changes_key(topic: u64) -> Vec<u8> {
    [&[CHANGES][..], &topic.to_be_bytes()].concat()
}

pub(crate) fn sequence_key(topic: u64) -> Vec<u8> {
    [&[SEQUENCE][..], &topic.to_be_bytes()].concat()
}

/// Before the ids of a topic's subscriptions.
pub(crate) fn subscriptions_prefix(topic: u64) -> Vec<u8> {
    [&[OF_TOPIC][..], &topic.to_be_bytes()].concat()
}

pub(crate) fn subscription_key(topic: u64, id: SubscriptionId) -> Vec<u8> {
    [&subscriptions_prefix(topic)[..], &id.0].concat()
}

pub(crate) fn by_id_key(id: SubscriptionId) -> Vec<u8> {
    [BY_ID_PREFIX, &id.0].concat()
}

/// The key of a deleted topic.
pub(crate) fn deleted_key(topic: u64) -> Vec<u8> {
    [DELETED_PREFIX, &topic.to_be_bytes()].concat()
}

/// Before the endpoints of a topic.
pub(crate) fn endpoints_prefix(topic: u64) -> Vec<u8> {
    [&[OF_ENDPOINT][..], &topic.to_be_bytes()].concat()
}

pub(crate) fn endpoint_key(topic: u64, endpoint: &Endpoint) -> Vec<u8> {
    let named = format!("{}\n{}", endpoint.protocol, endpoint.address);
    [&endpoints_prefix(topic)[..], &hash(named.as_bytes())].concat()
}

pub(crate) fn token_key(token: &[u8; 16]) -> Vec<u8> {
    [&[TOKEN][..], token].concat()
}

pub(crate) fn until_key(until: u64, token: &[u8; 16]) -> Vec<u8> {
    [UNTIL_PREFIX, &until.to_be_bytes(), token].concat()
}

/// 16 bytes by which a text is known.
pub(crate) fn hash(text: &[u8]) -> [u8; 16] {
    let mut short = [0; 16];
    short.iter_mut().zip(blake3::hash(text).as_bytes()).for_each(|(to, from)| *to = *from);
    short
}

/// Until when the token of a row is good.
pub(crate) fn until_of(key: &[u8]) -> Result<u64> {
    read_u64(key.get(1..9).unwrap_or_default())
}

/// The topic of a key that ends in its id.
pub(crate) fn topic_of_deleted(key: &[u8]) -> Result<u64> {
    read_u64(key.get(1..9).unwrap_or_default())
}

/// 16 bytes of a key or a value, after so many others.
pub(crate) fn read_16(bytes: &[u8], after: usize) -> Result<[u8; 16]> {
    let found = bytes.get(after..after + 16).and_then(|found| found.try_into().ok());
    found.ok_or(Error::Corrupt { keyspace: SUBSCRIPTIONS, detail: "a row is too short" })
}

pub(crate) fn counter_key(topic: u64, counted: Counted) -> Vec<u8> {
    [&topic.to_be_bytes()[..], &[counted as u8]].concat()
}

/// A number as stored.
pub(crate) fn read_u64(bytes: &[u8]) -> Result<u64> {
    let number = bytes.try_into().map(u64::from_be_bytes);
    number.map_err(|_| Error::Corrupt { keyspace: TOPICS, detail: "a number is not eight bytes" })
}

/// A value as stored.
pub(crate) fn encode(value: &impl Serialize) -> Result<Vec<u8>> {
    let bad = |_| Error::Corrupt { keyspace: TOPICS, detail: "a value cannot be written" };
    postcard::to_extend(value, vec![VERSION]).map_err(bad)
}

/// What [`encode`] gave.
pub(crate) fn decode<T: DeserializeOwned>(keyspace: &'static str, bytes: &[u8]) -> Result<T> {
    let corrupt = |detail| Error::Corrupt { keyspace, detail };
    match bytes.split_first() {
        Some((&VERSION, body)) => postcard::from_bytes(body).map_err(|_| corrupt("a row is cut off")),
        _ => Err(corrupt("a row is of an unknown version")),
    }
}

/// A time as stored.
pub(crate) fn time(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Protocol;

    #[test]
    fn rows_are_read_as_they_were_written() {
        let subscription = SubscriptionRecord {
            id: SubscriptionId::random(),
            topic: "orders".into(),
            endpoint: Endpoint::new(Protocol::Email, "user@example.com"),
            created: 1,
            confirmation: Confirmation::Pending { token: "51".into(), until: 2 },
            attributes: BTreeMap::from([("FilterPolicy".into(), "{}".into())]),
            all_filter_forms: true,
            replay: Some(ReplayRecord { after: 3, until: Some(4), status: ReplayStatus::InProgress }),
        };
        let token =
            TokenRecord { subscription: subscription.id, topic: 5, until: 6, unsubscribed: Some(subscription.clone()) };
        let written = encode(&token).unwrap();
        assert_eq!(decode::<TokenRecord>(SUBSCRIPTIONS, &written).unwrap(), token);
        assert!(decode::<TokenRecord>(SUBSCRIPTIONS, &written[..written.len() - 1]).is_err());
        assert!(
            decode::<TokenRecord>(SUBSCRIPTIONS, &[2, 0]).is_err()
                && decode::<TokenRecord>(SUBSCRIPTIONS, &[]).is_err()
        );
    }

    #[test]
    fn keys_tell_what_they_are_of() {
        let hash = hash(b"a token");
        assert_eq!(until_of(&until_key(7, &hash)).unwrap(), 7);
        assert_eq!(read_16(&until_key(7, &hash), 9).unwrap(), hash);
        assert_eq!(topic_of_deleted(&deleted_key(8)).unwrap(), 8);
        assert!(until_key(255, &hash) < until_key(256, &[0; 16]));
        assert!(read_16(&[0; 16], 1).is_err() && until_of(&[5]).is_err() && topic_of_deleted(&[]).is_err());
        let of = |protocol, address: &str| endpoint_key(1, &Endpoint::new(protocol, address));
        assert_ne!(of(Protocol::Email, "a@b"), of(Protocol::EmailJson, "a@b"));
        assert!(of(Protocol::Email, "a@b").starts_with(&endpoints_prefix(1)));
    }
}
