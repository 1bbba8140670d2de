use bson::{Bson, doc};

use crate::aggregation::testing::{code, run};

/// What an accumulator makes of the values of `v`; nothing stands for a missing one.
fn fold(accumulator: bson::Document, values: &[Option<Bson>]) -> Bson {
    let documents: Vec<_> =
        values.iter().map(|value| value.as_ref().map_or(doc! {}, |value| doc! { "v": value.clone() })).collect();
    let results = run(&documents, &[doc! { "$group": { "_id": null, "r": accumulator } }]).unwrap();
    results[0].get("r").unwrap().clone()
}

fn all(values: Vec<Bson>) -> Vec<Option<Bson>> {
    values.into_iter().map(Some).collect()
}

fn decimal(text: &str) -> Bson {
    Bson::Decimal128(text.parse().unwrap())
}

#[test]
fn sums_are_of_the_widest_type_and_grow_where_they_overflow() {
    let cases: Vec<(Vec<Bson>, Bson)> = vec![
        (vec![1.into(), 2.into()], 3.into()),
        (vec![i32::MAX.into(), 1.into()], (i64::from(i32::MAX) + 1).into()),
        (vec![1.into(), 2_i64.into()], 3_i64.into()),
        (vec![i64::MAX.into(), 1.into()], 9_223_372_036_854_775_808.0.into()),
        (vec![i64::MIN.into(), (-1).into()], (-9_223_372_036_854_775_808.0).into()),
        (vec![i64::MAX.into(), 1.into(), (-1).into()], i64::MAX.into()),
        (vec![1.into(), 0.5.into()], 1.5.into()),
        (vec![0.1.into(), 0.2.into(), 0.3.into()], 0.6.into()),
        (vec![1.into(), decimal("0.10")], decimal("1.10")),
        (vec!["x".into(), Bson::Null, true.into()], 0.into()),
        (vec![], 0.into()),
        (vec![(-0.0).into()], 0.0.into()),
        (vec![f64::INFINITY.into(), 1.into()], f64::INFINITY.into()),
        (vec![decimal("Infinity"), decimal("-Infinity")], decimal("NaN")),
    ];
    for (values, expected) in cases {
        if values.is_empty() {
            continue;
        }
        assert_eq!(fold(doc! { "$sum": "$v" }, &all(values.clone())), expected, "{values:?}");
    }
}

#[test]
fn averages_are_doubles_or_decimals() {
    let cases: Vec<(Vec<Bson>, Bson)> = vec![
        (vec![1.into(), 2.into()], 1.5.into()),
        (vec![1_i64.into(), 3_i64.into()], 2.0.into()),
        (vec![decimal("1"), 2.into()], decimal("1.5")),
        (vec!["x".into(), Bson::Null], Bson::Null),
        (vec![f64::INFINITY.into(), 10.into()], f64::INFINITY.into()),
        (vec![decimal("-Infinity"), 5.into()], decimal("-Infinity")),
        (vec![f64::NAN.into(), decimal("5")], decimal("NaN")),
    ];
    for (values, expected) in cases {
        assert_eq!(fold(doc! { "$avg": "$v" }, &all(values.clone())), expected, "{values:?}");
    }
}

#[test]
fn extremes_do_not_count_null_and_missing_values() {
    let values = [Some(3.into()), None, Some(Bson::Null), Some(1.5.into()), Some("a".into()), Some(1.5_f64.into())];
    assert_eq!(fold(doc! { "$min": "$v" }, &values), 1.5.into());
    assert_eq!(fold(doc! { "$max": "$v" }, &values), "a".into());
    assert_eq!(fold(doc! { "$min": "$v" }, &[None, Some(Bson::Null)]), Bson::Null);
    let n = |name: &str| doc! { name: { "n": 2, "input": "$v" } };
    assert_eq!(fold(n("$minN"), &values), Bson::Array(vec![1.5.into(), 1.5.into()]));
    assert_eq!(fold(n("$maxN"), &values), Bson::Array(vec!["a".into(), 3.into()]));
    assert_eq!(fold(n("$maxN"), &[None]), Bson::Array(vec![]));
}

