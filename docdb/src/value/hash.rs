//! The hash of hashed indexes and of `$toHashedIndexKey`.

use bson::{RawBsonRef, RawDocument};
use md5::{Digest, Md5};

use crate::value::{DocumentBuilder, Number, as_document, fields};

/// The server's 64-bit hash of a value: numbers are taken as whole numbers of 64 bits, so that equal ones of different
/// types have the same hash.
pub(crate) fn hash64(value: RawBsonRef<'_>) -> i64 {
    let mut hasher = Md5::new();
    // The seed.
    hasher.update(0_i32.to_le_bytes());
    add(&mut hasher, value, None);
    let digest: [u8; 16] = hasher.finalize().into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    i64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// Adds the class of a value, its name within a document, and its bytes.
fn add(hasher: &mut Md5, value: RawBsonRef<'_>, name: Option<&str>) {
    hasher.update(class(value).to_le_bytes());
    if let Some(name) = name {
        hasher.update(name.as_bytes());
        hasher.update([0]);
    }
    match value {
        RawBsonRef::Document(document) => add_fields(hasher, document),
        RawBsonRef::Array(array) => add_fields(hasher, as_document(array)),
        RawBsonRef::JavaScriptCodeWithScope(code) => {
            hasher.update(code.code.as_bytes());
            hasher.update([0]);
            add_fields(hasher, code.scope);
        }
        RawBsonRef::String(text) | RawBsonRef::Symbol(text) | RawBsonRef::JavaScriptCode(text) => {
            add_text(hasher, text)
        }
        RawBsonRef::Binary(binary) => {
            let length = u32::try_from(binary.bytes.len()).unwrap_or(u32::MAX);
            hasher.update(length.to_le_bytes());
            hasher.update([u8::from(binary.subtype)]);
            hasher.update(binary.bytes);
        }
        RawBsonRef::ObjectId(id) => hasher.update(id.bytes()),
        RawBsonRef::Boolean(value) => hasher.update([u8::from(value)]),
        RawBsonRef::DateTime(date) => hasher.update(date.timestamp_millis().to_le_bytes()),
        RawBsonRef::Timestamp(timestamp) => {
            hasher.update(timestamp.increment.to_le_bytes());
            hasher.update(timestamp.time.to_le_bytes());
        }
        RawBsonRef::RegularExpression(regex) => {
            hasher.update(regex.pattern.as_str().as_bytes());
            hasher.update([0]);
            hasher.update(regex.options.as_str().as_bytes());
            hasher.update([0]);
        }
        RawBsonRef::DbPointer(_) => hasher.update(bytes_of(value)),
        RawBsonRef::Null | RawBsonRef::Undefined | RawBsonRef::MinKey | RawBsonRef::MaxKey => {}
        RawBsonRef::Double(_) | RawBsonRef::Int32(_) | RawBsonRef::Int64(_) | RawBsonRef::Decimal128(_) => {
            hasher.update(Number::of(value).map_or(0, whole).to_le_bytes());
        }
    }
}

fn add_fields(hasher: &mut Md5, document: &RawDocument) {
    for (name, value) in fields(document) {
        add(hasher, value, Some(name));
    }
    // The end of a document is an element without a name.
    hasher.update(0_i32.to_le_bytes());
}

fn add_text(hasher: &mut Md5, text: &str) {
    let length = u32::try_from(text.len() + 1).unwrap_or(u32::MAX);
    hasher.update(length.to_le_bytes());
    hasher.update(text.as_bytes());
    hasher.update([0]);
}

/// The bytes of a value as they are in a document, for a type whose parts cannot be had otherwise.
fn bytes_of(value: RawBsonRef<'_>) -> Vec<u8> {
    let mut document = DocumentBuilder::new();
    document.append("", value);
    let document = document.finish();
    // Before it are the document's length, the type and an empty name; after it is the end of the document.
    let bytes = document.as_bytes();
    bytes.get(6..bytes.len() - 1).unwrap_or_default().to_vec()
}

/// A number cut to a whole one of 64 bits.
fn whole(number: Number) -> i64 {
    match number {
        Number::Int32(number) => i64::from(number),
        Number::Int64(number) => number,
        // Cutting saturates, and makes zero of what is no number.
        #[allow(clippy::cast_possible_truncation, reason = "that is how it is defined")]
        Number::Double(number) => number as i64,
        Number::Decimal(decimal) => decimal_whole(decimal),
    }
}

/// Decimals are rounded to the nearest whole number, half to even.
fn decimal_whole(decimal: crate::value::Decimal) -> i64 {
    use crate::value::Decimal;
    let (negative, coefficient, exponent) = match decimal {
        Decimal::NaN => return 0,
        Decimal::Infinity { negative } => return if negative { i64::MIN } else { i64::MAX },
        Decimal::Finite { negative, coefficient, exponent } => (negative, coefficient, exponent),
    };
    let limit = if negative { i64::MIN } else { i64::MAX };
    let magnitude = match 10_u128.checked_pow(exponent.unsigned_abs()) {
        _ if coefficient == 0 => 0,
        Some(power) if exponent >= 0 => match coefficient.checked_mul(power) {
            Some(magnitude) => magnitude,
            None => return limit,
        },
        Some(power) => {
            let (quotient, rest) = (coefficient / power, coefficient % power);
            let up = rest > power / 2 || (rest == power / 2 && quotient % 2 == 1);
            quotient + u128::from(up)
        }
        None if exponent > 0 => return limit,
        None => 0,
    };
    let Ok(magnitude) = i128::try_from(magnitude) else { return limit };
    i64::try_from(if negative { -magnitude } else { magnitude }).unwrap_or(limit)
}

/// The number of the class of a value's type, as the server has it.
fn class(value: RawBsonRef<'_>) -> i32 {
    match value {
        RawBsonRef::MinKey => -1,
        RawBsonRef::MaxKey => 127,
        RawBsonRef::Undefined => 0,
        RawBsonRef::Null => 5,
        RawBsonRef::Double(_) | RawBsonRef::Int32(_) | RawBsonRef::Int64(_) | RawBsonRef::Decimal128(_) => 10,
        RawBsonRef::String(_) | RawBsonRef::Symbol(_) => 15,
        RawBsonRef::Document(_) => 20,
        RawBsonRef::Array(_) => 25,
        RawBsonRef::Binary(_) => 30,
        RawBsonRef::ObjectId(_) => 35,
        RawBsonRef::Boolean(_) => 40,
        RawBsonRef::DateTime(_) => 45,
        RawBsonRef::Timestamp(_) => 47,
        RawBsonRef::RegularExpression(_) => 50,
        RawBsonRef::DbPointer(_) => 55,
        RawBsonRef::JavaScriptCode(_) => 60,
        RawBsonRef::JavaScriptCodeWithScope(_) => 65,
    }
}

#[cfg(test)]
mod tests {
    use bson::{Bson, RawBson, bson, doc, rawdoc, spec::BinarySubtype};

    use super::*;

    #[test]
    fn equal_numbers_of_different_types_have_the_same_hash() {
        let hashes = [
            RawBson::Int32(7),
            RawBson::Int64(7),
            RawBson::Double(7.9),
            RawBson::Decimal128("7".parse().unwrap()),
            RawBson::Decimal128("70E-1".parse().unwrap()),
        ]
        .map(|value| hash64(value.as_raw_bson_ref()));
        assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
        assert_ne!(hashes[0], hash64(RawBsonRef::Int32(8)));
    }

    /// The hashes that the server has for these.
    #[test]
    fn hashes_are_those_of_the_server() {
        let binary = |subtype, bytes: &[u8]| bson::Binary { subtype, bytes: bytes.to_vec() };
        let id = |text| bson::oid::ObjectId::parse_str(text).unwrap();
        let table = [
            (bson!(42), -944_302_157_085_130_861),
            (bson!(42.123), -944_302_157_085_130_861),
            (bson!(42_i64), -944_302_157_085_130_861),
            (bson!(f64::NAN), 4_854_801_880_128_277_513),
            (bson!(0.456), 4_854_801_880_128_277_513),
            (bson!(-1.789), 1_140_205_862_565_771_219),
            (bson!(f64::MAX), 921_523_596_458_303_250),
            (bson!(i64::MAX), 921_523_596_458_303_250),
            (bson!(f64::MIN), 4_532_067_210_535_695_462),
            (bson!(123), -6_548_868_637_522_515_075),
            (Bson::MinKey, 7_961_148_599_568_647_290),
            (Bson::MaxKey, 5_504_842_513_779_440_750),
            (Bson::Undefined, 40_158_834_000_849_533),
            (Bson::Null, 2_338_878_944_348_059_895),
            (bson!("abc"), 8_478_485_326_885_698_097),
            (Bson::Symbol("abc".into()), 8_478_485_326_885_698_097),
            (bson!(""), 2_049_396_243_249_673_340),
            (bson!("hashThisStringLiteral"), -5_776_344_739_422_278_694),
            (bson!({ "a": "abc", "b": 123_i64 }), 4_771_603_801_758_380_216),
            (bson!({}), 7_980_500_913_326_740_417),
            (bson!(["bar", "baz", "qux"]), -2_938_911_267_422_831_539),
            (bson!([]), 8_849_948_234_993_459_283),
            (binary(BinarySubtype::Generic, &[0, 1, 2, 3, 4, 6]).into(), 7_252_465_090_394_235_301),
            (binary(BinarySubtype::UserDefined(0x80), &[0, 1, 2, 3, 4, 6]).into(), 5_736_670_452_907_618_262),
            (id("010203040506070809101112").into(), -5_588_663_249_627_035_708),
            (bson!(true), 6_405_873_908_747_105_701),
            (bson!(false), 6_289_544_573_401_934_092),
            (bson::DateTime::from_millis(0x5566_7788_1122_3344).into(), 4_476_222_765_095_560_467),
            (bson::DateTime::from_millis(0).into(), -1_178_696_894_582_842_035),
            (bson::Timestamp { time: 0, increment: 0 }.into(), -7_867_208_682_377_458_672),
            (
                bson::Regex { pattern: "mongodb".try_into().unwrap(), options: "".try_into().unwrap() }.into(),
                -7_275_792_090_268_217_043,
            ),
            (
                bson::Regex { pattern: ".*".try_into().unwrap(), options: "i".try_into().unwrap() }.into(),
                7_095_855_029_187_981_886,
            ),
            (Bson::JavaScriptCode("func f() { return 1; }".into()), 6_861_638_109_178_014_270),
            (
                bson::JavaScriptCodeWithScope { code: "func f() { return 1; }".into(), scope: doc! { "c": true } }
                    .into(),
                501_342_939_894_575_968,
            ),
        ];
        for (value, expected) in table {
            let raw = RawBson::try_from(value.clone()).unwrap();
            assert_eq!(hash64(raw.as_raw_bson_ref()), expected, "{value:?}");
        }
    }

    #[test]
    fn the_parts_of_a_pointer_are_hashed() {
        let mut bytes = vec![0; 4];
        bytes.extend([0x0C, b'p', 0, 2, 0, 0, 0, b'c', 0]);
        bytes.extend([1, 2, 3, 4, 5, 6, 7, 8, 9, 0x10, 0x11, 0x12, 0]);
        bytes[0] = u8::try_from(bytes.len()).unwrap();
        let document = bson::RawDocumentBuf::from_bytes(bytes).unwrap();
        assert_eq!(hash64(crate::value::field(&document, "p").unwrap()), 940_175_826_736_461_384);
    }

    #[test]
    fn names_and_order_in_documents_count() {
        let hash = |document: bson::RawDocumentBuf| hash64(RawBsonRef::Document(&document));
        assert_ne!(hash(rawdoc! { "a": 1 }), hash(rawdoc! { "b": 1 }));
        assert_ne!(hash(rawdoc! { "a": 1, "b": 2 }), hash(rawdoc! { "b": 2, "a": 1 }));
        assert_eq!(hash(rawdoc! { "a": 1 }), hash(rawdoc! { "a": 1.0 }));
    }
}
