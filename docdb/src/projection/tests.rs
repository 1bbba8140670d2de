use bson::{Bson, Document, doc};
use millpond_engine::Timestamp;

use super::*;

fn raw(document: &Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(document).unwrap()
}

fn context() -> Context {
    Context::new(Timestamp::from_millis(0))
}

type Parse = fn(&RawDocument, &Context) -> Result<Projection>;

fn project(parse: Parse, document: &Document, specification: &Document, position: Option<u32>) -> Result<Document> {
    let projection = parse(&raw(specification), &context())?;
    let projected = projection.apply(&raw(document), &Metadata::default(), position, &context())?;
    Ok(Document::try_from(&*projected).unwrap())
}

/// Each row: a document, a projection, what it makes of the document.
fn check(parse: Parse, table: &[(Document, Document, Document)]) {
    for (document, specification, expected) in table {
        let projected = project(parse, document, specification, None);
        let projected = projected.unwrap_or_else(|error| panic!("{specification} of {document}: {error}"));
        assert_eq!(format!("{projected:?}"), format!("{expected:?}"), "{specification} of {document}");
    }
}

fn check_refused(parse: Parse, table: &[(Document, i32)]) {
    for (specification, expected) in table {
        let refused = parse(&raw(specification), &context());
        assert_eq!(refused.err().map(|error| error.code().0), Some(*expected), "{specification}");
    }
}

#[test]
fn an_inclusion_keeps_what_it_names_and_the_id_in_the_order_of_the_document() {
    let a = || doc! { "_id": 1, "a": 10, "b": { "x": 1, "y": 2 }, "c": 30 };
    for parse in [Projection::parse_find as Parse, Projection::parse_stage] {
        check(
            parse,
            &[
                (a(), doc! { "c": 1, "a": true }, doc! { "_id": 1, "a": 10, "c": 30 }),
                (a(), doc! { "a": -0.5, "_id": 0 }, doc! { "a": 10 }),
                (a(), doc! { "a": f64::NAN, "z": 1 }, doc! { "_id": 1, "a": 10 }),
                (a(), doc! { "_id": 1 }, doc! { "_id": 1 }),
                (a(), doc! { "b.x": 1 }, doc! { "_id": 1, "b": { "x": 1 } }),
                (a(), doc! { "b": { "y": 1, "q": 1 } }, doc! { "_id": 1, "b": { "y": 2 } }),
                (a(), doc! { "a.x": 1 }, doc! { "_id": 1 }),
                (
                    doc! { "_id": 1, "a": [{ "b": 1, "c": 2 }, "s", Bson::Null, [{ "b": 3 }], []] },
                    doc! { "a.b": 1 },
                    doc! { "_id": 1, "a": [{ "b": 1 }, [{ "b": 3 }], []] },
                ),
                (doc! { "_id": 1, "a": [10, 20] }, doc! { "a.0": 1 }, doc! { "_id": 1, "a": [] }),
                (doc! { "_id": { "x": 1, "y": 2 }, "a": 1 }, doc! { "_id.x": 1 }, doc! { "_id": { "x": 1 } }),
            ],
        );
    }
}

#[test]
fn an_exclusion_drops_what_it_names() {
    let a = || doc! { "_id": 1, "a": 10, "b": { "x": 1, "y": 2 } };
    for parse in [Projection::parse_find as Parse, Projection::parse_stage] {
        check(
            parse,
            &[
                (a(), doc! { "a": 0 }, doc! { "_id": 1, "b": { "x": 1, "y": 2 } }),
                (a(), doc! { "a": false, "_id": 1 }, doc! { "_id": 1, "b": { "x": 1, "y": 2 } }),
                (a(), doc! { "_id": 0 }, doc! { "a": 10, "b": { "x": 1, "y": 2 } }),
                (a(), doc! { "b.x": -0.0, "z": 0_i64 }, doc! { "_id": 1, "a": 10, "b": { "y": 2 } }),
                (a(), doc! { "a.x": 0, "b": { "y": 0 } }, doc! { "_id": 1, "a": 10, "b": { "x": 1 } }),
                (
                    doc! { "_id": 1, "a": [{ "b": 1, "c": 2 }, "s", [{ "b": 3 }]] },
                    doc! { "a.b": 0 },
                    doc! { "_id": 1, "a": [{ "c": 2 }, "s", [{}]] },
                ),
            ],
        );
    }
}

