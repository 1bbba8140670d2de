use bson::{Binary, RawBson, RawDocumentBuf, oid::ObjectId, rawbson, rawdoc, spec::BinarySubtype};
use millpond_engine::Timestamp;

use super::*;
use crate::context::{Context, Metadata};

fn check(expression: RawBson, expected: Result<RawBson, i32>) {
    let context = Context::new(Timestamp::from_millis(0));
    let metadata = Metadata::default();
    let root = rawdoc! {"array": [1, 2], "date": DateTime::from_millis(1_000)};
    let found = Expression::parse(expression.as_raw_bson_ref(), &context).and_then(|parsed| {
        Ok(parsed.evaluate(&Env::new(&context, &root, &metadata))?.into_owned().unwrap_or(RawBson::Undefined))
    });
    let found = found.map_err(|error| error.code().0);
    assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{expression:?}");
}

fn decimal(text: &str) -> RawBson {
    RawBson::Decimal128(text.parse().unwrap())
}

fn binary(bytes: &[u8], subtype: u8) -> RawBson {
    RawBson::Binary(Binary { subtype: BinarySubtype::from(subtype), bytes: bytes.to_vec() })
}

fn date(millis: i64) -> RawBson {
    RawBson::DateTime(DateTime::from_millis(millis))
}

fn text(text: &str) -> RawBson {
    RawBson::String(text.to_owned())
}

#[test]
fn to_numbers() {
    let id = ObjectId::parse_str("507f1f77bcf86cd799439011").unwrap();
    for (expression, expected) in [
        (rawbson!({"$toInt": "007"}), Ok(RawBson::Int32(7))),
        (rawbson!({"$toInt": ["+1"]}), Ok(RawBson::Int32(1))),
        (rawbson!({"$toInt": "-2147483648"}), Ok(RawBson::Int32(i32::MIN))),
        (rawbson!({"$toInt": "1.0"}), Err(241)),
        (rawbson!({"$toInt": " 1"}), Err(241)),
        (rawbson!({"$toInt": "2147483648"}), Err(241)),
        (rawbson!({"$toInt": -1.9}), Ok(RawBson::Int32(-1))),
        (rawbson!({"$toInt": f64::NAN}), Err(241)),
        (rawbson!({"$toInt": decimal("5.9")}), Ok(RawBson::Int32(5))),
        (rawbson!({"$toInt": binary(&[0x80], 0)}), Ok(RawBson::Int32(-128))),
        (rawbson!({"$toInt": binary(&[0xFF, 0x7F], 3)}), Ok(RawBson::Int32(32_767))),
        (rawbson!({"$toInt": binary(&[], 2)}), Ok(RawBson::Int32(0))),
        (rawbson!({"$toInt": binary(&[1], 2)}), Err(241)),
        (rawbson!({"$toInt": binary(&[0; 8], 0)}), Err(241)),
        (rawbson!({"$toInt": date(1)}), Err(241)),
        (rawbson!({"$toInt": [1, 2]}), Err(50723)),
        (rawbson!({"$toInt": [[1]]}), Err(241)),
        (rawbson!({"$toInt": "$missing"}), Ok(RawBson::Null)),
        (rawbson!({"$toLong": date(-1)}), Ok(RawBson::Int64(-1))),
        (rawbson!({"$toLong": 9.3e18}), Err(241)),
        (rawbson!({"$toLong": true}), Ok(RawBson::Int64(1))),
        (rawbson!({"$toDouble": decimal("9E+6144")}), Err(241)),
        (rawbson!({"$toDouble": decimal("Infinity")}), Ok(RawBson::Double(f64::INFINITY))),
        (rawbson!({"$toDouble": "1e309"}), Err(241)),
        (rawbson!({"$toDouble": "1e-400"}), Err(241)),
        (rawbson!({"$toDouble": "-inf"}), Ok(RawBson::Double(f64::NEG_INFINITY))),
        (rawbson!({"$toDouble": ".5"}), Ok(RawBson::Double(0.5))),
        (rawbson!({"$toDouble": "+0x1.8p1"}), Ok(RawBson::Double(3.0))),
        (rawbson!({"$toDouble": "0X1P0"}), Ok(RawBson::Double(1.0))),
        (rawbson!({"$toDouble": "0x1p0"}), Err(241)),
        (rawbson!({"$toDouble": "+0x1p"}), Err(241)),
        (rawbson!({"$toDouble": "+0x.p0"}), Err(241)),
        (rawbson!({"$toDouble": binary(&1.0_f32.to_le_bytes(), 0)}), Ok(RawBson::Double(1.0))),
        (rawbson!({"$toDouble": binary(&1.5_f64.to_le_bytes(), 0)}), Ok(RawBson::Double(1.5))),
        (rawbson!({"$toDouble": binary(&[1], 0)}), Err(241)),
        (rawbson!({"$toDecimal": 2.5}), Ok(decimal("2.50000000000000"))),
        (rawbson!({"$toDecimal": "1E-6177"}), Err(241)),
        (rawbson!({"$toDecimal": date(500)}), Ok(decimal("500"))),
        (rawbson!({"$toDecimal": binary(&[0; 4], 0)}), Err(241)),
        (rawbson!({"$toBool": "false"}), Ok(RawBson::Boolean(true))),
        (rawbson!({"$toBool": decimal("-0E+3")}), Ok(RawBson::Boolean(false))),
        (rawbson!({"$toBool": {"$literal": []}}), Ok(RawBson::Boolean(true))),
        (rawbson!({"$toObjectId": "507F1F77BCF86CD799439011"}), Ok(RawBson::ObjectId(id))),
        (rawbson!({"$toObjectId": "xyz"}), Err(241)),
        (rawbson!({"$toObjectId": 1}), Err(241)),
    ] {
        check(expression, expected);
    }
}

