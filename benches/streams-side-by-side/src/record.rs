//! What is appended: 1 KB that no compression makes smaller, and that says itself which record it is and whether it is whole.

use crate::Failure;

pub(crate) const BYTES: usize = 1024;
const WORD: usize = size_of::<u64>();

pub(crate) type Record = [u8; BYTES];

/// Which record of which round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id {
    pub(crate) round: u32,
    pub(crate) producer: u16,
    pub(crate) number: u32,
}

impl Id {
    /// Two words of which record this is, random ones, and the sum of them all.
    pub(crate) fn record(self) -> Record {
        let mut record = [0; BYTES];
        let head = [u64::from(self.round) << 16 | u64::from(self.producer), u64::from(self.number)];
        let mut seed = head[0] << 32 ^ head[1];
        let (words, _) = record.as_chunks_mut::<WORD>();
        let mut sum = 0_u64;
        if let Some((last, words)) = words.split_last_mut() {
            for (at, bytes) in words.iter_mut().enumerate() {
                let word = head.get(at).copied().unwrap_or_else(|| random(&mut seed));
                sum = sum.wrapping_add(word);
                *bytes = word.to_le_bytes();
            }
            *last = sum.to_le_bytes();
        }
        record
    }

    /// Which record this is: an error unless its sum is right. Reads every byte, and costs little beside any store.
    pub(crate) fn of(record: &[u8]) -> Result<Id, Failure> {
        parse(record)
            .ok_or_else(|| format!("a damaged record of {} bytes: {:02x?}", record.len(), first(record)).into())
    }
}

fn parse(record: &[u8]) -> Option<Id> {
    let (words, []) = record.as_chunks::<WORD>() else { return None };
    let (last, words) = words.split_last()?;
    let sum = words.iter().fold(0_u64, |sum, word| sum.wrapping_add(u64::from_le_bytes(*word)));
    let is_whole = record.len() == BYTES && sum == u64::from_le_bytes(*last);
    let [head, number, ..] = words else { return None };
    let (head, number) = (u64::from_le_bytes(*head), u64::from_le_bytes(*number));
    let id =
        Id { round: (head >> 16).try_into().ok()?, producer: (head & 0xffff) as u16, number: number.try_into().ok()? };
    is_whole.then_some(id)
}

fn first(record: &[u8]) -> &[u8] {
    record.get(..record.len().min(2 * WORD)).unwrap_or_default()
}

/// SplitMix64: quick, and nothing that a compressor finds a pattern in.
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *seed;
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_names_itself_and_a_damaged_one_is_found() {
        let id = Id { round: 70_000, producer: 15, number: 1_000_001 };
        let record = id.record();
        assert_eq!(Id::of(&record).unwrap(), id);
        assert!(Id::of(&record[..BYTES - 8]).is_err());
        for at in [0, 8, 16, 500, BYTES - 1] {
            let mut damaged = record;
            damaged[at] ^= 1;
            assert!(Id::of(&damaged).is_err(), "{at}");
        }
        assert_ne!(Id { producer: 14, ..id }.record()[16..], record[16..]);
    }
}
