//! What the clock does: documents that expire, sessions that are over.

use std::time::Duration;

use bson::{DateTime, Document, doc, rawdoc};
use millpond_docdb::{Collection, Docdb, IndexModel, IndexOptions, Insert, Namespace, Retry};
use millpond_engine::{Clock, Engine, Timestamp};

use crate::ids;

const START: u64 = 1_800_000_000_000;

fn store() -> (Docdb, Clock) {
    let clock = Clock::manual(Timestamp::from_millis(START));
    let engine = Engine::options().clock(clock.clone()).open().unwrap();
    (Docdb::open(&engine).unwrap(), clock)
}

fn at(seconds: i64) -> DateTime {
    DateTime::from_millis(START.cast_signed() + seconds * 1000)
}

fn ttl(things: &Collection, keys: Document, seconds: u64) {
    let options = IndexOptions::builder().expire_after(Duration::from_secs(seconds)).build();
    things.create_index(IndexModel::builder().keys(keys).options(options).build()).run().unwrap();
}

#[test]
fn documents_are_deleted_so_long_after_their_date() {
    let (docdb, clock) = store();
    let things = docdb.database("test").collection::<Document>("things");
    ttl(&things, doc! { "at": 1 }, 60);
    things
        .insert_many([
            doc! { "_id": 1, "at": at(0) },
            doc! { "_id": 2, "at": at(30) },
            doc! { "_id": 3, "at": [at(500), at(0)] },
            doc! { "_id": 4, "at": "not a date" },
            doc! { "_id": 5 },
        ])
        .run()
        .unwrap();
    clock.advance(Duration::from_secs(59)).unwrap();
    assert_eq!(docdb.maintain().unwrap(), 0);
    clock.advance(Duration::from_secs(2)).unwrap();
    assert_eq!(docdb.maintain().unwrap(), 2);
    assert_eq!(ids(things.find(doc! {}).run()), [2, 4, 5]);
    clock.advance(Duration::from_secs(3600)).unwrap();
    docdb.maintain().unwrap();
    assert_eq!(ids(things.find(doc! {}).run()), [4, 5]);
}

#[test]
fn a_descending_ttl_index_works_as_an_ascending_one() {
    let (docdb, clock) = store();
    let things = docdb.database("test").collection::<Document>("things");
    ttl(&things, doc! { "at": -1 }, 0);
    things.insert_many((1..=3).map(|n| doc! { "_id": n, "at": at(n.into()) })).run().unwrap();
    clock.advance(Duration::from_secs(2)).unwrap();
    docdb.maintain().unwrap();
    assert_eq!(ids(things.find(doc! {}).run()), [3]);
}

#[test]
fn a_clustered_collection_expires_by_its_ids() {
    let (docdb, clock) = store();
    let database = docdb.database("test");
    let index = doc! { "key": { "_id": 1 }, "unique": true };
    database.create_collection("c").clustered_index(index).expire_after_seconds(Duration::from_secs(10)).run().unwrap();
    let things = database.collection::<Document>("c");
    things.insert_many((0..3).map(|n| doc! { "_id": at(n * 10) })).run().unwrap();
    clock.advance(Duration::from_secs(21)).unwrap();
    docdb.maintain().unwrap();
    assert_eq!(things.count_documents(doc! {}).run().unwrap(), 1);
}

#[test]
fn now_is_the_clocks_time() {
    let (docdb, clock) = store();
    let things = docdb.database("test").collection::<Document>("things");
    clock.advance(Duration::from_secs(5)).unwrap();
    things.update_one(doc! { "_id": 1 }, doc! { "$currentDate": { "at": true } }).upsert(true).run().unwrap();
    let found = things.aggregate([doc! { "$set": { "now": "$$NOW" } }]).run().unwrap().next().unwrap().unwrap();
    assert_eq!((found.get_datetime("at").unwrap(), found.get_datetime("now").unwrap()), (&at(5), &at(5)));
    let inserted = things.insert_one(doc! {}).run().unwrap().inserted_id;
    assert_eq!(inserted.as_object_id().unwrap().timestamp(), at(5));
}

#[test]
fn what_retried_writes_answered_is_forgotten_after_half_an_hour() {
    let (docdb, clock) = store();
    let namespace = Namespace::new("test", "things").unwrap();
    let retry = Some(Retry { session: vec![1; 16], transaction: 1, statements: None });
    let insert = Insert { documents: vec![rawdoc! { "_id": 1 }], retry, ..Insert::default() };
    docdb.insert(&namespace, insert.clone()).unwrap();
    clock.advance(Duration::from_secs(30 * 60)).unwrap();
    docdb.maintain().unwrap();
    assert_eq!(docdb.insert(&namespace, insert.clone()).unwrap().retried, [0]);
    clock.advance(Duration::from_secs(1)).unwrap();
    assert!(docdb.maintain().unwrap() > 0);
    assert_eq!(docdb.insert(&namespace, insert).unwrap().errors.len(), 1);
}
