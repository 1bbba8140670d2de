use bigdecimal::{BigDecimal, Context, RoundingMode, num_bigint::BigInt};
use proptest::prelude::*;

use super::*;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap_or_else(|| panic!("{text}"))
}

fn big(value: Decimal) -> BigDecimal {
    let Decimal::Finite { negative, coefficient, exponent } = value else { panic!("{value}") };
    let coefficient = BigInt::from(coefficient);
    BigDecimal::new(if negative { -coefficient } else { coefficient }, -i64::from(exponent))
}

fn rounded(value: &BigDecimal) -> BigDecimal {
    value.with_precision_round(std::num::NonZeroU64::new(34).unwrap(), RoundingMode::HalfEven)
}

fn finite(exponents: std::ops::Range<i32>) -> impl Strategy<Value = Decimal> {
    let coefficient = prop_oneof![0..10_u128.pow(34), 0..100_000_u128, Just(10_u128.pow(33)), Just(MOST)];
    (any::<bool>(), coefficient, exponents).prop_map(|(negative, coefficient, exponent)| Decimal::Finite {
        negative,
        coefficient,
        exponent,
    })
}

proptest! {
    #[test]
    fn the_four_operations_are_exact_and_then_rounded(a in finite(-60..60), b in finite(-60..60)) {
        prop_assert_eq!(big(a.add(b)), rounded(&(big(a) + big(b))));
        prop_assert_eq!(big(a.subtract(b)), rounded(&(big(a) - big(b))));
        prop_assert_eq!(big(a.multiply(b)), rounded(&(big(a) * big(b))));
        if !b.is_zero() {
            // A quotient with a repeating fraction: 34 digits of it tell all.
            let exact = Context::default().with_prec(120).unwrap();
            let quotient = big(a) * exact.invert(&big(b));
            let error = (big(a.divide(b)) - &quotient).abs();
            prop_assert!(error * BigDecimal::from(2 * 10_i64.pow(18)) * BigDecimal::from(10_i64.pow(15)) <= quotient.abs() * BigDecimal::from(10), "{} / {}", a, b);
            let quotient = (big(a) / big(b)).with_scale_round(0, RoundingMode::Down);
            let remainder = a.remainder(b);
            if quotient.digits() < 90 {
                prop_assert_eq!(big(remainder), big(a) - quotient * big(b));
            }
        }
    }

    #[test]
    fn a_root_is_the_nearest(a in finite(-6000..6000)) {
        let root = big(a.abs().sqrt());
        if !a.is_zero() {
            let ulp = BigDecimal::new(1.into(), root.as_bigint_and_exponent().1) / 2;
            let digits = root.digits();
            if digits == 34 {
                let (low, high) = (&root - &ulp, &root + &ulp);
                prop_assert!(&low * &low <= big(a.abs()) && big(a.abs()) <= &high * &high);
            }
        }
    }

    #[test]
    fn text_is_read_as_it_was_written(a in finite(MIN_EXPONENT..MAX_EXPONENT + 1)) {
        prop_assert_eq!(Decimal::parse(&a.to_string()), Some(a));
        prop_assert_eq!(Decimal::from_bson(a.to_bson()), a);
    }

    #[test]
    fn places_are_rounded_half_to_even(a in finite(-40..10), places in -10..40_i32) {
        let result = a.round_to(places, Rounding::HalfEven);
        let expected = big(a).with_scale_round(places.into(), RoundingMode::HalfEven);
        prop_assert_eq!(big(result), expected);
    }

    #[test]
    fn doubles_and_decimals_are_compared_exactly(a in any::<f64>(), b in finite(-340..320)) {
        if a.is_finite() {
            let exact = BigDecimal::try_from(a).unwrap();
            prop_assert_eq!(b.compare_to_double(a), big(b).cmp(&exact));
            let near = Decimal::from_double_exactly(a);
            prop_assert_eq!(near.compare_to_double(a), big(near).cmp(&exact));
            prop_assert_eq!(near.to_double().to_bits(), a.to_bits());
        }
    }
}

