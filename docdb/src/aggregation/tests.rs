use bson::{Bson, Document, doc};

use super::testing::{code, run, values_of_all_types};

fn numbers() -> Vec<Document> {
    (1..=5).map(|id| doc! { "_id": id, "v": id * 10 }).collect()
}

#[test]
fn a_stage_is_an_object_of_one_field_with_a_known_name() {
    for (pipeline, expected) in [
        (vec![doc! {}], 40323),
        (vec![doc! { "$limit": 1, "$skip": 1 }], 40323),
        (vec![doc! { "$nothing": 1 }], 40324),
        (vec![doc! { "limit": 1 }], 40324),
        (vec![doc! { "$setWindowFields": {} }], 115),
        (vec![doc! { "$limit": 1 }; 1001], 7_749_501),
    ] {
        assert_eq!(code(&[], &pipeline), expected, "{:?}", pipeline.first());
    }
}

#[test]
fn limits_and_skips_are_whole_numbers_of_any_type() {
    let decimal = |text: &str| Bson::Decimal128(text.parse().unwrap());
    for two in [2.into(), 2_i64.into(), 2.0.into(), decimal("2.000"), decimal("2E0")] {
        let two: Bson = two;
        assert_eq!(run(&numbers(), &[doc! { "$limit": two.clone() }]).unwrap(), numbers()[..2], "{two}");
        assert_eq!(run(&numbers(), &[doc! { "$skip": two.clone() }]).unwrap(), numbers()[2..], "{two}");
    }
    let refused: Vec<Bson> = values_of_all_types()
        .into_iter()
        .filter(|value| !matches!(value, Bson::Int32(_) | Bson::Int64(_) | Bson::Decimal128(_)))
        .collect();
    for value in refused.into_iter().chain([
        (-1).into(),
        f64::NAN.into(),
        f64::INFINITY.into(),
        9_223_372_036_854_775_808.0.into(),
        decimal("1E6144"),
        decimal("0.5"),
    ]) {
        assert_eq!(code(&[], &[doc! { "$limit": value.clone() }]), 5_107_201, "{value}");
        assert_eq!(code(&[], &[doc! { "$skip": value.clone() }]), 5_107_200, "{value}");
    }
    for zero in [Bson::from(0), 0.0.into(), (-0.0).into(), decimal("-0")] {
        assert_eq!(code(&[], &[doc! { "$limit": zero.clone() }]), 15958, "{zero}");
        assert_eq!(run(&numbers(), &[doc! { "$skip": zero }]).unwrap(), numbers());
    }
}

#[test]
fn count_counts_and_names_a_plain_field() {
    assert_eq!(run(&numbers(), &[doc! { "$count": "total" }]).unwrap(), [doc! { "total": 5 }]);
    assert_eq!(run(&[], &[doc! { "$count": "total" }]).unwrap(), []);
    for (name, expected) in [
        ("", 40157),
        ("$", 40158),
        ("$.", 40158),
        ("a\0b", 40159),
        (".\0", 40159),
        (".", 40160),
        ("a.b", 40160),
        ("_id", 9_039_800),
    ] {
        assert_eq!(code(&[], &[doc! { "$count": name }]), expected, "{name:?}");
    }
    assert_eq!(code(&[], &[doc! { "$count": 1 }]), 40156);
}

#[test]
fn a_sort_with_a_limit_looks_at_what_is_skipped_too() {
    let pipeline = [doc! { "$sort": { "v": -1 } }, doc! { "$skip": 1 }, doc! { "$limit": 2 }];
    assert_eq!(run(&numbers(), &pipeline).unwrap(), [doc! { "_id": 4, "v": 40 }, doc! { "_id": 3, "v": 30 }]);
    assert_eq!(code(&[], &[doc! { "$sort": {} }]), 15976);
    assert_eq!(code(&[], &[doc! { "$sort": 1 }]), 15973);
}

