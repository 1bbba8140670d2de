//! Inserts, updates, replacements and deletes.

use bson::{Bson, Document, doc, oid::ObjectId};
use millpond_docdb::{
    Code, DeleteManyModel, Docdb, Error, InsertOneModel, Namespace, UpdateManyModel, UpdateOneModel, WriteModel,
};
use millpond_engine::Engine;
use serde::{Deserialize, Serialize};

use crate::{all, collection, ids};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Film {
    #[serde(rename = "_id", skip_serializing_if = "Option::is_none")]
    id: Option<ObjectId>,
    title: String,
    year: i32,
    #[serde(default)]
    tags: Vec<String>,
}

fn film(title: &str, year: i32) -> Film {
    Film { id: None, title: title.into(), year, tags: Vec::new() }
}

#[test]
fn a_value_without_an_id_gets_one_and_comes_back_with_it() {
    let films = collection().clone_with_type::<Film>();
    let inserted = films.insert_one(film("Amélie", 2001)).run().unwrap();
    let id = inserted.inserted_id.as_object_id().unwrap();
    let found = films.find_one(doc! { "title": "Amélie" }).run().unwrap().unwrap();
    assert_eq!(found, Film { id: Some(id), ..film("Amélie", 2001) });
}

#[test]
fn an_id_goes_to_the_front_of_its_document() {
    let things = collection();
    things.insert_one(doc! { "a": 1, "_id": 7 }).run().unwrap();
    let found = things.find_one(doc! {}).run().unwrap().unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), ["_id", "a"]);
}

#[test]
fn what_is_not_a_document_is_refused_when_the_insert_runs() {
    let numbers = collection().clone_with_type::<i32>();
    assert!(matches!(numbers.insert_one(1).run(), Err(Error::Bson(_))));
    assert!(matches!(numbers.insert_many([1, 2]).run(), Err(Error::Bson(_))));
}

#[test]
fn a_document_of_another_shape_ends_the_cursor_with_an_error() {
    let things = collection();
    things
        .insert_many([doc! { "title": "a", "year": 1 }, doc! { "title": 5 }, doc! { "title": "b", "year": 2 }])
        .run()
        .unwrap();
    let mut films = things.clone_with_type::<Film>().find(doc! {}).run().unwrap();
    assert_eq!(films.next().unwrap().unwrap().title, "a");
    assert!(matches!(films.next(), Some(Err(Error::Bson(_)))));
}

#[test]
fn an_ordered_insert_stops_at_the_first_that_is_refused() {
    let things = collection();
    let documents = [doc! { "_id": 1 }, doc! { "_id": 1 }, doc! { "_id": 2 }];
    let Err(Error::InsertMany(failed)) = things.insert_many(&documents).run() else { panic!("not refused") };
    assert_eq!(failed.inserted_ids.keys().collect::<Vec<_>>(), [&0]);
    assert_eq!(failed.write_errors[0].index, 1);
    assert_eq!(failed.write_errors[0].error.code(), Code::DUPLICATE_KEY);
    assert_eq!(ids(things.find(doc! {}).run()), [1]);
}

