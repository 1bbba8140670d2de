//! Stages that read other collections, that nest pipelines, and that write.

mod buckets;
mod geo_near;
mod graph_lookup;
mod lookup;
mod merge;

use bson::{Bson, Document, doc};

use crate::aggregation::testing::{Lists, code, run, run_among, values_of_all_types};

fn decimal(text: &str) -> Bson {
    Bson::Decimal128(text.parse().unwrap())
}

#[test]
fn facets_read_the_same_documents() {
    let documents: Vec<_> = (1..=4).map(|id| doc! { "_id": id, "v": id % 2 }).collect();
    let facet = doc! { "$facet": { "n": [{ "$count": "n" }], "even": [{ "$match": { "v": 0 } }, { "$project": { "_id": 1 } }], "none": [{ "$limit": 1 }, { "$match": { "v": 9 } }] } };
    let expected = doc! { "n": [{ "n": 4 }], "even": [{ "_id": 2 }, { "_id": 4 }], "none": [] };
    assert_eq!(run(&documents, &[facet]).unwrap(), [expected]);
    for (facet, expected) in [
        (Bson::from(1), 40169),
        (doc! {}.into(), 40169),
        (doc! { "a": "x" }.into(), 40170),
        (doc! { "a": [1] }.into(), 40171),
        (doc! { "a": [{ "$nothing": 1 }] }.into(), 40324),
        (doc! { "": [] }.into(), 15998),
        (doc! { "a.b": [] }.into(), 16412),
        (doc! { "$x": [] }.into(), 16410),
        (doc! { "a": [{ "$facet": { "b": [] } }] }.into(), 40600),
        (doc! { "a": [{ "$out": "x" }] }.into(), 40600),
        (doc! { "a": [{ "$indexStats": {} }] }.into(), 40600),
        (doc! { "a": [{ "$geoNear": {} }] }.into(), 40600),
        (doc! { "a": [{ "$planCacheStats": {} }] }.into(), 40600),
        (doc! { "a": [{ "$lookup": { "from": "f", "pipeline": [{ "$out": "x" }], "as": "j" } }] }.into(), 51047),
        (doc! { "a": [{ "$limit": 0 }] }.into(), 15958),
    ] {
        assert_eq!(code(&[], &[doc! { "$facet": facet.clone() }]), expected, "{facet}");
    }
}

#[test]
fn a_union_yields_the_other_collection_after_its_own() {
    let lists = Lists::with(&[("o", vec![doc! { "_id": 2, "v": 1 }, doc! { "_id": 3, "v": 2 }])]);
    let own = [doc! { "_id": 1 }];
    let ids = |stage: Document| -> Vec<i32> {
        run_among(&lists, &own, &[stage]).unwrap().iter().map(|doc| doc.get_i32("_id").unwrap()).collect()
    };
    assert_eq!(ids(doc! { "$unionWith": "o" }), [1, 2, 3]);
    assert_eq!(ids(doc! { "$unionWith": { "coll": "o", "pipeline": [{ "$match": { "v": 2 } }] } }), [1, 3]);
    assert_eq!(ids(doc! { "$unionWith": { "pipeline": [{ "$documents": [{ "_id": 7 }] }] } }), [1, 7]);
    assert_eq!(ids(doc! { "$unionWith": "none" }), [1]);
    for (union, expected) in [
        (Bson::from(1), 9),
        (doc! { "coll": "o", "x": 1 }.into(), 40415),
        (doc! { "pipeline": [] }.into(), 9),
        (doc! { "coll": 1 }.into(), 14),
        (doc! { "coll": "o", "pipeline": [{ "$out": "x" }] }.into(), 31441),
    ] {
        assert_eq!(code(&[], &[doc! { "$unionWith": union.clone() }]), expected, "{union}");
    }
}

#[test]
fn a_root_is_replaced_by_a_document() {
    let documents = [doc! { "a": { "b": 1 } }];
    assert_eq!(run(&documents, &[doc! { "$replaceRoot": { "newRoot": "$a" } }]).unwrap(), [doc! { "b": 1 }]);
    assert_eq!(run(&documents, &[doc! { "$replaceWith": { "x": "$a.b" } }]).unwrap(), [doc! { "x": 1 }]);
    for (stage, expected) in [
        (doc! { "$replaceWith": "$a.b" }, 40228),
        (doc! { "$replaceWith": "$missing" }, 40228),
        (doc! { "$replaceRoot": {} }, 40414),
        (doc! { "$replaceRoot": { "newRoot": "$a", "x": 1 } }, 40415),
    ] {
        assert_eq!(code(&documents, std::slice::from_ref(&stage)), expected, "{stage}");
    }
}