#[test]
fn computed_fields_come_after_those_that_are_kept() {
    let a = || doc! { "_id": 1, "a": 10, "b": 20, "n": { "x": 1 } };
    for parse in [Projection::parse_find as Parse, Projection::parse_stage] {
        check(
            parse,
            &[
                (a(), doc! { "z": "$a", "b": 1 }, doc! { "_id": 1, "b": 20, "z": 10 }),
                (a(), doc! { "b": "$a", "a": 1 }, doc! { "_id": 1, "a": 10, "b": 10 }),
                (a(), doc! { "z": "text", "y": ["$a", "$q"] }, doc! { "_id": 1, "z": "text", "y": [10, Bson::Null] }),
                (a(), doc! { "z": { "y": "$a", "x": "$b" } }, doc! { "_id": 1, "z": { "y": 10, "x": 20 } }),
                (a(), doc! { "n.y": "$a", "n.x": 1 }, doc! { "_id": 1, "n": { "x": 1, "y": 10 } }),
                (a(), doc! { "a.y": { "$literal": 9 } }, doc! { "_id": 1, "a": { "y": 9 } }),
                (a(), doc! { "a": "$$REMOVE", "b": 1 }, doc! { "_id": 1, "b": 20 }),
                (a(), doc! { "_id": "$$REMOVE" }, doc! {}),
                (a(), doc! { "_id": "$a", "b": 1 }, doc! { "b": 20, "_id": 10 }),
                (
                    doc! { "_id": 1, "a": [{ "b": 1 }, "s", [2], []] },
                    doc! { "a.b": { "$literal": 9 } },
                    doc! { "_id": 1, "a": [{ "b": 9 }, { "b": 9 }, [{ "b": 9 }], []] },
                ),
            ],
        );
    }
}

#[test]
fn added_fields_take_the_place_of_old_ones() {
    let a = || doc! { "_id": 1, "a": 10, "b": [1, { "c": 2 }], "d": { "e": 1 } };
    check(
        Projection::parse_add_fields,
        &[
            (
                a(),
                doc! { "z": 1, "a": "$_id" },
                doc! { "_id": 1, "a": 1, "b": [1, { "c": 2 }], "d": { "e": 1 }, "z": 1 },
            ),
            (a(), doc! { "d.f": 2, "d.e": "$$REMOVE", "b": "$$REMOVE" }, doc! { "_id": 1, "a": 10, "d": { "f": 2 } }),
            (
                a(),
                doc! { "b": { "c": 3 }, "a": { "x": { "y": "$a" } } },
                doc! { "_id": 1, "a": { "x": { "y": 10 } }, "b": [{ "c": 3 }, { "c": 3 }], "d": { "e": 1 } },
            ),
        ],
    );
    check_refused(
        Projection::parse_add_fields,
        &[
            (doc! {}, 40177),
            (doc! { "a": {} }, 40180),
            (doc! { "a": { "b.c": 1 } }, 40183),
            (doc! { "a": 1, "a.b": 1 }, 40176),
            (doc! { "a.b": 1, "a": 1 }, 40176),
            (doc! { "$a": 1 }, 16410),
            (doc! { "a": { "$literal": 1, "b": 1 } }, 40181),
        ],
    );
}

#[test]
fn unset_drops_paths() {
    let unset = |paths: Bson| {
        let paths = bson::RawBson::try_from(paths).unwrap();
        let projection = Projection::parse_unset(paths.as_raw_bson_ref(), &context())?;
        let document = raw(&doc! { "_id": 1, "a": { "b": 1, "c": 2 }, "d": 3 });
        Ok(Document::try_from(&*projection.apply(&document, &Metadata::default(), None, &context())?).unwrap())
    };
    assert_eq!(unset("d".into()).unwrap(), doc! { "_id": 1, "a": { "b": 1, "c": 2 } });
    assert_eq!(unset(vec!["_id", "a.b"].into()).unwrap(), doc! { "a": { "c": 2 }, "d": 3 });
    for (paths, code) in [(Bson::Int32(1), 31002), (Bson::Array(vec![]), 31119), (vec![1].into(), 31120)] {
        let result: Result<Document> = unset(paths);
        assert_eq!(result.unwrap_err().code().0, code);
    }
}

