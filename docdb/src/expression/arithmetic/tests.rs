use bson::{RawBson, RawDocumentBuf, rawbson, rawdoc};
use millpond_engine::Timestamp;

use crate::{
    context::{Context, Metadata},
    expression::{Env, Expression},
};

fn evaluate(expression: &RawBson, root: &RawDocumentBuf) -> Result<Option<RawBson>, i32> {
    let context = Context::new(Timestamp::from_millis(0));
    let metadata = Metadata::default();
    let parsed = Expression::parse(expression.as_raw_bson_ref(), &context).map_err(|error| error.code().0)?;
    let result = parsed.evaluate(&Env::new(&context, root, &metadata)).map_err(|error| error.code().0)?;
    Ok(result.into_owned())
}

fn decimal(text: &str) -> RawBson {
    RawBson::Decimal128(text.parse().unwrap())
}

fn date(millis: i64) -> RawBson {
    RawBson::DateTime(bson::DateTime::from_millis(millis))
}

fn check(expression: RawBson, expected: Result<RawBson, i32>) {
    let found = evaluate(&expression, &rawdoc! {"d": date(1_000), "e": []}).map(|value| value.unwrap());
    assert_eq!(found.map(|value| format!("{value:?}")), expected.map(|value| format!("{value:?}")), "{expression:?}");
}

#[test]
fn sums_and_products() {
    for (expression, expected) in [
        (rawbson!({"$add": []}), Ok(RawBson::Int32(0))),
        (rawbson!({"$add": 5}), Ok(RawBson::Int32(5))),
        (rawbson!({"$add": [i32::MAX, 1, -1]}), Ok(RawBson::Int32(i32::MAX))),
        (rawbson!({"$add": [i32::MAX, 1]}), Ok(RawBson::Int64(1 << 31))),
        (rawbson!({"$add": [1.5, decimal("2.5")]}), Ok(decimal("4.00000000000000"))),
        (rawbson!({"$add": [1, RawBson::Null, "x"]}), Ok(RawBson::Null)),
        (rawbson!({"$add": [1, "x"]}), Err(14)),
        (rawbson!({"$add": ["$d", 2.5]}), Ok(date(1_003))),
        (rawbson!({"$add": ["$d", -0.5]}), Ok(date(999))),
        (rawbson!({"$add": ["$d", decimal("1.5")]}), Ok(date(1_002))),
        (rawbson!({"$add": ["$d", f64::NAN]}), Err(15)),
        (rawbson!({"$add": ["$d", i64::MAX]}), Err(15)),
        (rawbson!({"$add": ["$d", "$d"]}), Err(16612)),
        (rawbson!({"$subtract": ["$d", 1]}), Ok(date(999))),
        (rawbson!({"$subtract": ["$d", "$d"]}), Ok(RawBson::Int64(0))),
        (rawbson!({"$subtract": ["$d", f64::NAN]}), Err(16006)),
        (rawbson!({"$subtract": [1, "$d"]}), Err(14)),
        (rawbson!({"$subtract": [1]}), Err(16020)),
        (rawbson!({"$subtract": [i64::MIN, 1]}), Ok(RawBson::Double(-9_223_372_036_854_775_808.0))),
        (rawbson!({"$multiply": [1.5, decimal("2.0")]}), Ok(decimal("3.000000000000000"))),
        (rawbson!({"$multiply": [decimal("2"), 1.5, 3_i64]}), Ok(decimal("9.00000000000000"))),
        (rawbson!({"$multiply": [2, []]}), Err(14)),
        (rawbson!({"$divide": [10, 4]}), Ok(RawBson::Double(2.5))),
        (rawbson!({"$divide": [1, 0]}), Err(2)),
        (rawbson!({"$divide": [1, "x"]}), Err(14)),
        (rawbson!({"$mod": [-7, 3]}), Ok(RawBson::Int32(-1))),
        (rawbson!({"$mod": [10, 0]}), Err(16610)),
        (rawbson!({"$mod": [10, decimal("0")]}), Err(5_733_415)),
        (rawbson!({"$mod": [[], 3]}), Err(16611)),
        (rawbson!({"$abs": i32::MIN}), Ok(RawBson::Int64(1 << 31))),
        (rawbson!({"$abs": [i64::MIN]}), Err(28680)),
        (rawbson!({"$abs": "x"}), Err(28765)),
        (rawbson!({"$abs": [1, 2]}), Err(16020)),
        (rawbson!({"$abs": "$missing"}), Ok(RawBson::Null)),
    ] {
        check(expression, expected);
    }
}

