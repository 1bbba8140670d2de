#![allow(clippy::too_many_lines)]

use bson::{Bson, Regex, Timestamp, bson, oid::ObjectId};

use crate::expression::testing::apply;

fn check(table: &[(&str, Bson, Result<Bson, i32>)]) {
    for (operator, arguments, expected) in table {
        assert_eq!(apply(operator, arguments.clone()), *expected, "{operator} of {arguments}");
    }
}

fn no_strings() -> Vec<Bson> {
    vec![
        Bson::Int32(1),
        Bson::Int64(1),
        Bson::Double(1.5),
        Bson::Decimal128("1".parse().expect("a decimal")),
        Bson::Boolean(true),
        bson!([["a"]]),
        Bson::DateTime(bson::DateTime::from_millis(0)),
        Bson::ObjectId(ObjectId::from_bytes([1; 12])),
        Bson::Timestamp(Timestamp { time: 1, increment: 1 }),
        Bson::RegularExpression(Regex {
            pattern: "a".try_into().expect("no NUL"),
            options: "i".try_into().expect("no NUL"),
        }),
        Bson::MinKey,
        Bson::MaxKey,
    ]
}

#[test]
fn strings_are_joined_until_a_null() {
    check(&[
        ("$concat", bson!(["a", "é", "b"]), Ok(bson!("aéb"))),
        ("$concat", bson!([]), Ok(bson!(""))),
        ("$concat", bson!("a"), Ok(bson!("a"))),
        ("$concat", bson!(["a", null, 1]), Ok(Bson::Null)),
        ("$concat", bson!(["a", 1, null]), Err(16702)),
        ("$concat", bson!(["a", "$missing"]), Ok(Bson::Null)),
    ]);
    let half = "a".repeat(8 << 20);
    check(&[("$concat", bson!([half.clone(), half]), Err(16493))]);
    for value in no_strings() {
        check(&[("$concat", bson!(["a", value]), Err(16702))]);
    }
}

#[test]
fn strings_are_split_and_measured() {
    check(&[
        ("$split", bson!(["a-b-", "-"]), Ok(bson!(["a", "b", ""]))),
        ("$split", bson!(["abc", "x"]), Ok(bson!(["abc"]))),
        ("$split", bson!(["", "x"]), Ok(bson!([""]))),
        ("$split", bson!([null, 1]), Ok(Bson::Null)),
        ("$split", bson!(["a", null]), Ok(Bson::Null)),
        ("$split", bson!(["a", ""]), Err(40087)),
        ("$split", bson!(["a"]), Err(16020)),
        ("$strLenBytes", bson!("é€"), Ok(bson!(5))),
        ("$strLenCP", bson!("é€😀"), Ok(bson!(3))),
        ("$strLenBytes", Bson::Null, Err(34473)),
        ("$strLenCP", Bson::Null, Err(34471)),
        ("$strLenCP", bson!("$missing"), Err(34471)),
    ]);
    for value in no_strings() {
        check(&[
            ("$split", bson!([value.clone(), "a"]), Err(40085)),
            ("$split", bson!(["a", value.clone()]), Err(40086)),
            ("$strLenBytes", bson!([value.clone()]), Err(34473)),
            ("$strLenCP", bson!([value]), Err(34471)),
        ]);
    }
}

#[test]
fn strings_are_found_by_bytes() {
    for (arguments, expected) in [
        (bson!(["abcabc", "abc", 1]), Ok(3)),
        (bson!(["café!", "!"]), Ok(5)),
        (bson!(["hello", "", 5]), Ok(5)),
        (bson!(["hello", "", 6]), Ok(-1)),
        (bson!(["hello", "", 3, 1]), Ok(-1)),
        (bson!(["hello", "llo", 0, 4]), Ok(-1)),
        (bson!(["hello", "llo", 0, 50]), Ok(2)),
        (bson!(["", ""]), Ok(0)),
        (bson!(["éa", "a", 1]), Ok(2)),
        (bson!(["a", null]), Err(40092)),
        (bson!(["a", "a", (-1)]), Err(40097)),
        (bson!(["a", "a", 0, (-1)]), Err(40097)),
        (bson!(["a", "a", 0.5]), Err(40096)),
        (bson!(["a", "a", null]), Err(40096)),
        (bson!(["a", "a", 3_000_000_000_i64]), Err(40096)),
        (bson!(["a", "a", 0.0, 1.0]), Ok(0)),
        (bson!(["a"]), Err(28667)),
        (bson!(["a", "a", 0, 1, 2]), Err(28667)),
    ] {
        check(&[("$indexOfBytes", arguments, expected.map(Bson::Int32))]);
    }
    check(&[("$indexOfBytes", bson!([null, 1, "x"]), Ok(Bson::Null))]);
    for value in no_strings() {
        check(&[
            ("$indexOfBytes", bson!([value.clone(), "a"]), Err(40091)),
            ("$indexOfBytes", bson!(["a", value.clone()]), Err(40092)),
            ("$indexOfCP", bson!([value.clone(), "a"]), Err(40093)),
            ("$indexOfCP", bson!(["a", value]), Err(40094)),
        ]);
    }
}

