use bson::{Bson, Document, doc};

use super::decimal;
use crate::aggregation::testing::{Lists, code, run_among};

fn join(local: &[Document], foreign: Vec<Document>, lookup: Document) -> Vec<Document> {
    run_among(&Lists::with(&[("f", foreign)]), local, &[doc! { "$lookup": lookup }]).unwrap()
}

fn ids(local: Document, foreign: Vec<Document>, foreign_field: &str) -> Vec<i32> {
    let lookup = doc! { "from": "f", "localField": "lf", "foreignField": foreign_field, "as": "j" };
    let results = join(&[local], foreign, lookup);
    results[0].get_array("j").unwrap().iter().map(|doc| doc.as_document().unwrap().get_i32("_id").unwrap()).collect()
}

#[test]
fn every_document_stays_and_has_what_matches() {
    let foreign = || {
        vec![
            doc! { "_id": 10, "ff": null },
            doc! { "_id": 11 },
            doc! { "_id": 12, "ff": "x" },
            doc! { "_id": 13, "ff": [1, "y"] },
        ]
    };
    for (local, expected) in [
        (doc! {}, vec![10, 11]),
        (doc! { "lf": null }, vec![10, 11]),
        (doc! { "lf": [] }, vec![10, 11]),
        (doc! { "lf": "x" }, vec![12]),
        (doc! { "lf": ["x", "x", "y"] }, vec![12, 13]),
        (doc! { "lf": 1.0 }, vec![13]),
        (doc! { "lf": decimal("1.0") }, vec![13]),
        (doc! { "lf": "z" }, vec![]),
        (doc! { "lf": [[1, "y"]] }, vec![13]),
    ] {
        assert_eq!(ids(local.clone(), foreign(), "ff"), expected, "{local}");
    }
    assert_eq!(ids(doc! {}, vec![doc! { "_id": 1, "ff": [] }], "ff"), [] as [i32; 0]);
}

#[test]
fn a_regular_expression_is_a_value() {
    let regex =
        Bson::RegularExpression(bson::Regex { pattern: "abc".try_into().unwrap(), options: "".try_into().unwrap() });
    let foreign = vec![doc! { "_id": 1, "ff": regex.clone() }, doc! { "_id": 2, "ff": "abc" }];
    assert_eq!(ids(doc! { "lf": regex }, foreign, "ff"), [1]);
}

#[test]
fn a_collection_that_is_not_there_is_empty() {
    let lookup = doc! { "from": "none", "localField": "a", "foreignField": "b", "as": "x.j" };
    assert_eq!(join(&[doc! { "a": 1, "x": 5 }], vec![], lookup), [doc! { "a": 1, "x": { "j": [] } }]);
}

#[test]
fn a_pipeline_sees_the_variables_of_each_document() {
    let foreign = vec![doc! { "_id": 1, "n": 5 }, doc! { "_id": 2, "n": 10 }];
    let lookup = doc! {
        "from": "f",
        "let": { "low": "$low" },
        "pipeline": [{ "$match": { "$expr": { "$gt": ["$n", "$$low"] } } }, { "$addFields": { "low": "$$low" } }],
        "as": "j",
    };
    let results = join(&[doc! { "low": 7 }, doc! { "low": 1 }], foreign, lookup);
    assert_eq!(results[0].get_array("j").unwrap(), &vec![Bson::from(doc! { "_id": 2, "n": 10, "low": 7 })]);
    assert_eq!(results[1].get_array("j").unwrap().len(), 2);
}