#[test]
fn samples_are_of_documents_that_are_there_at_most_once() {
    let documents: Vec<_> = (0..50).map(|id| doc! { "_id": id }).collect();
    for (size, expected) in [
        (Bson::from(7), 7),
        (1.9.into(), 1),
        (decimal("2.5"), 2),
        (decimal("1.5"), 2),
        (f64::INFINITY.into(), 50),
        (decimal("1E+6144"), 50),
        (i64::MAX.into(), 50),
    ] {
        let mut ids: Vec<i32> = run(&documents, &[doc! { "$sample": { "size": size.clone() } }])
            .unwrap()
            .iter()
            .map(|doc| doc.get_i32("_id").unwrap())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), expected, "{size}");
    }
    for (sample, expected) in [
        (Bson::from(1), 28745),
        (doc! { "size": "x" }.into(), 28746),
        (doc! { "size": 0 }.into(), 28747),
        (doc! { "size": -1 }.into(), 28747),
        (doc! { "size": f64::NAN }.into(), 28747),
        (doc! { "size": 1, "x": 1 }.into(), 28748),
        (doc! {}.into(), 28749),
    ] {
        assert_eq!(code(&[], &[doc! { "$sample": sample.clone() }]), expected, "{sample}");
    }
}

#[test]
fn redaction_descends_keeps_and_prunes() {
    let by =
        |then: &str, otherwise: &str| doc! { "$redact": { "$cond": [{ "$eq": ["$secret", true] }, then, otherwise] } };
    for (document, stage, expected) in [
        (
            doc! { "items": [1, "x", [2, 3], { "secret": true }, { "keep": 9 }] },
            by("$$PRUNE", "$$DESCEND"),
            Some(doc! { "items": [1, "x", [2, 3], { "keep": 9 }] }),
        ),
        (
            doc! { "m": [[{ "keep": 1 }, { "secret": true }]] },
            by("$$PRUNE", "$$DESCEND"),
            Some(doc! { "m": [[{ "keep": 1 }]] }),
        ),
        (
            doc! { "a": { "b": { "c": { "secret": true } } } },
            by("$$PRUNE", "$$DESCEND"),
            Some(doc! { "a": { "b": {} } }),
        ),
        (doc! { "a": { "secret": true } }, by("$$PRUNE", "$$KEEP"), Some(doc! { "a": { "secret": true } })),
        (doc! { "secret": true }, by("$$PRUNE", "$$DESCEND"), None),
        (
            doc! { "top": true, "child": { "top": false } },
            doc! { "$redact": { "$cond": [{ "$eq": ["$$ROOT.top", true] }, "$$DESCEND", "$$PRUNE"] } },
            Some(doc! { "top": true, "child": { "top": false } }),
        ),
        (
            doc! { "keep": true, "child": { "keep": false } },
            doc! { "$redact": { "$cond": ["$$CURRENT.keep", "$$DESCEND", "$$PRUNE"] } },
            Some(doc! { "keep": true }),
        ),
    ] {
        assert_eq!(run(&[document], std::slice::from_ref(&stage)).unwrap().pop(), expected, "{stage}");
    }
    assert_eq!(code(&[doc! {}], &[doc! { "$redact": "other" }]), 17053);
}

#[test]
fn documents_come_from_an_expression() {
    assert_eq!(run(&[], &[doc! { "$documents": [{ "x": { "$add": [1, 2] } }] }]).unwrap(), [doc! { "x": 3 }]);
    assert_eq!(code(&[], &[doc! { "$documents": 1 }]), 5_858_203);
    assert_eq!(code(&[], &[doc! { "$documents": [1] }]), 40228);
    assert_eq!(code(&[], &[doc! { "$limit": 1 }, doc! { "$documents": [] }]), 40602);
}

#[test]
fn statistics_are_checked_and_come_first() {
    for (stage, expected) in [
        (doc! { "$collStats": 1 }, 5_447_000),
        (doc! { "$collStats": { "count": { "x": 1 } } }, 31170),
        (doc! { "$collStats": { "count": 1 } }, 14),
        (doc! { "$collStats": { "other": {} } }, 40415),
        (doc! { "$indexStats": { "x": 1 } }, 28803),
        (doc! { "$indexStats": 1 }, 28803),
    ] {
        assert_eq!(code(&[], std::slice::from_ref(&stage)), expected, "{stage}");
    }
    assert_eq!(code(&[], &[doc! { "$limit": 1 }, doc! { "$indexStats": {} }]), 40602);
    assert_eq!(run(&[], &[doc! { "$indexStats": {} }]).unwrap().len(), 1);
}

