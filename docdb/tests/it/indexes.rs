//! Indexes: made, used, unique, listed, dropped.

use std::time::Duration;

use bson::{Document, doc};
use millpond_docdb::{Code, Collation, CollationStrength, Docdb, Error, IndexModel, IndexOptions, Namespace};
use millpond_engine::Engine;

use crate::{collection, ids};

fn unique(keys: bson::Document) -> IndexModel {
    IndexModel::builder().keys(keys).options(IndexOptions::builder().unique(true).build()).build()
}

fn plain(keys: bson::Document) -> IndexModel {
    IndexModel::builder().keys(keys).build()
}

#[test]
fn indexes_are_named_after_their_keys() {
    let things = collection();
    let made = things.create_indexes([plain(doc! { "a": 1, "b.c": -1 }), plain(doc! { "d": "hashed" })]).run().unwrap();
    assert_eq!(made.index_names, ["a_1_b.c_-1", "d_hashed"]);
    assert_eq!(things.list_index_names().run().unwrap(), ["_id_", "a_1_b.c_-1", "d_hashed"]);
    things.drop_index("d_hashed").run().unwrap();
    assert_eq!(things.drop_index("d_hashed").run().unwrap_err().code(), Code::INDEX_NOT_FOUND);
    things.drop_indexes().run().unwrap();
    assert_eq!(things.list_index_names().run().unwrap(), ["_id_"]);
}

#[test]
fn an_index_is_listed_with_the_options_that_it_was_made_with() {
    let things = collection();
    let options = IndexOptions::builder()
        .name("soon".to_owned())
        .expire_after(Duration::from_secs(90))
        .partial_filter_expression(doc! { "a": { "$gt": 1 } })
        .sparse(None)
        .hidden(true)
        .build();
    things.create_index(IndexModel::builder().keys(doc! { "at": 1 }).options(options.clone()).build()).run().unwrap();
    let listed = things.list_indexes().run().unwrap();
    assert_eq!(listed[1], IndexModel::builder().keys(doc! { "at": 1 }).options(options).build());
}

#[test]
fn making_the_same_index_again_is_no_error_and_another_of_its_name_is() {
    let things = collection();
    let named =
        |keys| IndexModel::builder().keys(keys).options(IndexOptions::builder().name("x".to_owned()).build()).build();
    things.create_index(named(doc! { "a": 1 })).run().unwrap();
    things.create_index(named(doc! { "a": 1 })).run().unwrap();
    let error = things.create_index(named(doc! { "b": 1 })).run().unwrap_err();
    assert_eq!(error.code(), Code::INDEX_KEY_SPECS_CONFLICT);
    let error = things.create_index(plain(doc! { "a": 1 })).run().unwrap_err();
    assert_eq!(error.code(), Code::INDEX_OPTIONS_CONFLICT);
    // Whether it is unique is part of what an index is: both may be there.
    things.create_index(unique(doc! { "a": 1 })).run().unwrap();
    assert_eq!(things.create_index(plain(doc! { "b": 3.5 })).run().map(|made| made.index_name).unwrap(), "b_3.5");
    assert_eq!(things.create_index(plain(doc! { "a": 0 })).run().unwrap_err().code(), Code::CANNOT_CREATE_INDEX);
}

