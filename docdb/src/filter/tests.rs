#![allow(clippy::unwrap_used)]

use bson::{Bson, Document, RawDocumentBuf, doc};
use millpond_engine::Timestamp;

use super::Filter;
use crate::{Code, context::Context};

pub(super) fn context() -> Context {
    Context::new(Timestamp::from_millis(0))
}

pub(super) fn raw(document: &Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(document).unwrap()
}

pub(super) fn parse(filter: &Document) -> crate::Result<Filter> {
    Filter::parse(&raw(filter), &context())
}

#[track_caller]
fn matches(filter: &Document, document: &Document) -> bool {
    parse(filter).unwrap().matches(&raw(document), &context()).unwrap()
}

#[track_caller]
fn check(filter: Document, yes: &[Bson], no: &[Bson]) {
    for (values, expected) in [(yes, true), (no, false)] {
        for value in values {
            assert_eq!(matches(&filter, &doc! { "a": value.clone() }), expected, "{filter} on a: {value}");
        }
    }
}

fn bson(value: impl Into<Bson>) -> Bson {
    value.into()
}

#[test]
fn equality_looks_at_arrays_as_a_whole_and_by_item() {
    check(doc! { "a": 1 }, &[bson(1), bson(1.0), bson(1_i64), bson(vec![2, 1])], &[bson("1"), bson(true)]);
    check(doc! { "a": [] }, &[Bson::Array(vec![]), Bson::Array(vec![Bson::Array(vec![])])], &[bson(vec![1])]);
    let ab = || Bson::from(vec!["A", "B"]);
    check(doc! { "a": ab() }, &[ab(), Bson::Array(vec![ab(), bson("C")])], &[bson("A"), bson(vec!["B", "A"])]);
    check(doc! { "a": 1 }, &[], &[Bson::Array(vec![Bson::Array(vec![bson(1)])])]);
    check(doc! { "a": { "x": 1, "y": 2 } }, &[bson(doc! { "x": 1, "y": 2 })], &[bson(doc! { "y": 2, "x": 1 })]);
    check(doc! { "a": { "$eq": { "$x": 1 } } }, &[bson(doc! { "$x": 1 })], &[bson(doc! { "x": 1 })]);
    check(doc! { "a": { "$ref": "c", "$id": 1 } }, &[bson(doc! { "$ref": "c", "$id": 1 })], &[bson(1)]);
}

#[test]
fn null_is_equal_to_what_is_missing_but_not_to_an_empty_array() {
    let filter = doc! { "a": null };
    check(filter.clone(), &[Bson::Null, bson(vec![Bson::Null])], &[Bson::Array(vec![]), bson(0), Bson::Undefined]);
    assert!(matches(&filter, &doc! {}));
    let filter = doc! { "a.b": null };
    check(
        filter,
        &[bson(doc! {}), bson(1), bson(vec![doc! { "b": 1 }, doc! {}])],
        &[bson(vec![1, 2]), Bson::Array(vec![]), bson(vec![doc! { "b": 1 }]), bson(doc! { "b": 2 })],
    );
    check(doc! { "a": { "$ne": null } }, &[bson(1), Bson::Array(vec![])], &[Bson::Null]);
    check(doc! { "a": { "$gte": null } }, &[Bson::Null], &[bson(1)]);
    assert!(matches(&doc! { "a": { "$lte": null } }, &doc! {}));
    assert!(!matches(&doc! { "a": { "$lt": null } }, &doc! {}));
    assert!(matches(&doc! { "a": { "$in": [1, null] } }, &doc! {}));
}

#[test]
fn paths_go_through_arrays_by_item_and_by_index() {
    let array = |items: Vec<Bson>| Bson::Array(items);
    let b = |value: i32| bson(doc! { "b": value });
    check(
        doc! { "a.b": 2 },
        &[b(2), array(vec![b(1), b(2)]), bson(doc! { "b": [1, 2] })],
        &[array(vec![array(vec![b(2)])])],
    );
    check(
        doc! { "a.0": 1 },
        &[bson(vec![1, 2]), bson(doc! { "0": 1 }), array(vec![bson(doc! { "0": 1 })])],
        &[bson(vec![2, 1])],
    );
    check(doc! { "a.0.b": 2 }, &[array(vec![b(2)]), array(vec![array(vec![b(2)])])], &[array(vec![b(1), b(2)])]);
    check(doc! { "a.1": [2, 4] }, &[array(vec![bson(5), bson(vec![2, 4])])], &[bson(vec![2, 4])]);
    check(doc! { "a.1": 4 }, &[], &[array(vec![bson(5), bson(vec![2, 4])])]);
    check(doc! { "a.01": 1 }, &[bson(doc! { "01": 1 })], &[bson(vec![0, 1])]);
    check(doc! { "a.b": { "$exists": false } }, &[bson(vec![1]), bson(1)], &[b(1)]);
}