#[test]
fn strings_are_found_by_code_points() {
    for (arguments, expected) in [
        (bson!(["abcabc", "abc", 1]), 3),
        (bson!(["café!", "!"]), 4),
        (bson!(["hello", "", 4]), 4),
        (bson!(["hello", "", 5]), -1),
        (bson!(["hello", "", 0, 0]), -1),
        (bson!(["hello", "llo", 0, 4]), 2),
        (bson!(["hello", "lo", 0, 3]), -1),
        (bson!(["hello", "lo", 4, 2]), -1),
        (bson!(["", ""]), 0),
        (bson!(["", "hello"]), -1),
        (bson!(["éééé", "éé", 2]), 2),
    ] {
        check(&[("$indexOfCP", arguments, Ok(Bson::Int32(expected)))]);
    }
    check(&[("$indexOfCP", bson!(["$missing", "a"]), Ok(Bson::Null))]);
}

#[test]
fn strings_are_trimmed() {
    check(&[
        ("$trim", bson!({ "input": " \t\0a b\u{a0}\u{2000}\n" }), Ok(bson!("a b"))),
        ("$trim", bson!({ "input": "\u{3000}a" }), Ok(bson!("\u{3000}a"))),
        ("$ltrim", bson!({ "input": "  a  " }), Ok(bson!("a  "))),
        ("$rtrim", bson!({ "input": "  a  " }), Ok(bson!("  a"))),
        ("$trim", bson!({ "input": "xyéaéyx", "chars": "éxy" }), Ok(bson!("a"))),
        ("$trim", bson!({ "input": " a ", "chars": "" }), Ok(bson!(" a "))),
        ("$trim", bson!({ "input": null, "chars": 1 }), Ok(Bson::Null)),
        ("$trim", bson!({ "input": "a", "chars": null }), Ok(Bson::Null)),
        ("$trim", bson!({ "input": 1 }), Err(50699)),
        ("$trim", bson!({ "input": "a", "chars": 1 }), Err(50700)),
        ("$trim", bson!({ "chars": "a" }), Err(50695)),
        ("$trim", bson!({ "input": "a", "other": "a" }), Err(50694)),
        ("$trim", bson!(["a"]), Err(50696)),
    ]);
}

#[test]
fn strings_are_replaced() {
    let all = |input: &str, find: &str, replacement: &str| bson!({ "input": input, "find": find, "replacement": replacement });
    check(&[
        ("$replaceAll", all("cat bat cat", "cat", "dog"), Ok(bson!("dog bat dog"))),
        ("$replaceOne", all("cat bat cat", "cat", "dog"), Ok(bson!("dog bat cat"))),
        ("$replaceAll", all("aaa", "aa", "X"), Ok(bson!("Xa"))),
        ("$replaceAll", all("xyx", "x", "xx"), Ok(bson!("xxyxx"))),
        ("$replaceAll", all("é世", "", "X"), Ok(bson!("XéX世X"))),
        ("$replaceAll", all("", "", "X"), Ok(bson!("X"))),
        ("$replaceOne", all("abc", "", "X"), Ok(bson!("Xabc"))),
        ("$replaceOne", all("abc", "z", "X"), Ok(bson!("abc"))),
        ("$replaceOne", bson!({ "input": null, "find": "a", "replacement": "b" }), Ok(Bson::Null)),
        ("$replaceOne", bson!({ "input": "a", "find": null, "replacement": "b" }), Ok(Bson::Null)),
        ("$replaceOne", bson!({ "input": null, "find": 1, "replacement": "b" }), Err(51745)),
        ("$replaceOne", bson!({ "input": 1, "find": 1, "replacement": 1 }), Err(51746)),
        ("$replaceOne", bson!({ "input": "a", "find": "a", "replacement": 1 }), Err(51744)),
        ("$replaceOne", bson!({ "find": "a", "replacement": 1 }), Err(51749)),
        ("$replaceOne", bson!({ "input": "a", "replacement": 1 }), Err(51748)),
        ("$replaceOne", bson!({ "input": "a", "find": "a" }), Err(51747)),
        ("$replaceOne", bson!({ "input": "a", "find": "a", "replacement": "b", "x": 1 }), Err(51750)),
        ("$replaceOne", bson!("a"), Err(51751)),
        ("$replaceAll", all(&"a".repeat(1 << 20), "a", &"b".repeat(64)), Err(16493)),
    ]);
}

