//! The functions of angles and the hyperbolic ones, to 34 digits.

use std::cmp::Ordering;

use crate::value::decimal::{
    Decimal, MIN_EXPONENT,
    fixed::{Fixed, Scaled},
    functions::BITS,
};

/// Arguments below this power of ten are their own sine.
const TINY: i32 = -20;
/// Arguments above this power of ten have no area functions but the logarithm of their double.
const HUGE: i32 = 25;

impl Decimal {
    const PI_OVER_180: Decimal =
        Decimal::Finite { negative: false, coefficient: 1_745_329_251_994_329_576_923_690_768_488_613, exponent: -35 };
    const ONE_HUNDRED_EIGHTY_OVER_PI: Decimal =
        Decimal::Finite { negative: false, coefficient: 5_729_577_951_308_232_087_679_815_481_410_517, exponent: -32 };

    /// An odd function near zero where it is the identity: zero of an exponent, and tiny numbers.
    fn odd(self, zero_exponent: i32, function: impl FnOnce(Decimal) -> Decimal) -> Decimal {
        match self.magnitude() {
            None if self.is_zero() => self.zero_of(zero_exponent),
            Some(magnitude) if magnitude < TINY => self.as_rounded(),
            _ => function(self),
        }
    }

    pub(crate) fn sin(self) -> Decimal {
        if self.is_infinite() {
            return Decimal::NaN;
        }
        self.odd(0, |this| this.fixed_angle(|sin, _| sin))
    }

    pub(crate) fn cos(self) -> Decimal {
        match self.magnitude() {
            None if self.is_zero() => Self::ONE_OF_34_DIGITS,
            None => Decimal::NaN,
            Some(magnitude) if magnitude < TINY => Self::ONE_OF_34_DIGITS,
            _ => self.fixed_angle(|_, cos| cos),
        }
    }

    pub(crate) fn tan(self) -> Decimal {
        if self.is_infinite() {
            return Decimal::NaN;
        }
        self.odd(-40, |this| this.fixed_angle(|sin, cos| if cos.is_zero() { sin } else { sin.divide(&cos) }))
    }

    fn fixed_angle(self, pick: impl FnOnce(Fixed, Fixed) -> Fixed) -> Decimal {
        if self.is_nan() {
            return self;
        }
        let (sin, cos) = self.fixed(BITS).sin_cos();
        pick(sin, cos).scaled().round()
    }

    /// Of numbers from -1 to 1.
    pub(crate) fn asin(self) -> Decimal {
        if self.abs().compare(Decimal::ONE) == Ordering::Greater || self.is_nan() {
            return Decimal::NaN;
        }
        self.odd(-40, |this| {
            let value = this.fixed(BITS);
            let one = Fixed::whole(1, BITS);
            let cosine = one.subtract(&value.abs()).multiply(&one.add(&value.abs())).sqrt();
            let angle = match cosine.is_zero() {
                true if this.is_negative() => Fixed::pi(BITS).halve(1).negate(),
                true => Fixed::pi(BITS).halve(1),
                false => value.divide(&cosine).atan(),
            };
            angle.scaled().round()
        })
    }

    /// Of numbers from -1 to 1.
    pub(crate) fn acos(self) -> Decimal {
        if self.abs().compare(Decimal::ONE) == Ordering::Greater || self.is_nan() {
            return Decimal::NaN;
        }
        let (value, one) = (self.fixed(BITS), Fixed::whole(1, BITS));
        let below = one.add(&value);
        if below.is_zero() {
            return Fixed::pi(BITS).scaled().round();
        }
        one.subtract(&value).divide(&below).sqrt().atan().times(2).scaled().round()
    }

    pub(crate) fn atan(self) -> Decimal {
        match self {
            Decimal::NaN => self,
            Decimal::Infinity { negative } => {
                let quarter = Fixed::pi(BITS).halve(1);
                if negative { quarter.negate() } else { quarter }.scaled().round()
            }
            _ => self.odd(0, |this| match this.magnitude() {
                Some(magnitude) if magnitude > 40 => Decimal::Infinity { negative: this.is_negative() }.atan(),
                _ => this.fixed(BITS).atan().scaled().round(),
            }),
        }
    }

    /// The angle of the point `(x, self)`.
    pub(crate) fn atan2(self, x: Decimal) -> Decimal {
        if self.is_nan() || x.is_nan() {
            return Decimal::NaN;
        }
        let turned = |angle: Decimal| if self.is_negative() { angle.negate() } else { angle };
        let pi = Fixed::pi(BITS);
        match (self.is_infinite(), x.is_infinite(), x.is_negative()) {
            (true, true, false) => return turned(pi.halve(2).scaled().round()),
            (true, true, true) => return turned(pi.times(3).halve(2).scaled().round()),
            (true, false, _) => return turned(pi.halve(1).scaled().round()),
            (false, true, true) => return turned(pi.scaled().round()),
            (false, true, false) => return self.zero_of(0),
            _ => {}
        }
        match (self.is_zero(), x.is_zero(), x.is_negative()) {
            (true, _, false) => self.zero_of(0),
            (true, _, true) => turned(pi.scaled().round()),
            (false, true, _) => turned(pi.halve(1).scaled().round()),
            (false, false, false) => turned(self.abs().divide(x).atan()),
            (false, false, true) => {
                let ratio = self.abs().divide(x.abs());
                let beyond = if ratio.is_infinite() { pi.halve(1) } else { pi.subtract(&ratio.fixed(BITS).atan()) };
                turned(beyond.scaled().round())
            }
        }
    }

