//! One document that is found and changed at once.

use bson::doc;
use millpond_docdb::ReturnDocument;

use crate::{all, collection};

fn three() -> millpond_docdb::Collection {
    let things = collection();
    things.insert_many((1..=3).map(|n| doc! { "_id": n, "n": n * 10 })).run().unwrap();
    things
}

#[test]
fn the_document_before_is_returned_unless_the_one_after_is_asked_for() {
    let things = three();
    let update = doc! { "$inc": { "n": 1 } };
    let before = things.find_one_and_update(doc! { "_id": 1 }, update.clone()).run().unwrap();
    assert_eq!(before, Some(doc! { "_id": 1, "n": 10 }));
    let after =
        things.find_one_and_update(doc! { "_id": 1 }, update).return_document(ReturnDocument::After).run().unwrap();
    assert_eq!(after, Some(doc! { "_id": 1, "n": 12 }));
}

#[test]
fn the_first_in_an_order_is_taken() {
    let things = three();
    let taken = things.find_one_and_delete(doc! {}).sort(doc! { "n": -1 }).projection(doc! { "_id": 0 }).run().unwrap();
    assert_eq!(taken, Some(doc! { "n": 30 }));
    assert_eq!(things.count_documents(doc! {}).run().unwrap(), 2);
}

#[test]
fn nothing_found_is_none() {
    let things = three();
    assert_eq!(things.find_one_and_delete(doc! { "_id": 9 }).run().unwrap(), None);
    assert_eq!(things.find_one_and_update(doc! { "_id": 9 }, doc! { "$set": { "a": 1 } }).run().unwrap(), None);
    assert_eq!(things.find_one_and_replace(doc! { "_id": 9 }, doc! {}).run().unwrap(), None);
}

#[test]
fn an_upsert_has_no_document_before_and_one_after() {
    let things = three();
    let before = things.find_one_and_replace(doc! { "_id": 7 }, doc! { "a": 1 }).upsert(true).run().unwrap();
    assert_eq!(before, None);
    let after = things
        .find_one_and_update(doc! { "_id": 8 }, doc! { "$set": { "a": 2 } })
        .upsert(true)
        .return_document(ReturnDocument::After)
        .run()
        .unwrap();
    assert_eq!(after, Some(doc! { "_id": 8, "a": 2 }));
    assert_eq!(all(things.find(doc! { "_id": 7 }).run()), [doc! { "_id": 7, "a": 1 }]);
}

#[test]
fn a_replacement_returns_what_it_replaced() {
    let things = three();
    let before = things.find_one_and_replace(doc! { "n": 20 }, doc! { "m": 1 }).run().unwrap();
    assert_eq!(before, Some(doc! { "_id": 2, "n": 20 }));
    assert_eq!(all(things.find(doc! { "m": 1 }).run()), [doc! { "_id": 2, "m": 1 }]);
}

#[test]
fn array_filters_and_variables_work_here_too() {
    let things = collection();
    things.insert_one(doc! { "_id": 1, "a": [1, 5, 9] }).run().unwrap();
    let after = things
        .find_one_and_update(doc! { "$expr": { "$eq": ["$_id", "$$id"] } }, doc! { "$inc": { "a.$[big]": 100 } })
        .let_vars(doc! { "id": 1 })
        .array_filters([doc! { "big": { "$gt": 4 } }])
        .return_document(ReturnDocument::After)
        .run()
        .unwrap();
    assert_eq!(after, Some(doc! { "_id": 1, "a": [1, 105, 109] }));
}
