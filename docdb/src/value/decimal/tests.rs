use bigdecimal::{BigDecimal, Context, RoundingMode, num_bigint::BigInt};
use proptest::prelude::*;

use super::*;

type Function = fn(Decimal) -> Decimal;

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
    assert_eq!(decimal("1E+6144").floor().to_string(), "NaN");
    assert_eq!(decimal("-Infinity").ceil().to_string(), "NaN");
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

#[test]
fn functions_have_34_digits() {
    for (result, expected) in [
        (decimal("1").exp(), "2.718281828459045235360287471352662"),
        (decimal("0").exp(), "1"),
        (decimal("1E-6143").exp(), "1"),
        (decimal("1E+6144").exp(), "Infinity"),
        (decimal("-1E+6144").exp(), "0E-6176"),
        (decimal("14150").exp(), "Infinity"),
        (decimal("10").ln(), "2.302585092994045684017991454684364"),
        // The server's last digit is 1: its library is not always the nearest.
        (decimal("2.718281828459045").ln(), "0.9999999999999999134157889710887612"),
        (decimal("1E-6143").ln(), "-14144.78022626242263692252150612605"),
        (decimal("1E-6176").ln(), "-14220.76553433122614449511522413063"),
        (decimal("9.999999999999999999999999999999999E+6144").ln(), "14149.38539644841072829055748903542"),
        (decimal("1.000000000000000000000000000000001").ln(), "9.999999999999999999999999999999995E-34"),
        (decimal("1.0").ln(), "0"),
        (decimal("100").log10(), "2"),
        (decimal("0.001").log10(), "-3"),
        (decimal("2").log10(), "0.3010299956639811952137388947244930"),
        (decimal("100").log(decimal("10")), "2"),
        (decimal("1000").log(decimal("10")), "3.000000000000000000000000000000000"),
        (decimal("32").log(decimal("2")), "5"),
        (decimal("1.5").pow(decimal("2")), "2.250000000000000000000000000000000"),
        (decimal("0.5").pow(decimal("2")), "0.2500000000000000000000000000000000"),
        (decimal("0.4999999999999999999999999999999999").pow(decimal("2")), "0.2499999999999999999999999999999999"),
        (decimal("0.5000000000000000000000000000000001").pow(decimal("2")), "0.2500000000000000000000000000000001"),
        (decimal("10").pow(decimal("20")), "100000000000000000000.0000000000000"),
        (decimal("2").pow(decimal("100")), "1267650600228229401496703205376.000"),
        (decimal("2").pow(decimal("10")), "1024.000000000000000000000000000000"),
        (decimal("-2").pow(decimal("3")), "-8.000000000000000000000000000000000"),
        (decimal("-2").pow(decimal("0.5")), "NaN"),
        (decimal("-Infinity").pow(decimal("3")), "-Infinity"),
        (decimal("-Infinity").pow(decimal("2")), "Infinity"),
        (decimal("-Infinity").pow(decimal("-1")), "0E-6176"),
        (decimal("-0").pow(decimal("3")), "0E-6176"),
        (decimal("NaN").pow(decimal("0")), "1"),
        (decimal("1E+6000").pow(decimal("2")), "Infinity"),
        (decimal("1").sin(), "0.8414709848078965066525023216302990"),
        (decimal("1").cos(), "0.5403023058681397174009366074429766"),
        (decimal("1").tan(), "1.557407724654902230506974807458360"),
        (decimal("3.141592653589793238462643383279503").sin(), "-1.158028306006248941790250554076922E-34"),
        (decimal("1E+22").sin(), "-0.8522008497671888017727058937530294"),
        (decimal("1").asin(), "1.570796326794896619231321691639751"),
        (decimal("-1").acos(), "3.141592653589793238462643383279503"),
        (decimal("0.5").acos(), "1.047197551196597746154214461093168"),
        (decimal("1").atan(), "0.7853981633974483096156608458198757"),
        (decimal("-Infinity").atan(), "-1.570796326794896619231321691639751"),
        (decimal("1").atan2(decimal("-1")), "2.356194490192344928846982537459627"),
        (decimal("1E+6000").atan2(decimal("-1E-6000")), "1.570796326794896619231321691639751"),
        (decimal("9E+6144").cos(), "-0.5273407326817652474763687342768945"),
        (decimal("1").sinh(), "1.175201193643801456882381850595601"),
        (decimal("1").cosh(), "1.543080634815243778477905620757062"),
        (decimal("1").tanh(), "0.7615941559557648881194582826047936"),
        (decimal("1").asinh(), "0.8813735870195430252326093249797923"),
        (decimal("2").acosh(), "1.316957896924816708625046347307968"),
        (decimal("0.5").atanh(), "0.5493061443340548456976226184612629"),
        (decimal("1").atanh(), "Infinity"),
        (decimal("1E-30").sin(), "1.000000000000000000000000000000000E-30"),
        (decimal("180").degrees_to_radians(), "3.141592653589793238462643383279503"),
    ] {
        assert_eq!(result.to_string(), expected);
    }
}

