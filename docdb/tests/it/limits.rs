//! What would not fit into one transaction, what fails halfway, and what is left unfinished.

use bson::{RawDocumentBuf, rawdoc};
use millpond_docdb::{
    Aggregate, Capped, Code, CreateCollection, Delete, DeleteStatement, Docdb, Find, Insert, Namespace, Retry,
    Tailable, Update, UpdateModifications, UpdateStatement,
};
use millpond_engine::Engine;

fn namespace() -> Namespace {
    Namespace::new("test", "things").unwrap()
}

fn insert(docdb: &Docdb, documents: Vec<RawDocumentBuf>) -> millpond_docdb::InsertReply {
    docdb.insert(&namespace(), Insert { documents, unordered: true, ..Insert::default() }).unwrap()
}

fn indexed(fields: &[&str]) -> Docdb {
    let docdb = Docdb::open(&Engine::in_memory()).unwrap();
    let indexes: Vec<RawDocumentBuf> = fields
        .iter()
        .map(|field| {
            let mut key = RawDocumentBuf::new();
            key.append(bson::raw::CString::try_from(*field).unwrap(), 1);
            rawdoc! { "key": key, "name": *field }
        })
        .collect();
    docdb.create_indexes(&namespace(), &indexes).unwrap();
    docdb
}

fn numbers(count: i32, from: i32) -> bson::RawArrayBuf {
    (from..from + count).map(bson::RawBson::Int32).collect()
}

fn count(docdb: &Docdb, filter: RawDocumentBuf) -> usize {
    docdb.find(&namespace(), &Find { filter, ..Find::default() }).unwrap().map(Result::unwrap).count()
}

#[test]
fn an_update_of_more_bytes_than_a_transaction_takes_is_done_in_several() {
    let docdb = Docdb::open(&Engine::in_memory()).unwrap();
    for id in 0..6 {
        insert(&docdb, vec![rawdoc! { "_id": id, "text": "x".repeat(14 << 20) }]);
    }
    let statement = UpdateStatement {
        update: UpdateModifications::Document(rawdoc! { "$set": { "a": 1 } }),
        multi: true,
        ..UpdateStatement::default()
    };
    let done = docdb.update(&namespace(), &Update { statements: vec![statement], ..Update::default() }).unwrap();
    assert_eq!((done.matched, done.modified, done.errors.len()), (6, 6, 0));
    assert_eq!(count(&docdb, rawdoc! { "a": 1 }), 6);
}

#[test]
fn documents_of_many_keys_are_inserted_deleted_and_indexed_in_several_transactions() {
    let docdb = indexed(&["a", "b"]);
    let documents =
        (0..30).map(|id| rawdoc! { "_id": id, "a": numbers(2000, id * 2000), "b": numbers(2000, 0) }).collect();
    assert_eq!(insert(&docdb, documents).inserted, 30);
    docdb.create_indexes(&namespace(), &[rawdoc! { "key": { "a": -1, "_id": 1 }, "name": "c" }]).unwrap();
    let statement = DeleteStatement { multi: true, ..DeleteStatement::default() };
    let done = docdb.delete(&namespace(), &Delete { statements: vec![statement], ..Delete::default() }).unwrap();
    assert_eq!((done.deleted, done.errors.len()), (30, 0));
}

#[test]
fn a_document_of_more_keys_than_a_transaction_takes_is_refused_alone() {
    let docdb = indexed(&["a", "b"]);
    let large = rawdoc! { "_id": 1, "a": numbers(60_000, 0), "b": numbers(60_000, 0) };
    let done = insert(&docdb, vec![rawdoc! { "_id": 0 }, large, rawdoc! { "_id": 2 }]);
    assert_eq!((done.inserted, done.errors.len()), (2, 1));
    assert_eq!(done.errors[0].index, 1);
    assert_eq!(count(&docdb, rawdoc! {}), 2);
}

#[test]
fn out_of_more_than_a_transaction_takes_replaces_all_at_once_and_keeps_indexes() {
    let docdb = indexed(&["a"]);
    insert(&docdb, vec![rawdoc! { "_id": "old" }]);
    let source = Namespace::new("test", "source").unwrap();
    for id in 0..6 {
        let documents = vec![rawdoc! { "_id": id, "a": id, "text": "x".repeat(14 << 20) }];
        docdb.insert(&source, Insert { documents, ..Insert::default() }).unwrap();
    }
    let aggregate = Aggregate { pipeline: vec![rawdoc! { "$out": "things" }], ..Aggregate::default() };
    assert_eq!(docdb.aggregate("test", Some("source"), &aggregate).unwrap().count(), 0);
    assert_eq!(count(&docdb, rawdoc! {}), 6);
    assert_eq!(count(&docdb, rawdoc! { "a": 3 }), 1);
    let names: Vec<String> = docdb.list_collections("test").unwrap().into_iter().map(|info| info.name).collect();
    assert_eq!(names, ["source", "things"]);
    assert_eq!(docdb.list_indexes(&namespace()).unwrap().len(), 2);
    assert!(docdb.validate(&namespace()).unwrap().errors.is_empty());
}