#[test]
fn first_and_last_take_missing_values_as_null() {
    let values = [None, Some(1.into()), Some(2.into()), None];
    assert_eq!(fold(doc! { "$first": "$v" }, &values), Bson::Null);
    assert_eq!(fold(doc! { "$last": "$v" }, &values), Bson::Null);
    let n = |name: &str, n: i32| doc! { name: { "n": n, "input": "$v" } };
    assert_eq!(fold(n("$firstN", 2), &values), Bson::Array(vec![Bson::Null, 1.into()]));
    assert_eq!(fold(n("$lastN", 3), &values), Bson::Array(vec![1.into(), 2.into(), Bson::Null]));
    assert_eq!(fold(n("$lastN", 9), &values[1..3]), Bson::Array(vec![1.into(), 2.into()]));
}

#[test]
fn collections_leave_out_missing_values() {
    let values = [Some(1.into()), None, Some(Bson::Null), Some(1.0.into()), Some(2.into())];
    assert_eq!(fold(doc! { "$push": "$v" }, &values), Bson::Array(vec![1.into(), Bson::Null, 1.0.into(), 2.into()]));
    assert_eq!(fold(doc! { "$addToSet": "$v" }, &values), Bson::Array(vec![1.into(), Bson::Null, 2.into()]));
    let arrays = [Some(Bson::Array(vec![1.into(), 2.into()])), None, Some(Bson::Array(vec![2.0.into()]))];
    assert_eq!(fold(doc! { "$concatArrays": "$v" }, &arrays), Bson::Array(vec![1.into(), 2.into(), 2.0.into()]));
    assert_eq!(fold(doc! { "$setUnion": "$v" }, &arrays), Bson::Array(vec![1.into(), 2.into()]));
    for value in [Bson::Null, 1.into(), "x".into(), doc! {}.into()] {
        for name in ["$concatArrays", "$setUnion"] {
            let group = doc! { "$group": { "_id": null, "r": { name: "$v" } } };
            assert_eq!(code(&[doc! { "v": value.clone() }], &[group]), 14, "{name} of {value}");
        }
    }
}

#[test]
fn merged_objects_keep_first_places_and_last_values() {
    let values = all(vec![doc! { "a": 1, "b": 1 }.into(), Bson::Null, doc! { "c": 3, "a": 2 }.into()]);
    assert_eq!(fold(doc! { "$mergeObjects": "$v" }, &values), doc! { "a": 2, "b": 1, "c": 3 }.into());
    assert_eq!(fold(doc! { "$mergeObjects": "$v" }, &[None]), doc! {}.into());
    assert_eq!(code(&[doc! { "v": 1 }], &[doc! { "$group": { "_id": null, "r": { "$mergeObjects": "$v" } } }]), 40400);
}

#[test]
fn spreads_are_of_the_population_or_of_a_sample() {
    let values = all(vec![2.into(), 4.into(), "x".into(), 4.into(), 4.into(), 5.into(), 5.into(), 7.into(), 9.into()]);
    assert_eq!(fold(doc! { "$stdDevPop": "$v" }, &values), 2.0.into());
    assert_eq!(fold(doc! { "$stdDevSamp": "$v" }, &all(vec![1.into(), 3.into()])), 2.0_f64.sqrt().into());
    assert_eq!(fold(doc! { "$stdDevSamp": "$v" }, &all(vec![1.into()])), Bson::Null);
    assert_eq!(fold(doc! { "$stdDevPop": "$v" }, &all(vec![1.into()])), 0.0.into());
    assert_eq!(fold(doc! { "$stdDevPop": "$v" }, &[None]), Bson::Null);
}

