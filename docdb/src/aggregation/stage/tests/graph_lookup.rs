use bson::{Bson, Document, doc};

use crate::aggregation::testing::{Lists, code, run_among};

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
    let mut graph =
        doc! { "from": "p", "startWith": "$start", "connectFromField": "knows", "connectToField": "name", "as": "r" };
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
