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
        let mut pairs = Vec::with_capacity(MAX_PAIRS);
        // The last pair by hand, for ten times the coefficient may not fit.
        let mut rest = if odd == 1 {
            pairs.push((coefficient % 10 * 10) as u8);
            coefficient / 10
        } else {
            coefficient
        };
        while rest > 0 {
            pairs.push((rest % 100) as u8);
            rest /= 100;
        }
        let power = last_power + pairs.len() as i32 - 1;
        let magnitude = (power + BIAS) as u8;
        let mut key = Vec::with_capacity(MAX_PAIRS + 1);
        if negative {
            key.push(0x7F - magnitude);
            key.extend(pairs.iter().rev().map(|pair| 101 - pair));
            if pairs.len() < MAX_PAIRS {
                key.push(END);
            }
        } else {
            key.push(ZERO + magnitude);
            key.extend(pairs.iter().rev().map(|pair| pair + 1));
        }
        key
    }

    /// The number that [`order_key`](Number::order_key) made these bytes of.
    ///
    /// # Errors
    /// [`ValueError::NotAnOrderKey`] for any other bytes.
    pub fn from_order_key(key: &[u8]) -> Result<Number, ValueError> {
        decode(key).filter(|number| number.order_key() == key).ok_or(ValueError::NotAnOrderKey)
    }
}

fn decode(key: &[u8]) -> Option<Number> {
    let (&first, pairs) = key.split_first()?;
    if key == [ZERO] {
        return Some(Number::ZERO);
    }
    let negative = first < ZERO;
    let (magnitude, pairs) =
        if negative { (0x7F - first, pairs.strip_suffix(&[END]).unwrap_or(pairs)) } else { (first - ZERO, pairs) };
    if pairs.is_empty() || pairs.len() > MAX_PAIRS {
        return None;
    }
    let power = i32::from(magnitude) - BIAS;
    let mut exponent = 2 * (power - (pairs.len() as i32 - 1));
    let mut coefficient: u128 = 0;
    for (at, byte) in pairs.iter().enumerate() {
        let mut pair = u128::from(if negative { 101_u8.checked_sub(*byte)? } else { byte.checked_sub(1)? });
        let mut step = 100;
        if at + 1 == pairs.len() && pair.is_multiple_of(10) {
            // The coefficient has no last zero; without it, 38 digits in 20 pairs fit.
            (pair, step) = (pair / 10, 10);
            exponent += 1;
        }
        coefficient = coefficient.checked_mul(step)?.checked_add(pair)?;
    }
    Number::new(negative, coefficient, exponent).ok()
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
        fn other_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..24)) {
            if let Ok(number) = Number::from_order_key(&bytes) {
                prop_assert_eq!(number.order_key(), bytes);
            }
        }
    }
}
