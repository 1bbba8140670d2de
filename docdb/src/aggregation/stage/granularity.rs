//! Series of preferred numbers that `$bucketAuto` rounds boundaries to.

use bson::{RawBson, RawBsonRef};

use crate::{
    error::{Code, Result, refuse},
    value::{Decimal, Number},
};

/// A series.
#[derive(Debug)]
pub(super) enum Granularity {
    PowersOfTwo,
    /// Its numbers from 100 to 999; ten times as many, or a tenth, are in it as well.
    Decades(Vec<u32>),
}

const SERIES: [(&str, &[u32]); 9] = [
    ("R5", &[100, 160, 250, 400, 630]),
    ("R10", &[100, 125, 160, 200, 250, 315, 400, 500, 630, 800]),
    ("R20", &[100, 112, 125, 140, 160, 180, 200, 224, 250, 280, 315, 355, 400, 450, 500, 560, 630, 710, 800, 900]),
    (
        "R40",
        &[
            100, 106, 112, 118, 125, 132, 140, 150, 160, 170, 180, 190, 200, 212, 224, 236, 250, 265, 280, 300, 315,
            335, 355, 375, 400, 425, 450, 475, 500, 530, 560, 600, 630, 670, 710, 750, 800, 850, 900, 950,
        ],
    ),
    (
        "R80",
        &[
            103, 109, 115, 122, 128, 136, 145, 155, 165, 175, 185, 195, 206, 218, 230, 243, 258, 272, 290, 307, 325,
            345, 365, 387, 412, 437, 462, 487, 515, 545, 575, 615, 650, 690, 730, 775, 825, 875, 925, 975,
        ],
    ),
    ("1-2-5", &[100, 200, 500]),
    ("E6", &[100, 150, 220, 330, 470, 680]),
    ("E12", &[100, 120, 150, 180, 220, 270, 330, 390, 470, 560, 680, 820]),
    (
        "E24",
        &[
            100, 110, 120, 130, 150, 160, 180, 200, 220, 240, 270, 300, 330, 360, 390, 430, 470, 510, 560, 620, 680,
            750, 820, 910,
        ],
    ),
];

impl Granularity {
    /// # Errors
    /// 40261 for what is no string, 40257 for an unknown series.
    pub(super) fn parse(value: RawBsonRef<'_>) -> Result<Granularity> {
        let RawBsonRef::String(name) = value else {
            return refuse(Code(40261), "The $bucketAuto 'granularity' field must be a string");
        };
        match name {
            "POWERSOF2" => Ok(Granularity::PowersOfTwo),
            "E48" => Ok(Granularity::Decades(even(48))),
            "E96" => Ok(Granularity::Decades(even(96))),
            "E192" => Ok(Granularity::Decades(even(192))),
            name => match SERIES.iter().find(|(known, _)| *known == name) {
                Some((_, series)) => Ok(Granularity::Decades(series.to_vec())),
                None => refuse(Code(40257), format!("Unknown rounding granularity '{name}'")),
            },
        }
    }

    /// Whether a value can be rounded.
    ///
    /// # Errors
    /// 40258 for what is no number, 40259 for NaN, 40260 for a negative number.
    pub(super) fn check(value: RawBsonRef<'_>) -> Result<()> {
        match Number::of(value) {
            None => refuse(Code(40258), "$bucketAuto can specify a 'granularity' with numeric boundaries only"),
            Some(number) if number.is_nan() => {
                refuse(Code(40259), "$bucketAuto can specify a 'granularity' with numeric boundaries only, not NaN")
            }
            Some(number) if number.is_negative() && !number.is_zero() => {
                refuse(Code(40260), "$bucketAuto can specify a 'granularity' with non-negative numbers only")
            }
            Some(_) => Ok(()),
        }
    }

    /// The least number of the series above a value; zero for zero.
    pub(super) fn up(&self, value: &RawBson) -> RawBson {
        self.round(value, |granularity, number| match granularity {
            Granularity::PowersOfTwo => {
                let power = number.log2().floor().exp2();
                if power > number { power } else { power * 2.0 }
            }
            Granularity::Decades(series) => {
                let decade = number.log10().floor();
                let candidates = decades(series, decade);
                candidates.into_iter().find(|candidate| *candidate > number).unwrap_or(number)
            }
        })
    }

    /// The greatest number of the series below a value; zero for zero.
    pub(super) fn down(&self, value: &RawBson) -> RawBson {
        self.round(value, |granularity, number| match granularity {
            Granularity::PowersOfTwo => {
                let power = number.log2().ceil().exp2();
                if power < number { power } else { power / 2.0 }
            }
            Granularity::Decades(series) => {
                let decade = number.log10().floor();
                let candidates = decades(series, decade);
                candidates.into_iter().rev().find(|candidate| *candidate < number).unwrap_or(number)
            }
        })
    }

    fn round(&self, value: &RawBson, round: impl Fn(&Granularity, f64) -> f64) -> RawBson {
        let Some(number) = Number::of(value.as_raw_bson_ref()) else { return value.clone() };
        let double = number.to_double();
        if double == 0.0 || !double.is_finite() {
            return value.clone();
        }
        let rounded = round(self, double);
        match (self, number) {
            (_, Number::Decimal(_)) => Number::Decimal(Decimal::from_double_exactly(rounded)).into_bson(),
            #[allow(clippy::cast_possible_truncation, reason = "whole and in range, as was just found")]
            (Granularity::PowersOfTwo, Number::Int32(_) | Number::Int64(_))
                if rounded.fract() == 0.0 && rounded < 9.0e18 =>
            {
                Number::smallest(rounded as i64).into_bson()
            }
            _ => RawBson::Double(rounded),
        }
    }
}

/// The numbers of a series in the decades around one.
fn decades(series: &[u32], decade: f64) -> Vec<f64> {
    let mut found = Vec::with_capacity(3 * series.len());
    #[allow(clippy::cast_possible_truncation, reason = "decades of doubles are within a few hundred")]
    for exponent in (decade as i32 - 1)..=(decade as i32 + 1) {
        // Exact, where powers of ten are: by division below.
        let scale = 10_f64.powi((exponent - 2).abs());
        let scaled = |number: &u32| if exponent >= 2 { f64::from(*number) * scale } else { f64::from(*number) / scale };
        found.extend(series.iter().map(scaled));
    }
    found
}

/// A series of numbers that are evenly far apart by their logarithms.
fn even(count: u32) -> Vec<u32> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 100 to 1000")]
    let number = |index: u32| (10_f64.powf(f64::from(index) / f64::from(count)) * 100.0).round() as u32;
    // The series has 9.20 where its rule gives 9.19.
    (0..count).map(number).map(|number| if number == 919 { 920 } else { number }).collect()
}
