//! `$bitsAllSet` and its kin.

use bson::{RawBsonRef, spec::BinarySubtype};

use crate::{
    filter::{BitMask, BitTest},
    value::as_whole_i64,
};

/// Whether a value is a whole number of 64 bits, or a binary, whose bits are as asked.
pub(super) fn matches(value: RawBsonRef<'_>, test: BitTest, mask: &BitMask) -> bool {
    match value {
        RawBsonRef::Binary(binary) => {
            // The old subtype has its length once more within its bytes.
            let length = u32::try_from(binary.bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
            let prefix: &[u8] = if binary.subtype == BinarySubtype::BinaryOld { &length } else { &[] };
            check(test, mask, |position| {
                let index = position / 8;
                let byte = prefix.get(index).or_else(|| binary.bytes.get(index.checked_sub(prefix.len())?));
                (byte.copied().unwrap_or(0) >> (position % 8)) & 1 == 1
            })
        }
        value => as_whole_i64(value).is_some_and(|number| {
            // The sign goes on for ever.
            check(test, mask, |position| (number >> position.min(63)) & 1 == 1)
        }),
    }
}

fn check(test: BitTest, mask: &BitMask, is_set: impl Fn(usize) -> bool) -> bool {
    match mask {
        BitMask::Positions(positions) => {
            of(test, positions.iter().map(|position| is_set(usize::try_from(*position).unwrap_or(usize::MAX))))
        }
        BitMask::Bytes(bytes) => {
            let set = |(index, byte): (usize, &u8)| {
                let byte = *byte;
                (0..8).filter(move |bit| (byte >> bit) & 1 == 1).map(move |bit| index * 8 + bit)
            };
            of(test, bytes.iter().enumerate().filter(|(_, byte)| **byte != 0).flat_map(set).map(is_set))
        }
    }
}

fn of(test: BitTest, mut bits: impl Iterator<Item = bool>) -> bool {
    match test {
        BitTest::AllSet => bits.all(|set| set),
        BitTest::AnySet => bits.any(|set| set),
        BitTest::AllClear => bits.all(|set| !set),
        BitTest::AnyClear => bits.any(|set| !set),
    }
}
