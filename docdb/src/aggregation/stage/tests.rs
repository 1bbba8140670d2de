//! Stages that read other collections, that nest pipelines, and that write.

use bson::{Bson, Document, doc};

use crate::aggregation::testing::{Lists, code, run, run_among, values_of_all_types};

fn decimal(text: &str) -> Bson {
    Bson::Decimal128(text.parse().unwrap())
}

mod lookup {
    use super::*;

    fn join(local: &[Document], foreign: Vec<Document>, lookup: Document) -> Vec<Document> {
        run_among(&Lists::with(&[("f", foreign)]), local, &[doc! { "$lookup": lookup }]).unwrap()
    }

    fn ids(local: Document, foreign: Vec<Document>, foreign_field: &str) -> Vec<i32> {
        let lookup = doc! { "from": "f", "localField": "lf", "foreignField": foreign_field, "as": "j" };
        let results = join(&[local], foreign, lookup);
        results[0]
            .get_array("j")
            .unwrap()
            .iter()
            .map(|doc| doc.as_document().unwrap().get_i32("_id").unwrap())
            .collect()
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
        let regex = Bson::RegularExpression(bson::Regex {
            pattern: "abc".try_into().unwrap(),
            options: "".try_into().unwrap(),
        });
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
    fn fields_and_a_pipeline_join_together() {
        let foreign = vec![
            doc! { "_id": 1, "k": 1, "v": 1 },
            doc! { "_id": 2, "k": 1, "v": 2 },
            doc! { "_id": 3, "k": 2, "v": 2 },
        ];
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
}

mod graph_lookup {
    use super::*;

    fn people() -> Lists {
        Lists::with(&[(
            "p",
            vec![
                doc! { "_id": 1, "name": "a", "knows": ["b", "c"] },
                doc! { "_id": 2, "name": "b", "knows": "d" },
                doc! { "_id": 3, "name": "c", "knows": "a" },
                doc! { "_id": 4, "name": "d" },
            ],
        )])
    }

    fn graph(extra: Document) -> Document {
        let mut graph = doc! { "from": "p", "startWith": "$start", "connectFromField": "knows", "connectToField": "name", "as": "r" };
        graph.extend(extra);
        doc! { "$graphLookup": graph }
    }

    fn reached(extra: Document) -> Vec<(i32, Option<i64>)> {
        let results = run_among(&people(), &[doc! { "start": "a" }], &[graph(extra)]).unwrap();
        let found = |doc: &Bson| {
            let doc = doc.as_document().unwrap();
            (doc.get_i32("_id").unwrap(), doc.get_i64("depth").ok())
        };
        let mut all: Vec<_> = results[0].get_array("r").unwrap().iter().map(found).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn it_follows_circles_once_and_counts_steps() {
        assert_eq!(reached(doc! {}), [(1, None), (2, None), (3, None), (4, None)]);
        assert_eq!(reached(doc! { "depthField": "depth" }), [(1, Some(0)), (2, Some(1)), (3, Some(1)), (4, Some(2))]);
        assert_eq!(reached(doc! { "maxDepth": 1 }), [(1, None), (2, None), (3, None)]);
        assert_eq!(reached(doc! { "maxDepth": 0 }), [(1, None)]);
        assert_eq!(reached(doc! { "restrictSearchWithMatch": { "name": { "$ne": "b" } } }), [(1, None), (3, None)]);
    }

    #[test]
    fn specifications_are_checked() {
        for (extra, expected) in [
            (doc! { "maxDepth": "x" }, 40100),
            (doc! { "maxDepth": -1 }, 40101),
            (doc! { "maxDepth": 1.5 }, 40102),
            (doc! { "connectFromField": 1 }, 40103),
            (doc! { "other": 1 }, 40104),
            (doc! { "restrictSearchWithMatch": 1 }, 40185),
        ] {
            assert_eq!(code(&[], &[graph(extra.clone())]), expected, "{extra}");
        }
        assert_eq!(code(&[], &[doc! { "$graphLookup": { "from": "p" } }]), 40105);
        assert_eq!(code(&[], &[doc! { "$graphLookup": 1 }]), 40327);
    }
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
        assert_eq!(code(&documents, &[stage.clone()]), expected, "{stage}");
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
        assert_eq!(run(&[document], &[stage.clone()]).unwrap().pop(), expected, "{stage}");
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
        assert_eq!(code(&[], &[stage.clone()]), expected, "{stage}");
    }
    assert_eq!(code(&[], &[doc! { "$limit": 1 }, doc! { "$indexStats": {} }]), 40602);
    assert_eq!(run(&[], &[doc! { "$indexStats": {} }]).unwrap().len(), 1);
}

mod buckets {
    use super::*;

    #[test]
    fn documents_fall_into_ranges() {
        let documents: Vec<_> = [5, 10, 15, 20, 99].map(|v| doc! { "v": v }).into();
        let bucket = doc! { "$bucket": { "groupBy": "$v", "boundaries": [0, 10, 20], "default": "other" } };
        let expected =
            [doc! { "_id": 0, "count": 1 }, doc! { "_id": 10, "count": 2 }, doc! { "_id": "other", "count": 2 }];
        assert_eq!(run(&documents, &[bucket]).unwrap(), expected);
        let summed =
            doc! { "$bucket": { "groupBy": "$v", "boundaries": [0, 10.5, 100], "output": { "s": { "$sum": "$v" } } } };
        assert_eq!(run(&documents, &[summed]).unwrap(), [doc! { "_id": 0, "s": 15 }, doc! { "_id": 10.5, "s": 134 }]);
    }

    #[test]
    fn specifications_of_buckets_are_checked() {
        let with = |extra: Document| {
            let mut bucket = doc! { "groupBy": "$v", "boundaries": [0, 10] };
            bucket.extend(extra);
            bucket
        };
        for (bucket, expected) in [
            (doc! {}, 40198),
            (doc! { "groupBy": "$v" }, 40198),
            (with(doc! { "groupBy": "v" }), 40202),
            (with(doc! { "boundaries": 1 }), 40200),
            (with(doc! { "boundaries": ["$a", 1] }), 40191),
            (with(doc! { "boundaries": [1] }), 40192),
            (with(doc! { "boundaries": [1, "x"] }), 40193),
            (with(doc! { "boundaries": [2, 1] }), 40194),
            (with(doc! { "boundaries": [1, 1.0] }), 40194),
            (with(doc! { "default": "$v" }), 40195),
            (with(doc! { "default": 5 }), 40199),
            (with(doc! { "output": 1 }), 40196),
            (with(doc! { "other": 1 }), 40197),
            (with(doc! { "output": { "a.b": { "$sum": 1 } } }), 40235),
            (with(doc! { "output": { "$a": { "$sum": 1 } } }), 40236),
            (with(doc! { "output": { "a": 1 } }), 40234),
        ] {
            assert_eq!(code(&[], &[doc! { "$bucket": bucket.clone() }]), expected, "{bucket}");
        }
        assert_eq!(code(&[], &[doc! { "$bucket": 1 }]), 40201);
        assert_eq!(code(&[doc! { "v": 10 }], &[doc! { "$bucket": with(doc! {}) }]), 40066);
    }

    fn auto(values: Vec<Bson>, auto: Document) -> Vec<(Bson, Bson, i32)> {
        let documents: Vec<_> = values.into_iter().map(|x| doc! { "x": x }).collect();
        let mut stage = doc! { "groupBy": "$x" };
        stage.extend(auto);
        let bucket = |doc: &Document| {
            let id = doc.get_document("_id").unwrap();
            (id.get("min").unwrap().clone(), id.get("max").unwrap().clone(), doc.get_i32("count").unwrap())
        };
        run(&documents, &[doc! { "$bucketAuto": stage }]).unwrap().iter().map(bucket).collect()
    }

    fn numbers(values: std::ops::RangeInclusive<i32>) -> Vec<Bson> {
        values.map(Bson::from).collect()
    }

    #[test]
    fn ranges_are_about_equally_full() {
        let range = |low: i32, high: i32, count: i32| (Bson::from(low), Bson::from(high), count);
        assert_eq!(auto(numbers(1..=6), doc! { "buckets": 3 }), [range(1, 3, 2), range(3, 5, 2), range(5, 6, 2)]);
        assert_eq!(auto(numbers(1..=7), doc! { "buckets": 2 }), [range(1, 5, 4), range(5, 7, 3)]);
        assert_eq!(auto(numbers(1..=2), doc! { "buckets": 5 }), [range(1, 2, 1), range(2, 2, 1)]);
        let twice: Vec<Bson> = [1, 1, 2, 2].map(Bson::from).into();
        assert_eq!(auto(twice, doc! { "buckets": 4 }), [range(1, 2, 2), range(2, 2, 2)]);
        assert_eq!(auto(vec![5.into(); 3], doc! { "buckets": 2 }), [range(5, 5, 3)]);
        assert_eq!(auto(vec![], doc! { "buckets": 2 }), []);
    }

    #[test]
    fn granularities_round_boundaries() {
        let values: Vec<Bson> = [1, 10, 100, 1000].map(Bson::from).into();
        for (granularity, expected) in [
            ("R5", [0.63, 1.6, 16.0, 1600.0]),
            ("1-2-5", [0.5, 2.0, 20.0, 2000.0]),
            ("E6", [0.68, 1.5, 15.0, 1500.0]),
            ("POWERSOF2", [0.5, 2.0, 16.0, 1024.0]),
        ] {
            let found = auto(values.clone(), doc! { "buckets": 3, "granularity": granularity });
            let edges: Vec<f64> = found
                .iter()
                .map(|(low, ..)| low)
                .chain([&found[2].1])
                .map(|edge| edge.as_f64().unwrap_or_else(|| f64::from(edge.as_i32().unwrap())))
                .collect();
            assert_eq!(edges, expected, "{granularity}");
            assert_eq!(found.iter().map(|(.., count)| *count).collect::<Vec<_>>(), [1, 1, 2], "{granularity}");
        }
        for granularity in ["R10", "R20", "R40", "R80", "E12", "E24", "E48", "E96", "E192"] {
            auto(values.clone(), doc! { "buckets": 2, "granularity": granularity });
        }
    }

    #[test]
    fn specifications_of_automatic_buckets_are_checked() {
        let with = |extra: Document| {
            let mut bucket = doc! { "groupBy": "$x", "buckets": 2 };
            bucket.extend(extra);
            bucket
        };
        for (bucket, expected) in [
            (doc! { "groupBy": "$x" }, 40246),
            (with(doc! { "groupBy": "x" }), 40239),
            (with(doc! { "buckets": "2" }), 40241),
            (with(doc! { "buckets": 2.5 }), 40242),
            (with(doc! { "buckets": 1_i64 << 31 }), 40242),
            (with(doc! { "buckets": 0 }), 40243),
            (with(doc! { "output": 1 }), 40244),
            (with(doc! { "Output": {} }), 40245),
            (with(doc! { "granularity": 1 }), 40261),
            (with(doc! { "granularity": "BOGUS" }), 40257),
        ] {
            assert_eq!(code(&[], &[doc! { "$bucketAuto": bucket.clone() }]), expected, "{bucket}");
        }
        for (value, expected) in [(Bson::from("a"), 40258), (f64::NAN.into(), 40259), ((-5).into(), 40260)] {
            let stage = doc! { "$bucketAuto": with(doc! { "granularity": "R5" }) };
            assert_eq!(code(&[doc! { "x": value.clone() }], &[stage]), expected, "{value}");
        }
        assert_eq!(code(&[], &[doc! { "$bucketAuto": 1 }]), 40240);
    }
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

mod merge {
    use super::*;

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
}

mod geo_near {
    use super::*;

    fn near(extra: Document) -> Document {
        let mut near = doc! { "near": [0, 0], "distanceField": "d", "key": "at" };
        near.extend(extra);
        doc! { "$geoNear": near }
    }

    #[test]
    fn documents_come_in_the_order_of_their_distance() {
        let documents = [
            doc! { "_id": 1, "at": [3, 4] },
            doc! { "_id": 2, "at": [0, 1] },
            doc! { "_id": 3 },
            doc! { "_id": 4, "at": [0, 2] },
        ];
        let results = run(
            &documents,
            &[near(doc! { "query": { "_id": { "$ne": 4 } }, "includeLocs": "l.at", "distanceMultiplier": 2 })],
        )
        .unwrap();
        let expected = [
            doc! { "_id": 2, "at": [0, 1], "d": 2.0, "l": { "at": [0, 1] } },
            doc! { "_id": 1, "at": [3, 4], "d": 10.0, "l": { "at": [3, 4] } },
        ];
        assert_eq!(results, expected);
        assert_eq!(run(&documents, &[near(doc! { "maxDistance": 1.5 })]).unwrap().len(), 1);
    }

    #[test]
    fn specifications_are_checked() {
        for (extra, expected) in [
            (doc! { "distanceField": 1 }, 16606),
            (doc! { "includeLocs": 1 }, 16607),
            (doc! { "near": 1 }, 5_860_401),
            (doc! { "near": "$x" }, 5_860_402),
            (doc! { "minDistance": "$x" }, 7_555_701),
            (doc! { "maxDistance": "$x" }, 7_555_702),
            (doc! { "key": "" }, 2),
            (doc! { "other": 1 }, 9),
        ] {
            assert_eq!(code(&[], &[near(extra.clone())]), expected, "{extra}");
        }
        assert_eq!(code(&[], &[doc! { "$geoNear": { "distanceField": "d" } }]), 5_860_400);
        assert_eq!(code(&[], &[doc! { "$geoNear": { "near": [0, 0] } }]), 16605);
        assert_eq!(code(&[], &[doc! { "$geoNear": 1 }]), 10065);
        assert_eq!(code(&[], &[doc! { "$limit": 1 }, near(doc! {})]), 40603);
        assert_eq!(
            code(&[doc! { "at": [1, 1] }], &[doc! { "$geoNear": { "near": [0, 0], "distanceField": "d" } }]),
            27
        );
    }
}
