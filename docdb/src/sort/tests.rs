use bson::{RawDocumentBuf, rawdoc};

use super::*;
use crate::{
    aggregation::Row,
    context::{Context, Metadata},
    error::Code,
    value::Doc,
};

fn context() -> Context {
    Context::new(millpond_engine::Timestamp::from_millis(0))
}

fn sorted(pattern: &RawDocumentBuf, documents: &[RawDocumentBuf], limit: Option<u64>) -> Vec<i32> {
    let pattern = std::sync::Arc::new(SortPattern::parse(pattern, &context()).unwrap());
    let mut sorter = Sorter::new(pattern, limit, false);
    for document in documents {
        sorter.push(Row { doc: Doc::from(document.clone()), metadata: Metadata::default() }).unwrap();
    }
    sorter.finish().map(|row| row.doc.get_i32("_id").unwrap()).collect()
}

fn code(pattern: RawDocumentBuf) -> i32 {
    SortPattern::parse(&pattern, &context()).unwrap_err().code().0
}

#[test]
fn patterns_that_mean_nothing_are_refused() {
    let decimal = |text: &str| text.parse::<bson::Decimal128>().unwrap();
    let mut many = RawDocumentBuf::new();
    for field in 0..33 {
        many.append(bson::raw::CString::try_from(format!("f{field}")).unwrap(), 1);
    }
    let cases = [
        (rawdoc! { "v": "asc" }, 15974),
        (rawdoc! { "v": true }, 15974),
        (rawdoc! { "v": null }, 15974),
        (rawdoc! { "v": [1] }, 15974),
        (rawdoc! { "v": 0 }, 15975),
        (rawdoc! { "v": 2 }, 15975),
        (rawdoc! { "v": 0.5 }, 15975),
        (rawdoc! { "v": f64::NAN }, 15975),
        (rawdoc! { "v": decimal("1.5") }, 15975),
        (rawdoc! { "v": decimal("0.5") }, 15975),
        (rawdoc! { "v": decimal("Infinity") }, 15975),
        (rawdoc! { "$a": 0 }, 15975),
        (rawdoc! { "": 1 }, 40352),
        (rawdoc! { "a.": 1 }, 40353),
        (rawdoc! { ".a": 1 }, 15998),
        (rawdoc! { "a..b": 1 }, 15998),
        (rawdoc! { "$natural": 1 }, 16410),
        (rawdoc! { "a.$b": 1 }, 16410),
        (rawdoc! { "v": { "$foo": 1 } }, 17312),
        (rawdoc! { "v": { "$meta": "randVal", "extra": 1 } }, 9),
        (rawdoc! { "v": { "$meta": "sortKey" } }, 31138),
        (rawdoc! { "v": { "$meta": 1 } }, 31138),
        (many, 13103),
    ];
    for (pattern, expected) in cases {
        assert_eq!(code(pattern.clone()), expected, "{pattern:?}");
    }
    let mut twice = rawdoc! { "v": 1 };
    twice.append(bson::cstr!("v"), -1);
    assert_eq!(code(twice), 7_472_500);
}

#[test]
fn doubles_are_cut_off_and_decimals_rounded() {
    let decimal = |text: &str| text.parse::<bson::Decimal128>().unwrap();
    let documents = [rawdoc! { "_id": 1, "v": 20 }, rawdoc! { "_id": 2, "v": 10 }];
    for ascending in [rawdoc! { "v": 1.999 }, rawdoc! { "v": decimal("0.51") }, rawdoc! { "v": decimal("1.49") }] {
        assert_eq!(sorted(&ascending, &documents, None), [2, 1], "{ascending:?}");
    }
    for descending in [rawdoc! { "v": -1.999 }, rawdoc! { "v": decimal("-0.51") }, rawdoc! { "v": -1_i64 }] {
        assert_eq!(sorted(&descending, &documents, None), [1, 2], "{descending:?}");
    }
}

#[test]
fn arrays_are_ordered_by_their_least_or_greatest_item() {
    let documents = [
        rawdoc! { "_id": 1, "v": [10, 30] },
        rawdoc! { "_id": 2, "v": 5 },
        rawdoc! { "_id": 3, "v": [25, 20, 15] },
        rawdoc! { "_id": 4, "v": 12 },
    ];
    assert_eq!(sorted(&rawdoc! { "v": 1, "_id": 1 }, &documents, None), [2, 1, 4, 3]);
    assert_eq!(sorted(&rawdoc! { "v": -1, "_id": 1 }, &documents, None), [1, 3, 4, 2]);
}

