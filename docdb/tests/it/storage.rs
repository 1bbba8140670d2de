//! What is on disk: closed and opened again, forked, and cleared of what drops left.

use bson::{Document, doc};
use millpond_docdb::{Code, Docdb, IndexModel, IndexOptions};
use millpond_engine::Engine;

use crate::ids;

fn by(keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).options(IndexOptions::builder().unique(true).build()).build()
}

#[test]
fn everything_is_there_after_opening_again() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let engine = Engine::open(directory.path()).unwrap();
        let docdb = Docdb::open(&engine).unwrap();
        let database = docdb.database("test");
        let things = database.collection::<Document>("things");
        if round == 0 {
            database.create_collection("log").capped(true).size(1 << 20).max(2).run().unwrap();
            database.create_collection("seen").view_on("things".into()).pipeline([doc! { "$skip": 1 }]).run().unwrap();
            things.create_index(by(doc! { "a": 1 })).run().unwrap();
        }
        assert_eq!(things.count_documents(doc! {}).run().unwrap(), round * 10);
        let round = i32::try_from(round).unwrap();
        things.insert_many((0..10).map(|n| doc! { "_id": round * 10 + n, "a": [round, n] })).run().unwrap_err();
        things.delete_many(doc! { "_id": { "$gte": round * 10 } }).run().unwrap();
        things.insert_many((0..10).map(|n| doc! { "_id": round * 10 + n, "a": round * 10 + n })).run().unwrap();
        database.collection("log").insert_one(doc! { "_id": round }).run().unwrap();
        assert_eq!(things.insert_one(doc! { "a": 3 }).run().unwrap_err().code(), Code::DUPLICATE_KEY);
        let seen = database.collection::<Document>("seen");
        assert_eq!(seen.count_documents(doc! {}).run().unwrap(), u64::try_from(round * 10 + 9).unwrap());
        let namespace = things.namespace().unwrap();
        assert_eq!(docdb.validate(&namespace).unwrap().errors, [""; 0]);
        engine.close().unwrap();
    }
    let docdb = Docdb::open(&Engine::open(directory.path()).unwrap()).unwrap();
    let things = docdb.database("test").collection::<Document>("things");
    assert_eq!(ids(things.find(doc! { "a": 23 }).hint("a_1").run()), [23]);
    assert_eq!(ids(docdb.database("test").collection("log").find(doc! {}).run()), [1, 2]);
}

#[test]
fn what_a_drop_left_is_deleted_after_opening_again() {
    let directory = tempfile::tempdir().unwrap();
    {
        let engine = Engine::open(directory.path()).unwrap();
        let things = Docdb::open(&engine).unwrap().database("test").collection::<Document>("things");
        things.insert_many((0..1200).map(|n| doc! { "_id": n, "a": n })).run().unwrap();
        things.create_index(by(doc! { "a": 1 })).run().unwrap();
        things.drop().run().unwrap();
        things.insert_one(doc! { "_id": 1, "a": 1 }).run().unwrap();
        engine.close().unwrap();
    }
    let engine = Engine::open(directory.path()).unwrap();
    let docdb = Docdb::open(&engine).unwrap();
    let rows = |keyspace: &str| {
        let keyspace = engine.keyspace(keyspace).unwrap();
        engine.snapshot().unwrap().scan(&keyspace, &millpond_engine::RangeRequest::all()).unwrap().count()
    };
    assert_eq!(rows("docdb.documents"), 1201);
    assert!(docdb.maintain().unwrap() >= 3600);
    assert_eq!((rows("docdb.documents"), rows("docdb.entries")), (1, 1));
    assert_eq!(docdb.maintain().unwrap(), 0);
    let things = docdb.database("test").collection::<Document>("things");
    assert_eq!(ids(things.find(doc! {}).run()), [1]);
}

#[test]
fn a_fork_goes_its_own_way() {
    let engine = Engine::in_memory();
    let here = Docdb::open(&engine).unwrap().database("test").collection::<Document>("things");
    here.insert_one(doc! { "_id": 1 }).run().unwrap();
    let fork = engine.fork().unwrap();
    let there = Docdb::open(&fork).unwrap().database("test").collection::<Document>("things");
    there.insert_one(doc! { "_id": 2 }).run().unwrap();
    here.create_index(by(doc! { "a": 1 })).run().unwrap();
    here.insert_one(doc! { "_id": 3 }).run().unwrap_err();
    assert_eq!(ids(there.find(doc! {}).run()), [1, 2]);
    assert_eq!(ids(here.find(doc! {}).run()), [1]);
    assert_eq!(there.list_index_names().run().unwrap(), ["_id_"]);
}

#[test]
fn two_handles_on_an_engine_share_one_store() {
    let engine = Engine::in_memory();
    let (one, other) = (Docdb::open(&engine).unwrap(), Docdb::open(&engine).unwrap());
    let here = one.database("test").collection::<Document>("things");
    let there = other.database("test").collection::<Document>("things");
    here.insert_one(doc! { "_id": 1 }).run().unwrap();
    there.insert_one(doc! { "_id": 2 }).run().unwrap();
    here.drop().run().unwrap();
    there.insert_one(doc! { "_id": 3 }).run().unwrap();
    assert_eq!(ids(here.find(doc! {}).run()), [3]);
}

#[test]
fn an_index_whose_build_was_cut_off_is_abandoned_when_the_store_opens() {
    let engine = Engine::in_memory();
    let docdb = Docdb::open(&engine).unwrap();
    let things = docdb.database("test").collection::<Document>("things");
    things.insert_many((0..50).map(|n| doc! { "_id": n, "a": n })).run().unwrap();
    things.create_index(by(doc! { "a": 1 })).run().unwrap();

    // As the process left it when it died within the build.
    let catalog = engine.keyspace("docdb.catalog").unwrap();
    let key = b"\x01test\0things".to_vec();
    let row = engine.get(&catalog, &key).unwrap().unwrap();
    let mut row: Document = bson::deserialize_from_slice(&row).unwrap();
    row.get_array_mut("indexes").unwrap()[1].as_document_mut().unwrap().insert("building", true);
    engine.transact(|tx| tx.put(&catalog, key.clone(), bson::serialize_to_vec(&row).unwrap())).unwrap();

    let docdb = Docdb::open(&engine).unwrap();
    let things = docdb.database("test").collection::<Document>("things");
    assert_eq!(things.list_index_names().run().unwrap(), ["_id_"]);
    things.insert_one(doc! { "_id": 50, "a": 1 }).run().unwrap();
    assert_eq!(docdb.maintain().unwrap(), 50);
    assert_eq!(docdb.validate(&things.namespace().unwrap()).unwrap().errors, [""; 0]);
}