#[test]
fn what_is_no_specification_of_a_stage_is_refused() {
    for (stage, expected) in [
        (doc! { "$match": 1 }, 15959),
        (doc! { "$project": 1 }, 15969),
        (doc! { "$addFields": 1 }, 40272),
        (doc! { "$set": "x" }, 40272),
        (doc! { "$unset": 1 }, 31002),
        (doc! { "$unset": [] }, 31119),
        (doc! { "$unset": ["a", 1] }, 31120),
        (doc! { "$group": 1 }, 15947),
        (doc! { "$unwind": 1 }, 15981),
        (doc! { "$match": { "a": { "$near": [1, 2] } } }, 5_626_500),
    ] {
        assert_eq!(code(&[], std::slice::from_ref(&stage)), expected, "{stage}");
    }
}

mod unwind {
    use super::*;

    #[test]
    fn makes_a_document_of_each_item() {
        let documents = [
            doc! { "_id": 1, "a": [1, null, [2]] },
            doc! { "_id": 2, "a": 3 },
            doc! { "_id": 3, "a": [] },
            doc! { "_id": 4, "a": null },
            doc! { "_id": 5 },
        ];
        let expected = [
            doc! { "_id": 1, "a": 1 },
            doc! { "_id": 1, "a": null },
            doc! { "_id": 1, "a": [2] },
            doc! { "_id": 2, "a": 3 },
        ];
        assert_eq!(run(&documents, &[doc! { "$unwind": "$a" }]).unwrap(), expected);
        let preserved =
            run(&documents, &[doc! { "$unwind": { "path": "$a", "preserveNullAndEmptyArrays": true } }]).unwrap();
        assert_eq!(preserved[..4], expected);
        assert_eq!(preserved[4..], [doc! { "_id": 3 }, doc! { "_id": 4, "a": null }, doc! { "_id": 5 }]);
    }

    #[test]
    fn a_path_leads_through_documents_only() {
        let documents = [doc! { "a": { "b": [1, 2], "x": 9 } }, doc! { "a": [{ "b": [1] }] }];
        let index = |name: &str| doc! { "$unwind": { "path": "$a.b", "includeArrayIndex": name } };
        assert_eq!(
            run(&documents, &[index("i")]).unwrap(),
            [doc! { "a": { "b": 1, "x": 9 }, "i": 0_i64 }, doc! { "a": { "b": 2, "x": 9 }, "i": 1_i64 }]
        );
        assert_eq!(run(&documents, &[index("a.i")]).unwrap()[0], doc! { "a": { "b": 1, "x": 9, "i": 0_i64 } });
        assert_eq!(run(&documents, &[index("a")]).unwrap()[1], doc! { "a": 1_i64 });
        assert_eq!(run(&documents, &[index("a.x.y")]).unwrap()[0], doc! { "a": { "b": 1, "x": { "y": 0_i64 } } });
    }

    #[test]
    fn what_is_kept_without_an_item_has_a_null_index() {
        for (document, expected) in [
            (doc! { "a": { "b": null } }, doc! { "a": { "b": null }, "i": null }),
            (doc! { "a": { "x": 1 } }, doc! { "a": { "x": 1 }, "i": null }),
            (doc! { "a": { "b": [] } }, doc! { "a": {}, "i": null }),
            (doc! { "a": null }, doc! { "a": null, "i": null }),
            (doc! { "a": [{ "b": 1 }] }, doc! { "a": [{ "b": 1 }], "i": null }),
            (doc! { "a": { "b": 42 } }, doc! { "a": { "b": 42 }, "i": null }),
        ] {
            let stage =
                doc! { "$unwind": { "path": "$a.b", "includeArrayIndex": "i", "preserveNullAndEmptyArrays": true } };
            assert_eq!(run(&[document], &[stage]).unwrap(), [expected]);
        }
    }

