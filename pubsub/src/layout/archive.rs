//! What first-in-first-out topics keep to be replayed, and how far replays are.

use millpond_engine::RangeRequest;
use serde::{Deserialize, Serialize};

use crate::{SequenceNumber, SubscriptionId};

pub(crate) const ARCHIVE: &str = "pubsub.archive";
const MESSAGE: u8 = 1;
const REPLAY: u8 = 2;
const TOPIC: u8 = 3;

/// Before all replays.
pub(crate) const REPLAYS: &[u8] = &[REPLAY];
/// Before all topics that have an archive.
pub(crate) const ARCHIVED: &[u8] = &[TOPIC];

/// A topic that has an archive. It outlives the topic until its messages are cleared away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ArchivedRow {
    pub(crate) name: String,
    /// Since when messages are kept, in milliseconds.
    pub(crate) since: u64,
}

/// A replay that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProgressRow {
    /// The number of the last message that was looked at.
    pub(crate) after: u64,
}

/// Before a topic's messages.
pub(crate) fn messages_prefix(topic: u64) -> Vec<u8> {
    [&[MESSAGE][..], &topic.to_be_bytes()].concat()
}

pub(crate) fn message_key(topic: u64, number: SequenceNumber) -> Vec<u8> {
    [&messages_prefix(topic)[..], &number.0.to_be_bytes()].concat()
}

/// A topic's messages after one, in their order.
pub(crate) fn messages_after(topic: u64, after: u64) -> RangeRequest {
    RangeRequest::prefix(&messages_prefix(topic)).resume_after(&message_key(topic, SequenceNumber(after)))
}

/// The number of the message of that key.
pub(crate) fn number_of(key: &[u8]) -> u64 {
    key.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

pub(crate) fn replay_key(topic: u64, subscription: SubscriptionId) -> Vec<u8> {
    [REPLAYS, &topic.to_be_bytes(), &subscription.0].concat()
}

/// The subscription of a replay, of its key.
pub(crate) fn subscription_of_replay(key: &[u8]) -> Option<SubscriptionId> {
    key.last_chunk().map(|id| SubscriptionId(*id))
}

pub(crate) fn archived_key(topic: u64) -> Vec<u8> {
    [ARCHIVED, &topic.to_be_bytes()].concat()
}

/// The id of the topic of that key.
pub(crate) fn topic_of_archived(key: &[u8]) -> u64 {
    key.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_name_what_they_stand_for() {
        let id = SubscriptionId([9; 16]);
        assert_eq!(number_of(&message_key(3, SequenceNumber(77))), 77);
        assert_eq!(subscription_of_replay(&replay_key(3, id)), Some(id));
        assert_eq!(topic_of_archived(&archived_key(513)), 513);
        assert!(message_key(3, SequenceNumber(255)) < message_key(3, SequenceNumber(256)));
        assert_eq!((number_of(b""), subscription_of_replay(b"")), (0, None));
    }
}