#[test]
fn percentiles_are_values_that_are_there() {
    let values = all(vec![5.into(), 1.into(), 4.into(), "x".into(), 2.into(), 3.into()]);
    let p = doc! { "$percentile": { "input": "$v", "p": [0.0, 0.5, 0.95, 1], "method": "approximate" } };
    assert_eq!(fold(p, &values), Bson::Array(vec![1.0.into(), 3.0.into(), 5.0.into(), 5.0.into()]));
    let median = doc! { "$median": { "input": "$v", "method": "approximate" } };
    assert_eq!(fold(median.clone(), &values), 3.0.into());
    assert_eq!(fold(median, &[None]), Bson::Null);
    for (p, expected) in [
        (doc! { "input": "$v", "p": 0.5, "method": "approximate" }, 7_750_301),
        (doc! { "input": "$v", "p": [], "method": "approximate" }, 7_750_301),
        (doc! { "input": "$v", "p": ["x"], "method": "approximate" }, 7_750_302),
        (doc! { "input": "$v", "p": [1.5], "method": "approximate" }, 7_750_303),
        (doc! { "input": "$v", "p": [0.5], "method": "exact" }, 2),
        (doc! { "input": "$v", "p": [0.5] }, 40414),
        (doc! { "input": "$v", "p": [0.5], "method": "approximate", "x": 1 }, 40415),
    ] {
        let group = doc! { "$group": { "_id": null, "r": { "$percentile": p.clone() } } };
        assert_eq!(code(&[], &[group]), expected, "{p}");
    }
}

#[test]
fn tops_and_bottoms_are_ordered_by_the_documents() {
    let documents: Vec<_> = [(1, 30), (2, 10), (3, 20), (4, 10)].map(|(id, v)| doc! { "_id": id, "v": v }).into();
    let result = |accumulator: bson::Document| {
        let results = run(&documents, &[doc! { "$group": { "_id": null, "r": accumulator } }]).unwrap();
        results[0].get("r").unwrap().clone()
    };
    let by = doc! { "v": 1 };
    assert_eq!(result(doc! { "$top": { "sortBy": by.clone(), "output": "$_id" } }), 2.into());
    assert_eq!(result(doc! { "$bottom": { "sortBy": by.clone(), "output": "$_id" } }), 1.into());
    let n = |name: &str| doc! { name: { "n": 3, "sortBy": by.clone(), "output": "$_id" } };
    assert_eq!(result(n("$topN")), Bson::Array(vec![2.into(), 4.into(), 3.into()]));
    assert_eq!(result(n("$bottomN")), Bson::Array(vec![4.into(), 3.into(), 1.into()]));
    for (argument, expected) in [
        (doc! { "sortBy": { "v": 1 }, "output": 1 }, 5_788_003),
        (doc! { "n": 1, "sortBy": { "v": 1 } }, 5_788_004),
        (doc! { "n": 1, "output": 1 }, 5_788_005),
        (doc! { "n": 0, "sortBy": { "v": 1 }, "output": 1 }, 7_548_606),
        (doc! { "n": 1, "sortBy": { "v": 1 }, "output": 1, "x": 1 }, 5_788_002),
    ] {
        assert_eq!(
            code(&[], &[doc! { "$group": { "_id": null, "r": { "$topN": argument.clone() } } }]),
            expected,
            "{argument}"
        );
    }
}

#[test]
fn n_is_a_positive_whole_number_that_may_depend_on_the_group() {
    let group = |n: Bson| doc! { "$group": { "_id": { "k": "$k" }, "r": { "$firstN": { "n": n, "input": "$v" } } } };
    let documents =
        [doc! { "k": 1, "v": 1 }, doc! { "k": 1, "v": 2 }, doc! { "k": 2, "v": 3 }, doc! { "k": 2, "v": 4 }];
    let results = run(&documents, &[group("$k".into())]).unwrap();
    assert_eq!(results, [doc! { "_id": { "k": 1 }, "r": [1] }, doc! { "_id": { "k": 2 }, "r": [3, 4] }]);
    for n in [Bson::from(0), (-1).into(), 2.5.into(), "x".into(), Bson::Null, decimal("1.5"), "$missing".into()] {
        assert_eq!(code(&documents, &[group(n.clone())]), 7_548_606, "{n}");
    }
    assert_eq!(code(&[], &[doc! { "$group": { "_id": 1, "r": { "$lastN": { "input": 1 } } } }]), 5_787_906);
    assert_eq!(code(&[], &[doc! { "$group": { "_id": 1, "r": { "$lastN": { "n": 1 } } } }]), 5_787_907);
}

#[test]
fn count_takes_an_empty_object() {
    assert_eq!(fold(doc! { "$count": {} }, &[None, None]), 2.into());
    assert_eq!(code(&[], &[doc! { "$group": { "_id": 1, "r": { "$count": 1 } } }]), 14);
}
