//! Rows of what waits for subscribers in the program beyond what they keep in memory.

use millpond_engine::Position;

pub(crate) const SPILLED: &str = "pubsub.spilled";

/// Before the positions of what waits for a listener.
pub(crate) fn spilled_prefix(listener: u64) -> [u8; 8] {
    listener.to_be_bytes()
}

/// Where a message waits for a listener.
pub(crate) fn spilled_key(listener: u64, position: Position) -> Vec<u8> {
    [spilled_prefix(listener), position.to_bytes()].concat()
}
