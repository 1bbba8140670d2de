//! What was published under a deduplication id within the last five minutes.

use millpond_engine::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{MessageId, SequenceNumber};

pub(crate) const DEDUPLICATION: &str = "pubsub.deduplication";
const TOKEN: u8 = 1;
const EXPIRY: u8 = 2;

/// The message that was published first under an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FirstRow {
    /// Until when the id is known, in milliseconds.
    pub(crate) expires: u64,
    pub(crate) id: MessageId,
    pub(crate) sequence_number: SequenceNumber,
}

/// What an id is known by: 16 bytes of a hash of what tells it apart within its topic.
pub(crate) fn token_key(topic: u64, token: [u8; 16]) -> Vec<u8> {
    [&[TOKEN][..], &topic.to_be_bytes(), &token].concat()
}

/// A row by which the token of that key is found once it is over. Without a key: where those of that time begin.
pub(crate) fn expiry_key(expires: Timestamp, token: &[u8]) -> Vec<u8> {
    [&[EXPIRY][..], &expires.as_millis().to_be_bytes(), token].concat()
}

/// The key of a token, of that of its expiry.
pub(crate) fn token_of_expiry(key: &[u8]) -> &[u8] {
    key.get(9..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiries_stand_in_the_order_of_their_times_and_name_their_tokens() {
        let token = token_key(7, [3; 16]);
        let (early, late) =
            (expiry_key(Timestamp::from_millis(255), &token), expiry_key(Timestamp::from_millis(256), &token));
        assert!(early < late && expiry_key(Timestamp::from_millis(256), &[]) < late);
        assert_eq!(token_of_expiry(&late), token);
        assert!(token_of_expiry(b"short").is_empty());
    }
}
