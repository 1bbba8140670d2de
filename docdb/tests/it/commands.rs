//! What MongoDB's commands can do and its driver's interface does not show.

use bson::{Document, RawDocumentBuf, doc, rawdoc};
use millpond_docdb::{
    Capped, Code, CreateCollection, Delete, DeleteStatement, Docdb, FindAndModify, IndexChange, IndexSelection, Insert,
    Modification, ModifyCollection, Namespace, Retry, Update, UpdateModifications, UpdateStatement, Validation,
};
use millpond_engine::Engine;

use crate::{all, ids};

fn store() -> (Docdb, Namespace) {
    (Docdb::open(&Engine::in_memory()).unwrap(), Namespace::new("test", "things").unwrap())
}

fn retry(transaction: i64) -> Option<Retry> {
    Some(Retry { session: vec![7; 16], transaction, statements: None })
}

fn increment(retry: Option<Retry>) -> Update {
    let statement = UpdateStatement {
        filter: rawdoc! { "_id": 1 },
        update: UpdateModifications::Document(rawdoc! { "$inc": { "n": 1 } }),
        upsert: true,
        ..UpdateStatement::default()
    };
    Update { statements: vec![statement], retry, ..Update::default() }
}

#[test]
fn a_retried_write_is_done_once_and_answers_the_same() {
    let (docdb, namespace) = store();
    let things = docdb.database("test").collection::<Document>("things");

    let insert =
        Insert { documents: vec![rawdoc! { "_id": 5 }, rawdoc! { "_id": 6 }], retry: retry(1), ..Insert::default() };
    assert_eq!(docdb.insert(&namespace, insert.clone()).unwrap().retried, []);
    let again = docdb.insert(&namespace, insert).unwrap();
    assert_eq!((again.inserted, again.errors.len(), again.retried), (2, 0, vec![0, 1]));

    let first = docdb.update(&namespace, &increment(retry(2))).unwrap();
    let again = docdb.update(&namespace, &increment(retry(2))).unwrap();
    assert_eq!((first.upserted.len(), first.upserted), (1, again.upserted));
    assert_eq!(again.retried, [0]);
    assert_eq!(all(things.find(doc! { "_id": 1 }).run()), [doc! { "_id": 1, "n": 1 }]);

    let delete = Delete {
        statements: vec![DeleteStatement { filter: rawdoc! {}, ..DeleteStatement::default() }],
        retry: retry(3),
        ..Delete::default()
    };
    assert_eq!(docdb.delete(&namespace, &delete).unwrap().deleted, 1);
    assert_eq!(docdb.delete(&namespace, &delete).unwrap().deleted, 1);
    assert_eq!(things.count_documents(doc! {}).run().unwrap(), 2);

    let take = FindAndModify {
        filter: rawdoc! {},
        sort: Some(rawdoc! { "_id": -1 }),
        modification: Modification::Remove,
        projection: None,
        hint: None,
        collation: None,
        variables: None,
        bypass_document_validation: false,
        retry: retry(4),
        max_time: None,
    };
    let first = docdb.find_and_modify(&namespace, &take).unwrap();
    let again = docdb.find_and_modify(&namespace, &take).unwrap();
    assert_eq!((first.value.is_some(), first.value), (true, again.value));
    assert_eq!(things.count_documents(doc! {}).run().unwrap(), 1);
}

#[test]
fn a_number_before_the_sessions_last_is_refused() {
    let (docdb, namespace) = store();
    docdb.update(&namespace, &increment(retry(5))).unwrap();
    let reply = docdb.update(&namespace, &increment(retry(4))).unwrap();
    assert_eq!(reply.errors[0].error.code(), Code::TRANSACTION_TOO_OLD);
    let other = Some(Retry { session: vec![8; 16], transaction: 1, statements: None });
    assert_eq!(docdb.update(&namespace, &increment(other)).unwrap().modified, 1);
}