#[test]
fn to_dates() {
    let id = ObjectId::from_parts(u32::MAX, [0; 5], [0; 3]);
    for (expression, expected) in [
        (rawbson!({"$toDate": 1000.9}), Ok(date(1000))),
        (rawbson!({"$toDate": decimal("-86400000")}), Ok(date(-86_400_000))),
        (rawbson!({"$toDate": 5_i64}), Ok(date(5))),
        (rawbson!({"$toDate": 5}), Err(241)),
        (rawbson!({"$toDate": true}), Err(241)),
        (rawbson!({"$toDate": f64::NAN}), Err(241)),
        (rawbson!({"$toDate": id}), Ok(date(-1000))),
        (rawbson!({"$toDate": bson::Timestamp { time: u32::MAX, increment: 1 }}), Ok(date(4_294_967_295_000))),
        (rawbson!({"$toDate": "2018-03-20T12:00:00Z"}), Ok(date(1_521_547_200_000))),
        (rawbson!({"$toDate": "2018-03-20"}), Ok(date(1_521_504_000_000))),
        (rawbson!({"$toDate": " 2018-03-20 11:00:06 +0500"}), Ok(date(1_521_525_606_000))),
        (rawbson!({"$toDate": "2024-06-15T12:30:45-05:30"}), Ok(date(1_718_474_445_000))),
        (rawbson!({"$toDate": "0000-01-01T00:00:00Z"}), Ok(date(-62_167_219_200_000))),
        (rawbson!({"$toDate": "2024"}), Err(241)),
        (rawbson!({"$toDate": "2019-02-29"}), Err(241)),
        (rawbson!({"$toDate": "10000-01-01T00:00:00Z"}), Err(241)),
        (rawbson!({"$toDate": "Friday"}), Err(241)),
        (rawbson!({"$toDate": "$array"}), Err(241)),
        (rawbson!({"$toDate": [1, 2]}), Err(50723)),
    ] {
        check(expression, expected);
    }
}

#[test]
fn to_strings() {
    for (expression, expected) in [
        (rawbson!({"$toString": 3.0}), Ok(text("3"))),
        (rawbson!({"$toString": -0.0}), Ok(text("-0"))),
        (rawbson!({"$toString": 1e16}), Ok(text("1e+16"))),
        (rawbson!({"$toString": 9.999999999999998e15}), Ok(text("9999999999999998"))),
        (rawbson!({"$toString": 9e-05}), Ok(text("9e-05"))),
        (rawbson!({"$toString": 1e-4}), Ok(text("0.0001"))),
        (rawbson!({"$toString": 5e-324}), Ok(text("5e-324"))),
        (rawbson!({"$toString": f64::MAX}), Ok(text("1.7976931348623157e+308"))),
        (rawbson!({"$toString": f64::NEG_INFINITY}), Ok(text("-Infinity"))),
        (rawbson!({"$toString": decimal("1E+3")}), Ok(text("1E+3"))),
        (rawbson!({"$toString": false}), Ok(text("false"))),
        (rawbson!({"$toString": "$date"}), Ok(text("1970-01-01T00:00:01.000Z"))),
        (rawbson!({"$toString": date(-62_167_219_200_001)}), Err(18537)),
        (rawbson!({"$toString": "$array"}), Err(241)),
        (rawbson!({"$toString": binary(b"hello", 0)}), Ok(text("aGVsbG8="))),
        (rawbson!({"$toString": binary(b"hello", 2)}), Ok(text("BQAAAGhlbGxv"))),
        (rawbson!({"$toString": binary(&[1; 16], 4)}), Ok(text("01010101-0101-0101-0101-010101010101"))),
        (rawbson!({"$toUUID": "01010101-0101-0101-0101-010101010101"}), Ok(binary(&[1; 16], 4))),
        (rawbson!({"$toUUID": "01010101010101010101010101010101"}), Err(241)),
        (rawbson!({"$type": "$missing"}), Ok(text("missing"))),
        (rawbson!({"$type": [1]}), Ok(text("int"))),
        (rawbson!({"$type": []}), Err(16020)),
        (rawbson!({"$isNumber": decimal("1")}), Ok(RawBson::Boolean(true))),
        (rawbson!({"$isNumber": "$missing"}), Ok(RawBson::Boolean(false))),
    ] {
        check(expression, expected);
    }
}

