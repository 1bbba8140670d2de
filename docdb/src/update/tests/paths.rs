use bson::Bson;

use super::*;

#[test]
fn paths_lead_through_documents_and_to_items_by_index() {
    check(&[
        (doc! { "_id": 1 }, doc! { "$set": { "a.b.c": 1 } }, doc! { "_id": 1, "a": { "b": { "c": 1 } } }),
        (
            doc! { "_id": 1, "a": { "x": 1 } },
            doc! { "$set": { "a.b": 1, "a.x": 2 } },
            doc! { "_id": 1, "a": { "x": 2, "b": 1 } },
        ),
        (doc! { "_id": 1, "a": [1, 2] }, doc! { "$set": { "a.1": 9 } }, doc! { "_id": 1, "a": [1, 9] }),
        (
            doc! { "_id": 1, "a": [10, 20] },
            doc! { "$inc": { "a.4": 5 } },
            doc! { "_id": 1, "a": [10, 20, Bson::Null, Bson::Null, 5] },
        ),
        (
            doc! { "_id": 1, "a": [{ "b": 1 }] },
            doc! { "$set": { "a.0.c": 2, "a.1.c": 3 } },
            doc! { "_id": 1, "a": [{ "b": 1, "c": 2 }, { "c": 3 }] },
        ),
        (doc! { "_id": 1, "a": [1, 2] }, doc! { "$unset": { "a.0": 1 } }, doc! { "_id": 1, "a": [Bson::Null, 2] }),
        (doc! { "_id": 1, "a": [1, 2] }, doc! { "$unset": { "a.7": 1, "a.x": 1 } }, doc! { "_id": 1, "a": [1, 2] }),
        (doc! { "_id": 1, "a": [1] }, doc! { "$rename": { "a.3": "b" } }, doc! { "_id": 1, "a": [1] }),
        (doc! { "_id": 1, "a": {} }, doc! { "$set": { "a.0": 1 } }, doc! { "_id": 1, "a": { "0": 1 } }),
    ]);
}

#[test]
fn all_items_are_updated_by_the_empty_identifier() {
    check(&[
        (doc! { "_id": 1, "a": [1, 2] }, doc! { "$inc": { "a.$[]": 10 } }, doc! { "_id": 1, "a": [11, 12] }),
        (doc! { "_id": 1, "a": [] }, doc! { "$inc": { "a.$[]": 10 } }, doc! { "_id": 1, "a": [] }),
        (
            doc! { "_id": 1, "a": [1, 2] },
            doc! { "$unset": { "a.$[]": 1 } },
            doc! { "_id": 1, "a": [Bson::Null, Bson::Null] },
        ),
        (
            doc! { "_id": 1, "a": [{ "b": [1] }, { "b": [2, 3] }] },
            doc! { "$mul": { "a.$[].b.$[]": 2 } },
            doc! { "_id": 1, "a": [{ "b": [2] }, { "b": [4, 6] }] },
        ),
    ]);
}

#[test]
fn the_positional_operator_stands_for_the_index_that_matched() {
    let at = |document: Document, modifications: Document| update_at(&document, &modifications, Some(1), &[]);
    let table = [
        (doc! { "_id": 1, "a": [1, 2, 3] }, doc! { "$set": { "a.$": 9 } }, doc! { "_id": 1, "a": [1, 9, 3] }),
        (
            doc! { "_id": 1, "a": [{ "x": 1 }, { "x": 2 }] },
            doc! { "$set": { "a.$.x": 9, "a.0.x": 8, "a.1.y": 7 } },
            doc! { "_id": 1, "a": [{ "x": 8 }, { "x": 9, "y": 7 }] },
        ),
    ];
    for (document, modifications, expected) in table {
        assert_eq!(at(document, modifications).unwrap(), expected);
    }
    let both = at(doc! { "_id": 1, "a": [1, 2] }, doc! { "$set": { "a.$": 1, "a.1": 2 } });
    assert_eq!(code(both), 40);
    assert_eq!(code(update(&doc! { "_id": 1, "a": [1] }, &doc! { "$set": { "a.$": 1 } })), 2);
}

#[test]
fn what_an_update_may_touch_ends_where_an_array_may_begin() {
    let update = doc! { "$set": { "a.b": 1, "c.0.d": 1, "e.$[x].f": 1 }, "$rename": { "g": "h.i" } };
    let touched = parse(&update, &[doc! { "x": 1 }]).unwrap().touches().unwrap();
    let touched: Vec<&str> = touched.iter().map(crate::value::Path::as_str).collect();
    assert_eq!(touched, ["a.b", "c", "e", "g", "h.i"]);
    assert_eq!(parse(&doc! { "a": 1 }, &[]).unwrap().touches(), None);
}

#[test]
fn values_of_all_types_stay_what_they_are_beside_a_change() {
    let all = vec![
        Bson::Double(1.5),
        "text".into(),
        doc! { "x": [1] }.into(),
        Bson::Array(vec![1.into(), "y".into()]),
        Bson::Binary(bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: vec![1, 2] }),
        Bson::Binary(bson::Binary { subtype: bson::spec::BinarySubtype::BinaryOld, bytes: vec![1, 2] }),
        Bson::Undefined,
        bson::oid::ObjectId::from_bytes([7; 12]).into(),
        true.into(),
        bson::DateTime::from_millis(5).into(),
        Bson::Null,
        Bson::RegularExpression(bson::Regex { pattern: "^a".try_into().unwrap(), options: "i".try_into().unwrap() }),
        Bson::JavaScriptCode("f()".into()),
        Bson::Symbol("s".into()),
        Bson::JavaScriptCodeWithScope(bson::JavaScriptCodeWithScope { code: "f()".into(), scope: doc! { "z": 1 } }),
        7.into(),
        Bson::Timestamp(bson::Timestamp { time: 1, increment: 2 }),
        7_i64.into(),
        Bson::Decimal128("1.50".parse().unwrap()),
        Bson::MinKey,
        Bson::MaxKey,
    ];
    for value in &all {
        check(&[
            (
                doc! { "_id": 1, "b": { "v": value, "n": 1 }, "c": value },
                doc! { "$inc": { "b.n": 1 }, "$set": { "d": value } },
                doc! { "_id": 1, "b": { "v": value, "n": 2 }, "c": value, "d": value },
            ),
            (
                doc! { "_id": 1, "b": [value, 1, value] },
                doc! { "$set": { "b.1": value, "b.4": value } },
                doc! { "_id": 1, "b": [value, value, value, Bson::Null, value] },
            ),
            (doc! { "_id": 1, "b": value, "c": 1 }, doc! { "$rename": { "b": "c" } }, doc! { "_id": 1, "c": value }),
        ]);
    }
}
