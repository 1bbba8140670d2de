//! Powers modulo a prime of 512 bits, by Montgomery's method: it replaces divisions by the modulus by multiplications.

const LIMBS: usize = 8;
const LIMB_BITS: usize = 64;
/// Bytes of a number.
pub(super) const BYTES: usize = LIMBS * 8;
/// Bits of an exponent that are looked at together.
const WINDOW: usize = 4;

/// A number of 512 bits, its lowest limb first.
type Number = [u64; LIMBS];

/// An odd modulus.
pub(super) struct Modulus {
    modulus: Number,
    /// What the lowest limb is to be multiplied with to give -1.
    negative_inverse: u64,
    /// 2^512 and 2^1024, both modulo the modulus: 1, and what brings a number, into Montgomery's form.
    one: Number,
    square: Number,
}

impl Modulus {
    /// Of a number in 64 bytes, the highest first, that is odd and has all its bits; `None` of any other.
    pub(super) fn new(bytes: &[u8]) -> Option<Modulus> {
        let modulus = read(bytes)?;
        if modulus[0] & 1 == 0 || modulus[LIMBS - 1] >> (LIMB_BITS - 1) == 0 {
            return None;
        }
        // Newton: each step doubles the bits that are right, of which an odd number has three to begin with.
        let inverse = (0..5)
            .fold(modulus[0], |inverse, _| inverse.wrapping_mul(2_u64.wrapping_sub(modulus[0].wrapping_mul(inverse))));
        // 2^512 is less than two times the modulus.
        let one = subtract(&[0; LIMBS], &modulus).0;
        let mut this = Modulus { modulus, negative_inverse: inverse.wrapping_neg(), one, square: one };
        for _ in 0..LIMBS * LIMB_BITS {
            this.square = this.double(&this.square);
        }
        Some(this)
    }

    /// `base` to the power of `exponent`, all of 64 bytes with the highest first; the base is less than the modulus.
    pub(super) fn power(&self, base: &[u8], exponent: &[u8]) -> Option<[u8; BYTES]> {
        let (base, exponent) = (self.enter(base)?, read(exponent)?);
        let mut powers = [self.one; 1 << WINDOW];
        for index in 1..powers.len() {
            powers[index] = self.multiply(&powers[index - 1], &base);
        }
        let mut result = self.one;
        for limb in exponent.iter().rev() {
            for shift in (0..LIMB_BITS).step_by(WINDOW).rev() {
                for _ in 0..WINDOW {
                    result = self.multiply(&result, &result);
                }
                result = self.multiply(&result, &powers[(limb >> shift) as usize % powers.len()]);
            }
        }
        Some(self.leave(&result))
    }

    /// `base` to the power of 65,537, as [`power`](Modulus::power).
    pub(super) fn power_65537(&self, base: &[u8]) -> Option<[u8; BYTES]> {
        let base = self.enter(base)?;
        let squared = (0..16).fold(base, |power, _| self.multiply(&power, &power));
        Some(self.leave(&self.multiply(&squared, &base)))
    }

    /// A number in Montgomery's form.
    fn enter(&self, bytes: &[u8]) -> Option<Number> {
        Some(self.multiply(&read(bytes)?, &self.square))
    }

    fn leave(&self, number: &Number) -> [u8; BYTES] {
        let mut plain = [0; LIMBS];
        plain[0] = 1;
        write(&self.multiply(number, &plain))
    }

    /// The product of two numbers, divided by 2^512.
    fn multiply(&self, left: &Number, right: &Number) -> Number {
        let mut sum = [0_u64; LIMBS];
        let mut above = 0_u64;
        for limb in left {
            let mut carry = 0;
            for (digit, other) in sum.iter_mut().zip(right) {
                (*digit, carry) = add_product(*digit, *limb, *other, carry);
            }
            let (top, overflow) = above.overflowing_add(carry);
            // With this many times the modulus added, the lowest limb is zero and falls away.
            let times = sum[0].wrapping_mul(self.negative_inverse);
            let (_, mut carry) = add_product(sum[0], times, self.modulus[0], 0);
            for index in 1..LIMBS {
                (sum[index - 1], carry) = add_product(sum[index], times, self.modulus[index], carry);
            }
            let (last, second) = top.overflowing_add(carry);
            sum[LIMBS - 1] = last;
            above = u64::from(overflow) + u64::from(second);
        }
        self.reduce(&sum, above != 0)
    }