#[test]
fn parts_of_strings_are_taken_by_bytes() {
    let decimal = |text: &str| Bson::Decimal128(text.parse().expect("a decimal"));
    for (arguments, expected) in [
        (bson!(["hello", 1, 3]), Ok("ell")),
        (bson!(["hello", 1, (-1)]), Ok("ello")),
        (bson!(["hello", 5, 1]), Ok("")),
        (bson!(["hello", 50, 1]), Ok("")),
        (bson!(["hello", 1.9, 3]), Ok("ell")),
        (bson!(["hello", (-0.9), 5]), Ok("hello")),
        (bson!(["hello", decimal("1.5"), 3]), Ok("llo")),
        (bson!(["hello", decimal("2.5"), 3]), Ok("llo")),
        (bson!(["hello", 0, decimal("NaN")]), Ok("hello")),
        (bson!(["hello", 0, decimal("9999999999999999999999999999999999")]), Ok("hello")),
        (bson!(["hello", decimal("1E-6176"), 5]), Ok("hello")),
        (bson!([12345, 1, 2]), Ok("23")),
        (bson!([null, 0, 1]), Ok("")),
        (bson!(["éa", 2, 1]), Ok("a")),
        (bson!(["éa", 1, 1]), Err(28656)),
        (bson!(["éa", 0, 1]), Err(28657)),
        (bson!(["a", (-1), 1]), Err(50752)),
        (bson!(["a", "0", 1]), Err(16034)),
        (bson!(["a", 0, "1"]), Err(16035)),
        (bson!(["a", null, 1]), Err(16034)),
        (bson!([true, 0, 1]), Err(16007)),
        (bson!(["a", 0]), Err(16020)),
    ] {
        for operator in ["$substr", "$substrBytes"] {
            check(&[(operator, arguments.clone(), expected.map(Bson::from))]);
        }
    }
}

#[test]
fn parts_of_strings_are_taken_by_code_points() {
    for (arguments, expected) in [
        (bson!(["café!", 3, 1]), Ok("é")),
        (bson!(["café!", 3, 50]), Ok("é!")),
        (bson!(["café!", 9, 1]), Ok("")),
        (bson!([null, 0, 1]), Ok("")),
        (bson!(["a", "0", 1]), Err(34450)),
        (bson!(["a", 0.5, 1]), Err(34451)),
        (bson!(["a", 0, null]), Err(34452)),
        (bson!(["a", 0, 0.5]), Err(34453)),
        (bson!(["a", 0, (-1)]), Err(34454)),
        (bson!(["a", (-1), 1]), Err(34455)),
    ] {
        check(&[("$substrCP", arguments, expected.map(Bson::from))]);
    }
}

#[test]
fn case_is_that_of_ascii_and_other_types_are_written_out() {
    let date = Bson::DateTime(bson::DateTime::from_millis(1_718_454_645_123));
    let stamp = Bson::Timestamp(Timestamp { time: 1_704_067_200, increment: 42 });
    check(&[
        ("$toLower", bson!("ÀÉ ABC"), Ok(bson!("ÀÉ abc"))),
        ("$toUpper", bson!("àé abc"), Ok(bson!("àé ABC"))),
        ("$toUpper", Bson::Null, Ok(bson!(""))),
        ("$toUpper", bson!("$missing"), Ok(bson!(""))),
        ("$toLower", bson!(1e20), Ok(bson!("1e+20"))),
        ("$toUpper", bson!(1e20), Ok(bson!("1E+20"))),
        ("$toLower", bson!(123_456.789), Ok(bson!("123457"))),
        ("$toLower", Bson::Decimal128("1.500".parse().expect("a decimal")), Ok(bson!("1.500"))),
        ("$toLower", Bson::Decimal128("1E-6176".parse().expect("a decimal")), Ok(bson!("1e-6176"))),
        ("$toLower", date, Ok(bson!("2024-06-15t12:30:45.123z"))),
        ("$toLower", stamp, Ok(bson!("jan  1 00:00:00:42"))),
        ("$toLower", bson!([["a"]]), Err(16007)),
        ("$toLower", Bson::ObjectId(ObjectId::from_bytes([1; 12])), Err(16007)),
        ("$toUpper", bson!(true), Err(16007)),
        ("$strcasecmp", bson!(["abc", "ABD"]), Ok(bson!(-1))),
        ("$strcasecmp", bson!(["abc", "ABC"]), Ok(bson!(0))),
        ("$strcasecmp", bson!(["b", "A"]), Ok(bson!(1))),
        ("$strcasecmp", bson!([null, ""]), Ok(bson!(0))),
        ("$strcasecmp", bson!([10, "10"]), Ok(bson!(0))),
        ("$strcasecmp", bson!(["a"]), Err(16020)),
        ("$strcasecmp", bson!(["a", true]), Err(16007)),
    ]);
}
