//! Random values for property tests.

use bson::{
    Binary, Bson, DateTime, Decimal128, RawBson, RawDocumentBuf, Regex, Timestamp, doc, oid::ObjectId,
    spec::BinarySubtype,
};
use proptest::prelude::*;

/// Numbers of all types, edges and neighbours among them.
pub(crate) fn any_number() -> impl Strategy<Value = Bson> {
    prop_oneof![
        (-3..4_i32).prop_map(Bson::Int32),
        any::<i32>().prop_map(Bson::Int32),
        any::<i64>().prop_map(Bson::Int64),
        prop_oneof![Just(i64::MIN), Just(i64::MAX), Just((1 << 53) + 1), Just(1 << 53)].prop_map(Bson::Int64),
        any::<f64>().prop_map(Bson::Double),
        prop_oneof![
            Just(0.0),
            Just(-0.0),
            Just(0.5),
            Just(-1.5),
            Just(9_007_199_254_740_992.0),
            Just(f64::NAN),
            Just(f64::INFINITY),
            Just(0.1)
        ]
        .prop_map(Bson::Double),
        prop_oneof![
            Just("0"),
            Just("-0"),
            Just("1"),
            Just("1.0"),
            Just("1E+3"),
            Just("0.1"),
            Just("-1.5"),
            Just("NaN"),
            Just("Infinity"),
            Just("-Infinity"),
            Just("9007199254740993"),
            Just("1E-6176"),
            Just("9.999999999999999999999999999999999E+6144")
        ]
        .prop_map(|text| Bson::Decimal128(text.parse::<Decimal128>().unwrap())),
        (any::<i64>(), -30..30_i32).prop_map(|(digits, exponent)| Bson::Decimal128(
            format!("{digits}E{exponent}").parse::<Decimal128>().unwrap()
        )),
    ]
}

fn any_scalar() -> impl Strategy<Value = Bson> {
    prop_oneof![
        4 => any_number(),
        4 => "[a-c\u{0}é]{0,3}".prop_map(Bson::String),
        1 => Just(Bson::Null),
        1 => Just(Bson::Undefined),
        1 => Just(Bson::MinKey),
        1 => Just(Bson::MaxKey),
        1 => any::<bool>().prop_map(Bson::Boolean),
        1 => any::<[u8; 12]>().prop_map(|bytes| Bson::ObjectId(ObjectId::from_bytes(bytes))),
        1 => any::<i64>().prop_map(|millis| Bson::DateTime(DateTime::from_millis(millis))),
        1 => any::<(u32, u32)>().prop_map(|(time, increment)| Bson::Timestamp(Timestamp { time, increment })),
        1 => proptest::collection::vec(any::<u8>(), 0..3).prop_map(|bytes| Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes })),
        1 => "[a-b]{0,2}".prop_map(|pattern| Bson::RegularExpression(Regex { pattern: pattern.try_into().unwrap(), options: "".try_into().unwrap() })),
    ]
}

/// Values of all types, nested ones too.
pub(crate) fn any_bson() -> impl Strategy<Value = Bson> {
    any_scalar().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Bson::Array),
            proptest::collection::vec(("[ab]", inner), 0..3)
                .prop_map(|fields| Bson::Document(fields.into_iter().collect())),
        ]
    })
}

/// As [`any_bson`], raw.
pub(crate) fn any_value() -> impl Strategy<Value = RawBson> {
    any_bson().prop_map(|value| {
        let document = RawDocumentBuf::try_from(&doc! { "v": value }).unwrap();
        crate::value::field(&document, "v").unwrap().into()
    })
}