#[test]
fn what_is_the_same_for_all_documents_is_joined_to_each() {
    let lookup = doc! { "from": "f", "pipeline": [{ "$project": { "_id": 1 } }], "as": "j" };
    let results = join(&[doc! { "a": 1 }, doc! { "a": 2 }], vec![doc! { "_id": 7, "x": 1 }], lookup);
    assert_eq!(results, [doc! { "a": 1, "j": [{ "_id": 7 }] }, doc! { "a": 2, "j": [{ "_id": 7 }] }]);
    let lookup = doc! { "from": "f", "pipeline": [{ "$sample": { "size": 1 } }], "as": "j" };
    assert_eq!(
        join(&[doc! {}, doc! {}], vec![doc! { "_id": 7 }], lookup),
        [doc! { "j": [{ "_id": 7 }] }, doc! { "j": [{ "_id": 7 }] }]
    );
}

#[test]
fn fields_and_a_pipeline_join_together() {
    let foreign =
        vec![doc! { "_id": 1, "k": 1, "v": 1 }, doc! { "_id": 2, "k": 1, "v": 2 }, doc! { "_id": 3, "k": 2, "v": 2 }];
    let lookup = doc! {
        "from": "f", "localField": "k", "foreignField": "k", "as": "j",
        "pipeline": [{ "$match": { "v": 2 } }, { "$project": { "_id": 1 } }],
    };
    assert_eq!(join(&[doc! { "k": 1 }], foreign, lookup), [doc! { "k": 1, "j": [{ "_id": 2 }] }]);
}

#[test]
fn pipelines_nest_and_bring_documents() {
    let lookup = doc! {
        "let": { "x": "$x" },
        "pipeline": [
            { "$documents": [{ "y": 1 }] },
            { "$lookup": {
                "let": { "y": "$y" },
                "pipeline": [{ "$documents": [{ "z": 3 }] }, { "$addFields": { "all": ["$$x", "$$y", "$z"] } }],
                "as": "inner",
            } },
        ],
        "as": "j",
    };
    let expected = doc! { "x": 9, "j": [{ "y": 1, "inner": [{ "z": 3, "all": [9, 1, 3] }] }] };
    assert_eq!(join(&[doc! { "x": 9 }], vec![], lookup), [expected]);
}

#[test]
fn specifications_are_checked() {
    let with = |extra: Document| {
        let mut lookup = doc! { "from": "f", "as": "j" };
        lookup.extend(extra);
        lookup
    };
    for (lookup, expected) in [
        (doc! { "from": "f", "localField": "a", "foreignField": "b" }, 40414),
        (with(doc! { "other": 1 }), 40415),
        (with(doc! {}), 9),
        (with(doc! { "localField": "a" }), 9),
        (with(doc! { "localField": 1, "foreignField": "b" }), 14),
        (with(doc! { "let": { "x": 1 } }), 9),
        (with(doc! { "let": { "x": 1 }, "localField": "a", "foreignField": "b" }), 9),
        (with(doc! { "let": 1, "pipeline": [] }), 14),
        (with(doc! { "let": { "Abc": 1 }, "pipeline": [] }), 9),
        (with(doc! { "let": { "x": "$$x" }, "pipeline": [] }), 17276),
        (with(doc! { "pipeline": [{ "$addFields": { "a": "$$nothing" } }] }), 17276),
        (with(doc! { "pipeline": [1] }), 14),
        (with(doc! { "pipeline": [{ "$out": "x" }] }), 51047),
        (with(doc! { "pipeline": [{ "$merge": "x" }] }), 51047),
        (doc! { "from": "", "pipeline": [], "as": "j" }, 73),
        (doc! { "from": "f", "pipeline": [], "as": "" }, 40352),
        (doc! { "pipeline": [], "as": "j" }, 9),
    ] {
        assert_eq!(code(&[], &[doc! { "$lookup": lookup.clone() }]), expected, "{lookup}");
    }
    assert_eq!(code(&[], &[doc! { "$lookup": 1 }]), 9);
    let mut deep = doc! { "$lookup": { "from": "f", "pipeline": [], "as": "j" } };
    for _ in 0..20 {
        deep = doc! { "$lookup": { "from": "f", "pipeline": [deep], "as": "j" } };
    }
    assert_eq!(code(&[], &[deep]), 232);
}
