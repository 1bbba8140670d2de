//! Sequence numbers in the service's form.

use std::{fmt, str::FromStr};

use millpond_engine::{Position, Timestamp};

use crate::{Error, ShardId};

/// The number of a record, or of a place between two: a later record of a shard has a higher one, and those of a shard's children
/// are higher than all of its own.
///
/// In decimal it is that of the service, whose 47 hexadecimal digits are `2`, the shard's generation (9), the shard modulo 16
/// (1), the place in it (16), `00`, the second in which the record was put (9), the shard (8), and the version, `2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SequenceNumber {
    // In the order of significance, so that the order is that of the numbers.
    generation: u64,
    nibble: u8,
    position: Position,
    secs: u64,
    shard: ShardId,
}

/// Why a text is no sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseSequenceError {
    /// It is none in any version.
    #[error("this is no sequence number")]
    Invalid,
    /// It is one, but of an older version, which nothing here was ever given.
    #[error("this is a sequence number of another version")]
    OtherVersion,
}

/// Digits that a limb of the decimal form has.
const LIMB: u64 = 10_u64.pow(19);
const LAST_SECS: u64 = (1 << 36) - 1;
/// A shard of this generation or a later one is none. Measured by the author of kinesalite.
const NO_GENERATION: u64 = 16_025_175_000;
/// Stands in the number of where a shard ends.
const LAST: Position = Position::new(u64::MAX >> 1);

impl SequenceNumber {
    /// Of a record, or a place, in a shard.
    pub(crate) fn new(generation: u64, shard: ShardId, position: Position) -> Self {
        SequenceNumber::at(generation, shard, position, position.time().as_secs().max(generation))
    }

    /// Where a shard begins.
    pub(crate) fn first(generation: u64, shard: ShardId) -> Self {
        SequenceNumber::at(generation, shard, Position::default(), generation)
    }

    /// Where a shard ends that was closed at that time.
    pub(crate) fn last(generation: u64, shard: ShardId, closed: Timestamp) -> Self {
        SequenceNumber::at(generation, shard, LAST, closed.as_secs().max(generation))
    }

    fn at(generation: u64, shard: ShardId, position: Position, secs: u64) -> Self {
        let nibble = (shard.get() % 16) as u8;
        SequenceNumber {
            generation: generation.min(LAST_SECS),
            nibble,
            position: position.min(LAST),
            secs: secs.min(LAST_SECS),
            shard,
        }
    }

    /// The shard that it is of.
    #[must_use]
    pub const fn shard(&self) -> ShardId {
        self.shard
    }

    /// The place in the order of all commits.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// When the record was put, to the second.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        Timestamp::from_secs(self.secs)
    }

    /// Whether it is of a time to come. That its shard was opened in a second to come does not count: where one is split and its
    /// children are split again at once, each generation takes a second of its own.
    #[must_use]
    pub const fn is_ahead_of(&self, now: Timestamp) -> bool {
        self.secs > now.as_secs() && self.secs != self.generation
    }

    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    /// The number in 192 bits: the upper 64, and the rest.
    fn bits(&self) -> (u64, u128) {
        let position = self.position.get();
        let low = u128::from(position) << 80 | u128::from(self.secs) << 36 | u128::from(self.shard.get()) << 4 | 2;
        let high = 2 << 56 | self.generation << 20 | u64::from(self.nibble) << 16 | position >> 48;
        (high, low)
    }

    fn of_bits(high: u64, low: u128) -> Result<Self, ParseSequenceError> {
        // Of a number below 2^129 the version is the first, and of one of this length the last digit.
        if high >> 56 != 2 || high >> 60 != 0 {
            return Err(if high < 2 { ParseSequenceError::OtherVersion } else { ParseSequenceError::Invalid });
        }
        let part = |shift: u32, bits: u32| (low >> shift) as u64 & ((1 << bits) - 1);
        match part(0, 4) {
            2 => {}
            0 | 1 => return Err(ParseSequenceError::OtherVersion),
            _ => return Err(ParseSequenceError::Invalid),
        }
        let position = (high & 0xffff) << 48 | part(80, 48);
        let number = SequenceNumber {
            generation: high >> 20 & LAST_SECS,
            nibble: (high >> 16 & 0xf) as u8,
            position: Position::new(position),
            secs: part(36, 36),
            shard: ShardId::new(part(4, 32) as u32),
        };
        let is_none = number.position > LAST || part(72, 8) != 0 || number.generation >= NO_GENERATION;
        if is_none { Err(ParseSequenceError::Invalid) } else { Ok(number) }
    }
}

/// Divides three limbs of 64 bits, the highest first, by [`LIMB`]; gives the remainder.
fn divide(limbs: &mut [u64; 3]) -> u64 {
    limbs.iter_mut().fold(0, |rest, limb| {
        let value = u128::from(rest) << 64 | u128::from(*limb);
        // The rest is below the divisor, so the quotient fits.
        *limb = (value / u128::from(LIMB)) as u64;
        (value % u128::from(LIMB)) as u64
    })
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (high, low) = self.bits();
        let mut limbs = [high, (low >> 64) as u64, low as u64];
        let (last, middle) = (divide(&mut limbs), divide(&mut limbs));
        let [_, _, first] = limbs;
        write!(f, "{first}{middle:019}{last:019}")
    }
}