/// What the server's library gives for zero, function by function.
#[test]
fn functions_of_zero_have_the_exponents_of_the_server() {
    let table: [(Function, &str, &str); 18] = [
        (Decimal::sin, "0", "-0"),
        (Decimal::cos, "1.000000000000000000000000000000000", "1.000000000000000000000000000000000"),
        (Decimal::tan, "0E-40", "-0E-40"),
        (Decimal::asin, "0E-40", "-0E-40"),
        (Decimal::acos, "1.570796326794896619231321691639751", "1.570796326794896619231321691639751"),
        (Decimal::atan, "0", "-0"),
        (Decimal::sinh, "0E-40", "-0E-40"),
        (Decimal::cosh, "1.000000000000000000000000000000000", "1.000000000000000000000000000000000"),
        (Decimal::tanh, "0", "-0"),
        (Decimal::asinh, "0E-6176", "-0E-6176"),
        (Decimal::atanh, "0E-6176", "-0E-6176"),
        (Decimal::exp, "1", "1"),
        (Decimal::sqrt, "0", "-0"),
        (Decimal::degrees_to_radians, "0E-35", "-0E-35"),
        (Decimal::radians_to_degrees, "0E-32", "-0E-32"),
        (Decimal::abs, "0", "0"),
        (Decimal::ceil, "0", "-0"),
        (Decimal::floor, "0", "-0"),
    ];
    for (function, of_zero, of_minus_zero) in table {
        assert_eq!(function(decimal("0")).to_string(), of_zero);
        assert_eq!(function(decimal("-0")).to_string(), of_minus_zero);
    }
}

proptest! {
    #[test]
    fn functions_are_near_those_of_doubles(x in -30.0..30.0_f64, y in 0.01..5.0_f64) {
        type Double = fn(f64) -> f64;
        let table: [(Function, Double); 12] = [
            (Decimal::exp, f64::exp), (Decimal::sin, f64::sin), (Decimal::cos, f64::cos), (Decimal::tan, f64::tan),
            (Decimal::atan, f64::atan), (Decimal::sinh, f64::sinh), (Decimal::cosh, f64::cosh),
            (Decimal::tanh, f64::tanh), (Decimal::asinh, f64::asinh), (|x| x.abs().ln(), |x| x.abs().ln()),
            (|x| x.abs().log10(), |x| x.abs().log10()),
            (|x| x.abs().add(Decimal::ONE).acosh(), |x| (x.abs() + 1.0).acosh()),
        ];
        let exact = Decimal::from_double_exactly(x);
        for (index, (decimal, double)) in table.into_iter().enumerate() {
            let (a, b) = (decimal(exact).to_double(), double(x));
            prop_assert!((a - b).abs() <= 1e-9 * b.abs().max(1e-3), "{} of {}: {} {}", index, x, a, b);
        }
        let power = Decimal::from_double_exactly(y).pow(exact).to_double();
        prop_assert!((power - y.powf(x)).abs() <= 1e-9 * y.powf(x), "{} to {}", y, x);
    }
}
