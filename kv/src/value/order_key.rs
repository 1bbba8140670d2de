//! Numbers as bytes that sort as the numbers do, in at most 21 bytes: a first byte for sign and magnitude in steps of
//! 100, then pairs of decimal digits. Negative numbers have all of it turned round, and an end mark above every pair.

use super::{Number, ValueError};

const ZERO: u8 = 0x80;
/// Added to the power of 100 of the first pair, which is -65 to 62.
const BIAS: i32 = 65;
const MAX_PAIRS: usize = 20;
/// Ends a negative number of fewer than 20 pairs, so that a longer one, which is smaller, sorts before it.
const END: u8 = 102;

impl Number {
    /// Bytes that compare as the numbers do; at most 21 of them.
    #[must_use]
    pub fn order_key(&self) -> Vec<u8> {
        let (negative, coefficient, exponent) = self.parts();
        if coefficient == 0 {
            return vec![ZERO];
        }
        // Whole pairs: an odd exponent takes one digit from the coefficient's side.
        let odd = exponent.rem_euclid(2);
        let last_power = (exponent - odd) / 2;
        let mut pairs = [0; MAX_PAIRS];
        let mut count = 0;
        let mut rest = coefficient;
        for place in pairs.iter_mut().rev() {
            if rest == 0 {
                break;
            }
            // The last pair by itself, for ten times the coefficient may not fit.
            let (left, pair) =
                if odd == 1 && count == 0 { (rest / 10, rest % 10 * 10) } else { (rest / 100, rest % 100) };
            *place = if negative { 101 - pair as u8 } else { pair as u8 + 1 };
            rest = left;
            count += 1;
        }
        let magnitude = (last_power + count as i32 - 1 + BIAS) as u8;
        let mut key = Vec::with_capacity(MAX_PAIRS + 1);
        key.push(if negative { 0x7F - magnitude } else { ZERO + magnitude });
        key.extend_from_slice(pairs.get(MAX_PAIRS - count..).unwrap_or_default());
        if negative && count < MAX_PAIRS {
            key.push(END);
        }
        key
    }

    /// The number that [`order_key`](Number::order_key) made these bytes of.
    ///
    /// # Errors
    /// [`ValueError::NotAnOrderKey`] for any other bytes.
    pub fn from_order_key(key: &[u8]) -> Result<Number, ValueError> {
        decode(key).ok_or(ValueError::NotAnOrderKey)
    }
}

/// `None` for what no number's key is, such as a form that is longer than it need be: a number has one key.
fn decode(key: &[u8]) -> Option<Number> {
    let (&first, rest) = key.split_first()?;
    if key == [ZERO] {
        return Some(Number::ZERO);
    }
    let negative = first < ZERO;
    let (magnitude, pairs) = match rest.strip_suffix(&[END]) {
        Some(pairs) if negative && pairs.len() < MAX_PAIRS => (0x7F - first, pairs),
        None if negative && rest.len() == MAX_PAIRS => (0x7F - first, rest),
        None if !negative && rest.len() <= MAX_PAIRS => (first - ZERO, rest),
        _ => return None,
    };
    let digits = |byte: u8| {
        let pair = if negative { 101_u8.checked_sub(byte)? } else { byte.checked_sub(1)? };
        (pair < 100).then_some(u128::from(pair))
    };
    let (&last, before) = pairs.split_last()?;
    let last = digits(last)?;
    if last == 0 || digits(*pairs.first()?)? == 0 {
        return None;
    }
    // At most 19 pairs are 38 digits, which fit.
    let mut coefficient: u128 = 0;
    for byte in before {
        coefficient = coefficient * 100 + digits(*byte)?;
    }
    let exponent = 2 * (i32::from(magnitude) - BIAS - before.len() as i32);
    // The coefficient has no last zero; without it, 38 digits in 20 pairs fit.
    let (step, last, odd) = if last.is_multiple_of(10) { (10, last / 10, 1) } else { (100, last, 0) };
    Number::new(negative, coefficient.checked_mul(step)?.checked_add(last)?, exponent + odd).ok()
}

#[cfg(test)]
mod tests {
    use super::super::number::tests::any_number;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_longest_numbers_take_21_bytes() {
        for text in ["9".repeat(38), format!("-{}", "9".repeat(38)), format!("-{}.9", "9".repeat(37))] {
            let number: Number = text.parse().unwrap();
            assert!(number.order_key().len() <= 21);
            assert_eq!(Number::from_order_key(&number.order_key()), Ok(number));
        }
    }

    #[test]
    fn the_edges_of_the_range_keep_their_order() {
        let texts = [
            "-9.9e125", "-1e125", "-1", "-1e-130", "0", "1e-130", "1.1e-130", "1e-129", "1", "1.01", "1e125", "9.9e125",
        ];
        let keys: Vec<Vec<u8>> = texts.iter().map(|text| text.parse::<Number>().unwrap().order_key()).collect();
        assert!(keys.is_sorted(), "{keys:?}");
    }

    proptest! {
        #[test]
        fn order_of_bytes_is_order_of_numbers(a in any_number(), b in any_number()) {
            prop_assert_eq!(a.order_key().cmp(&b.order_key()), a.cmp(&b));
        }

        #[test]
        fn a_key_gives_its_number_back(a in any_number()) {
            prop_assert_eq!(Number::from_order_key(&a.order_key()), Ok(a));
        }

        #[test]
        fn bytes_near_a_key_are_refused_or_are_a_key(
            a in any_number(), at in any::<prop::sample::Index>(), with in any::<u8>(), cut in 0..3_usize, more in any::<Option<u8>>()
        ) {
            let mut bytes = a.order_key();
            let at = at.index(bytes.len());
            bytes[at] = with;
            bytes.truncate(bytes.len().saturating_sub(cut));
            bytes.extend(more);
            if let Ok(number) = Number::from_order_key(&bytes) {
                prop_assert_eq!(number.order_key(), bytes);
            }
        }

        #[test]
        fn other_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..24)) {
            if let Ok(number) = Number::from_order_key(&bytes) {
                prop_assert_eq!(number.order_key(), bytes);
            }
        }
    }
}
