//! What a receipt handle says: which record, and which receive of it. Handles hold all that there is to know, so there is no table
//! of them.

use std::{fmt, str::FromStr};

use millpond_engine::Position;

use super::layout::{Kind, Place};
use crate::{Error, Result, ShardId};

const VERSION: u8 = 1;
const BYTES: usize = 26;
const CHECK_BYTES: usize = 4;

/// Stands for one receive of a record. It is good until the record is received again, acknowledged, or a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReceiptHandle {
    /// The number of the queue.
    pub(crate) queue: u64,
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    /// The how many-th receive of the record it is, whatever became of it in between.
    pub(crate) serial: u32,
}

impl ReceiptHandle {
    fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        let parts = [
            &[VERSION, self.kind.byte()][..],
            &self.queue.to_be_bytes(),
            &self.place.shard.get().to_be_bytes(),
            &self.place.position.to_bytes(),
            &self.serial.to_be_bytes(),
        ];
        for (at, byte) in bytes.iter_mut().zip(parts.concat()) {
            *at = byte;
        }
        bytes
    }

    fn decode(text: &str) -> Option<ReceiptHandle> {
        let mut bytes = [0; BYTES + CHECK_BYTES];
        if text.len() != 2 * bytes.len() {
            return None;
        }
        for (at, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digit = |digit: u8| b"0123456789abcdef".iter().position(|known| *known == digit);
            let [high, low] = pair else { return None };
            *at = u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()?;
        }
        let (bytes, check) = bytes.split_last_chunk()?;
        let rest = bytes.strip_prefix(&[VERSION]).filter(|_| *check == checksum(bytes))?;
        let (kind, rest) = rest.split_first()?;
        let (queue, rest) = rest.split_first_chunk()?;
        let (shard, rest) = rest.split_first_chunk()?;
        let (position, serial) = rest.split_first_chunk()?;
        let place = Place {
            shard: ShardId::new(u32::from_be_bytes(*shard)),
            position: Position::new(u64::from_be_bytes(*position)),
        };
        let (queue, serial) = (u64::from_be_bytes(*queue), u32::from_be_bytes(serial.try_into().ok()?));
        Some(ReceiptHandle { queue, kind: Kind::of_byte(*kind)?, place, serial })
    }
}

/// A handle that was cut off, lengthened or mistyped is none.
fn checksum(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    blake3::hash(bytes).as_bytes().first_chunk().copied().unwrap_or_default()
}

impl fmt::Display for ReceiptHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.to_bytes();
        bytes.iter().chain(&checksum(&bytes)).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for ReceiptHandle {
    type Err = Error;

    fn from_str(text: &str) -> Result<ReceiptHandle> {
        ReceiptHandle::decode(text).ok_or_else(|| Error::InvalidArgument("The receipt handle is not valid.".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_read_as_it_was_shown_or_not_at_all() {
        for kind in [Kind::Live, Kind::Dead] {
            let place = Place { shard: ShardId::new(7), position: Position::new(u64::MAX - 1) };
            let handle = ReceiptHandle { queue: 3, kind, place, serial: 2 };
            let text = handle.to_string();
            assert_eq!(text.parse::<ReceiptHandle>().unwrap(), handle);
            for end in 0..text.len() {
                assert!(text[..end].parse::<ReceiptHandle>().is_err());
                let other = if &text[end..=end] == "0" { 'f' } else { '0' };
                let mistyped = format!("{}{other}{}", &text[..end], &text[end + 1..]);
                assert!(mistyped.parse::<ReceiptHandle>().is_err(), "{mistyped}");
            }
        }
        for wrong in ["", "garbage", "é", &"0".repeat(60), &"0".repeat(1000)] {
            assert!(wrong.parse::<ReceiptHandle>().is_err());
        }
    }
}
