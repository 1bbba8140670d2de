use bson::{Bson, Document, doc};

use crate::aggregation::testing::{code, run};

#[test]
fn documents_fall_into_ranges() {
    let documents: Vec<_> = [5, 10, 15, 20, 99].map(|v| doc! { "v": v }).into();
    let bucket = doc! { "$bucket": { "groupBy": "$v", "boundaries": [0, 10, 20], "default": "other" } };
    let expected = [doc! { "_id": 0, "count": 1 }, doc! { "_id": 10, "count": 2 }, doc! { "_id": "other", "count": 2 }];
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