impl FromStr for SequenceNumber {
    type Err = ParseSequenceError;

    fn from_str(text: &str) -> Result<Self, ParseSequenceError> {
        if text.is_empty() || text.len() > 129 || (text.len() > 1 && text.starts_with('0')) {
            return Err(ParseSequenceError::Invalid);
        }
        let (mut high, mut low) = (0_u64, 0_u128);
        for digit in text.bytes() {
            if !digit.is_ascii_digit() {
                return Err(ParseSequenceError::Invalid);
            }
            // Ten times the lower half, in two quarters, so that nothing is lost.
            let (upper, lower) = ((low >> 64) * 10, (low & u128::from(u64::MAX)) * 10 + u128::from(digit - b'0'));
            let upper = upper + (lower >> 64);
            low = upper << 64 | lower & u128::from(u64::MAX);
            let carry = (upper >> 64) as u64;
            let times = high.checked_mul(10).and_then(|high| high.checked_add(carry));
            high = times.ok_or(ParseSequenceError::Invalid)?;
        }
        SequenceNumber::of_bits(high, low)
    }
}

/// As the service says it of one that a request has.
pub(crate) fn invalid(number: &SequenceNumber, shard: ShardId, stream: &str) -> Error {
    let account = crate::ACCOUNT;
    Error::InvalidArgument(format!(
        "StartingSequenceNumber {number} used in GetShardIterator on shard {shard} in stream {stream} under account {account} is \
         invalid because it did not come from this stream."
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_that_of_the_service() {
        // Of the first record of a stream.
        let number = SequenceNumber::at(0x59d7_b6c1, ShardId::new(0), Position::new(1), 0x59d7_b6c2);
        assert_eq!(number.to_string().parse(), Ok(number));
        assert_eq!(number.to_string().len(), 56);
        assert!(number.to_string().starts_with("49"));
        // The neighbours among the first shards of a stream differ by just this.
        let [first, second] = [0, 1].map(|shard| SequenceNumber::first(1_441_215_410, ShardId::new(shard)));
        let difference = |number: SequenceNumber| {
            let (high, low) = number.bits();
            (high, low)
        };
        let ((high_1, low_1), (high_2, low_2)) = (difference(first), difference(second));
        // 22300745198530623141535718272648361505980432
        assert_eq!((high_2 - high_1, low_2 - low_1), (1 << 16, 16));
        assert!(first < second);
    }

    #[test]
    fn what_is_no_number_is_told_apart_from_one_of_another_version() {
        for text in ["", "x", "-1", "01", "1.0", &"9".repeat(60), &"9".repeat(200)] {
            assert_eq!(text.parse::<SequenceNumber>(), Err(ParseSequenceError::Invalid), "{text}");
        }
        for text in ["0", "1", "21267647932558653966460912964485513216"] {
            assert_eq!(text.parse::<SequenceNumber>(), Err(ParseSequenceError::OtherVersion), "{text}");
        }
        let number = SequenceNumber::first(7, ShardId::new(3));
        let (high, low) = number.bits();
        assert_eq!(SequenceNumber::of_bits(high, low - 1), Err(ParseSequenceError::OtherVersion));
        assert_eq!(SequenceNumber::of_bits(high, low + 1), Err(ParseSequenceError::Invalid));
        assert_eq!(SequenceNumber::of_bits(high | 1 << 15, low), Err(ParseSequenceError::Invalid));
        let (high, low) = SequenceNumber::first(NO_GENERATION, ShardId::new(3)).bits();
        assert_eq!(SequenceNumber::of_bits(high, low), Err(ParseSequenceError::Invalid));
    }

    #[test]
    fn a_number_of_the_future_is_told_from_one_of_a_shard_that_begins_there() {
        let now = Timestamp::from_secs(100);
        let is_ahead =
            |generation, secs| SequenceNumber::at(generation, ShardId::new(0), Position::new(1), secs).is_ahead_of(now);
        assert_eq!([is_ahead(90, 100), is_ahead(90, 101), is_ahead(103, 103)], [false, true, false]);
    }

    proptest! {
        #[test]
        fn a_number_is_read_back_and_keeps_its_order(
            one in (0..NO_GENERATION, any::<u32>(), 0..u64::MAX >> 1, 0..1_u64 << 36),
            other in (0..NO_GENERATION, any::<u32>(), 0..u64::MAX >> 1, 0..1_u64 << 36),
        ) {
            let [one, other] = [one, other].map(|(generation, shard, position, secs)| {
                SequenceNumber::at(generation, ShardId::new(shard), Position::new(position), secs)
            });
            prop_assert_eq!(one.to_string().parse(), Ok(one));
            let [(high_1, low_1), (high_2, low_2)] = [one.bits(), other.bits()];
            prop_assert_eq!(one.cmp(&other), (high_1, low_1).cmp(&(high_2, low_2)));
            if one.to_string().len() == other.to_string().len() {
                prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
            }
        }
    }
}