    pub(crate) fn sinh(self) -> Decimal {
        if !self.is_finite() {
            return self;
        }
        self.odd(-40, |this| match this.magnitude() {
            Some(magnitude) if magnitude > 1 => {
                let half = Decimal::Finite { negative: this.is_negative(), coefficient: 5, exponent: -1 };
                this.abs().exp_times(half)
            }
            _ => {
                let (rising, falling) = this.exponentials();
                rising.subtract(&falling).halve(1).scaled().round()
            }
        })
    }

    pub(crate) fn cosh(self) -> Decimal {
        match self.magnitude() {
            None if self.is_zero() => Self::ONE_OF_34_DIGITS,
            None => self.abs(),
            Some(magnitude) if magnitude < TINY => Self::ONE_OF_34_DIGITS,
            Some(magnitude) if magnitude > 1 => {
                self.abs().exp_times(Decimal::Finite { negative: false, coefficient: 5, exponent: -1 })
            }
            _ => {
                let (rising, falling) = self.exponentials();
                rising.add(&falling).halve(1).scaled().round()
            }
        }
    }

    pub(crate) fn tanh(self) -> Decimal {
        let one = |negative: bool| if negative { Self::ONE_OF_34_DIGITS.negate() } else { Self::ONE_OF_34_DIGITS };
        match self {
            Decimal::NaN => self,
            Decimal::Infinity { negative } => one(negative),
            _ => self.odd(0, |this| match this.magnitude() {
                Some(magnitude) if magnitude > 1 => one(this.is_negative()),
                _ => {
                    let (rising, falling) = this.exponentials();
                    rising.subtract(&falling).divide(&rising.add(&falling)).scaled().round()
                }
            }),
        }
    }

    fn is_finite(self) -> bool {
        matches!(self, Decimal::Finite { .. })
    }

    /// `e^x` and `e^-x` of a number below a hundred.
    fn exponentials(self) -> (Fixed, Fixed) {
        let value = self.fixed(BITS + 300);
        (value.exp().unscaled(), value.negate().exp().unscaled())
    }

    /// `e^x` times a half, whose sign the result has.
    fn exp_times(self, half: Decimal) -> Decimal {
        match self.magnitude() {
            Some(magnitude) if magnitude > 6 => Self::overflowed(half.is_negative(), self.is_negative()),
            _ => {
                let Scaled { fixed, exponent } = self.fixed(BITS).exp();
                let result = Scaled { fixed, exponent: exponent - 1 }.round();
                if half.is_negative() { result.negate() } else { result }
            }
        }
    }

    pub(crate) fn asinh(self) -> Decimal {
        if !self.is_finite() {
            return self;
        }
        self.odd(MIN_EXPONENT, |this| {
            let result = match this.magnitude() {
                Some(magnitude) if magnitude > HUGE => this.abs().ln_of_double(),
                _ => {
                    let value = this.abs().fixed(BITS);
                    let root = Fixed::whole(1, BITS).add(&value.multiply(&value)).sqrt();
                    value.add(&root).ln().scaled().round()
                }
            };
            if this.is_negative() { result.negate() } else { result }
        })
    }

    /// Of numbers from 1 on.
    pub(crate) fn acosh(self) -> Decimal {
        if self.compare(Decimal::ONE) == Ordering::Less {
            return Decimal::NaN;
        }
        match self.magnitude() {
            None => self,
            Some(magnitude) if magnitude > HUGE => self.ln_of_double(),
            _ if self.compare(Decimal::ONE) == Ordering::Equal => Decimal::ZERO,
            _ => {
                let (value, one) = (self.fixed(BITS), Fixed::whole(1, BITS));
                let root = value.subtract(&one).multiply(&value.add(&one)).sqrt();
                value.add(&root).ln().scaled().round()
            }
        }
    }

    fn ln_of_double(self) -> Decimal {
        self.ln_fixed().add(&Fixed::ln_2(BITS + 340)).scaled().round()
    }

    /// Of numbers from -1 to 1; infinite at the ends.
    pub(crate) fn atanh(self) -> Decimal {
        match self.abs().compare(Decimal::ONE) {
            Ordering::Greater => Decimal::NaN,
            Ordering::Equal => Decimal::Infinity { negative: self.is_negative() },
            Ordering::Less if self.is_nan() => self,
            Ordering::Less => self.odd(MIN_EXPONENT, |this| {
                let (value, one) = (this.fixed(BITS), Fixed::whole(1, BITS));
                one.add(&value).divide(&one.subtract(&value)).ln().halve(1).scaled().round()
            }),
        }
    }

    pub(crate) fn degrees_to_radians(self) -> Decimal {
        self.multiply(Self::PI_OVER_180)
    }

    pub(crate) fn radians_to_degrees(self) -> Decimal {
        self.multiply(Self::ONE_HUNDRED_EIGHTY_OVER_PI)
    }
}
