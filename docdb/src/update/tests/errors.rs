use bson::Bson;

use super::*;

#[test]
fn two_operators_cannot_change_one_place() {
    let refused = [
        doc! { "$set": { "a": 1 }, "$inc": { "a": 1 } },
        doc! { "$set": { "a": 1, "a.b": 1 } },
        doc! { "$set": { "a.b": 1, "a": 1 } },
        doc! { "$set": { "a.b.c": 1 }, "$unset": { "a": 1 } },
        doc! { "$rename": { "b": "z" }, "$set": { "b": 1 } },
        doc! { "$rename": { "b": "z" }, "$set": { "z.y": 1 } },
        doc! { "$rename": { "b": "z", "z": "y" } },
        doc! { "$set": { "a.$[]": 1, "a.0": 1 } },
        doc! { "$set": { "a.$[]": 1 }, "$unset": { "a.$[]": 1 } },
    ];
    for update in refused {
        assert_eq!(parse(&update, &[]).unwrap_err().code().0, 40, "{update}");
    }
}

#[test]
fn malformed_updates_are_refused() {
    let a = || doc! { "_id": 1, "a": [1, 2], "n": 1, "s": "x", "d": { "e": 1 } };
    check_refused(&[
        (a(), doc! { "$foo": { "n": 1 } }, 9),
        (a(), doc! { "$set": { "n": 1 }, "b": 1 }, 9),
        (a(), doc! { "$set": 1 }, 9),
        (a(), doc! { "$pull": [] }, 9),
        (a(), doc! { "b": 1, "$set": { "n": 1 } }, 52),
        (a(), doc! { "$set": { "": 1 } }, 56),
        (a(), doc! { "$set": { "a..b": 1 } }, 56),
        (a(), doc! { "$set": { "a.": 1 } }, 56),
        (a(), doc! { "$inc": { "$field": 5 } }, 52),
        (a(), doc! { "$inc": { "$": 5 } }, 2),
        (a(), doc! { "$set": { "$[].a": 5 } }, 2),
        (a(), doc! { "$set": { "a.$.b.$": 5 } }, 2),
        (a(), doc! { "$inc": { "n": "x" } }, 14),
        (a(), doc! { "$inc": { "s": 1 } }, 14),
        (a(), doc! { "$mul": { "n": Bson::Null } }, 14),
        (a(), doc! { "$mul": { "s": 1 } }, 14),
        (doc! { "_id": 1, "n": i64::MAX }, doc! { "$inc": { "n": 1 } }, 2),
        (doc! { "_id": 1, "n": i64::MAX }, doc! { "$mul": { "n": 2 } }, 2),
        (a(), doc! { "$bit": { "n": 1 } }, 2),
        (a(), doc! { "$bit": { "n": {} } }, 9),
        (a(), doc! { "$bit": { "n": { "not": 1 } } }, 2),
        (a(), doc! { "$bit": { "n": { "and": 1.5 } } }, 2),
        (a(), doc! { "$bit": { "s": { "and": 1 } } }, 2),
        (a(), doc! { "$currentDate": { "n": "date" } }, 2),
        (a(), doc! { "$currentDate": { "n": { "$type": "Date" } } }, 2),
        (a(), doc! { "$currentDate": { "n": { "$type": "date", "extra": 1 } } }, 2),
        (a(), doc! { "$push": { "n": 1 } }, 2),
        (a(), doc! { "$push": { "a": { "$each": 1 } } }, 2),
        (a(), doc! { "$push": { "a": { "$each": [], "$foo": 1 } } }, 2),
        (a(), doc! { "$push": { "a": { "$each": [], "$slice": "x" } } }, 2),
        (a(), doc! { "$push": { "a": { "$each": [], "$position": 1.5 } } }, 2),
        (a(), doc! { "$push": { "a": { "$each": [], "$sort": 0 } } }, 2),
        (a(), doc! { "$push": { "a": { "$each": [], "$sort": {} } } }, 2),
        (a(), doc! { "$push": { "a": { "$each": [], "$sort": { "a.": 1 } } } }, 2),
        (a(), doc! { "$push": { "a": { "$each": [], "$sort": { "": 1 } } } }, 2),
        (a(), doc! { "$push": { "a": { "$each": [], "$sort": { "a": "asc" } } } }, 2),
        (a(), doc! { "$addToSet": { "n": 1 } }, 2),
        (a(), doc! { "$addToSet": { "a": { "$each": 1 } } }, 14),
        (a(), doc! { "$addToSet": { "a": { "$each": [1], "$sort": 1 } } }, 2),
        (a(), doc! { "$addToSet": { "_id": 2 } }, 2),
        (a(), doc! { "$pop": { "a": 2 } }, 9),
        (a(), doc! { "$pop": { "a": "x" } }, 9),
        (a(), doc! { "$pop": { "n": 1 } }, 14),
        (a(), doc! { "$pull": { "n": 1 } }, 2),
        (a(), doc! { "$pullAll": { "a": 1 } }, 2),
        (a(), doc! { "$pullAll": { "n": [1] } }, 2),
    ]);
}

