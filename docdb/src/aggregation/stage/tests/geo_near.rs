use bson::{Document, doc};

use crate::aggregation::testing::{code, run};

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
    assert_eq!(code(&[doc! { "at": [1, 1] }], &[doc! { "$geoNear": { "near": [0, 0], "distanceField": "d" } }]), 27);
}
