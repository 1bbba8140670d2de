//! Collections of all kinds: validated, capped, clustered, views; renamed and dropped.

use std::time::Duration;

use bson::{Document, doc};
use millpond_docdb::{
    Code, CollectionKind, Database, Docdb, Error, Namespace, Tailable, ValidationAction, ValidationLevel,
};
use millpond_engine::Engine;

use crate::{all, ids};

fn database() -> Database {
    Docdb::open(&Engine::in_memory()).unwrap().database("test")
}

#[test]
fn collections_and_databases_are_listed_by_name_and_come_with_their_first_document() {
    let docdb = Docdb::open(&Engine::in_memory()).unwrap();
    let database = docdb.database("b");
    assert_eq!(docdb.list_database_names().run().unwrap(), [""; 0]);
    database.collection("z").insert_one(doc! {}).run().unwrap();
    database.create_collection("a").run().unwrap();
    docdb.database("a").collection("x").insert_one(doc! {}).run().unwrap();
    assert_eq!(docdb.list_database_names().run().unwrap(), ["a", "b"]);
    assert_eq!(database.list_collection_names().run().unwrap(), ["a", "z"]);
    let listed = database.list_collections().run().unwrap();
    assert_eq!((listed[0].kind, listed[0].uuid.is_some()), (CollectionKind::Collection, true));
    database.drop().run().unwrap();
    database.drop().run().unwrap();
    assert_eq!(docdb.list_database_names().run().unwrap(), ["a"]);
}

#[test]
fn making_a_collection_again_is_no_error_unless_its_options_differ() {
    let database = database();
    database.create_collection("a").run().unwrap();
    database.create_collection("a").run().unwrap();
    let error = database.create_collection("a").capped(true).size(4096).run().unwrap_err();
    assert_eq!(error.code(), Code::NAMESPACE_EXISTS);
    for action in [database.create_collection("b").capped(true), database.create_collection("b").size(4096)] {
        assert_eq!(action.run().unwrap_err().code(), Code::INVALID_OPTIONS);
    }
}

#[test]
fn a_validator_refuses_what_does_not_match_and_says_why() {
    let database = database();
    let schema = doc! { "$jsonSchema": { "required": ["year"], "properties": { "year": { "bsonType": "int", "minimum": 1888 } } } };
    database.create_collection("films").validator(schema).run().unwrap();
    let films = database.collection::<Document>("films");
    films.insert_one(doc! { "_id": 1, "year": 2001 }).run().unwrap();
    let Err(Error::DocumentValidationFailure { details }) = films.insert_one(doc! { "_id": 2, "year": 1700 }).run()
    else {
        panic!("not refused")
    };
    let details = Document::try_from(&*details).unwrap();
    assert_eq!(details.get_i32("failingDocumentId").unwrap(), 2);
    let details = details.get_document("details").unwrap();
    assert_eq!(details.get_str("operatorName").unwrap(), "$jsonSchema");
    assert!(details.to_string().contains("minimum"), "{details}");
    let error = films.update_one(doc! {}, doc! { "$unset": { "year": 1 } }).run().unwrap_err();
    assert_eq!(error.code(), Code::DOCUMENT_VALIDATION_FAILURE);
    let error = films.find_one_and_update(doc! {}, doc! { "$set": { "year": "x" } }).run().unwrap_err();
    assert_eq!(error.code(), Code::DOCUMENT_VALIDATION_FAILURE);
    films.insert_one(doc! { "_id": 2 }).bypass_document_validation(true).run().unwrap();
}

#[test]
fn moderate_and_warning_validators_let_more_through() {
    let database = database();
    database
        .create_collection("moderate")
        .validator(doc! { "n": { "$gt": 0 } })
        .validation_level(ValidationLevel::Moderate)
        .run()
        .unwrap();
    let moderate = database.collection::<Document>("moderate");
    moderate.insert_one(doc! { "_id": 1, "n": -1 }).bypass_document_validation(true).run().unwrap();
    moderate.insert_one(doc! { "_id": 2, "n": 1 }).run().unwrap();
    moderate.update_one(doc! { "_id": 1 }, doc! { "$set": { "n": -2 } }).run().unwrap();
    assert!(moderate.update_one(doc! { "_id": 2 }, doc! { "$set": { "n": -2 } }).run().is_err());

    database
        .create_collection("warned")
        .validator(doc! { "n": 1 })
        .validation_action(ValidationAction::Warn)
        .run()
        .unwrap();
    database.collection("warned").insert_one(doc! { "n": 2 }).run().unwrap();
}

