use bson::{Bson, Document, doc};

use crate::aggregation::testing::{Lists, code, run_among};

fn merged(target: Vec<Document>, documents: &[Document], merge: Document) -> Result<Vec<Document>, i32> {
    let mut lists = Lists::with(&[("t", target)]);
    lists.unique = vec![(vec!["key".to_owned()], false), (vec!["sparse".to_owned()], true)];
    let mut stage = doc! { "into": "t" };
    stage.extend(merge);
    run_among(&lists, documents, &[doc! { "$merge": stage }]).map_err(|error| error.code().0)?;
    Ok(lists.of("t"))
}

#[test]
fn documents_are_merged_as_they_are_found_or_not() {
    let target = || vec![doc! { "_id": 1, "z": 1, "a": 2 }];
    let source = [doc! { "_id": 1, "b": 3, "a": 99 }, doc! { "_id": 2, "x": 1 }];
    let new = doc! { "_id": 2, "x": 1 };
    for (merge, expected) in [
        (doc! {}, vec![doc! { "_id": 1, "z": 1, "a": 99, "b": 3 }, new.clone()]),
        (doc! { "whenMatched": "replace" }, vec![doc! { "_id": 1, "b": 3, "a": 99 }, new.clone()]),
        (doc! { "whenMatched": "keepExisting" }, vec![doc! { "_id": 1, "z": 1, "a": 2 }, new.clone()]),
        (doc! { "whenNotMatched": "discard" }, vec![doc! { "_id": 1, "z": 1, "a": 99, "b": 3 }]),
        (
            doc! { "whenMatched": [{ "$set": { "sum": { "$add": ["$a", "$$new.a"] } } }] },
            vec![doc! { "_id": 1, "z": 1, "a": 2, "sum": 101 }, new.clone()],
        ),
        (
            doc! { "let": { "got": "$b" }, "whenMatched": [{ "$set": { "got": "$$got" } }] },
            vec![doc! { "_id": 1, "z": 1, "a": 2, "got": 3 }, new.clone()],
        ),
    ] {
        assert_eq!(merged(target(), &source, merge.clone()).unwrap(), expected, "{merge}");
    }
}

#[test]
fn failures_have_their_codes() {
    let target = || vec![doc! { "_id": 1, "key": "a" }];
    for (source, merge, expected) in [
        (doc! { "_id": 1 }, doc! { "whenMatched": "fail" }, 11000),
        (doc! { "_id": 2 }, doc! { "whenNotMatched": "fail" }, 13113),
        (doc! { "_id": 2, "key": "a" }, doc! { "on": "key" }, 66),
        (doc! { "_id": 2, "key": "a" }, doc! { "on": "key", "whenMatched": "replace" }, 66),
        (doc! { "_id": 1, "x": 1 }, doc! { "on": "x" }, 51183),
        (doc! { "_id": 1, "key": ["a"] }, doc! { "on": "key" }, 51185),
        (doc! { "_id": 1 }, doc! { "on": "sparse" }, 51132),
    ] {
        assert_eq!(merged(target(), &[source], merge.clone()).unwrap_err(), expected, "{merge}");
    }
}

#[test]
fn others_are_written_before_a_duplicate_fails() {
    let lists = Lists::with(&[("t", vec![doc! { "_id": 1, "x": 99 }])]);
    let stage = doc! { "$merge": { "into": "t", "whenMatched": "fail" } };
    let failed = run_among(&lists, &[doc! { "_id": 1 }, doc! { "_id": 2 }], &[stage]).unwrap_err();
    assert_eq!(failed.code().0, 11000);
    assert_eq!(lists.of("t"), [doc! { "_id": 1, "x": 99 }, doc! { "_id": 2 }]);
}

#[test]
fn specifications_are_checked() {
    let with = |extra: Document| {
        let mut merge = doc! { "into": "t" };
        merge.extend(extra);
        Bson::from(merge)
    };
    for (merge, expected) in [
        (Bson::from(1), 14),
        (doc! { "into": 1 }.into(), 51178),
        (doc! { "into": "" }.into(), 5_786_800),
        (doc! { "into": { "db": "d" } }.into(), 5_786_801),
        (doc! { "into": { "db": "admin", "coll": "c" } }.into(), 31320),
        (doc! { "into": "system.x" }.into(), 31319),
        (doc! {}.into(), 40414),
        (with(doc! { "x": 1 }), 40415),
        (with(doc! { "on": 1 }), 51186),
        (with(doc! { "on": [] }), 51187),
        (with(doc! { "on": [1] }), 51134),
        (with(doc! { "on": ["a", "a"] }), 31465),
        (with(doc! { "whenMatched": 1 }), 51191),
        (with(doc! { "whenMatched": "other" }), 2),
        (with(doc! { "whenNotMatched": "other" }), 2),
        (with(doc! { "whenMatched": "fail", "whenNotMatched": "discard" }), 51181),
        (with(doc! { "whenMatched": "keepExisting", "whenNotMatched": "fail" }), 51181),
        (with(doc! { "let": { "x": 1 } }), 51199),
        (with(doc! { "let": { "new": 1 }, "whenMatched": [] }), 51273),
        (with(doc! { "let": { "Abc": 1 }, "whenMatched": [{ "$set": { "x": 1 } }] }), 9),
    ] {
        assert_eq!(code(&[], &[doc! { "$merge": merge.clone() }]), expected, "{merge}");
    }
}