#[test]
fn paths_that_lead_nowhere_are_refused() {
    let a = || doc! { "_id": 1, "a": [1, 2], "n": 1, "z": Bson::Null };
    check_refused(&[
        (a(), doc! { "$set": { "n.x": 1 } }, 28),
        (a(), doc! { "$set": { "z.x": 1 } }, 28),
        (a(), doc! { "$inc": { "a.x": 1 } }, 28),
        (a(), doc! { "$set": { "a.01": 1 } }, 28),
        (a(), doc! { "$pop": { "n.x": 1 } }, 28),
        (a(), doc! { "$pull": { "n.x": 1 } }, 28),
        (a(), doc! { "$rename": { "n.x": "y" } }, 28),
        (a(), doc! { "$rename": { "n": "z.x" } }, 28),
        (a(), doc! { "$rename": { "a.0": "y" } }, 2),
        (a(), doc! { "$rename": { "n": "a.0" } }, 2),
        (a(), doc! { "$rename": { "a.x": "y" } }, 28),
        (a(), doc! { "$set": { "a.2000000": 1 } }, 33),
        (a(), doc! { "$set": { "n.$[]": 1 } }, 2),
        (a(), doc! { "$set": { "m.$[]": 1 } }, 2),
        (a(), doc! { "$set": { "n.x.$[]": 1 } }, 2),
    ]);
}

#[test]
fn renames_that_make_no_sense_are_refused() {
    let a = || doc! { "_id": 1, "a": 10 };
    check_refused(&[
        (a(), doc! { "$rename": { "a": 1 } }, 2),
        (a(), doc! { "$rename": { "a": "" } }, 56),
        (a(), doc! { "$rename": { "a": "a" } }, 2),
        (a(), doc! { "$rename": { "a": "a.b" } }, 2),
        (a(), doc! { "$rename": { "a.$": "b" } }, 2),
        (a(), doc! { "$rename": { "a": "b.$[x]" } }, 2),
        (a(), doc! { "$rename": { "_id": "b" } }, 66),
        (a(), doc! { "$rename": { "a": "_id" } }, 66),
    ]);
}

#[test]
fn the_id_cannot_be_changed() {
    let a = || doc! { "_id": { "x": 1 }, "a": 1 };
    check_refused(&[
        (a(), doc! { "$set": { "_id": 2 } }, 66),
        (a(), doc! { "$set": { "_id.x": 2 } }, 66),
        (a(), doc! { "$unset": { "_id": 1 } }, 66),
        (a(), doc! { "$currentDate": { "_id": true } }, 66),
        (a(), doc! { "_id": 2, "a": 1 }, 66),
    ]);
}

#[test]
fn a_document_must_not_grow_too_large_or_too_deep() {
    let half = "x".repeat(9 << 20);
    let document = doc! { "_id": 1, "a": &half };
    assert_eq!(code(update(&document, &doc! { "$set": { "b": &half } })), 17419);
    let many = doc! { "_id": 1, "a": vec![1; 10_000] };
    assert_eq!(code(update(&many, &doc! { "$set": { "a.$[]": "x".repeat(1 << 20) } })), 17419);
    let far: Document = (1..20).map(|number| (format!("a.{}", number * 1_400_000), 1.into())).collect();
    assert_eq!(code(update(&many, &doc! { "$set": far })), 17419);
    let deep = vec!["a"; 120].join(".");
    assert_eq!(code(update(&doc! { "_id": 1 }, &doc! { "$set": { deep: 1 } })), 15);
}

#[test]
fn array_filters_have_one_identifier_each_and_are_used() {
    let update = doc! { "$set": { "a.$[x]": 1 } };
    let table = [
        (vec![], 2),
        (vec![doc! { "y": 1 }], 2),
        (vec![doc! { "x": 1 }, doc! { "y": 1 }], 9),
        (vec![doc! { "x": 1 }, doc! { "x": 2 }], 9),
        (vec![doc! {}], 9),
        (vec![doc! { "x": 1, "y": 1 }], 9),
        (vec![doc! { "X": 1 }], 2),
        (vec![doc! { "1x": 1 }], 2),
        (vec![doc! { "": 1 }], 2),
        (vec![doc! { "$text": { "$search": "x" } }], 2),
        (vec![doc! { "$where": "true" }], 2),
        (vec![doc! { "$expr": true }], 224),
    ];
    for (filters, expected) in table {
        assert_eq!(parse(&update, &filters).unwrap_err().code().0, expected, "{filters:?}");
    }
    assert!(parse(&update, &[doc! { "$or": [{ "x": 1 }, { "x.y": 2 }] }]).is_ok());
    assert_eq!(parse(&doc! { "a": 1 }, &[doc! { "x": 1 }]).unwrap_err().code().0, 9);
}