    fn double(&self, number: &Number) -> Number {
        let mut doubled = [0; LIMBS];
        let mut carry = 0;
        for (to, from) in doubled.iter_mut().zip(number) {
            *to = from << 1 | carry;
            carry = from >> (LIMB_BITS - 1);
        }
        self.reduce(&doubled, carry != 0)
    }

    /// Takes away the modulus once, if the number with what is above it is not less.
    fn reduce(&self, number: &Number, has_more: bool) -> Number {
        let (less, is_negative) = subtract(number, &self.modulus);
        if has_more || !is_negative { less } else { *number }
    }
}

/// The lower and the upper half of `digit + left * right + carry`.
fn add_product(digit: u64, left: u64, right: u64, carry: u64) -> (u64, u64) {
    let sum = u128::from(digit) + u128::from(left) * u128::from(right) + u128::from(carry);
    (sum as u64, (sum >> LIMB_BITS) as u64)
}

/// The difference, and whether it would be negative.
fn subtract(left: &Number, right: &Number) -> (Number, bool) {
    let mut difference = [0; LIMBS];
    let mut borrow = false;
    for (to, (left, right)) in difference.iter_mut().zip(left.iter().zip(right)) {
        let (once, first) = left.overflowing_sub(*right);
        let (twice, second) = once.overflowing_sub(u64::from(borrow));
        (*to, borrow) = (twice, first || second);
    }
    (difference, borrow)
}

fn read(bytes: &[u8]) -> Option<Number> {
    let bytes: &[u8; BYTES] = bytes.try_into().ok()?;
    let mut number = [0; LIMBS];
    for (limb, bytes) in number.iter_mut().rev().zip(bytes.chunks_exact(8)) {
        *limb = u64::from_be_bytes(bytes.try_into().ok()?);
    }
    Some(number)
}

fn write(number: &Number) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    for (bytes, limb) in bytes.chunks_exact_mut(8).zip(number.iter().rev()) {
        bytes.copy_from_slice(&limb.to_be_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rsa::BigUint;

    use super::*;

    fn padded(number: &BigUint) -> Vec<u8> {
        let bytes = number.to_bytes_be();
        [vec![0; BYTES - bytes.len()], bytes].concat()
    }

    fn check(modulus: &BigUint, base: &BigUint, exponent: &BigUint) {
        let with = Modulus::new(&padded(modulus)).unwrap();
        let power = with.power(&padded(base), &padded(exponent)).unwrap();
        assert_eq!(BigUint::from_bytes_be(&power), base.modpow(exponent, modulus), "{base} ^ {exponent} % {modulus}");
        let public = with.power(&padded(base), &padded(&BigUint::from(65_537_u32)));
        assert_eq!(with.power_65537(&padded(base)), public, "{base} ^ 65537 % {modulus}");
    }

    #[test]
    fn powers_at_the_edges_are_right() {
        let all = BigUint::from_bytes_be(&[255; BYTES]);
        let smallest = (BigUint::from(1_u32) << 511) + 1_u32;
        for modulus in [&all, &smallest] {
            let last = modulus - 1_u32;
            for base in [&BigUint::from(0_u32), &BigUint::from(1_u32), &BigUint::from(2_u32), &last] {
                for exponent in [&BigUint::from(0_u32), &BigUint::from(1_u32), &BigUint::from(65_537_u32), &last, &all]
                {
                    check(modulus, base, exponent);
                }
            }
        }
    }

    #[test]
    fn what_is_even_short_or_long_is_no_modulus() {
        assert!(Modulus::new(&[254; BYTES]).is_none());
        assert!(Modulus::new(&[127; BYTES]).is_none());
        assert!(Modulus::new(&[255; BYTES - 1]).is_none());
        assert!(Modulus::new(&[255; BYTES + 1]).is_none());
        assert!(Modulus::new(&[]).is_none());
    }

    proptest! {
        #[test]
        fn powers_are_those_of_long_division(
            modulus in any::<[u8; BYTES]>(),
            base in any::<[u8; BYTES]>(),
            exponent in any::<[u8; BYTES]>(),
        ) {
            let (mut modulus, base) = (modulus, BigUint::from_bytes_be(&base));
            modulus[0] |= 128;
            modulus[BYTES - 1] |= 1;
            let modulus = BigUint::from_bytes_be(&modulus);
            check(&modulus, &(base % &modulus), &BigUint::from_bytes_be(&exponent));
        }
    }
}
