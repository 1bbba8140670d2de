//! What a receipt handle says: which message, and which receive of it. Handles hold all that there is to know, so there is no
//! table of them.

use std::fmt;

use crate::{
    layout,
    layout::{Place, StoreId},
};

/// A receive of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Receipt {
    /// Of which queue, by the hash of its name.
    pub(crate) queue: u32,
    pub(crate) store: StoreId,
    pub(crate) place: Place,
    /// The how many-th receive of the message in this queue it is.
    pub(crate) count: u32,
}

const VERSION: u8 = 1;
const DIGITS: &[u8; 16] = b"0123456789abcdef";

impl Receipt {
    /// What stands for a queue in its receipts.
    pub(crate) fn queue(name: &str) -> u32 {
        // The lower bits are as good as any.
        layout::hash(&[name.as_bytes()]) as u32
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        [
            &[VERSION],
            &self.queue.to_be_bytes()[..],
            &self.store.0.to_be_bytes(),
            &self.count.to_be_bytes(),
            &self.place.to_bytes(),
        ]
        .concat()
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Receipt> {
        let rest = bytes.strip_prefix(&[VERSION])?;
        let (queue, rest) = rest.split_first_chunk()?;
        let (store, rest) = rest.split_first_chunk()?;
        let (count, place) = rest.split_first_chunk()?;
        let (store, count) = (StoreId(u64::from_be_bytes(*store)), u32::from_be_bytes(*count));
        Some(Receipt { queue: u32::from_be_bytes(*queue), store, place: Place::of_bytes(place)?, count })
    }

    /// Reads what `Display` shows. A handle that was cut off, lengthened or mistyped is none: four digits at its end tell.
    pub(crate) fn parse(text: &str) -> Option<Receipt> {
        const LONGEST: usize = 256;
        if text.len() > LONGEST || !text.len().is_multiple_of(2) {
            return None;
        }
        let digit = |digit: u8| DIGITS.iter().position(|known| *known == digit).map(|at| at as u8);
        let pairs = text.as_bytes().chunks_exact(2);
        let bytes: Option<Vec<u8>> =
            pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.last()?)?)).collect();
        let bytes = bytes?;
        let (bytes, check) = bytes.split_last_chunk()?;
        if *check != checksum(bytes) {
            return None;
        }
        Receipt::of_bytes(bytes)
    }
}

fn checksum(bytes: &[u8]) -> [u8; 2] {
    let mut check = [0; 2];
    blake3::Hasher::new().update(bytes).finalize_xof().fill(&mut check);
    check
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.to_bytes();
        bytes.iter().chain(&checksum(&bytes)).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use millpond_engine::{Position, Timestamp};

    use super::*;
    use crate::layout::GroupHash;

    #[test]
    fn a_handle_is_read_as_it_was_shown_or_not_at_all() {
        for place in [
            Place::Lane(GroupHash::of(Some("g")), Position::new(5)),
            Place::Timed(Timestamp::from_millis(u64::MAX), Position::new(u64::MAX)),
        ] {
            let receipt = Receipt { queue: Receipt::queue("q"), store: StoreId(7), place, count: 3 };
            let text = receipt.to_string();
            assert_eq!(Receipt::parse(&text), Some(receipt));
            for end in 0..text.len() {
                assert_eq!(Receipt::parse(&text[..end]), None);
                let mistyped =
                    format!("{}{}{}", &text[..end], if &text[end..=end] == "0" { 'f' } else { '0' }, &text[end + 1..]);
                assert_eq!(Receipt::parse(&mistyped), None, "{mistyped}");
            }
        }
        for wrong in ["", "garbage", "é", &"0".repeat(1000), "00ff"] {
            assert_eq!(Receipt::parse(wrong), None);
        }
    }
}