#[test]
fn a_capped_collection_drops_its_oldest_and_keeps_its_order() {
    let database = database();
    database.create_collection("log").capped(true).size(1 << 20).max(3).run().unwrap();
    let log = database.collection::<Document>("log");
    log.insert_many((0..5).map(|n| doc! { "_id": n })).run().unwrap();
    assert_eq!(ids(log.find(doc! {}).run()), [2, 3, 4]);
    assert_eq!(ids(log.find(doc! {}).sort(doc! { "$natural": -1 }).run()), [4, 3, 2]);
    assert_eq!(log.estimated_document_count().run().unwrap(), 3);

    database.create_collection("small").capped(true).size(4096).run().unwrap();
    let small = database.collection::<Document>("small");
    small.insert_many((0..10).map(|n| doc! { "_id": n, "x": "x".repeat(1100) })).run().unwrap();
    assert_eq!(ids(small.find(doc! {}).run()), [7, 8, 9]);
}

#[test]
fn a_tailable_cursor_goes_on_where_it_was() {
    let database = database();
    database.create_collection("log").capped(true).size(1 << 20).run().unwrap();
    let log = database.collection::<Document>("log");
    log.insert_many((0..3).map(|n| doc! { "_id": n })).run().unwrap();
    let mut tail = log.find(doc! { "_id": { "$ne": 1 } }).cursor_type(Tailable::AwaitData).run().unwrap();
    let next = |tail: &mut millpond_docdb::Cursor| tail.next().map(|found| found.unwrap().get_i32("_id").unwrap());
    assert_eq!((next(&mut tail), next(&mut tail), next(&mut tail)), (Some(0), Some(2), None));
    log.insert_many((3..5).map(|n| doc! { "_id": n })).run().unwrap();
    assert_eq!((next(&mut tail), next(&mut tail), next(&mut tail)), (Some(3), Some(4), None));
    std::thread::scope(|scope| {
        scope.spawn(|| log.insert_one(doc! { "_id": 5 }).run().unwrap());
        tail.wait(Duration::from_secs(60));
        assert_eq!(next(&mut tail), Some(5));
    });
    log.drop().run().unwrap();
    assert_eq!(tail.next().unwrap().unwrap_err().code(), Code::QUERY_PLAN_KILLED);
}

#[test]
fn a_clustered_collection_is_kept_in_the_order_of_its_ids() {
    let database = database();
    let index = doc! { "key": { "_id": 1 }, "unique": true };
    database.create_collection("c").clustered_index(index).run().unwrap();
    let things = database.collection::<Document>("c");
    things.insert_many([5, 1, 3].map(|n| doc! { "_id": n })).run().unwrap();
    assert_eq!(ids(things.find(doc! {}).run()), [1, 3, 5]);
    assert_eq!(ids(things.find(doc! { "_id": { "$gt": 1 } }).run()), [3, 5]);
    assert_eq!(things.insert_one(doc! { "_id": 3 }).run().unwrap_err().code(), Code::DUPLICATE_KEY);
    things.update_one(doc! { "_id": 3 }, doc! { "$set": { "a": 1 } }).run().unwrap();
    things.create_index(millpond_docdb::IndexModel::builder().keys(doc! { "a": 1 }).build()).run().unwrap();
    assert_eq!(ids(things.find(doc! { "a": 1 }).run()), [3]);
    assert_eq!(things.delete_one(doc! { "_id": 1 }).run().unwrap().deleted_count, 1);
}