#[test]
fn comparisons_stay_within_the_class_of_their_operand() {
    let nan = || bson(f64::NAN);
    check(
        doc! { "a": { "$gt": 5 } },
        &[bson(6), bson(5.5), bson(vec![1, 9])],
        &[bson(5), bson("9"), nan(), Bson::Null],
    );
    check(doc! { "a": { "$lt": 5 } }, &[bson(4)], &[nan(), bson(false), Bson::MinKey]);
    check(doc! { "a": { "$gte": f64::NAN } }, &[nan()], &[bson(1), bson(f64::INFINITY)]);
    check(doc! { "a": { "$lt": f64::NAN } }, &[], &[nan(), bson(1)]);
    check(doc! { "a": { "$gt": Bson::MinKey } }, &[bson(1), Bson::Null, Bson::MaxKey], &[Bson::MinKey]);
    check(doc! { "a": { "$gt": [1] } }, &[bson(vec![1, 0]), bson(vec![2])], &[bson(2), bson(vec![0, 9])]);
    check(doc! { "a": { "$gt": { "x": 1 } } }, &[bson(doc! { "x": 2 })], &[bson(doc! { "x": 1 })]);
    assert!(matches(&doc! { "a": { "$lte": Bson::MaxKey } }, &doc! {}));
    check(doc! { "a": { "$not": { "$gt": "s" } } }, &[bson(5), bson("a")], &[bson("z")]);
}

#[test]
fn lists_negations_and_logic_combine() {
    check(
        doc! { "a": { "$in": [1, "x", { "$ref": "c", "$id": 1 }] } },
        &[bson(1.0), bson("x"), bson(vec![1])],
        &[bson(2)],
    );
    check(doc! { "a": { "$nin": [1, 2] } }, &[bson(3), Bson::Array(vec![])], &[bson(1), bson(vec![3, 2])]);
    check(doc! { "a": { "$in": [] } }, &[], &[bson(1), Bson::Null]);
    check(doc! { "a": { "$nin": [] } }, &[bson(1)], &[]);
    check(doc! { "$or": [{ "a": 1 }, { "a": 2 }] }, &[bson(1), bson(2)], &[bson(3)]);
    check(doc! { "$nor": [{ "a": 1 }] }, &[bson(2)], &[bson(1)]);
    check(doc! { "$and": [{ "a": { "$gt": 1 } }, { "a": { "$lt": 3 } }] }, &[bson(2), bson(vec![0, 9])], &[bson(1)]);
    check(doc! { "a": { "$gt": 1, "$not": { "$lt": 2, "$gt": 0 } } }, &[bson(2)], &[bson(1)]);
    check(doc! { "$alwaysTrue": 1, "$comment": { "any": 1 } }, &[bson(1)], &[]);
    check(doc! { "$alwaysFalse": 1 }, &[], &[bson(1)]);
}

