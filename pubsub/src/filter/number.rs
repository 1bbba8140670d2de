//! Numbers as policies compare them.
//!
//! Those from -5,000,000,000 to 5,000,000,000 are compared to six digits behind the point; what is behind them is
//! rounded as the service's doubles round it. (It documents the ninth power of ten and five digits, and takes more.)
//! Numbers beyond have no order: they equal those that are the same integer or the same double, and no range holds
//! them.

/// The largest magnitude that has an order.
const MOST: f64 = 5e9;

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Number {
    /// Millionths above the smallest number that has an order: 0 to 10^16.
    Ordered(u64),
    /// Beyond: as text that is the same for the same number.
    Beyond(Box<str>),
}

impl Number {
    /// Of a number of JSON. None if it is none.
    pub(super) fn read(text: &str) -> Option<Number> {
        if text.contains(|sign: char| sign.is_alphabetic() && !matches!(sign, 'e' | 'E')) {
            return None; // "inf" and "nan" are none of JSON's
        }
        let number: f64 = text.parse().ok()?;
        if let Some(place) = place_of(number) {
            return Some(Number::Ordered(place));
        }
        if !text.contains(['.', 'e', 'E']) && number.is_finite() {
            return Some(Number::Beyond(text.trim_start_matches('+').into()));
        }
        Some(Number::Beyond(if number.is_finite() { format!("{number:e}").into() } else { text.into() }))
    }
}

/// Where a number stands among those that have an order, in the service's arithmetic.
pub(super) fn place_of(number: f64) -> Option<u64> {
    (-MOST..=MOST).contains(&number).then_some((1e6 * (MOST + number)) as u64)
}

/// Numbers between two others, which belong to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Range {
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Range {
    /// All that have an order.
    pub(super) const ALL: Range = Range { first: 0, last: 10_000_000_000_000_000 };

    pub(super) fn has_two_sides(self) -> bool {
        self.first > Range::ALL.first && self.last < Range::ALL.last
    }

    pub(super) fn holds(self, number: &Number) -> bool {
        matches!(number, Number::Ordered(place) if (self.first..=self.last).contains(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_count() {
        let same = |one: &str, other: &str| Number::read(one) == Number::read(other);
        assert!(same("1", "1.0") && same("3.018e2", "301.8") && same("0.1", "1e-1") && same("-0", "0"));
        assert!(same("1.0000001", "1") && !same("1.000001", "1"));
        assert!(same("5000000000", "5e9") && !same("5000000000", "5000000001"));
    }

    #[test]
    fn numbers_beyond_the_ordered_are_equal_only_to_themselves() {
        let read = |text: &str| Number::read(text).unwrap();
        assert_eq!(read("123456789012"), Number::Beyond("123456789012".into()));
        assert_ne!(read("123456789012345678901"), read("123456789012345678902"));
        assert_eq!(read("1e20"), read("1.0e+20"));
        assert!(!Range::ALL.holds(&read("1e20")) && Range::ALL.holds(&read("-5e9")));
        assert!(
            [Number::read("x"), Number::read("inf"), Number::read("nan"), Number::read("")].iter().all(Option::is_none)
        );
    }
}
