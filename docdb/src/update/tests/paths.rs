use bson::Bson;

use super::*;

#[test]
fn paths_lead_through_documents_and_to_items_by_index() {
    check(&[
        (doc! { "_id": 1 }, doc! { "$set": { "a.b.c": 1 } }, doc! { "_id": 1, "a": { "b": { "c": 1 } } }),
        (
            doc! { "_id": 1, "a": { "x": 1 } },
            doc! { "$set": { "a.b": 1, "a.x": 2 } },
            doc! { "_id": 1, "a": { "x": 2, "b": 1 } },
        ),
        (doc! { "_id": 1, "a": [1, 2] }, doc! { "$set": { "a.1": 9 } }, doc! { "_id": 1, "a": [1, 9] }),
        (
            doc! { "_id": 1, "a": [10, 20] },
            doc! { "$inc": { "a.4": 5 } },
            doc! { "_id": 1, "a": [10, 20, Bson::Null, Bson::Null, 5] },
        ),
        (
            doc! { "_id": 1, "a": [{ "b": 1 }] },
            doc! { "$set": { "a.0.c": 2, "a.1.c": 3 } },
            doc! { "_id": 1, "a": [{ "b": 1, "c": 2 }, { "c": 3 }] },
        ),
        (doc! { "_id": 1, "a": [1, 2] }, doc! { "$unset": { "a.0": 1 } }, doc! { "_id": 1, "a": [Bson::Null, 2] }),
        (doc! { "_id": 1, "a": [1, 2] }, doc! { "$unset": { "a.7": 1, "a.x": 1 } }, doc! { "_id": 1, "a": [1, 2] }),
        (doc! { "_id": 1, "a": {} }, doc! { "$set": { "a.0": 1 } }, doc! { "_id": 1, "a": { "0": 1 } }),
    ]);
}

#[test]
fn all_items_are_updated_by_the_empty_identifier() {
    check(&[
        (doc! { "_id": 1, "a": [1, 2] }, doc! { "$inc": { "a.$[]": 10 } }, doc! { "_id": 1, "a": [11, 12] }),
        (doc! { "_id": 1, "a": [] }, doc! { "$inc": { "a.$[]": 10 } }, doc! { "_id": 1, "a": [] }),
        (
            doc! { "_id": 1, "a": [1, 2] },
            doc! { "$unset": { "a.$[]": 1 } },
            doc! { "_id": 1, "a": [Bson::Null, Bson::Null] },
        ),
        (
            doc! { "_id": 1, "a": [{ "b": [1] }, { "b": [2, 3] }] },
            doc! { "$mul": { "a.$[].b.$[]": 2 } },
            doc! { "_id": 1, "a": [{ "b": [2] }, { "b": [4, 6] }] },
        ),
    ]);
}

#[test]
fn the_positional_operator_stands_for_the_index_that_matched() {
    let at = |document: Document, modifications: Document| update_at(&document, &modifications, Some(1), &[]);
    let table = [
        (doc! { "_id": 1, "a": [1, 2, 3] }, doc! { "$set": { "a.$": 9 } }, doc! { "_id": 1, "a": [1, 9, 3] }),
        (
            doc! { "_id": 1, "a": [{ "x": 1 }, { "x": 2 }] },
            doc! { "$set": { "a.$.x": 9, "a.0.x": 8, "a.1.y": 7 } },
            doc! { "_id": 1, "a": [{ "x": 8 }, { "x": 9, "y": 7 }] },
        ),
    ];
    for (document, modifications, expected) in table {
        assert_eq!(at(document, modifications).unwrap(), expected);
    }
    let both = at(doc! { "_id": 1, "a": [1, 2] }, doc! { "$set": { "a.$": 1, "a.1": 2 } });
    assert_eq!(code(both), 40);
    assert_eq!(code(update(&doc! { "_id": 1, "a": [1] }, &doc! { "$set": { "a.$": 1 } })), 2);
}

#[test]
fn what_an_update_may_touch_ends_where_an_array_may_begin() {
    let update = doc! { "$set": { "a.b": 1, "c.0.d": 1, "e.$[x].f": 1 }, "$rename": { "g": "h.i" } };
    let touched = parse(&update, &[doc! { "x": 1 }]).unwrap().touches().unwrap();
    let touched: Vec<&str> = touched.iter().map(Path::as_str).collect();
    assert_eq!(touched, ["a.b", "c", "e", "g", "h.i"]);
    assert_eq!(parse(&doc! { "a": 1 }, &[]).unwrap().touches(), None);
}