#[test]
fn arrays_are_asked_for_all_for_size_and_for_items() {
    check(doc! { "a": { "$all": [1, 2] } }, &[bson(vec![2, 3, 1])], &[bson(vec![1]), bson(1)]);
    check(doc! { "a": { "$all": [] } }, &[], &[Bson::Array(vec![]), bson(1)]);
    check(doc! { "a": { "$all": [1] } }, &[bson(1)], &[bson(2)]);
    check(
        doc! { "a": { "$all": [{ "$elemMatch": { "b": 1 } }, { "$elemMatch": { "b": 2 } }] } },
        &[bson(vec![doc! { "b": 1 }, doc! { "b": 2 }])],
        &[bson(vec![doc! { "b": 1 }]), bson(doc! { "b": [1, 2] })],
    );
    check(doc! { "a": { "$size": 2 } }, &[bson(vec![1, 2])], &[bson(vec![1]), bson(2), Bson::Null]);
    check(doc! { "a": { "$elemMatch": { "$gt": 1, "$lt": 3 } } }, &[bson(vec![0, 2, 9])], &[bson(vec![0, 9]), bson(2)]);
    check(
        doc! { "a": { "$elemMatch": { "b": 1, "c": 2 } } },
        &[bson(vec![doc! { "b": 1, "c": 2 }])],
        &[bson(doc! { "b": 1, "c": 2 })],
    );
    check(
        doc! { "a": { "$elemMatch": { "$not": { "$gt": 1 } } } },
        &[bson(vec![5, 0])],
        &[bson(vec![5]), Bson::Array(vec![])],
    );
    check(
        doc! { "a": { "$elemMatch": { "$elemMatch": { "$eq": 1 } } } },
        &[Bson::Array(vec![bson(vec![1])])],
        &[bson(vec![1])],
    );
    check(
        doc! { "a": { "$elemMatch": { "$or": [{ "b": 1 }, { "c": 1 }] } } },
        &[bson(vec![doc! { "c": 1 }])],
        &[bson(vec![1])],
    );
    check(doc! { "a": { "$elemMatch": { "0": 7 } } }, &[Bson::Array(vec![bson(vec![7])])], &[bson(vec![7])]);
    let reference = || doc! { "$ref": "c", "$id": 1 };
    check(
        doc! { "a": { "$elemMatch": { "$id": 1 } } },
        &[bson(vec![reference()])],
        &[bson(reference()), bson(vec![1])],
    );
    check(doc! { "a": { "$elemMatch": reference() } }, &[bson(vec![reference()])], &[bson(vec![doc! { "$id": 1 }])]);
    check(doc! { "a": { "$elemMatch": {} } }, &[bson(vec![doc! {}])], &[bson(vec![1])]);
}

#[test]
fn types_existence_remainders_and_bits_are_asked_for() {
    let decimal = |text: &str| Bson::Decimal128(text.parse().unwrap());
    let binary = |bytes: &[u8]| {
        Bson::Binary(bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: bytes.to_vec() })
    };
    check(doc! { "a": { "$type": "number" } }, &[bson(1), bson(1.5), bson(vec![1])], &[bson("1"), Bson::Array(vec![])]);
    check(doc! { "a": { "$type": ["array", 2] } }, &[Bson::Array(vec![]), bson("x")], &[bson(1)]);
    check(doc! { "a": { "$exists": 1.5 } }, &[Bson::Null, Bson::Undefined], &[]);
    assert!(matches(&doc! { "a": { "$exists": null } }, &doc! {}));
    check(
        doc! { "a": { "$mod": [4, 0] } },
        &[bson(8), bson(8.9), decimal("4.2"), bson(-4)],
        &[bson(5), bson("8"), bson(f64::NAN)],
    );
    check(doc! { "a": { "$mod": [-1.9, 0] } }, &[bson(i64::MIN)], &[]);
    check(doc! { "a": { "$mod": [5, -1] } }, &[bson(-6)], &[bson(4)]);
    check(doc! { "a": { "$bitsAllSet": 5 } }, &[bson(7), bson(-1), binary(&[5])], &[bson(4), bson(5.5), binary(&[4])]);
    check(doc! { "a": { "$bitsAnySet": [200, 1] } }, &[bson(2), decimal("-1")], &[bson(1), binary(&[1])]);
    check(doc! { "a": { "$bitsAllClear": binary(&[0, 32]) } }, &[bson(0)], &[bson(8192)]);
    let old = Bson::Binary(bson::Binary { subtype: bson::spec::BinarySubtype::BinaryOld, bytes: vec![6] });
    check(doc! { "a": { "$bitsAllSet": [0, 33, 34] } }, &[old], &[]);
    check(doc! { "a": { "$bitsAnyClear": [63, 0] } }, &[bson(1)], &[bson(-1)]);
}

#[test]
fn regular_expressions_match_strings_and_themselves() {
    let regex = |pattern: &str, options: &str| {
        Bson::RegularExpression(bson::Regex {
            pattern: pattern.try_into().unwrap(),
            options: options.try_into().unwrap(),
        })
    };
    check(
        doc! { "a": regex("^H", "i") },
        &[bson("hello"), regex("^H", "i"), bson(vec!["x", "Hi"])],
        &[bson("oh"), regex("^H", "")],
    );
    check(doc! { "a": { "$regex": "^h", "$options": "i" } }, &[bson("Hello")], &[bson(1)]);
    check(doc! { "a": { "$options": "i", "$regex": "^h" } }, &[bson("Hello")], &[bson(1)]);
    check(doc! { "a": { "$eq": regex("x", "") } }, &[regex("x", "")], &[bson("x")]);
    check(doc! { "a": { "$in": [regex("^x", ""), 1] } }, &[bson("xy"), bson(1)], &[bson("yx")]);
    check(doc! { "a": { "$not": regex("x", "") } }, &[bson("y"), bson(1)], &[bson("x")]);
    check(doc! { "a": { "$all": [regex("x", ""), "y"] } }, &[bson(vec!["ax", "y"])], &[bson(vec!["y"])]);
}