#[test]
fn a_document_is_not_deleted_where_it_cannot_be_answered_with() {
    let docdb = Docdb::open(&Engine::in_memory()).unwrap();
    insert(&docdb, vec![rawdoc! { "_id": 1, "a": 0 }]);
    let things = docdb.database("test").collection::<bson::Document>("things");
    let deleted =
        things.find_one_and_delete(bson::doc! {}).projection(bson::doc! { "b": { "$divide": [1, "$a"] } }).run();
    assert!(deleted.is_err());
    assert_eq!(count(&docdb, rawdoc! {}), 1);
}

#[test]
fn a_second_handle_leaves_what_the_first_one_is_making() {
    let engine = Engine::in_memory();
    let docdb = Docdb::open(&engine).unwrap();
    insert(&docdb, (0..2000).map(|id| rawdoc! { "_id": id, "a": id }).collect());
    std::thread::scope(|scope| {
        let built = scope.spawn(|| docdb.create_indexes(&namespace(), &[rawdoc! { "key": { "a": 1 }, "name": "a" }]));
        while !built.is_finished() {
            Docdb::open(&engine).unwrap();
        }
        built.join().unwrap().unwrap();
    });
    assert_eq!(docdb.list_indexes(&namespace()).unwrap().len(), 2);
    assert!(docdb.validate(&namespace()).unwrap().errors.is_empty());
}

#[test]
fn a_tailable_cursor_waits_behind_documents_that_do_not_match() {
    let docdb = Docdb::open(&Engine::in_memory()).unwrap();
    let capped = Capped { size_bytes: 1 << 20, max_documents: 0 };
    docdb
        .create_collection(&namespace(), &CreateCollection { capped: Some(capped), ..CreateCollection::default() })
        .unwrap();
    insert(&docdb, vec![rawdoc! { "_id": 1, "a": 1 }, rawdoc! { "_id": 2, "a": 2 }]);
    let find = Find { filter: rawdoc! { "a": 1 }, tailable: Tailable::AwaitData, ..Find::default() };
    let mut cursor = docdb.find(&namespace(), &find).unwrap();
    let mut read = || {
        let id = cursor.next_document().unwrap().map(|document| document.raw().get_i32("_id").unwrap());
        let begun = std::time::Instant::now();
        cursor.wait(std::time::Duration::from_millis(if id.is_none() { 30 } else { 0 }));
        (id, begun.elapsed().as_millis() >= 30)
    };
    assert_eq!(read().0, Some(1));
    assert_eq!(read(), (None, true));
    insert(&docdb, vec![rawdoc! { "_id": 3, "a": 2 }, rawdoc! { "_id": 4, "a": 1 }]);
    assert_eq!(read().0, Some(4));
    assert_eq!(read(), (None, true));
}

#[test]
fn a_session_forgets_more_statements_than_a_transaction_deletes() {
    let docdb = Docdb::open(&Engine::in_memory()).unwrap();
    let retry =
        |transaction, statement| Some(Retry { session: vec![7; 16], transaction, statements: Some(vec![statement]) });
    let one = |transaction, statement| Insert {
        documents: vec![rawdoc! { "_id": format!("{transaction} {statement}") }],
        retry: retry(transaction, statement),
        ..Insert::default()
    };
    for statement in 0..1500 {
        docdb.insert(&namespace(), one(1, statement * 2)).unwrap();
    }
    for transaction in [2, 3, 3, 4] {
        assert_eq!(docdb.insert(&namespace(), one(transaction, 0)).unwrap().inserted, 1);
    }
    let refused = docdb.insert(&namespace(), one(1, 0)).unwrap_err();
    assert_eq!(refused.code(), Code::TRANSACTION_TOO_OLD);
    assert_eq!(docdb.insert(&namespace(), one(4, 0)).unwrap().retried, [0]);
}

#[test]
fn a_key_that_the_engine_does_not_take_is_refused_alone() {
    let docdb = Docdb::open(&Engine::in_memory()).unwrap();
    let clustered_index = Some(rawdoc! { "key": { "_id": 1 }, "unique": true });
    docdb
        .create_collection(&namespace(), &CreateCollection { clustered_index, ..CreateCollection::default() })
        .unwrap();
    docdb.create_indexes(&namespace(), &[rawdoc! { "key": { "a": 1 }, "name": "a" }]).unwrap();
    let long = rawdoc! { "_id": "x".repeat(900), "a": "y".repeat(900) };
    let done = insert(&docdb, vec![rawdoc! { "_id": 0 }, long, rawdoc! { "_id": 2 }]);
    assert_eq!((done.inserted, done.errors.len()), (2, 1));
}

#[test]
fn a_capped_collection_of_lower_bounds_shrinks_bit_by_bit() {
    let docdb = Docdb::open(&Engine::in_memory()).unwrap();
    let capped = Some(Capped { size_bytes: 1 << 20, max_documents: 0 });
    docdb.create_collection(&namespace(), &CreateCollection { capped, ..CreateCollection::default() }).unwrap();
    insert(&docdb, (0..250).map(|id| rawdoc! { "_id": id }).collect());
    let modify = millpond_docdb::ModifyCollection { capped_max: Some(10), ..Default::default() };
    docdb.modify_collection(&namespace(), &modify).unwrap();
    for (id, left) in [(250, 151), (251, 52), (252, 10)] {
        insert(&docdb, vec![rawdoc! { "_id": id }]);
        assert_eq!(count(&docdb, rawdoc! {}), left);
    }
}
