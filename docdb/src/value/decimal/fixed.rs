//! Elementary functions on binary fixed-point numbers of any precision, from which those of decimals are rounded.
//!
//! A number is an integer in units of 2^-bits. Errors are a few units in the last of them; callers take many more bits
//! than 34 digits have.

use std::sync::OnceLock;

use num_bigint::{BigInt, BigUint, Sign};

use crate::value::decimal::{
    Decimal,
    round::{Exact, count_digits, power_of_ten},
};

/// A fixed-point number.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub(super) struct Fixed {
    units: BigInt,
    bits: u32,
}

/// `units * 2^exponent` of a fixed-point number: what may be far larger or smaller than one.
pub(super) struct Scaled {
    pub(super) fixed: Fixed,
    pub(super) exponent: i64,
}

impl Fixed {
    pub(super) fn whole(value: i64, bits: u32) -> Fixed {
        Fixed { units: BigInt::from(value) << bits, bits }
    }

    /// `coefficient * 10^exponent`.
    pub(super) fn decimal(negative: bool, coefficient: u128, exponent: i32, bits: u32) -> Fixed {
        let power = BigInt::from(power_of_ten(exponent.unsigned_abs()));
        let coefficient = BigInt::from(coefficient) << bits;
        let units = if exponent < 0 { coefficient / power } else { coefficient * power };
        Fixed { units: if negative { -units } else { units }, bits }
    }

    fn like(&self, units: BigInt) -> Fixed {
        Fixed { units, bits: self.bits }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.units.sign() == Sign::NoSign
    }

    pub(super) fn is_negative(&self) -> bool {
        self.units.sign() == Sign::Minus
    }

    pub(super) fn negate(&self) -> Fixed {
        self.like(-&self.units)
    }

    pub(super) fn abs(&self) -> Fixed {
        if self.is_negative() { self.negate() } else { self.clone() }
    }

    pub(super) fn add(&self, other: &Fixed) -> Fixed {
        self.like(&self.units + &other.units)
    }

    pub(super) fn subtract(&self, other: &Fixed) -> Fixed {
        self.like(&self.units - &other.units)
    }

    pub(super) fn multiply(&self, other: &Fixed) -> Fixed {
        self.like((&self.units * &other.units) >> self.bits)
    }

    pub(super) fn times(&self, factor: i64) -> Fixed {
        self.like(&self.units * factor)
    }

    /// By a number that is not zero.
    pub(super) fn divide(&self, other: &Fixed) -> Fixed {
        self.like((&self.units << self.bits) / &other.units)
    }

    pub(super) fn halve(&self, times: u32) -> Fixed {
        self.like(&self.units >> times)
    }

    /// Of a number that is not negative.
    pub(super) fn sqrt(&self) -> Fixed {
        let units = (&self.units << self.bits).to_biguint().unwrap_or_default();
        self.like(units.sqrt().into())
    }

    /// The place of the highest bit, counted from one: 0 for numbers from 1 below 2. Zero has a very low one.
    #[allow(clippy::cast_possible_wrap, reason = "lengths of numbers in memory")]
    pub(super) fn magnitude(&self) -> i64 {
        self.units.bits() as i64 - 1 - i64::from(self.bits)
    }

    /// The nearest whole number, if it is not too large.
    fn nearest(&self) -> BigInt {
        (&self.units + (BigInt::from(1_u8) << (self.bits - 1))) >> self.bits
    }

    /// The sum of `x^(2k+1) / (2k+1)`, its terms of changing signs for the arc tangent, else the area tangent. The
    /// number should be small.
    fn odd_series(&self, alternating: bool) -> Fixed {
        let square = self.multiply(self);
        let (mut power, mut sum) = (self.clone(), self.clone());
        let mut divisor = 1_u32;
        loop {
            power = power.multiply(&square);
            if alternating {
                power = power.negate();
            }
            divisor += 2;
            let term = self.like(&power.units / divisor);
            // Shifts of negative numbers end at -1.
            if term.units.bits() <= 1 {
                return sum;
            }
            sum = sum.add(&term);
        }
    }