    #[test]
    fn options_are_checked() {
        let index = |value: Bson| doc! { "path": "$a", "includeArrayIndex": value };
        let cases: [(Bson, i32); 22] = [
            ("".into(), 28812),
            ("a".into(), 28818),
            ("$".into(), 40352),
            ("$$ROOT".into(), 16410),
            ("$a.$b".into(), 16410),
            ("$a..b".into(), 15998),
            ("$.a".into(), 15998),
            ("$a.".into(), 40353),
            ("$a\0b".into(), 16419),
            (format!("${}", vec!["a"; 201].join(".")).into(), 15),
            (doc! {}.into(), 28812),
            (doc! { "path": 1 }.into(), 28808),
            (doc! { "path": "$a", "preserveNullAndEmptyArrays": 1 }.into(), 28809),
            (doc! { "path": "$a", "other": 1 }.into(), 28811),
            (index(1.into()).into(), 28810),
            (index("".into()).into(), 28810),
            (index("$i".into()).into(), 28822),
            (index("$a\0b".into()).into(), 28822),
            (index("x\0y".into()).into(), 16411),
            (index(".a".into()).into(), 15998),
            (index("a.".into()).into(), 40353),
            (index("a.$b".into()).into(), 16410),
        ];
        for (value, expected) in cases {
            assert_eq!(code(&[], &[doc! { "$unwind": value.clone() }]), expected, "{value}");
        }
    }
}

mod group {
    use super::*;

    #[test]
    fn keys_are_equal_by_value_and_missing_is_null() {
        let documents =
            [doc! { "k": 1 }, doc! { "k": 1.0 }, doc! { "k": null }, doc! {}, doc! { "k": [1] }, doc! { "k": [1_i64] }];
        let results = run(&documents, &[doc! { "$group": { "_id": "$k", "n": { "$sum": 1 } } }]).unwrap();
        assert_eq!(results, [doc! { "_id": 1, "n": 2 }, doc! { "_id": null, "n": 2 }, doc! { "_id": [1], "n": 2 }]);
    }

    #[test]
    fn an_object_of_expressions_leaves_out_what_is_missing() {
        let documents = [doc! { "a": 1, "b": 2 }, doc! { "a": 1 }, doc! { "a": 1, "b": null }];
        let results = run(&documents, &[doc! { "$group": { "_id": { "x": "$a", "y": "$b" } } }]).unwrap();
        assert_eq!(
            results,
            [doc! { "_id": { "x": 1, "y": 2 } }, doc! { "_id": { "x": 1 } }, doc! { "_id": { "x": 1, "y": null } }]
        );
    }

    #[test]
    fn what_is_no_group_is_refused() {
        for (group, expected) in [
            (doc! {}, 15955),
            (doc! { "_id": 1, "x": 1 }, 40234),
            (doc! { "_id": 1, "x": { "sum": 1 } }, 40234),
            (doc! { "_id": 1, "x": {} }, 40234),
            (doc! { "_id": 1, "a.b": { "$sum": 1 } }, 40235),
            (doc! { "_id": 1, "$a": { "$sum": 1 } }, 40236),
            (doc! { "_id": 1, "x": { "$sum": [1] } }, 40237),
            (doc! { "_id": 1, "x": { "$sum": 1, "$avg": 1 } }, 40238),
            (doc! { "_id": 1, "x": { "$nothing": 1 } }, 15952),
            (doc! { "_id": { "a": 1 } }, 17390),
            (doc! { "_id": { "a": true } }, 17390),
            (doc! { "_id": 1, "x": { "$accumulator": {} } }, 115),
        ] {
            assert_eq!(code(&[], &[doc! { "$group": group.clone() }]), expected, "{group}");
        }
    }
}

mod planning {
    use bson::{RawDocument, RawDocumentBuf};

    use super::*;
    use crate::aggregation::{Pipeline, testing::context};

    fn parse(pipeline: &[Document]) -> Pipeline {
        let stages: Vec<RawDocumentBuf> =
            pipeline.iter().map(|stage| RawDocumentBuf::try_from(stage).unwrap()).collect();
        let stages: Vec<&RawDocument> = stages.iter().map(AsRef::as_ref).collect();
        Pipeline::parse(&stages, &context()).unwrap()
    }

    #[test]
    fn filters_are_moved_before_sorts_and_joined() {
        let pipeline = parse(&[
            doc! { "$match": { "a": 1 } },
            doc! { "$sort": { "b": 1 } },
            doc! { "$match": { "c": 2 } },
            doc! { "$skip": 2 },
            doc! { "$limit": 3 },
            doc! { "$count": "n" },
        ]);
        let leading = pipeline.leading();
        assert!(leading.filter.is_some() && leading.sort.is_some());
        assert_eq!((leading.after_filter, leading.after_sort, leading.after_limit), (1, 2, 4));
        assert_eq!((leading.skip, leading.limit), (2, Some(3)));
    }

