//! The rows of what was captured.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `pubsub.outbox` | `00` | i64: how many messages are kept |
//! | `pubsub.outbox` | `01` | i64: how many bytes the rows of these messages have |
//! | `pubsub.outbox` | `02` position | a message |
//! | `pubsub.outbox` | `03` BLAKE3 of its address (16 bytes), position of the message | nothing |

use millpond_engine::Position;

pub(crate) const OUTBOX: &str = "pubsub.outbox";
/// How many messages are kept.
pub(crate) const MESSAGES: &[u8] = &[0];
/// How many bytes their rows have.
pub(crate) const BYTES: &[u8] = &[1];
/// Before the positions of all messages.
pub(crate) const CAPTURED_PREFIX: &[u8] = &[2];
const BY_ADDRESS: u8 = 3;

pub(crate) fn captured_key(position: Position) -> Vec<u8> {
    [CAPTURED_PREFIX, &position.to_bytes()].concat()
}

/// Before the positions of what was sent to an address.
pub(crate) fn address_prefix(address: &str) -> Vec<u8> {
    let hash = blake3::hash(address.as_bytes());
    let (short, _) = hash.as_bytes().split_at(16);
    [&[BY_ADDRESS], short].concat()
}
