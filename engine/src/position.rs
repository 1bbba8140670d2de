use std::fmt;

use crate::Timestamp;

/// Where a row that was appended stands in the order of all commits of an engine: see
/// [`Transaction::append`](crate::Transaction::append).
///
/// A later commit always has a higher position, restarts included, and no two rows share one. The upper 43 bits are the time
/// of the commit in milliseconds, held where it is while the clock does not move; so the rows of a time are a range of
/// positions, to the year 2109.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(u64);

const COUNTER_BITS: u32 = 21;
/// Later times count as this one, which leaves half of all positions to be counted through.
const LAST_MILLIS: u64 = 1 << 42;

impl Position {
    /// Of the number that [`get`](Position::get) gave.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Position(number)
    }

    /// As a number: a higher one is a later position.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The first position that a commit at this time could have.
    #[must_use]
    pub fn first_at(time: Timestamp) -> Self {
        Position(time.as_millis().min(LAST_MILLIS) << COUNTER_BITS)
    }

    /// When the row was committed.
    #[must_use]
    pub const fn time(self) -> Timestamp {
        Timestamp::from_millis(self.0 >> COUNTER_BITS)
    }

    /// The position `by` places further.
    #[must_use]
    pub const fn plus(self, by: u32) -> Self {
        Position(self.0.saturating_add(by as u64))
    }

    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        self.plus(1)
    }

    /// The position as it ends the key of its row: its order is the order of the bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    /// Reads the position at the end of the key of an appended row.
    #[must_use]
    pub fn of_key(key: &[u8]) -> Option<Self> {
        key.last_chunk().map(|bytes| Position(u64::from_be_bytes(*bytes)))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_tells_the_time_of_its_commit() {
        for millis in [0, 1, 1_700_000_000_123, LAST_MILLIS] {
            let time = Timestamp::from_millis(millis);
            assert_eq!(Position::first_at(time).time(), time);
            assert_eq!(Position::first_at(time).plus((1 << COUNTER_BITS) - 1).time(), time);
        }
        assert_eq!(Position::first_at(Timestamp::from_millis(u64::MAX)).time(), Timestamp::from_millis(LAST_MILLIS));
        let key = [&b"prefix"[..], &Position::new(7).to_bytes()].concat();
        assert_eq!(Position::of_key(&key), Some(Position::new(7)));
        assert_eq!(Position::of_key(b"short"), None);
    }
}