#[test]
fn a_unique_index_says_what_it_refused() {
    let things = collection();
    things.create_index(unique(doc! { "a": 1, "b": -1 })).run().unwrap();
    things.insert_one(doc! { "_id": 1, "a": 1, "b": "x" }).run().unwrap();
    let Err(Error::DuplicateKey(refused)) = things.insert_one(doc! { "_id": 2, "a": 1, "b": "x" }).run() else {
        panic!("not refused")
    };
    assert_eq!((refused.namespace.as_str(), refused.index.as_str()), ("test.things", "a_1_b_-1"));
    assert_eq!(refused.key_pattern, doc! { "a": 1, "b": -1 });
    assert_eq!(refused.key_value, doc! { "a": 1, "b": "x" });
    assert_eq!(
        Error::DuplicateKey(refused).to_string(),
        "E11000 duplicate key error collection: test.things index: a_1_b_-1 dup key: { a: 1, b: \"x\" }"
    );
    // Documents without the fields count as null: one of them may be there.
    things.insert_one(doc! { "_id": 3 }).run().unwrap();
    assert_eq!(things.insert_one(doc! { "_id": 4 }).run().unwrap_err().code(), Code::DUPLICATE_KEY);
    things.insert_one(doc! { "_id": 5, "a": 2 }).run().unwrap();
    let error = things.update_one(doc! { "_id": 5 }, doc! { "$set": { "a": 1, "b": "x" } }).run().unwrap_err();
    assert_eq!(error.code(), Code::DUPLICATE_KEY);
    assert_eq!(ids(things.find(doc! { "a": 2 }).run()), [5]);
}

#[test]
fn a_unique_index_cannot_be_made_over_duplicates() {
    let things = collection();
    things.insert_many([doc! { "a": 1 }, doc! { "a": 1 }]).run().unwrap();
    let error = things.create_index(unique(doc! { "a": 1 })).run().unwrap_err();
    assert_eq!(error.code(), Code::DUPLICATE_KEY);
    assert_eq!(things.list_index_names().run().unwrap(), ["_id_"]);
}

#[test]
fn sparse_and_partial_indexes_are_unique_over_what_they_hold() {
    let things = collection();
    let options = IndexOptions::builder().unique(true).sparse(true).build();
    things.create_index(IndexModel::builder().keys(doc! { "a": 1 }).options(options).build()).run().unwrap();
    let options = IndexOptions::builder().unique(true).partial_filter_expression(doc! { "live": true }).build();
    things.create_index(IndexModel::builder().keys(doc! { "b": 1 }).options(options).build()).run().unwrap();
    things.insert_many([doc! { "b": 1 }, doc! { "b": 1 }, doc! { "b": 1, "live": true }]).run().unwrap();
    assert_eq!(things.insert_one(doc! { "b": 1, "live": true }).run().unwrap_err().code(), Code::DUPLICATE_KEY);
}

#[test]
fn an_items_key_is_unique_between_documents_and_not_within_one() {
    let things = collection();
    things.create_index(unique(doc! { "tags": 1 })).run().unwrap();
    things.insert_one(doc! { "tags": ["a", "b", "a"] }).run().unwrap();
    assert_eq!(things.insert_one(doc! { "tags": "b" }).run().unwrap_err().code(), Code::DUPLICATE_KEY);
    assert_eq!(
        things
            .create_index(plain(doc! { "x": 1, "y": 1 }))
            .run()
            .and_then(|_| things.insert_one(doc! { "tags": "q", "x": [1], "y": [2] }).run())
            .unwrap_err()
            .code(),
        Code::CANNOT_INDEX_PARALLEL_ARRAYS
    );
}

#[test]
fn an_index_of_a_collation_is_unique_by_it() {
    let things = collection();
    let en = Collation::builder().locale("en").strength(CollationStrength::Secondary).build();
    let options = IndexOptions::builder().unique(true).collation(en.clone()).build();
    things.create_index(IndexModel::builder().keys(doc! { "name": 1 }).options(options).build()).run().unwrap();
    things.insert_one(doc! { "_id": 1, "name": "Ann" }).run().unwrap();
    assert_eq!(things.insert_one(doc! { "_id": 2, "name": "ANN" }).run().unwrap_err().code(), Code::DUPLICATE_KEY);
    assert_eq!(ids(things.find(doc! { "name": "ann" }).collation(en).run()), [1]);
    let listed = things.list_indexes().run().unwrap();
    let listed = listed[1].options.as_ref().unwrap().collation.as_ref().unwrap();
    assert_eq!((listed.locale.as_str(), listed.strength), ("en", Some(CollationStrength::Secondary)));
}