#[test]
fn a_view_shows_what_its_pipeline_makes_of_a_collection() {
    let database = database();
    let films = database.collection::<Document>("films");
    films.insert_many((0..6).map(|n| doc! { "_id": n, "year": 2000 + n })).run().unwrap();
    database
        .create_collection("late")
        .view_on("films".into())
        .pipeline([doc! { "$match": { "year": { "$gt": 2002 } } }])
        .run()
        .unwrap();
    database
        .create_collection("later")
        .view_on("late".into())
        .pipeline([doc! { "$match": { "year": { "$lt": 2005 } } }])
        .run()
        .unwrap();
    let later = database.collection::<Document>("later");
    assert_eq!(ids(later.find(doc! {}).sort(doc! { "_id": -1 }).run()), [4, 3]);
    assert_eq!(later.count_documents(doc! { "year": 2003 }).run().unwrap(), 1);
    assert_eq!(later.distinct("year", doc! {}).run().unwrap().len(), 2);
    assert_eq!(all(later.aggregate([doc! { "$count": "n" }]).run()), [doc! { "n": 2 }]);
    assert_eq!(later.insert_one(doc! {}).run().unwrap_err().code(), Code::COMMAND_NOT_SUPPORTED_ON_VIEW);
    assert_eq!(later.list_indexes().run().unwrap_err().code(), Code::COMMAND_NOT_SUPPORTED_ON_VIEW);
    films.drop().run().unwrap();
    assert_eq!(ids(later.find(doc! {}).run()), [0; 0]);
}

#[test]
fn a_collections_collation_is_that_of_its_operations_and_indexes() {
    let database = database();
    database.create_collection("names").collation(doc! { "locale": "en", "strength": 2 }).run().unwrap();
    let names = database.collection::<Document>("names");
    names.insert_many([doc! { "_id": 1, "s": "Ann" }, doc! { "_id": 2, "s": "ann" }]).run().unwrap();
    assert_eq!(ids(names.find(doc! { "s": "ANN" }).run()), [1, 2]);
    assert_eq!(ids(names.find(doc! { "s": "ann" }).collation(doc! { "locale": "simple" }).run()), [2]);
    names.insert_one(doc! { "_id": "x" }).run().unwrap();
    assert_eq!(names.insert_one(doc! { "_id": "X" }).run().unwrap_err().code(), Code::DUPLICATE_KEY);
}

#[test]
fn a_collection_is_renamed_with_its_documents_and_indexes() {
    let docdb = Docdb::open(&Engine::in_memory()).unwrap();
    let (a, b) =
        (docdb.database("test").collection::<Document>("a"), docdb.database("other").collection::<Document>("b"));
    a.insert_one(doc! { "_id": 1, "x": 1 }).run().unwrap();
    a.create_index(millpond_docdb::IndexModel::builder().keys(doc! { "x": 1 }).build()).run().unwrap();
    b.insert_one(doc! { "_id": 9 }).run().unwrap();
    let to = b.namespace().unwrap();
    assert_eq!(a.rename(&to).run().unwrap_err().code(), Code::NAMESPACE_EXISTS);
    a.rename(&to).drop_target(true).run().unwrap();
    assert_eq!(ids(b.find(doc! { "x": 1 }).hint("x_1").run()), [1]);
    assert_eq!(ids(a.find(doc! {}).run()), [0; 0]);
    let error = a.rename(&Namespace::new("test", "c").unwrap()).run().unwrap_err();
    assert_eq!(error.code(), Code::NAMESPACE_NOT_FOUND);
}

#[test]
fn a_dropped_collection_comes_back_empty() {
    let database = database();
    let things = database.collection::<Document>("things");
    things.insert_many((0..100).map(|n| doc! { "_id": n })).run().unwrap();
    things.create_index(millpond_docdb::IndexModel::builder().keys(doc! { "x": 1 }).build()).run().unwrap();
    things.drop().run().unwrap();
    things.drop().run().unwrap();
    assert_eq!(things.count_documents(doc! {}).run().unwrap(), 0);
    assert_eq!(things.list_indexes().run().unwrap_err().code(), Code::NAMESPACE_NOT_FOUND);
    things.insert_one(doc! { "_id": 1 }).run().unwrap();
    assert_eq!(ids(things.find(doc! {}).run()), [1]);
    assert_eq!(things.list_index_names().run().unwrap(), ["_id_"]);
}
