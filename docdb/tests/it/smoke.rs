//! The main things, once through.

use bson::{Document, RawDocumentBuf, doc};
use millpond_docdb::{
    Aggregate, Delete, DeleteStatement, Docdb, Find, Insert, Namespace, Update, UpdateModifications, UpdateStatement,
};
use millpond_engine::Engine;

fn raw(document: Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(&document).unwrap()
}

fn all(docdb: &Docdb, namespace: &Namespace, find: Find) -> Vec<Document> {
    docdb.find(namespace, &find).unwrap().map(|doc| Document::try_from(doc.unwrap().raw()).unwrap()).collect()
}

#[test]
fn documents_are_inserted_found_updated_and_deleted() {
    let docdb = Docdb::open(&Engine::in_memory()).unwrap();
    let namespace = Namespace::new("test", "films").unwrap();
    let documents = (0..100).map(|n| raw(doc! { "_id": n, "n": n % 10, "tags": ["a", n.to_string()] })).collect();
    let reply = docdb.insert(&namespace, Insert { documents, ..Insert::default() }).unwrap();
    assert_eq!(reply.inserted, 100, "{:?}", reply.errors);
    docdb
        .create_indexes(
            &namespace,
            &[raw(doc! { "key": { "n": 1, "_id": -1 }, "name": "n" }), raw(doc! { "key": { "tags": 1 }, "name": "t" })],
        )
        .unwrap();

    let found = all(
        &docdb,
        &namespace,
        Find { filter: raw(doc! { "n": 3 }), sort: Some(raw(doc! { "_id": -1 })), limit: 2, ..Find::default() },
    );
    assert_eq!(found.iter().map(|doc| doc.get_i32("_id").unwrap()).collect::<Vec<_>>(), [93, 83]);
    let found = all(
        &docdb,
        &namespace,
        Find { filter: raw(doc! { "tags": "17" }), projection: Some(raw(doc! { "n": 1 })), ..Find::default() },
    );
    assert_eq!(found, [doc! { "_id": 17, "n": 7 }]);

    let statement = UpdateStatement {
        filter: raw(doc! { "n": { "$gte": 8 } }),
        update: UpdateModifications::Document(raw(doc! { "$inc": { "n": 10 }, "$set": { "x": true } })),
        constants: None,
        multi: true,
        upsert: false,
        array_filters: vec![],
        sort: None,
        hint: None,
        collation: None,
    };
    let reply = docdb.update(&namespace, &Update { statements: vec![statement], ..Update::default() }).unwrap();
    assert_eq!((reply.matched, reply.modified), (20, 20), "{:?}", reply.errors);
    assert_eq!(all(&docdb, &namespace, Find { filter: raw(doc! { "n": 19 }), ..Find::default() }).len(), 10);

    let pipeline = vec![
        raw(doc! { "$match": { "n": { "$lt": 2 } } }),
        raw(doc! { "$group": { "_id": "$n", "c": { "$sum": 1 } } }),
        raw(doc! { "$sort": { "_id": 1 } }),
    ];
    let rows: Vec<Document> = docdb
        .aggregate("test", Some("films"), &Aggregate { pipeline, ..Aggregate::default() })
        .unwrap()
        .map(|doc| Document::try_from(doc.unwrap().raw()).unwrap())
        .collect();
    assert_eq!(rows, [doc! { "_id": 0, "c": 10 }, doc! { "_id": 1, "c": 10 }]);

    let statement = DeleteStatement { filter: raw(doc! { "n": 19 }), multi: true, hint: None, collation: None };
    let reply = docdb.delete(&namespace, &Delete { statements: vec![statement], ..Delete::default() }).unwrap();
    assert_eq!(reply.deleted, 10);
    let checked = docdb.validate(&namespace).unwrap();
    assert_eq!((checked.documents, checked.errors), (90, vec![]));
}