#[test]
fn results_have_the_preferred_exponent() {
    for (result, expected) in [
        (decimal("1.5").add(decimal("2.5")), "4.0"),
        (decimal("1.0").multiply(decimal("2.0")), "2.00"),
        (decimal("1").divide(decimal("4")), "0.25"),
        (decimal("10.0000000000000").divide(decimal("2")), "5.0000000000000"),
        (decimal("100").divide(decimal("7")), "14.28571428571428571428571428571429"),
        (decimal("10").divide(decimal("3")), "3.333333333333333333333333333333333"),
        (
            decimal("9.999999999999999999999999999999999E+6144").divide(decimal("2")),
            "5.000000000000000000000000000000000E+6144",
        ),
        (decimal("1E-6143").divide(decimal("2")), "5E-6144"),
        (decimal("1E+6144").add(decimal("-1E+6144")), "0E+6111"),
        (
            decimal("9.999999999999999999999999999999999E+6144")
                .add(decimal("9.999999999999999999999999999999999E+6144")),
            "Infinity",
        ),
        (decimal("9.999999999999999999999999999999999E+6144").remainder(decimal("3")), "0"),
        (decimal("1E+6144").remainder(decimal("3")), "1"),
        (decimal("-9.999999999999999999999999999999999E+6144").remainder(decimal("3")), "-0"),
        (decimal("10.5").remainder(decimal("3.2")), "0.9"),
        (decimal("1").divide(decimal("Infinity")), "0E-6176"),
        (decimal("4").sqrt(), "2"),
        (decimal("2").sqrt(), "1.414213562373095048801688724209698"),
        (decimal("0.25").sqrt(), "0.5"),
        (decimal("1E-6176").multiply(decimal("0.1")), "0E-6176"),
        (decimal("1").add(decimal("1E-6176")), "1.000000000000000000000000000000000"),
        (decimal("1").subtract(decimal("1E-6176")), "1.000000000000000000000000000000000"),
        (decimal("1").divide(decimal("0")), "Infinity"),
        (decimal("0").divide(decimal("0")), "NaN"),
    ] {
        assert_eq!(result.to_string(), expected);
    }
}

#[test]
fn text_of_more_digits_is_rounded_and_what_is_out_of_range_refused() {
    for (text, expected) in [
        ("12345678901234567890123456789012345", Some("1.234567890123456789012345678901234E+34")),
        ("1.00000000000000000000000000000000099999", Some("1.000000000000000000000000000000001")),
        ("1E+6144", Some("1.000000000000000000000000000000000E+6144")),
        ("1E-6176", Some("1E-6176")),
        ("+.0", Some("0.0")),
        ("-0E-1", Some("-0.0")),
        ("5.", Some("5")),
        ("007", Some("7")),
        ("INF", Some("Infinity")),
        ("nan", Some("NaN")),
        ("1E+6145", None),
        ("1E-6177", None),
        ("1E", None),
        ("1E+", None),
        (".", None),
        ("", None),
        ("-", None),
        ("1_000", None),
        (" 1", None),
        ("0x10", None),
        ("1.2.3", None),
        ("1E2E3", None),
        ("\u{661}", None),
    ] {
        assert_eq!(Decimal::parse(text).map(|value| value.to_string()).as_deref(), expected, "{text}");
    }
}

#[test]
fn a_double_becomes_a_decimal_of_fifteen_digits() {
    for (double, expected) in [
        (2.5, "2.50000000000000"),
        (0.0, "0"),
        (-0.0, "-0"),
        (9.999999999999998e15, "1.00000000000000E+16"),
        (1.234567890123455, "1.23456789012345"),
        (0.9999999999999996, "1.00000000000000"),
        (9007199254740992.0, "9.00719925474099E+15"),
        (5e-324, "4.94065645841247E-324"),
        (f64::MAX, "1.79769313486232E+308"),
    ] {
        assert_eq!(Decimal::from_double(double).to_string(), expected);
    }
}

#[test]
fn rounding_keeps_what_has_no_room() {
    for (text, places, expected) in [
        ("1.123456789012345678901234567890123", 32, "1.12345678901234567890123456789012"),
        ("1.123456789012345678901234567890123", 100, "1.123456789012345678901234567890123"),
        ("1.0", 0, "1"),
        ("0.5", 0, "0"),
        ("-0.5", 0, "-0"),
        ("2.5", 0, "2"),
        ("1E-6143", 0, "0"),
        ("1E+3", 0, "1000"),
        ("1234", -2, "1.2E+3"),
        ("1E+6144", 0, "1.000000000000000000000000000000000E+6144"),
    ] {
        assert_eq!(decimal(text).round_to(places, Rounding::HalfEven).to_string(), expected, "{text}");
    }
    assert_eq!(decimal("-0.5").ceil().to_string(), "-0");
    assert_eq!(decimal("-0.5").floor().to_string(), "-1");
}

#[test]
fn whole_numbers_are_told_and_converted() {
    for (text, whole, expected) in [
        ("1.00", true, Some(1)),
        ("1.9", false, Some(1)),
        ("-1.9", false, Some(-1)),
        ("1E+3", true, Some(1000)),
        ("9223372036854775807", true, Some(i64::MAX)),
        ("9223372036854775808", true, None),
        ("-9223372036854775808", true, Some(i64::MIN)),
        ("1E+6000", true, None),
        ("NaN", false, None),
    ] {
        assert_eq!(decimal(text).is_whole(), whole, "{text}");
        assert_eq!(decimal(text).to_i64(), expected, "{text}");
    }
}