#[test]
fn a_write_that_failed_may_be_tried_again() {
    let (docdb, namespace) = store();
    let things = docdb.database("test").collection::<Document>("things");
    things.insert_one(doc! { "_id": 1 }).run().unwrap();
    let insert = Insert { documents: vec![rawdoc! { "_id": 1 }], retry: retry(1), ..Insert::default() };
    assert_eq!(docdb.insert(&namespace, insert.clone()).unwrap().errors.len(), 1);
    things.delete_one(doc! {}).run().unwrap();
    assert_eq!(docdb.insert(&namespace, insert).unwrap().inserted, 1);
}

#[test]
fn coll_mod_changes_options_and_says_what_they_were() {
    let (docdb, namespace) = store();
    let things = docdb.database("test").collection::<Document>("things");
    let definition = |document: Document| RawDocumentBuf::try_from(document).unwrap();
    docdb
        .create_indexes(&namespace, &[definition(doc! { "key": { "at": 1 }, "name": "at", "expireAfterSeconds": 60 })])
        .unwrap();
    let change = IndexChange {
        index: IndexSelection::Name("at".into()),
        expire_after_seconds: Some(120),
        hidden: Some(true),
        prepare_unique: None,
        unique: false,
    };
    let modify = ModifyCollection { index: Some(change), ..ModifyCollection::default() };
    let answer = Document::try_from(&*docdb.modify_collection(&namespace, &modify).unwrap()).unwrap();
    assert_eq!(answer.get("expireAfterSeconds_old").and_then(bson::Bson::as_i64), Some(60), "{answer}");
    assert_eq!(answer.get("expireAfterSeconds_new").and_then(bson::Bson::as_i64), Some(120), "{answer}");
    assert_eq!(answer.get("hidden_new").and_then(bson::Bson::as_bool), Some(true), "{answer}");
    assert!(things.find(doc! {}).hint("at").run().is_err());

    let validation = Validation { validator: Some(rawdoc! { "a": 1 }), ..Validation::default() };
    docdb.modify_collection(&namespace, &ModifyCollection { validation, ..ModifyCollection::default() }).unwrap();
    assert!(things.insert_one(doc! { "a": 2 }).run().is_err());
    let nothing = Namespace::new("test", "nothing").unwrap();
    let error = docdb.modify_collection(&nothing, &ModifyCollection::default()).unwrap_err();
    assert_eq!(error.code(), Code::NAMESPACE_NOT_FOUND);
}

#[test]
fn a_smaller_cap_drops_what_no_longer_fits() {
    let (docdb, namespace) = store();
    let capped = Some(Capped { size_bytes: 1 << 20, max_documents: 10 });
    docdb.create_collection(&namespace, &CreateCollection { capped, ..CreateCollection::default() }).unwrap();
    let things = docdb.database("test").collection::<Document>("things");
    things.insert_many((0..10).map(|n| doc! { "_id": n })).run().unwrap();
    docdb
        .modify_collection(&namespace, &ModifyCollection { capped_max: Some(2), ..ModifyCollection::default() })
        .unwrap();
    things.insert_one(doc! { "_id": 10 }).run().unwrap();
    assert_eq!(ids(things.find(doc! {}).run()), [9, 10]);
}

#[test]
fn validate_counts_documents_and_keys() {
    let (docdb, namespace) = store();
    let things = docdb.database("test").collection::<Document>("things");
    things.create_index(millpond_docdb::IndexModel::builder().keys(doc! { "a": 1 }).build()).run().unwrap();
    things.insert_many((0..10).map(|n| doc! { "a": [n, n + 100] })).run().unwrap();
    let found = docdb.validate(&namespace).unwrap();
    assert_eq!((found.documents, found.invalid_documents, found.errors), (10, 0, vec![]));
    assert_eq!(found.keys_per_index, [("_id_".to_owned(), 10), ("a_1".to_owned(), 20)]);
    let statistics = docdb.collection_statistics(&namespace).unwrap();
    assert_eq!((statistics.documents, statistics.indexes.len()), (10, 2));
    assert!(statistics.size_bytes > 10 * 20);
}