#[test]
fn counts_are_sorted() {
    let documents = [doc! { "k": "a" }, doc! { "k": "b" }, doc! { "k": "b" }];
    assert_eq!(
        run(&documents, &[doc! { "$sortByCount": "$k" }]).unwrap(),
        [doc! { "_id": "b", "count": 2 }, doc! { "_id": "a", "count": 1 }]
    );
    for (value, expected) in [(Bson::from(1), 40149), ("k".into(), 40148), (doc! { "a": 1 }.into(), 40147)] {
        assert_eq!(code(&[], &[doc! { "$sortByCount": value.clone() }]), expected, "{value}");
    }
}

#[test]
fn what_is_put_out_replaces_a_collection() {
    let lists = Lists::with(&[("t", vec![doc! { "_id": 9 }])]);
    let results = run_among(&lists, &[doc! { "a": 1, "_id": 1 }, doc! { "b": 2 }], &[doc! { "$out": "t" }]).unwrap();
    assert!(results.is_empty());
    let written = lists.of("t");
    assert_eq!(written[0], doc! { "_id": 1, "a": 1 });
    assert_eq!((written.len(), written[1].get_object_id("_id").is_ok()), (2, true));
    run_among(&lists, &[doc! { "_id": 1 }], &[doc! { "$out": { "db": "other", "coll": "t" } }]).unwrap();
    assert_eq!(lists.of("other.t"), [doc! { "_id": 1 }]);
}

#[test]
fn targets_of_out_are_checked() {
    let in_other = |db: &str| Bson::from(doc! { "db": db, "coll": "t" });
    let mut cases: Vec<(Bson, i32)> = vec![
        ("".into(), 73),
        ("a\0b".into(), 73),
        (".a".into(), 73),
        ("system.test".into(), 17385),
        ("$name".into(), 20),
        ("a".repeat(255).into(), 20),
        (doc! { "db": null, "coll": "t" }.into(), 40414),
        (doc! { "db": "d" }.into(), 40414),
        (doc! { "db": "d", "coll": "t", "x": 1 }.into(), 40415),
        (doc! { "db": 1, "coll": "t" }.into(), 14),
    ];
    cases.extend(["", ".a", "a.b", "$a", "a/b", "a b", "a\\b"].map(|db| (in_other(db), 73)));
    cases.extend(["admin", "config", "local"].map(|db| (in_other(db), 31321)));
    let others =
        values_of_all_types().into_iter().filter(|value| !matches!(value, Bson::String(_) | Bson::Document(_)));
    cases.extend(others.map(|value| (value, 16990)));
    for (out, expected) in cases {
        assert_eq!(code(&[], &[doc! { "$out": out.clone() }]), expected, "{out}");
    }
    for pipeline in
        [vec![doc! { "$out": "a" }, doc! { "$limit": 1 }], vec![doc! { "$merge": "a" }, doc! { "$out": "b" }]]
    {
        assert_eq!(code(&[], &pipeline), 40601);
    }
}

#[test]
fn no_value_makes_a_stage_panic() {
    let mut values = values_of_all_types();
    for inner in values.clone() {
        let names = ["$sum", "$push", "_id", "path", "from", "into", "n", "input", "size", "pipeline", "newRoot", "as"];
        values.extend(names.map(|name| doc! { name: inner.clone() }.into()));
        values.push(Bson::Array(vec![inner.clone(), inner.clone()]));
        values.push(
            doc! { "_id": inner.clone(), "x": { "$topN": { "n": 2, "sortBy": { "a": 1 }, "output": inner.clone() } } }
                .into(),
        );
        values.push(
            doc! { "groupBy": "$a", "buckets": 2, "boundaries": [1, 2], "default": inner.clone(), "granularity": "R5" }
                .into(),
        );
        values.push(doc! { "near": inner.clone(), "distanceField": "d", "key": "a", "minDistance": inner }.into());
    }
    let documents =
        [doc! { "a": 1 }, doc! { "a": [1, { "b": [] }] }, doc! { "a": { "b": { "c": f64::NAN } } }, doc! {}];
    for kind in super::STAGES {
        for value in &values {
            drop(run(&documents, &[doc! { kind.name: value.clone() }]));
        }
    }
}