#[test]
fn find_slices_arrays() {
    let a = || doc! { "_id": 1, "a": [1, 2, 3, 4], "b": 5 };
    let sliced = |items: Vec<i32>| doc! { "_id": 1, "a": items, "b": 5 };
    check(
        Projection::parse_find,
        &[
            (a(), doc! { "a": { "$slice": 2 } }, sliced(vec![1, 2])),
            (a(), doc! { "a": { "$slice": -3.9 } }, sliced(vec![2, 3, 4])),
            (a(), doc! { "a": { "$slice": 0 } }, doc! { "_id": 1, "a": [], "b": 5 }),
            (a(), doc! { "a": { "$slice": [1, 2] } }, sliced(vec![2, 3])),
            (a(), doc! { "a": { "$slice": [-2, 1] } }, sliced(vec![3])),
            (a(), doc! { "a": { "$slice": [-9, 1] } }, sliced(vec![1])),
            (a(), doc! { "a": { "$slice": [9, 1] } }, doc! { "_id": 1, "a": [], "b": 5 }),
            (a(), doc! { "a": { "$slice": 1 }, "b": 0 }, doc! { "_id": 1, "a": [1] }),
            (a(), doc! { "a": { "$slice": 1 }, "_id": 1 }, doc! { "_id": 1, "a": [1] }),
            (a(), doc! { "b": { "$slice": 1 } }, a()),
            (
                doc! { "_id": 1, "c": [{ "a": [1, 2] }, 7] },
                doc! { "c.a": { "$slice": 1 } },
                doc! { "_id": 1, "c": [{ "a": [1] }, 7] },
            ),
        ],
    );
    check_refused(Projection::parse_find, &[(doc! { "a": { "$slice": [1, 0] } }, 28724)]);
}

#[test]
fn find_keeps_the_item_that_matched() {
    let find = |document: Document, specification: Document, position| {
        project(Projection::parse_find, &document, &specification, position)
    };
    let a = || doc! { "_id": 1, "a": [5, 6, 7], "b": { "c": [{ "d": 1 }, { "d": 2 }] }, "e": 1 };
    assert_eq!(find(a(), doc! { "a.$": 1 }, Some(2)).unwrap(), doc! { "_id": 1, "a": [7] });
    assert_eq!(
        find(a(), doc! { "b.c.$": 1, "e": 1 }, Some(1)).unwrap(),
        doc! { "_id": 1, "b": { "c": [{ "d": 2 }] }, "e": 1 }
    );
    assert_eq!(find(a(), doc! { "b.c.d.$": 1 }, Some(0)).unwrap(), doc! { "_id": 1, "b": { "c": [{ "d": 1 }] } });
    assert_eq!(find(a(), doc! { "a.$": 1 }, None).unwrap_err().code().0, 51246);
    assert_eq!(find(a(), doc! { "a.$": 1 }, Some(3)).unwrap_err().code().0, 51247);
    assert!(Projection::parse_find(&raw(&doc! { "a.$": 1 }), &context()).unwrap().needs_position());
    check_refused(
        Projection::parse_find,
        &[
            (doc! { "a.$": 1, "b.$": 1 }, 31276),
            (doc! { "a.$": 0 }, 31395),
            (doc! { "a.$": "x" }, 31271),
            (doc! { "a.$.b": 1 }, 31394),
            (doc! { "a.$": 1, "b": 0 }, 31254),
            (doc! { "b": 0, "a.$": 1 }, 31253),
            (doc! { "a.$": 1, "b": { "$elemMatch": { "x": 1 } } }, 31255),
            (doc! { "b": { "$elemMatch": { "x": 1 } }, "a.$": 1 }, 31256),
            (doc! { "b": { "$elemMatch": 1 } }, 31274),
            (doc! { "b.c": { "$elemMatch": { "x": 1 } } }, 31275),
        ],
    );
    check_refused(Projection::parse_stage, &[(doc! { "a.$": 1 }, 31324), (doc! { "$": 1 }, 16410)]);
}

#[test]
fn malformed_projections_are_refused() {
    for parse in [Projection::parse_find as Parse, Projection::parse_stage] {
        check_refused(
            parse,
            &[
                (doc! { "a": 1, "b": 0 }, 31254),
                (doc! { "a": 0, "b": 1 }, 31253),
                (doc! { "a": 0, "b": { "$literal": 1 } }, 31252),
                (doc! { "a": 0, "b": "$a" }, 31310),
                (doc! { "a": 0, "b": Bson::Null }, 31310),
                (doc! { "_id": "$b", "a": 0 }, 31254),
                (doc! { "a": { "x": 1, "y": 0 } }, 31254),
                (doc! { "a.b": 1, "a": 1 }, 31250),
                (doc! { "a": 1, "a.b.c": 1 }, 31249),
                (doc! { "a.b": 0, "a": 0 }, 31250),
                (doc! { "": 1 }, 40352),
                (doc! { "$bad": 1 }, 16410),
                (doc! { ".a": 1 }, 15998),
                (doc! { "a.": 1 }, 40353),
                (doc! { "a..b": 1 }, 15998),
                (doc! { "a": {} }, 51270),
                (doc! { "a": { "$literal": 1, "x": 1 } }, 16410),
                (doc! { "a": { "$bogus": 1 } }, 31325),
                (doc! { vec!["a"; 201].join("."): 1 }, 15),
            ],
        );
    }
    check_refused(Projection::parse_stage, &[(doc! {}, 51272), (doc! { "a": { "$elemMatch": { "x": 1 } } }, 168)]);
    assert!(Projection::parse_find(&raw(&doc! {}), &context()).unwrap().is_identity());
}