    #[test]
    fn a_search_for_text_comes_first() {
        let search = doc! { "$match": { "$text": { "$search": "x" } } };
        assert!(parse(std::slice::from_ref(&search)).leading_match().is_some());
        assert_eq!(code(&[], &[doc! { "$sort": { "a": 1 } }, search]), 17313);
    }

    #[test]
    fn a_filter_stays_behind_a_limit() {
        let documents = numbers();
        let pipeline = [doc! { "$limit": 2 }, doc! { "$match": { "v": { "$gt": 10 } } }];
        assert_eq!(run(&documents, &pipeline).unwrap(), [doc! { "_id": 2, "v": 20 }]);
        assert!(parse(&pipeline).leading_match().is_none());
    }

    #[test]
    fn sources_and_outputs_are_known() {
        assert!(parse(&[doc! { "$documents": [] }]).source().is_some());
        let pipeline = parse(&[doc! { "$limit": 1 }, doc! { "$out": "t" }]);
        assert!(pipeline.source().is_none());
        assert_eq!(&*pipeline.output().unwrap().target().collection, "t");
    }
}

#[test]
fn projections_filters_and_fields_work_together() {
    let pipeline = [
        doc! { "$match": { "v": { "$gte": 20 } } },
        doc! { "$addFields": { "w": { "$multiply": ["$v", 2] } } },
        doc! { "$unset": "v" },
        doc! { "$match": { "w": { "$lt": 100 } } },
        doc! { "$project": { "_id": 0, "w": 1 } },
        doc! { "$sort": { "w": -1 } },
    ];
    assert_eq!(run(&numbers(), &pipeline).unwrap(), [doc! { "w": 80 }, doc! { "w": 60 }, doc! { "w": 40 }]);
}

#[test]
fn accumulators_are_expressions_too() {
    let decimal = |text: &str| Bson::Decimal128(text.parse().unwrap());
    let document = doc! { "a": [1, 2, "x", 6], "b": 4, "d": 3.15, "z": decimal("0"), "n": null };
    let cases: Vec<(Document, Bson)> = vec![
        (doc! { "$sum": "$a" }, 9.into()),
        (doc! { "$sum": ["$a"] }, 9.into()),
        (doc! { "$sum": ["$a", "$b"] }, 4.into()),
        (doc! { "$sum": ["$d", "$z"] }, decimal("3.149999999999999911182158029987477")),
        (doc! { "$sum": [] }, 0.into()),
        (doc! { "$avg": "$a" }, 3.0.into()),
        (doc! { "$avg": ["$d", "$z"] }, decimal("1.574999999999999955591079014993738")),
        (doc! { "$avg": "$n" }, Bson::Null),
        (doc! { "$min": "$a" }, 1.into()),
        (doc! { "$max": ["$b", "$n", 3] }, 4.into()),
        (doc! { "$max": "$missing" }, Bson::Null),
        (doc! { "$stdDevPop": [1, 3] }, 1.0.into()),
        (doc! { "$stdDevSamp": [f64::INFINITY] }, Bson::Null),
        (doc! { "$median": { "input": "$a", "method": "approximate" } }, 2.0.into()),
        (
            doc! { "$percentile": { "input": [10, 20, 30], "p": [0.0, 1.0], "method": "approximate" } },
            Bson::Array(vec![10.0.into(), 30.0.into()]),
        ),
        (doc! { "$percentile": { "input": "x", "p": [0.5], "method": "approximate" } }, Bson::Array(vec![Bson::Null])),
    ];
    for (expression, expected) in cases {
        let results =
            run(std::slice::from_ref(&document), &[doc! { "$replaceWith": { "r": expression.clone() } }]).unwrap();
        assert_eq!(results[0].get("r"), Some(&expected), "{expression}");
    }
    for (median, expected) in [
        (doc! { "input": "$a" }, 40414),
        (doc! { "input": "$a", "method": "exact" }, 2),
        (doc! { "method": "approximate" }, 40414),
    ] {
        assert_eq!(code(&[], &[doc! { "$replaceWith": { "r": { "$median": median } } }]), expected);
    }
}