fn convert_of(input: RawBson, to: RawBson, more: RawDocumentBuf) -> RawBson {
    let mut given = rawdoc! {"input": input, "to": to};
    for (name, value) in crate::value::fields(&more) {
        given.append(<&bson::raw::CStr>::try_from(name).unwrap(), value);
    }
    rawbson!({"$convert": given})
}

#[test]
fn convert_with_all_its_arguments() {
    let uuid = || rawbson!({"type": "binData", "subtype": 4});
    let none = || rawdoc! {};
    for (input, to, more, expected) in [
        (text("42"), text("int"), rawdoc! {"format": "hex"}, Ok(RawBson::Int32(42))),
        (RawBson::Int32(42), RawBson::Int32(18), none(), Ok(RawBson::Int64(42))),
        (RawBson::Null, text("int"), rawdoc! {"onNull": "n", "onError": "e"}, Ok(text("n"))),
        (RawBson::Int32(1), RawBson::Null, none(), Ok(RawBson::Null)),
        (text("x"), text("int"), rawdoc! {"onError": "e"}, Ok(text("e"))),
        (text("42"), text("int"), rawdoc! {"onError": {"$divide": [1, 0]}}, Err(2)),
        (RawBson::Int32(42), text("integer"), none(), Err(2)),
        (RawBson::Int32(42), RawBson::Boolean(true), none(), Err(9)),
        (RawBson::Int32(42), RawBson::Int32(99), none(), Err(9)),
        (RawBson::Int32(42), RawBson::Int32(0), none(), Err(241)),
        (RawBson::Int32(42), text("array"), none(), Err(241)),
        (RawBson::Int32(42), text("minKey"), rawdoc! {"onError": 0}, Ok(RawBson::Int32(0))),
        (RawBson::Int32(42), rawbson!({"subtype": 5}), none(), Err(9)),
        (RawBson::Int32(42), rawbson!({"type": "binData", "subtype": 1.5}), none(), Err(4_341_106)),
        (RawBson::Int32(42), rawbson!({"type": "binData", "subtype": 10}), none(), Err(4_341_107)),
        (RawBson::Int32(42), rawbson!({"type": "binData", "subtype": "x"}), none(), Err(4_341_108)),
        (RawBson::Int32(42), text("binData"), rawdoc! {"byteOrder": "big"}, Ok(binary(&[0, 0, 0, 42], 0))),
        (binary(&[0, 0, 0, 42], 0), text("int"), rawdoc! {"byteOrder": "big"}, Ok(RawBson::Int32(42))),
        (RawBson::Int32(42), text("binData"), rawdoc! {"byteOrder": "BIG"}, Err(9_130_002)),
        (RawBson::Int32(42), text("binData"), rawdoc! {"byteOrder": 1}, Err(9_130_001)),
        (text("hello"), text("binData"), none(), Err(4_341_115)),
        (text("hello"), text("binData"), rawdoc! {"format": "xml"}, Err(4_341_125)),
        (text("hello"), text("binData"), rawdoc! {"format": 1}, Err(4_341_114)),
        (text("aGVsbG8="), text("binData"), rawdoc! {"format": "base64url"}, Ok(binary(b"hello", 0))),
        (text("aGVsbG8"), text("binData"), rawdoc! {"format": "base64"}, Err(241)),
        (text("68656C6c6F"), text("binData"), rawdoc! {"format": "hex"}, Ok(binary(b"hello", 0))),
        (text("abc"), text("binData"), rawdoc! {"format": "hex"}, Err(241)),
        (text("aGVsbG8="), text("binData"), rawdoc! {"format": "auto"}, Err(241)),
        (text("aGVsbG8="), uuid(), rawdoc! {"format": "base64"}, Err(241)),
        (text("00000000-0000-0000-0000-000000000000"), uuid(), rawdoc! {"format": "uuid"}, Ok(binary(&[0; 16], 4))),
        (text("00000000-0000-0000-0000-000000000000"), text("binData"), rawdoc! {"format": "uuid"}, Err(241)),
        (binary(b">>>>", 0), text("string"), rawdoc! {"format": "base64url"}, Ok(text("Pj4-Pg"))),
        (binary(b"hello", 0), text("string"), rawdoc! {"format": "hex"}, Ok(text("68656C6C6F"))),
        (binary(&[0x80], 0), text("string"), rawdoc! {"format": "utf8"}, Err(241)),
        (binary(&[1, 2], 3), text("binData"), none(), Err(241)),
    ] {
        check(convert_of(input, to, more), expected);
    }
    check(rawbson!({"$convert": 1}), Err(9));
    check(rawbson!({"$convert": {"input": 1}}), Err(9));
    check(rawbson!({"$convert": {"input": 1, "to": "int", "other": 1}}), Err(9));
}
