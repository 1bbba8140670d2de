//! Operations in the caller's transaction.

use bson::{Bson, Document, doc};
use millpond_docdb::{Code, Docdb, Error, IndexModel, IndexOptions, ReturnDocument};
use millpond_engine::Engine;

use crate::ids;

#[test]
fn a_document_and_another_keyspaces_row_commit_together() {
    let engine = Engine::in_memory();
    let docdb = Docdb::open(&engine).unwrap();
    let orders = docdb.database("shop").collection::<Document>("orders");
    let outbox = engine.keyspace("outbox").unwrap();
    engine
        .transact(|tx| -> Result<(), Error> {
            let order = orders.insert_one(doc! { "total": 42 }).run_in(tx)?;
            tx.put(&outbox, order.inserted_id.to_string(), "new")?;
            Ok(())
        })
        .unwrap();
    let order = orders.find_one(doc! {}).run().unwrap().unwrap();
    let key = Bson::ObjectId(order.get_object_id("_id").unwrap()).to_string();
    assert!(engine.get(&outbox, key.as_bytes()).unwrap().is_some());
}

#[test]
fn what_is_rolled_back_leaves_nothing() {
    let engine = Engine::in_memory();
    let docdb = Docdb::open(&engine).unwrap();
    let database = docdb.database("test");
    let things = database.collection::<Document>("things");
    things.insert_one(doc! { "_id": 1, "n": 1 }).run().unwrap();
    let gone = engine.transact(|tx| -> Result<(), Error> {
        things.update_many(doc! {}, doc! { "$inc": { "n": 1 } }).run_in(tx)?;
        things.insert_one(doc! { "_id": 2 }).run_in(tx)?;
        things.create_index(IndexModel::builder().keys(doc! { "n": 1 }).build()).run_in(tx)?;
        database.create_collection("other").run_in(tx)?;
        assert_eq!(things.count_documents(doc! { "n": 2 }).run_in(tx)?, 1);
        assert_eq!(database.list_collection_names().run_in(tx)?, ["other", "things"]);
        Err(Error::new(Code::INTERRUPTED, "given up"))
    });
    assert_eq!(gone.unwrap_err().code(), Code::INTERRUPTED);
    assert_eq!(ids(things.find(doc! { "n": 1 }).run()), [1]);
    assert_eq!(things.estimated_document_count().run().unwrap(), 1);
    assert_eq!(things.list_index_names().run().unwrap(), ["_id_"]);
    assert_eq!(database.list_collection_names().run().unwrap(), ["things"]);
}

#[test]
fn a_transaction_reads_what_it_wrote() {
    let engine = Engine::in_memory();
    let docdb = Docdb::open(&engine).unwrap();
    let things = docdb.database("test").collection::<Document>("things");
    let unique = IndexOptions::builder().unique(true).build();
    things.create_index(IndexModel::builder().keys(doc! { "a": 1 }).options(unique).build()).run().unwrap();
    engine
        .transact(|tx| -> Result<(), Error> {
            things.insert_many((0..5).map(|n| doc! { "_id": n, "a": n })).run_in(tx)?;
            let found: Vec<Document> = things.find(doc! { "a": { "$gt": 2 } }).run_in(tx)?.collect::<Result<_, _>>()?;
            assert_eq!(found.len(), 2);
            let sums = [doc! { "$group": { "_id": null, "sum": { "$sum": "$a" } } }];
            let sum = things.aggregate(sums).run_in(tx)?.next().unwrap()?;
            assert_eq!(sum, doc! { "_id": null, "sum": 10 });
            assert_eq!(things.distinct("a", doc! {}).run_in(tx)?.len(), 5);
            let after = things
                .find_one_and_update(doc! { "_id": 1 }, doc! { "$set": { "a": 50 } })
                .return_document(ReturnDocument::After)
                .run_in(tx)?;
            assert_eq!(after, Some(doc! { "_id": 1, "a": 50 }));
            assert_eq!(things.find_one(doc! { "a": 50 }).run_in(tx)?, Some(doc! { "_id": 1, "a": 50 }));
            assert_eq!(things.delete_many(doc! { "a": { "$lt": 3 } }).run_in(tx)?.deleted_count, 2);
            Ok(())
        })
        .unwrap();
    assert_eq!(ids(things.find(doc! {}).run()), [1, 3, 4]);
}

#[test]
fn a_statement_that_is_refused_leaves_the_rest_of_its_transaction() {
    let engine = Engine::in_memory();
    let docdb = Docdb::open(&engine).unwrap();
    let things = docdb.database("test").collection::<Document>("things");
    engine
        .transact(|tx| -> Result<(), Error> {
            things.insert_one(doc! { "_id": 1 }).run_in(tx)?;
            let refused = things.insert_many([doc! { "_id": 2 }, doc! { "_id": 1 }, doc! { "_id": 3 }]).run_in(tx);
            assert_eq!(refused.unwrap_err().code(), Code::DUPLICATE_KEY);
            things.insert_one(doc! { "_id": 4 }).run_in(tx)?;
            Ok(())
        })
        .unwrap();
    assert_eq!(ids(things.find(doc! {}).run()), [1, 2, 4]);
    assert_eq!(things.estimated_document_count().run().unwrap(), 3);
}

#[test]
fn no_increment_is_lost_between_threads() {
    let engine = Engine::in_memory();
    let things = Docdb::open(&engine).unwrap().database("test").collection::<Document>("things");
    things.insert_one(doc! { "_id": 1, "n": 0 }).run().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    things.update_one(doc! { "_id": 1 }, doc! { "$inc": { "n": 1 } }).run().unwrap();
                }
            });
        }
    });
    assert_eq!(things.find_one(doc! {}).run().unwrap(), Some(doc! { "_id": 1, "n": 200 }));
}

#[test]
fn of_upserts_of_one_unique_key_at_once_one_inserts() {
    let engine = Engine::in_memory();
    let things = Docdb::open(&engine).unwrap().database("test").collection::<Document>("things");
    // Without it several may insert, as on the server.
    let unique = IndexOptions::builder().unique(true).build();
    things.create_index(IndexModel::builder().keys(doc! { "key": 1 }).options(unique).build()).run().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for key in 0..25 {
                    let update = doc! { "$inc": { "n": 1 } };
                    things.update_one(doc! { "key": key }, update).upsert(true).run().unwrap();
                }
            });
        }
    });
    assert_eq!(things.count_documents(doc! { "n": 4 }).run().unwrap(), 25);
    assert_eq!(things.count_documents(doc! {}).run().unwrap(), 25);
}

#[test]
fn an_index_is_built_while_documents_are_written() {
    let engine = Engine::in_memory();
    let docdb = Docdb::open(&engine).unwrap();
    let things = docdb.database("test").collection::<Document>("things");
    things.insert_many((0..2000).map(|n| doc! { "_id": n, "a": n % 10 })).run().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..200 {
                things.insert_one(doc! { "_id": 10_000 + n, "a": 3 }).run().unwrap();
                things.update_one(doc! { "_id": n }, doc! { "$set": { "a": 3 } }).run().unwrap();
                things.delete_one(doc! { "_id": 1000 + n }).run().unwrap();
            }
        });
        things.create_index(IndexModel::builder().keys(doc! { "a": 1 }).build()).run().unwrap();
    });
    let checked = docdb.validate(&things.namespace().unwrap()).unwrap();
    assert_eq!((checked.documents, checked.errors), (2000, vec![]));
}
