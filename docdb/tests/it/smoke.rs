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

#[test]
fn documents_come_by_distance() {
    let docdb = Docdb::open(&Engine::in_memory()).unwrap();
    let namespace = Namespace::new("test", "places").unwrap();
    let point = |lng: f64, lat: f64| doc! { "type": "Point", "coordinates": [lng, lat] };
    let documents = (0..50).map(|n| raw(doc! { "_id": n, "at": point(f64::from(n), 0.0) })).collect();
    docdb.insert(&namespace, Insert { documents, ..Insert::default() }).unwrap();
    docdb.create_indexes(&namespace, &[raw(doc! { "key": { "at": "2dsphere" }, "name": "at" })]).unwrap();
    let near = doc! { "$geoNear": { "near": point(20.2, 0.0), "distanceField": "d", "spherical": true } };
    let pipeline = vec![raw(near), raw(doc! { "$limit": 3 })];
    let rows = docdb.aggregate("test", Some("places"), &Aggregate { pipeline, ..Aggregate::default() }).unwrap();
    let rows: Vec<Document> = rows.map(|doc| Document::try_from(doc.unwrap().raw()).unwrap()).collect();
    assert_eq!(rows.iter().map(|doc| doc.get_i32("_id").unwrap()).collect::<Vec<_>>(), [20, 21, 19]);
    assert!((rows[0].get_f64("d").unwrap() - 22_264.0).abs() < 10.0, "{rows:?}");
}

#[test]
fn a_capped_collection_keeps_the_newest() {
    let docdb = Docdb::open(&Engine::in_memory()).unwrap();
    let namespace = Namespace::new("test", "log").unwrap();
    let capped = millpond_docdb::Capped { size_bytes: 4096, max_documents: 3 };
    let create = millpond_docdb::CreateCollection { capped: Some(capped), ..Default::default() };
    docdb.create_collection(&namespace, &create).unwrap();
    let documents = (0..10).map(|n| raw(doc! { "_id": n })).collect();
    docdb.insert(&namespace, Insert { documents, ..Insert::default() }).unwrap();
    let ids: Vec<i32> =
        all(&docdb, &namespace, Find::default()).iter().map(|doc| doc.get_i32("_id").unwrap()).collect();
    assert_eq!(ids, [7, 8, 9]);
    assert_eq!(docdb.validate(&namespace).unwrap().errors, Vec::<String>::new());
}