    /// The arc tangent or area tangent of `1 / divisor`.
    fn of_inverse(divisor: u32, bits: u32, alternating: bool) -> Fixed {
        let mut power = (BigInt::from(1_u8) << bits) / divisor;
        let (mut sum, mut odd) = (power.clone(), 1_u32);
        let square = u64::from(divisor) * u64::from(divisor);
        loop {
            power /= square;
            odd += 2;
            if power.sign() == Sign::NoSign {
                return Fixed { units: sum, bits };
            }
            if alternating && odd % 4 == 3 { sum -= &power / odd } else { sum += &power / odd }
        }
    }

    /// A constant, which is computed once for the usual precision and once for the angles of the largest decimals.
    fn constant(cells: &'static [OnceLock<Fixed>; 2], bits: u32, compute: fn(u32) -> Fixed) -> Fixed {
        const SIZES: [u32; 2] = [1024, 21_504];
        for (cell, size) in cells.iter().zip(SIZES) {
            if bits <= size {
                let known = cell.get_or_init(|| compute(size));
                return Fixed { units: &known.units >> (size - bits), bits };
            }
        }
        compute(bits)
    }

    pub(super) fn pi(bits: u32) -> Fixed {
        static CELLS: [OnceLock<Fixed>; 2] = [const { OnceLock::new() }; 2];
        Fixed::constant(&CELLS, bits, |bits| {
            Fixed::of_inverse(5, bits, true).times(16).subtract(&Fixed::of_inverse(239, bits, true).times(4))
        })
    }

    pub(super) fn ln_2(bits: u32) -> Fixed {
        static CELLS: [OnceLock<Fixed>; 2] = [const { OnceLock::new() }; 2];
        Fixed::constant(&CELLS, bits, |bits| {
            let of = |divisor, factor| Fixed::of_inverse(divisor, bits, false).times(factor);
            of(26, 18).subtract(&of(4801, 2)).add(&of(8749, 8))
        })
    }

    pub(super) fn ln_10(bits: u32) -> Fixed {
        static CELLS: [OnceLock<Fixed>; 2] = [const { OnceLock::new() }; 2];
        Fixed::constant(&CELLS, bits, |bits| {
            let of = |divisor, factor| Fixed::of_inverse(divisor, bits, false).times(factor);
            of(31, 46).add(&of(49, 34)).add(&of(161, 20))
        })
    }

    /// The natural logarithm of a number above zero.
    pub(super) fn ln(&self) -> Fixed {
        let shift = self.magnitude();
        let distance = u32::try_from(shift.unsigned_abs()).unwrap_or(u32::MAX);
        let mut rest = if shift > 0 { self.halve(distance) } else { self.like(&self.units << distance) };
        const ROOTS: u32 = 4;
        for _ in 0..ROOTS {
            rest = rest.sqrt();
        }
        let one = Fixed::whole(1, self.bits);
        let ratio = rest.subtract(&one).divide(&rest.add(&one));
        let of_rest = self.like(ratio.odd_series(false).units << (ROOTS + 1));
        of_rest.add(&Fixed::ln_2(self.bits).times(shift))
    }

    /// `e` to the number.
    pub(super) fn exp(&self) -> Scaled {
        const HALVINGS: u32 = 8;
        let ln_2 = Fixed::ln_2(self.bits);
        let exponent = i64::try_from(self.divide(&ln_2).nearest()).unwrap_or(0);
        let rest = self.subtract(&ln_2.times(exponent)).halve(HALVINGS);
        let one = Fixed::whole(1, self.bits);
        let (mut sum, mut term) = (one.add(&rest), rest.clone());
        for divisor in 2_u32.. {
            term = self.like(term.multiply(&rest).units / divisor);
            if term.units.bits() <= 1 {
                break;
            }
            sum = sum.add(&term);
        }
        for _ in 0..HALVINGS {
            sum = sum.multiply(&sum);
        }
        Scaled { fixed: sum, exponent }
    }