#[test]
fn queries_find_the_same_with_and_without_their_index() {
    let things = collection();
    let documents = (0..200).map(|n| doc! { "_id": n, "a": n % 7, "b": [n % 5, n % 3], "c": { "d": n % 11 } });
    things.insert_many(documents).run().unwrap();
    let filters = [
        doc! { "a": 3 },
        doc! { "a": { "$gte": 2, "$lt": 5 } },
        doc! { "b": 2 },
        doc! { "b": { "$all": [1, 2] } },
        doc! { "c.d": { "$in": [1, 10, 99] } },
        doc! { "a": { "$ne": 3 }, "c.d": { "$exists": true } },
        doc! { "$or": [{ "a": 1 }, { "c.d": 2 }] },
        doc! { "a": null },
        doc! { "b": { "$elemMatch": { "$gt": 1, "$lt": 3 } } },
        doc! { "a": { "$not": { "$gt": 2 } } },
    ];
    let without: Vec<_> =
        filters.iter().map(|filter| ids(things.find(filter.clone()).sort(doc! { "_id": 1 }).run())).collect();
    let models = [doc! { "a": 1, "c.d": -1 }, doc! { "b": 1 }, doc! { "c.d": 1 }, doc! { "$**": 1 }].map(plain);
    things.create_indexes(models).run().unwrap();
    for (filter, expected) in filters.iter().zip(without) {
        let found = ids(things.find(filter.clone()).sort(doc! { "_id": 1 }).run());
        assert_eq!(found, expected, "{filter}");
        let hinted = ids(things.find(filter.clone()).hint("a_1_c.d_-1").sort(doc! { "_id": 1 }).run());
        assert_eq!(hinted, expected, "{filter}, hinted");
    }
    let sorted = ids(things.find(doc! {}).sort(doc! { "a": -1, "c.d": 1 }).limit(3).run());
    assert_eq!(sorted.len(), 3);
}

/// Updates leave an index alone whose fields they do not change; what decides is the bytes of the fields.
#[test]
fn keys_follow_what_updates_change_and_nothing_else() {
    let docdb = Docdb::open(&Engine::in_memory()).unwrap();
    let things = docdb.database("test").collection::<Document>("things");
    let partial = IndexOptions::builder().partial_filter_expression(doc! { "on": true }).build();
    things
        .create_indexes([
            plain(doc! { "a": 1 }),
            plain(doc! { "b.c": -1, "d": 1 }),
            plain(doc! { "tags": 1 }),
            IndexModel::builder().keys(doc! { "e": 1 }).options(partial).build(),
        ])
        .run()
        .unwrap();
    things
        .insert_one(doc! { "_id": 1, "a": 0.0, "b": { "c": 1 }, "tags": [2, 1, 2], "e": 1, "on": false })
        .run()
        .unwrap();
    let valid = || {
        let found = docdb.validate(&Namespace::new("test", "things").unwrap()).unwrap();
        assert_eq!((found.documents, found.errors), (1, vec![]));
    };
    for update in [
        doc! { "$set": { "a": -0.0 } },
        doc! { "$set": { "other": 1 } },
        doc! { "$set": { "b.c": 2 } },
        doc! { "$set": { "d": 1 } },
        doc! { "$push": { "tags": 1 } },
        doc! { "$set": { "on": true } },
        doc! { "$unset": { "b": 1 } },
        doc! { "$set": { "on": false } },
    ] {
        things.update_one(doc! { "_id": 1 }, update).run().unwrap();
        valid();
    }
    let covered =
        things.find(doc! { "a": 0 }).projection(doc! { "_id": 0, "a": 1 }).run().unwrap().next().unwrap().unwrap();
    assert!(covered.get_f64("a").unwrap().is_sign_negative());
}
