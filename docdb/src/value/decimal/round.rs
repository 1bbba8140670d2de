//! Rounding: to 34 digits and the range of exponents, and to a number of decimal places.

use num_bigint::BigUint;

use crate::value::decimal::{Decimal, MAX_EXPONENT, MIN_EXPONENT, MOST, PRECISION};

/// Which whole number, or multiple of a power of ten, a number is rounded to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// To the nearest; from the middle to the even one.
    HalfEven,
    /// Towards zero.
    Truncate,
    /// Downwards.
    Floor,
    /// Upwards.
    Ceiling,
}

impl Rounding {
    /// Whether a magnitude goes up, of which `rest` is left over: how it compares to half of the last place.
    fn is_up(self, negative: bool, odd: bool, rest: Rest) -> bool {
        match self {
            Rounding::HalfEven => rest == Rest::AboveHalf || (rest == Rest::Half && odd),
            Rounding::Truncate => false,
            Rounding::Floor => negative && rest != Rest::Nothing,
            Rounding::Ceiling => !negative && rest != Rest::Nothing,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Nothing,
    BelowHalf,
    Half,
    AboveHalf,
}

pub(super) fn power_of_ten(exponent: u32) -> BigUint {
    match 10_u64.checked_pow(exponent) {
        Some(power) => power.into(),
        None => BigUint::from(10_u8).pow(exponent),
    }
}

/// How many decimal digits a number has; none for zero.
pub(super) fn count_digits(value: &BigUint) -> u32 {
    if let Ok(small) = u128::try_from(value) {
        return small.checked_ilog10().map_or(0, |digits| digits + 1);
    }
    // An estimate from the bits, which is at most one too low.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "far below the range")]
    let estimate = ((value.bits() - 1) as f64 * std::f64::consts::LOG10_2) as u32 + 1;
    if *value >= power_of_ten(estimate) { estimate + 1 } else { estimate }
}

/// A result before it is rounded.
pub(super) struct Exact {
    pub(super) negative: bool,
    pub(super) coefficient: BigUint,
    pub(super) exponent: i32,
    /// Whether something below the last digit was left out.
    pub(super) more: bool,
    /// The exponent that the standard wants, if the result is exact.
    pub(super) preferred: i32,
}

impl Exact {
    /// The nearest decimal, and whether it is not exact.
    pub(super) fn round(self) -> (Decimal, bool) {
        let Exact { negative, coefficient, exponent, more, preferred } = self;
        let excess = count_digits(&coefficient).saturating_sub(PRECISION);
        let below = MIN_EXPONENT.saturating_sub(exponent).max(0).unsigned_abs();
        let drop = excess.max(below);
        let (kept, rest) = drop_digits(coefficient, drop);
        let rest = match rest {
            Rest::Nothing if more => Rest::BelowHalf,
            Rest::Half if more => Rest::AboveHalf,
            rest => rest,
        };
        let mut coefficient = u128::try_from(kept).unwrap_or(MOST);
        #[allow(clippy::cast_possible_wrap, reason = "counts of digits")]
        let mut exponent = exponent.saturating_add(drop as i32);
        if Rounding::HalfEven.is_up(negative, coefficient % 2 == 1, rest) {
            coefficient += 1;
        }
        if coefficient > MOST {
            (coefficient, exponent) = (coefficient / 10, exponent + 1);
        }
        let exact = rest == Rest::Nothing;
        if exact {
            (coefficient, exponent) = towards(coefficient, exponent, preferred.clamp(MIN_EXPONENT, MAX_EXPONENT));
        }
        (fit(negative, coefficient, exponent), !exact)
    }
}

/// The same value with an exponent as near to the preferred one as 34 digits allow.
fn towards(mut coefficient: u128, mut exponent: i32, preferred: i32) -> (u128, i32) {
    if coefficient == 0 {
        return (0, preferred);
    }
    while exponent > preferred && coefficient <= MOST / 10 {
        (coefficient, exponent) = (coefficient * 10, exponent - 1);
    }
    while exponent < preferred && coefficient.is_multiple_of(10) {
        (coefficient, exponent) = (coefficient / 10, exponent + 1);
    }
    (coefficient, exponent)
}

/// A decimal of a coefficient of at most 34 digits: infinite, where the exponent is too large.
fn fit(negative: bool, mut coefficient: u128, mut exponent: i32) -> Decimal {
    while exponent > MAX_EXPONENT && coefficient != 0 {
        if coefficient > MOST / 10 {
            return Decimal::Infinity { negative };
        }
        (coefficient, exponent) = (coefficient * 10, exponent - 1);
    }
    Decimal::Finite { negative, coefficient, exponent: exponent.clamp(MIN_EXPONENT, MAX_EXPONENT) }
}

fn drop_digits(coefficient: BigUint, digits: u32) -> (BigUint, Rest) {
    if digits == 0 {
        return (coefficient, Rest::Nothing);
    }
    if digits > count_digits(&coefficient) + 1 {
        let rest = if coefficient == BigUint::ZERO { Rest::Nothing } else { Rest::BelowHalf };
        return (BigUint::ZERO, rest);
    }
    let divisor = power_of_ten(digits);
    let kept = &coefficient / &divisor;
    let rest = coefficient - &kept * &divisor;
    let rest = if rest == BigUint::ZERO {
        Rest::Nothing
    } else {
        match (rest << 1_u32).cmp(&divisor) {
            std::cmp::Ordering::Less => Rest::BelowHalf,
            std::cmp::Ordering::Equal => Rest::Half,
            std::cmp::Ordering::Greater => Rest::AboveHalf,
        }
    };
    (kept, rest)
}

impl Decimal {
    /// Rounds to decimal places, or to tens and hundreds where they are negative. The result has the exponent of those
    /// places, as far as 34 digits reach.
    pub(crate) fn round_to(self, places: i32, rounding: Rounding) -> Decimal {
        let Decimal::Finite { negative, coefficient, exponent } = self else { return self };
        let wanted = places.saturating_neg().clamp(MIN_EXPONENT, MAX_EXPONENT);
        if exponent >= wanted {
            let (coefficient, exponent) = towards(coefficient, exponent, wanted);
            return Decimal::Finite { negative, coefficient, exponent };
        }
        let (kept, rest) = drop_digits(coefficient.into(), (wanted - exponent).unsigned_abs());
        let kept = u128::try_from(kept).unwrap_or(MOST);
        let kept = kept + u128::from(rounding.is_up(negative, kept % 2 == 1, rest));
        Decimal::Finite { negative, coefficient: kept, exponent: wanted }
    }

    /// The largest whole number that is not above it. Of numbers whose whole digits are more than 34, infinite ones
    /// among them, it is not a number.
    pub(crate) fn floor(self) -> Decimal {
        self.to_whole(Rounding::Floor)
    }

    /// The smallest whole number that is not below it; else as [`Decimal::floor`].
    pub(crate) fn ceil(self) -> Decimal {
        self.to_whole(Rounding::Ceiling)
    }

    fn to_whole(self, rounding: Rounding) -> Decimal {
        match self.round_to(0, rounding) {
            whole @ Decimal::Finite { exponent: 0, .. } => whole,
            _ => Decimal::NaN,
        }
    }
}