    /// Sine and cosine.
    pub(super) fn sin_cos(&self) -> (Fixed, Fixed) {
        // The quarter of the circle needs pi to as many bits as the number has before its point.
        let whole_bits = u32::try_from(self.magnitude().max(0)).unwrap_or(0) + 8;
        let exact = Fixed { units: &self.units << whole_bits, bits: self.bits + whole_bits };
        let quarter = Fixed::pi(exact.bits).halve(1);
        let turns = exact.divide(&quarter).nearest();
        let rest = exact.subtract(&exact.like(&quarter.units * &turns));
        let rest = self.like(rest.units >> whole_bits);
        let (sin, cos) = rest.sin_cos_near_zero();
        let turn: BigInt = turns & BigInt::from(3_u8);
        match u8::try_from(turn).unwrap_or(0) {
            0 => (sin, cos),
            1 => (cos, sin.negate()),
            2 => (sin.negate(), cos.negate()),
            _ => (cos.negate(), sin),
        }
    }

    fn sin_cos_near_zero(&self) -> (Fixed, Fixed) {
        let square = self.multiply(self);
        let series = |first: Fixed, start: u32| {
            let (mut sum, mut term, mut divisor) = (first.clone(), first, start);
            loop {
                term = self.like(-(term.multiply(&square).units / (divisor * (divisor + 1))));
                divisor += 2;
                if term.units.bits() <= 1 {
                    return sum;
                }
                sum = sum.add(&term);
            }
        };
        (series(self.clone(), 2), series(Fixed::whole(1, self.bits), 1))
    }

    /// The angle whose tangent it is.
    pub(super) fn atan(&self) -> Fixed {
        let one = Fixed::whole(1, self.bits);
        if self.is_negative() {
            return self.negate().atan().negate();
        }
        if *self > one {
            return Fixed::pi(self.bits).halve(1).subtract(&one.divide(self).atan());
        }
        const HALVINGS: u32 = 4;
        let mut rest = self.clone();
        for _ in 0..HALVINGS {
            // tan(a / 2) = tan(a) / (1 + sqrt(1 + tan(a)^2))
            rest = rest.divide(&one.add(&one.add(&rest.multiply(&rest)).sqrt()));
        }
        self.like(rest.odd_series(true).units << HALVINGS)
    }

    pub(super) fn scaled(self) -> Scaled {
        Scaled { fixed: self, exponent: 0 }
    }
}

impl Scaled {
    /// The number in fixed point, if it is not too far from one.
    pub(super) fn unscaled(self) -> Fixed {
        let Scaled { fixed, exponent } = self;
        let distance = u32::try_from(exponent.unsigned_abs()).unwrap_or(u32::MAX);
        let units = if exponent < 0 { fixed.units >> distance } else { fixed.units << distance };
        Fixed { units, bits: fixed.bits }
    }

    /// The nearest decimal: always of 34 digits, as results that are not exact are.
    #[allow(clippy::cast_possible_truncation, reason = "numbers are far from the range of exponents")]
    pub(super) fn round(self) -> Decimal {
        const DIGITS: i64 = 45;
        let Scaled { fixed, exponent } = self;
        let negative = fixed.is_negative();
        let shift = exponent - i64::from(fixed.bits);
        let units = fixed.units.into_parts().1;
        if units == BigUint::ZERO {
            return Decimal::ZERO;
        }
        let magnitude = (units.bits().cast_signed() - 1 + shift) as f64 * std::f64::consts::LOG10_2;
        let places = DIGITS - magnitude as i64;
        if places.abs() > 20_000 {
            // Out of range, on one side or the other.
            let exponent = if places < 0 { 20_000 } else { -20_000 };
            let exact = Exact { negative, coefficient: BigUint::from(1_u8), exponent, more: true, preferred: exponent };
            return exact.round().0;
        }
        let power = power_of_ten(places.unsigned_abs() as u32);
        let (mut numerator, mut denominator) = (units, BigUint::from(1_u8));
        if places > 0 {
            numerator *= power
        } else {
            denominator *= power
        }
        if shift > 0 {
            numerator <<= shift.unsigned_abs()
        } else {
            denominator <<= shift.unsigned_abs()
        }
        let coefficient = numerator / denominator;
        debug_assert!(count_digits(&coefficient) > 40);
        let exponent = -(places as i32);
        Exact { negative, coefficient, exponent, more: true, preferred: exponent }.round().0
    }
}