#[test]
fn rounding() {
    for (expression, expected) in [
        (rawbson!({"$round": 2.5}), Ok(RawBson::Double(2.0))),
        (rawbson!({"$round": [2.015, 2]}), Ok(RawBson::Double(2.02))),
        (rawbson!({"$trunc": [0.29, 2]}), Ok(RawBson::Double(0.28))),
        (rawbson!({"$round": [123_456_789_012_345.12, -15]}), Ok(RawBson::Double(0.0))),
        (rawbson!({"$trunc": [-1_234.567_8, -20]}), Ok(RawBson::Double(-0.0))),
        (rawbson!({"$trunc": [1_234_i64, -2_i64]}), Ok(RawBson::Int64(1200))),
        (rawbson!({"$trunc": [decimal("23.298"), decimal("-1")]}), Ok(decimal("2E+1"))),
        (rawbson!({"$round": [i32::MAX, -1]}), Ok(RawBson::Int64(2_147_483_650))),
        (rawbson!({"$round": [9_223_372_036_854_775_806_i64, -1]}), Err(51080)),
        (rawbson!({"$round": {}}), Err(51081)),
        (rawbson!({"$round": [1, 10.5]}), Err(51082)),
        (rawbson!({"$round": [1, decimal("NaN")]}), Err(51082)),
        (rawbson!({"$round": [1, 101]}), Err(51083)),
        (rawbson!({"$round": [1, f64::NAN]}), Err(31109)),
        (rawbson!({"$round": [1, "2"]}), Err(16004)),
        (rawbson!({"$round": [1, 2, 3]}), Err(28667)),
        (rawbson!({"$round": [5.7, RawBson::Null]}), Ok(RawBson::Null)),
        (rawbson!({"$ceil": [-0.5]}), Ok(RawBson::Double(-0.0))),
        (rawbson!({"$floor": decimal("-1.5")}), Ok(decimal("-2"))),
        (rawbson!({"$ceil": 7_i64}), Ok(RawBson::Int64(7))),
    ] {
        check(expression, expected);
    }
}

#[test]
fn powers_logarithms_and_angles() {
    for (expression, expected) in [
        (rawbson!({"$pow": [10, 10]}), Ok(RawBson::Int64(10_000_000_000))),
        (rawbson!({"$pow": [2, 3]}), Ok(RawBson::Int32(8))),
        (rawbson!({"$pow": [2, -1]}), Ok(RawBson::Double(0.5))),
        (rawbson!({"$pow": [-1, -1]}), Ok(RawBson::Int32(-1))),
        (rawbson!({"$pow": [1, i64::MAX]}), Ok(RawBson::Int64(1))),
        (rawbson!({"$pow": [10, 309]}), Ok(RawBson::Double(f64::INFINITY))),
        (rawbson!({"$pow": [0, -1]}), Err(28764)),
        (rawbson!({"$pow": [[], 1]}), Err(28762)),
        (rawbson!({"$pow": [1, {}]}), Err(28763)),
        (rawbson!({"$ln": 0}), Err(28766)),
        (rawbson!({"$log10": -1}), Err(28761)),
        (rawbson!({"$log10": 1000}), Ok(RawBson::Double(3.0))),
        (rawbson!({"$log": ["x", 10]}), Err(28756)),
        (rawbson!({"$log": [1, "x"]}), Err(28757)),
        (rawbson!({"$log": [0, 10]}), Err(28758)),
        (rawbson!({"$log": [10, 1.0]}), Err(28759)),
        (rawbson!({"$log": [100, decimal("10")]}), Ok(decimal("2"))),
        (rawbson!({"$ln": decimal("NaN")}), Ok(RawBson::Double(f64::NAN))),
        (rawbson!({"$log": [decimal("NaN"), 10]}), Ok(RawBson::Double(f64::NAN))),
        (rawbson!({"$log": [decimal("Infinity"), decimal("Infinity")]}), Ok(decimal("NaN"))),
        (rawbson!({"$sqrt": -1}), Err(28714)),
        (rawbson!({"$sqrt": 16_i64}), Ok(RawBson::Double(4.0))),
        (rawbson!({"$sigmoid": [1]}), Err(14)),
        (rawbson!({"$sigmoid": 0}), Ok(RawBson::Double(0.5))),
        (rawbson!({"$sigmoid": decimal("1.0")}), Ok(decimal("0.7310585786300048792511592418218362"))),
        (rawbson!({"$sigmoid": decimal("2.5")}), Ok(decimal("0.9241418199787564488066938233537521"))),
        (rawbson!({"$sigmoid": decimal("Infinity")}), Ok(decimal("1"))),
        (rawbson!({"$sigmoid": decimal("-Infinity")}), Ok(decimal("0E-6176"))),
        (rawbson!({"$rand": {"a": 1}}), Err(3_040_501)),
        (rawbson!({"$sin": 0}), Ok(RawBson::Double(0.0))),
        (rawbson!({"$sin": f64::INFINITY}), Err(50989)),
        (rawbson!({"$asin": 1.1}), Err(50989)),
        (rawbson!({"$acosh": 0.9}), Err(50989)),
        (rawbson!({"$atanh": 1}), Ok(RawBson::Double(f64::INFINITY))),
        (rawbson!({"$cos": "x"}), Err(28765)),
        (rawbson!({"$atan2": [1, "x"]}), Err(51045)),
        (rawbson!({"$degreesToRadians": 180}), Ok(RawBson::Double(std::f64::consts::PI))),
        (rawbson!({"$bitAnd": [5, 3]}), Ok(RawBson::Int32(1))),
        (rawbson!({"$bitAnd": []}), Ok(RawBson::Int32(-1))),
        (rawbson!({"$bitOr": [5, 2_i64]}), Ok(RawBson::Int64(7))),
        (rawbson!({"$bitXor": [5, 1]}), Ok(RawBson::Int32(4))),
        (rawbson!({"$bitNot": 0}), Ok(RawBson::Int32(-1))),
        (rawbson!({"$bitOr": [7.0, 8]}), Err(14)),
    ] {
        check(expression, expected);
    }
}

#[test]
fn random_numbers_are_from_zero_below_one_and_differ() {
    let root = rawdoc! {};
    let mut seen = Vec::new();
    for _ in 0..100 {
        let Ok(Some(RawBson::Double(value))) = evaluate(&rawbson!({"$rand": {}}), &root) else { panic!() };
        assert!((0.0..1.0).contains(&value));
        assert!(!seen.contains(&value));
        seen.push(value);
    }
}