#[test]
fn the_position_is_of_the_outermost_array() {
    let position =
        |filter: Document, document: Document| parse(&filter).unwrap().position(&raw(&document), &context()).unwrap();
    assert_eq!(position(doc! { "a": 3 }, doc! { "a": [1, 3] }), Some(1));
    assert_eq!(position(doc! { "a.b": 3 }, doc! { "a": [{ "b": 1 }, { "b": [0, 0, 3] }] }), Some(1));
    assert_eq!(position(doc! { "a": { "$elemMatch": { "b": 3 } } }, doc! { "a": [1, { "b": 3 }] }), Some(1));
    assert_eq!(position(doc! { "a": 3, "b": 1 }, doc! { "a": [1, 3], "b": [1] }), Some(0));
    assert_eq!(position(doc! { "a": 3 }, doc! { "a": 3 }), None);
    assert_eq!(position(doc! { "a": 3 }, doc! { "a": [4] }), None);
    assert_eq!(position(doc! { "a": { "$ne": 3 } }, doc! { "a": [4] }), None);
}

#[test]
fn what_is_malformed_is_refused_with_the_servers_code() {
    let regex =
        Bson::RegularExpression(bson::Regex { pattern: "a".try_into().unwrap(), options: "i".try_into().unwrap() });
    let table = [
        (doc! { "$foo": 1 }, 2),
        (doc! { "$not": { "a": 1 } }, 2),
        (doc! { "a": { "$foo": 1 } }, 2),
        (doc! { "a": { "$gt": 1, "b": 1 } }, 2),
        (doc! { "a": { "$id": 1 } }, 2),
        (doc! { "$and": [] }, 2),
        (doc! { "$or": { "a": 1 } }, 2),
        (doc! { "$nor": [1] }, 2),
        (doc! { "a": { "$not": 1 } }, 2),
        (doc! { "a": { "$not": {} } }, 2),
        (doc! { "a": { "$not": { "b": 1 } } }, 2),
        (doc! { "a": { "$gt": regex.clone() } }, 2),
        (doc! { "a": { "$ne": regex.clone() } }, 2),
        (doc! { "a": Bson::Undefined }, 2),
        (doc! { "a": { "$in": 1 } }, 2),
        (doc! { "a": { "$in": [{ "$gt": 1 }] } }, 2),
        (doc! { "a": { "$all": 1 } }, 2),
        (doc! { "a": { "$all": [{ "$elemMatch": {} }, 1] } }, 2),
        (doc! { "a": { "$elemMatch": 1 } }, 2),
        (doc! { "a": { "$elemMatch": { "$expr": true } } }, 2),
        (doc! { "a": { "$size": -1 } }, 2),
        (doc! { "a": { "$size": 1.5 } }, 2),
        (doc! { "a": { "$size": i64::MAX } }, 2),
        (doc! { "a": { "$mod": [1] } }, 2),
        (doc! { "a": { "$mod": [0, 1] } }, 2),
        (doc! { "a": { "$mod": ["a", 1] } }, 2),
        (doc! { "a": { "$mod": [f64::NAN, 1] } }, 2),
        (doc! { "a": { "$type": "none" } }, 2),
        (doc! { "a": { "$type": 0 } }, 2),
        (doc! { "a": { "$type": [] } }, 9),
        (doc! { "a": { "$type": true } }, 14),
        (doc! { "a": { "$bitsAllSet": -1 } }, 9),
        (doc! { "a": { "$bitsAllSet": "x" } }, 2),
        (doc! { "a": { "$bitsAllSet": [-1] } }, 2),
        (doc! { "a": { "$bitsAllSet": 2.5 } }, 9),
        (doc! { "a": { "$options": "i" } }, 2),
        (doc! { "a": { "$regex": 1 } }, 2),
        (doc! { "a": { "$regex": "(" } }, 51091),
        (doc! { "a": { "$regex": "a", "$options": "q" } }, 51108),
        (doc! { "a": { "$regex": regex.clone(), "$options": "s" } }, 51075),
        (doc! { "a": { "$options": "s", "$regex": regex } }, 51074),
        (doc! { "$where": "true" }, 2),
        (doc! { "a": { "$where": "true" } }, 2),
        (doc! { "$alwaysTrue": 2 }, 9),
        (doc! { "$sampleRate": 2 }, 2),
    ];
    for (filter, code) in table {
        assert_eq!(parse(&filter).unwrap_err().code(), Code(code), "{filter}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |levels: usize| (0..levels).fold(doc! { "a": 1 }, |inner, _| doc! { "$and": [inner] });
    assert!(parse(&nested(90)).is_ok());
    assert_eq!(parse(&nested(101)).unwrap_err().code(), Code::BAD_VALUE);
}

#[test]
fn expressions_match_where_they_are_true() {
    check(doc! { "$expr": { "$literal": true } }, &[bson(1)], &[]);
    check(doc! { "$expr": "$a" }, &[bson(1), bson("")], &[bson(0), Bson::Null, bson(false)]);
}

#[test]
fn near_stands_once_and_at_the_top() {
    let near = || doc! { "$near": { "$geometry": { "type": "Point", "coordinates": [0, 0] } } };
    let code = |filter: Document| parse(&filter).map_err(|error| error.code());
    assert!(code(doc! { "a": near(), "b": 1 }).unwrap().has_near());
    assert!(code(doc! { "$and": [{ "a": near() }] }).is_ok());
    for filter in [
        doc! { "a": near(), "b": near() },
        doc! { "$or": [{ "a": near() }, { "b": 1 }] },
        doc! { "$nor": [{ "a": near() }] },
        doc! { "a": { "$not": near() } },
        doc! { "a": { "$elemMatch": { "b": near() } } },
        doc! { "a": { "$elemMatch": near() } },
    ] {
        assert_eq!(code(filter.clone()).unwrap_err(), Code::BAD_VALUE, "{filter}");
    }
    let circle = doc! { "$geoWithin": { "$center": [[0, 0], 1] } };
    check(doc! { "a": circle }, &[bson(vec![0.5, 0.0])], &[bson(vec![2, 0]), bson("x")]);
}

#[test]
fn text_stands_once_and_not_beside_near() {
    let text = || doc! { "$text": { "$search": "a" } };
    let code = |filter: Document| parse(&filter).map_err(|error| error.code().0);
    assert!(code(text()).unwrap().has_text());
    assert!(code(doc! { "$or": [text(), { "a": 1 }] }).is_ok());
    let near = doc! { "$near": [0, 0] };
    for (filter, expected) in [
        (doc! { "$and": [text(), text()] }, 2),
        (doc! { "$nor": [text()] }, 2),
        (doc! { "a": { "$elemMatch": text() } }, 2),
        (doc! { "a": near, "$text": { "$search": "a" } }, 2),
        (doc! { "$text": {} }, 4),
    ] {
        assert_eq!(code(filter.clone()).unwrap_err(), expected, "{filter}");
    }
}

#[test]
fn what_only_indexes_answer_is_refused_where_there_are_none() {
    let code = |filter: Document| Filter::parse_unindexed(&raw(&filter), &context()).map_err(|error| error.code().0);
    assert!(code(doc! { "a": 1 }).is_ok());
    assert_eq!(code(doc! { "a": { "$near": [0, 0] } }).unwrap_err(), 5_626_500);
    assert_eq!(code(doc! { "$text": { "$search": "a" } }).unwrap_err(), 2);
}

#[test]
fn strings_compare_by_the_collation_except_in_regular_expressions() {
    let collation = crate::collation::Collation::parse(&raw(&doc! { "locale": "en", "strength": 2 })).unwrap();
    let context = context().with_collation(collation.map(std::sync::Arc::new));
    let matches = |filter: Document, document: Document| {
        Filter::parse(&raw(&filter), &context).unwrap().matches(&raw(&document), &context).unwrap()
    };
    assert!(matches(doc! { "a": "ABC" }, doc! { "a": ["abc"] }));
    assert!(matches(doc! { "a": { "x": ["ABC"] } }, doc! { "a": { "x": ["abc"] } }));
    assert!(matches(doc! { "a": { "$in": ["B", "a", "b"] } }, doc! { "a": "A" }));
    assert!(!matches(doc! { "a": { "$gt": "abc" } }, doc! { "a": "ABC" }));
    assert!(!matches(doc! { "a": { "$regex": "ABC" } }, doc! { "a": "abc" }));
    assert!(!matches(doc! { "$jsonSchema": { "properties": { "a": { "enum": ["ABC"] } } } }, doc! { "a": "abc" }));
}