#[test]
fn an_empty_array_sorts_below_null_and_missing() {
    let documents = [
        rawdoc! { "_id": 1, "v": null },
        rawdoc! { "_id": 2, "v": [] },
        rawdoc! { "_id": 3 },
        rawdoc! { "_id": 4, "v": bson::RawBson::MinKey },
        rawdoc! { "_id": 5, "v": 1 },
    ];
    assert_eq!(sorted(&rawdoc! { "v": 1, "_id": 1 }, &documents, None), [4, 2, 1, 3, 5]);
}

#[test]
fn arrays_within_arrays_are_values() {
    let documents = [
        rawdoc! { "_id": 1, "v": [[1, 2]] },
        rawdoc! { "_id": 2, "v": { "a": 1 } },
        rawdoc! { "_id": 3, "v": bson::RawBson::MaxKey },
    ];
    assert_eq!(sorted(&rawdoc! { "v": 1 }, &documents, None), [2, 1, 3]);
}

#[test]
fn paths_lead_through_arrays_of_documents_and_by_index() {
    let documents = [
        rawdoc! { "_id": 3, "a": [{ "b": 20 }, { "b": 15 }] },
        rawdoc! { "_id": 2, "a": [{ "b": 25 }, { "b": 5 }] },
        rawdoc! { "_id": 1, "a": [{ "b": 30 }, { "b": 10 }] },
    ];
    assert_eq!(sorted(&rawdoc! { "a.b": 1 }, &documents, None), [2, 1, 3]);
    assert_eq!(sorted(&rawdoc! { "a.b": -1 }, &documents, None), [1, 2, 3]);
    assert_eq!(sorted(&rawdoc! { "a.0.b": 1 }, &documents, None), [3, 2, 1]);
}

#[test]
fn the_fields_of_a_compound_key_are_of_one_item() {
    // The least pair is (1, 9), although 2 is the least c.
    let documents = [
        rawdoc! { "_id": 1, "a": [{ "b": 1, "c": 9 }, { "b": 2, "c": 2 }] },
        rawdoc! { "_id": 2, "a": { "b": 1, "c": 5 } },
    ];
    assert_eq!(sorted(&rawdoc! { "a.b": 1, "a.c": 1 }, &documents, None), [2, 1]);
}

#[test]
fn parallel_arrays_are_refused() {
    let pattern = SortPattern::parse(&rawdoc! { "a": 1, "b": 1 }, &context()).unwrap();
    let refused = pattern.key(&rawdoc! { "a": [1], "b": [2] }, &Metadata::default()).unwrap_err();
    assert_eq!(refused.code(), Code::BAD_VALUE);
}

#[test]
fn a_limit_keeps_the_first_and_the_order_of_equals() {
    let documents: Vec<_> = (0..200).map(|id| rawdoc! { "_id": id, "v": (id * 37) % 10 }).collect();
    let all = sorted(&rawdoc! { "v": 1 }, &documents, None);
    assert!(all[..20].windows(2).all(|pair| pair[0] < pair[1]), "equal keys keep their order");
    for limit in [1, 5, 7, 50] {
        assert_eq!(sorted(&rawdoc! { "v": 1 }, &documents, Some(limit)), all[..limit as usize], "{limit}");
    }
}

#[test]
fn scores_must_be_there() {
    let pattern = SortPattern::parse(&rawdoc! { "t": { "$meta": "textScore" } }, &context()).unwrap();
    assert_eq!(pattern.key(&rawdoc! {}, &Metadata::default()).unwrap_err().code(), Code(40218));
    let metadata = Metadata { text_score: Some(1.5), ..Metadata::default() };
    assert_eq!(
        pattern.key(&rawdoc! {}, &metadata).unwrap().to_array(),
        bson::rawdoc! { "a": [1.5] }.get_array("a").unwrap().to_owned()
    );
}

#[test]
fn natural_stands_alone() {
    assert_eq!(natural(&rawdoc! { "$natural": -1 }).unwrap(), Some(true));
    assert_eq!(natural(&rawdoc! { "a": 1 }).unwrap(), None);
    assert_eq!(natural(&rawdoc! { "$natural": 2 }).unwrap_err().code(), Code::BAD_VALUE);
    assert_eq!(natural(&rawdoc! { "$natural": 1, "a": 1 }).unwrap_err().code(), Code::BAD_VALUE);
}