#[test]
fn only_an_inclusion_can_be_made_of_the_keys_of_an_index() {
    let covered = |specification: Document| {
        let paths = Projection::parse_find(&raw(&specification), &context()).unwrap().covered_by()?;
        Some(paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(covered(doc! { "a": 1, "b.c": 1, "_id": 0 }).as_deref(), Some("a b.c"));
    assert_eq!(covered(doc! { "a": 1 }).as_deref(), Some("a _id"));
    assert_eq!(covered(doc! { "a": 0 }), None);
    assert_eq!(covered(doc! { "a": 1, "b": "$c" }), None);
    assert_eq!(covered(doc! { "a.$": 1 }), None);
}

#[test]
fn find_keeps_the_first_item_that_matches() {
    check(
        Projection::parse_find,
        &[
            (
                doc! { "_id": 1, "a": [70, 85, 90], "b": 1 },
                doc! { "a": { "$elemMatch": { "$gt": 80 } } },
                doc! { "_id": 1, "a": [85] },
            ),
            (
                doc! { "_id": 1, "a": [{ "x": 1 }, { "x": 2, "y": 3 }], "b": 1 },
                doc! { "a": { "$elemMatch": { "x": { "$gte": 2 } } }, "b": 1, "_id": 0 },
                doc! { "b": 1, "a": [{ "x": 2, "y": 3 }] },
            ),
            (doc! { "_id": 1, "a": [1] }, doc! { "a": { "$elemMatch": { "$gt": 5 } } }, doc! { "_id": 1 }),
            (doc! { "_id": 1, "a": 9 }, doc! { "a": { "$elemMatch": { "$gt": 5 } } }, doc! { "_id": 1 }),
            (doc! { "_id": 1, "a": 9 }, doc! { "_id": { "$elemMatch": { "$gt": 0 } } }, doc! {}),
        ],
    );
}

#[test]
fn what_is_known_of_documents_is_added_in_any_mode() {
    let project = |parse: Parse, specification: Document| {
        let projection = parse(&raw(&specification), &context()).unwrap();
        assert!(projection.needs_metadata("textScore") && !projection.needs_metadata("sortKey"));
        let metadata = Metadata { text_score: Some(1.5), ..Metadata::default() };
        let document = raw(&doc! { "_id": 1, "a": 1, "b": 2 });
        let projected = projection.apply(&document, &metadata, None, &context()).unwrap();
        Document::try_from(&*projected).unwrap()
    };
    let score = || doc! { "$meta": "textScore" };
    for parse in [Projection::parse_find as Parse, Projection::parse_stage] {
        assert_eq!(project(parse, doc! { "s": score(), "a": 1 }), doc! { "_id": 1, "a": 1, "s": 1.5 });
        assert_eq!(project(parse, doc! { "s": score(), "a": 0 }), doc! { "_id": 1, "b": 2, "s": 1.5 });
        assert_eq!(project(parse, doc! { "a": 0, "s": score() }), doc! { "_id": 1, "b": 2, "s": 1.5 });
    }
    assert_eq!(project(Projection::parse_find, doc! { "s": score() }), doc! { "_id": 1, "a": 1, "b": 2, "s": 1.5 });
    assert_eq!(project(Projection::parse_stage, doc! { "s": score() }), doc! { "_id": 1, "s": 1.5 });
}

#[test]
fn the_slice_of_expressions_is_not_that_of_find() {
    let a = || doc! { "_id": 1, "a": [1, 2, 3] };
    let spec = || doc! { "z": { "$slice": ["$a", 2] } };
    for parse in [Projection::parse_find as Parse, Projection::parse_stage] {
        check(parse, &[(a(), spec(), doc! { "_id": 1, "z": [1, 2] })]);
    }
    check_refused(Projection::parse_stage, &[(doc! { "a": { "$slice": 2 } }, 28667)]);
}