#[test]
fn an_unordered_insert_goes_on_after_what_is_refused() {
    let things = collection();
    let documents = [doc! { "_id": 1 }, doc! { "_id": 1 }, doc! { "_id": 2 }, doc! { "_id": [1] }];
    let Err(error) = things.insert_many(&documents).ordered(false).run() else { panic!("not refused") };
    assert_eq!(error.code(), Code::DUPLICATE_KEY);
    assert!(error.to_string().contains("E11000"), "{error}");
    let Error::InsertMany(failed) = error else { panic!("{error}") };
    let mut inserted: Vec<_> = failed.inserted_ids.into_iter().collect();
    inserted.sort_by_key(|(index, _)| *index);
    assert_eq!(inserted, [(0, Bson::Int32(1)), (2, Bson::Int32(2))]);
    assert_eq!(failed.write_errors.iter().map(|failed| failed.index).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(ids(things.find(doc! {}).run()), [1, 2]);
}

#[test]
fn updates_say_what_matched_and_what_changed() {
    let things = collection();
    things.insert_many((0..5).map(|n| doc! { "_id": n, "n": n % 2 })).run().unwrap();
    let one = things.update_one(doc! { "n": 1 }, doc! { "$set": { "x": 1 } }).run().unwrap();
    assert_eq!((one.matched_count, one.modified_count, one.upserted_id), (1, 1, None));
    let many = things.update_many(doc! { "n": 1 }, doc! { "$set": { "x": 1 } }).run().unwrap();
    assert_eq!((many.matched_count, many.modified_count), (2, 1));
    let none = things.update_many(doc! { "n": 9 }, doc! { "$set": { "x": 1 } }).run().unwrap();
    assert_eq!((none.matched_count, none.modified_count), (0, 0));
}

#[test]
fn an_update_can_be_a_pipeline_with_variables() {
    let things = collection();
    things.insert_one(doc! { "_id": 1, "a": 2 }).run().unwrap();
    let update = vec![doc! { "$set": { "b": { "$multiply": ["$a", "$$factor"] } } }];
    things.update_one(doc! {}, update).let_vars(doc! { "factor": 21 }).run().unwrap();
    assert_eq!(all(things.find(doc! {}).run()), [doc! { "_id": 1, "a": 2, "b": 42 }]);
}

#[test]
fn array_filters_say_which_items_are_updated() {
    let things = collection();
    things.insert_one(doc! { "_id": 1, "grades": [80, 95, 101] }).run().unwrap();
    things
        .update_one(doc! {}, doc! { "$set": { "grades.$[high]": 100 } })
        .array_filters([doc! { "high": { "$gt": 100 } }])
        .run()
        .unwrap();
    assert_eq!(all(things.find(doc! {}).run()), [doc! { "_id": 1, "grades": [80, 95, 100] }]);
}

#[test]
fn an_upsert_inserts_what_the_filter_and_the_update_say() {
    let things = collection();
    let update = doc! { "$set": { "n": 1 }, "$setOnInsert": { "new": true } };
    let done = things.update_one(doc! { "_id": 5, "kind": "a" }, update.clone()).upsert(true).run().unwrap();
    assert_eq!((done.matched_count, done.upserted_id), (0, Some(Bson::Int32(5))));
    let again = things.update_one(doc! { "_id": 5, "kind": "a" }, update).upsert(true).run().unwrap();
    assert_eq!((again.matched_count, again.modified_count, again.upserted_id), (1, 0, None));
    assert_eq!(all(things.find(doc! {}).run()), [doc! { "_id": 5, "kind": "a", "n": 1, "new": true }]);
}

#[test]
fn the_first_in_an_order_is_updated() {
    let things = collection();
    things.insert_many((0..3).map(|n| doc! { "_id": n })).run().unwrap();
    things.update_one(doc! {}, doc! { "$set": { "last": true } }).sort(doc! { "_id": -1 }).run().unwrap();
    assert_eq!(ids(things.find(doc! { "last": true }).run()), [2]);
}

#[test]
fn an_update_without_operators_and_a_replacement_with_them_are_refused() {
    let things = collection();
    let error = things.update_one(doc! {}, doc! { "a": 1 }).run().unwrap_err();
    assert_eq!(error.code(), Code::BAD_VALUE);
    let error = things.replace_one(doc! {}, doc! { "$set": { "a": 1 } }).run().unwrap_err();
    assert_eq!(error.code(), Code::BAD_VALUE);
}

#[test]
fn a_replacement_keeps_the_id() {
    let films = collection().clone_with_type::<Film>();
    let id = films.insert_one(film("Amelie", 2001)).run().unwrap().inserted_id.as_object_id();
    let done = films.replace_one(doc! { "title": "Amelie" }, film("Amélie", 2001)).run().unwrap();
    assert_eq!((done.matched_count, done.modified_count), (1, 1));
    assert_eq!(films.find_one(doc! {}).run().unwrap().unwrap(), Film { id, ..film("Amélie", 2001) });
    let error = films.clone_with_type::<Document>().replace_one(doc! {}, doc! { "_id": 1 }).run().unwrap_err();
    assert_eq!(error.code(), Code::IMMUTABLE_FIELD);
}

#[test]
fn deletes_take_one_or_all_that_match() {
    let things = collection();
    things.insert_many((0..10).map(|n| doc! { "_id": n, "even": n % 2 == 0 })).run().unwrap();
    assert_eq!(things.delete_one(doc! { "even": true }).run().unwrap().deleted_count, 1);
    assert_eq!(things.delete_many(doc! { "even": true }).run().unwrap().deleted_count, 4);
    assert_eq!(things.delete_many(doc! { "even": true }).run().unwrap().deleted_count, 0);
    assert_eq!(things.estimated_document_count().run().unwrap(), 5);
}

#[test]
fn many_documents_are_updated_and_deleted_over_many_commits() {
    let things = collection();
    things.insert_many((0..1500).map(|n| doc! { "_id": n })).run().unwrap();
    let done = things.update_many(doc! {}, doc! { "$set": { "x": 1 } }).run().unwrap();
    assert_eq!((done.matched_count, done.modified_count), (1500, 1500));
    assert_eq!(things.delete_many(doc! { "x": 1 }).run().unwrap().deleted_count, 1500);
}

#[test]
fn an_update_does_not_meet_its_own_documents_again() {
    let things = collection();
    things.create_index(millpond_docdb::IndexModel::builder().keys(doc! { "n": 1 }).build()).run().unwrap();
    things.insert_many((0..500).map(|n| doc! { "_id": n, "n": n })).run().unwrap();
    // The index moves documents ahead of the place where the scan is.
    let done = things.update_many(doc! { "n": { "$gte": 0 } }, doc! { "$inc": { "n": 1000 } }).run().unwrap();
    assert_eq!(done.modified_count, 500);
    assert_eq!(things.count_documents(doc! { "n": { "$gte": 2000 } }).run().unwrap(), 0);
}

#[test]
fn several_writes_on_several_collections_are_one_call() {
    let docdb = Docdb::open(&Engine::in_memory()).unwrap();
    let (a, b) = (Namespace::new("test", "a").unwrap(), Namespace::new("other", "b").unwrap());
    let insert = |namespace: &Namespace, id: i32| {
        WriteModel::from(InsertOneModel::builder().namespace(namespace.clone()).document(doc! { "_id": id }).build())
    };
    let models = [
        insert(&a, 1),
        insert(&b, 1),
        UpdateManyModel::builder()
            .namespace(a.clone())
            .filter(doc! {})
            .update(doc! { "$set": { "x": 1 } })
            .build()
            .into(),
        UpdateOneModel::builder()
            .namespace(b.clone())
            .filter(doc! { "_id": 2 })
            .update(vec![doc! { "$set": { "x": 2 } }])
            .upsert(true)
            .build()
            .into(),
        DeleteManyModel::builder().namespace(a.clone()).filter(doc! {}).build().into(),
    ];
    let done = docdb.bulk_write_models(models).verbose_results().run().unwrap();
    let sums = done.summary;
    assert_eq!((sums.inserted_count, sums.matched_count, sums.modified_count), (2, 1, 1));
    assert_eq!((sums.upserted_count, sums.deleted_count), (1, 1));
    assert_eq!(done.insert_results[&1].inserted_id, Bson::Int32(1));
    assert_eq!(done.update_results[&3].upserted_id, Some(Bson::Int32(2)));
    assert_eq!(done.delete_results[&4].deleted_count, 1);

    let Err(Error::BulkWrite(failed)) = docdb.bulk_write_models([insert(&a, 3), insert(&b, 1), insert(&a, 4)]).run()
    else {
        panic!("not refused")
    };
    assert_eq!(failed.write_errors.keys().collect::<Vec<_>>(), [&1]);
    assert_eq!(failed.partial_result.summary.inserted_count, 1);
    let done = docdb.bulk_write_models([insert(&b, 1), insert(&a, 4)]).ordered(false).run();
    assert_eq!(done.unwrap_err().code(), Code::DUPLICATE_KEY);
    assert_eq!(docdb.database("test").collection::<Document>("a").count_documents(doc! {}).run().unwrap(), 2);
}

#[test]
fn names_are_checked_when_an_operation_runs() {
    let docdb = Docdb::open(&Engine::in_memory()).unwrap();
    for (database, collection) in [("", "a"), ("a.b", "c"), ("a", ""), ("a", "$b"), ("a", ".b")] {
        let things = docdb.database(database).collection::<Document>(collection);
        let error = things.insert_one(doc! {}).run().unwrap_err();
        assert_eq!(error.code(), Code::INVALID_NAMESPACE, "{database}.{collection}");
    }
}
