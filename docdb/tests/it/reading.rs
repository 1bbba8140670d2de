//! Finds, counts, distinct values and pipelines.

use std::time::Duration;

use bson::{Bson, Document, doc, rawdoc};
use millpond_docdb::{Code, Collation, CollationStrength, Collection, Docdb, Hint, Tailable};
use millpond_engine::Engine;
use serde::Deserialize;

use crate::{all, collection, ids};

fn ten() -> Collection {
    let things = collection();
    things.insert_many((0..10).map(|n| doc! { "_id": n, "n": n % 3, "s": format!("s{n}") })).run().unwrap();
    things
}

#[test]
fn sort_skip_and_limit_go_in_this_order() {
    let things = ten();
    assert_eq!(ids(things.find(doc! {}).sort(doc! { "n": 1, "_id": -1 }).skip(3).limit(3).run()), [0, 7, 4]);
    assert_eq!(ids(things.find(doc! {}).sort(doc! { "$natural": -1 }).limit(2).run()), [9, 8]);
    assert_eq!(ids(things.find(doc! {}).skip(20).run()), [0; 0]);
}

#[test]
fn projections_take_leave_out_and_compute() {
    let things = ten();
    let one = |projection: Document| things.find_one(doc! { "_id": 4 }).projection(projection).run().unwrap().unwrap();
    assert_eq!(one(doc! { "n": 1 }), doc! { "_id": 4, "n": 1 });
    assert_eq!(one(doc! { "n": 1, "_id": 0 }), doc! { "n": 1 });
    assert_eq!(one(doc! { "s": 0 }), doc! { "_id": 4, "n": 1 });
    assert_eq!(one(doc! { "_id": 0, "sum": { "$add": ["$n", "$_id"] } }), doc! { "sum": 5 });
    let error = things.find(doc! {}).projection(doc! { "a": 1, "b": 0 }).run().unwrap_err();
    assert_eq!(error.code(), Code(31254));
}

#[test]
fn filters_and_options_can_be_raw_documents() {
    let things = ten();
    assert_eq!(ids(things.find(rawdoc! { "n": 0 }).sort(rawdoc! { "_id": -1 }).run()), [9, 6, 3, 0]);
}

#[test]
fn what_is_no_document_is_refused_when_it_runs() {
    let things = ten();
    let error = things.find(doc! { "a\0b": 1 }).run().unwrap_err();
    assert_eq!(error.code(), Code::INVALID_BSON);
    let error = things.find(doc! {}).sort(doc! { "a\0b": 1 }).run().unwrap_err();
    assert_eq!(error.code(), Code::INVALID_BSON);
}

#[test]
fn a_cursor_sees_the_store_as_it_was_when_it_was_opened() {
    let things = ten();
    let cursor = things.find(doc! {}).run().unwrap();
    things.delete_many(doc! {}).run().unwrap();
    assert_eq!(cursor.count(), 10);
    assert_eq!(things.count_documents(doc! {}).run().unwrap(), 0);
}

#[test]
fn a_filter_that_is_wrong_has_a_code() {
    let things = ten();
    for (filter, code) in [
        (doc! { "$nope": 1 }, Code::BAD_VALUE),
        (doc! { "a": { "$nope": 1 } }, Code::BAD_VALUE),
        (doc! { "a": { "$in": 1 } }, Code::BAD_VALUE),
        (doc! { "$expr": { "$nope": 1 } }, Code::INVALID_PIPELINE_OPERATOR),
        (doc! { "$expr": "$$nope" }, Code(17276)),
    ] {
        assert_eq!(things.find(filter.clone()).run().unwrap_err().code(), code, "{filter}");
    }
}

#[test]
fn variables_and_time_limits_are_taken() {
    let things = ten();
    let filter = doc! { "$expr": { "$eq": ["$n", "$$wanted"] } };
    let found = things.find(filter).let_vars(doc! { "wanted": 2 }).max_time(Duration::from_secs(60)).run();
    assert_eq!(ids(found), [2, 5, 8]);
}

#[test]
fn counts_have_a_skip_and_a_limit() {
    let things = ten();
    assert_eq!(things.count_documents(doc! { "n": 0 }).run().unwrap(), 4);
    assert_eq!(things.count_documents(doc! { "n": 0 }).skip(1).limit(2).run().unwrap(), 2);
    assert_eq!(things.count_documents(doc! { "n": 0 }).hint("_id_").run().unwrap(), 4);
    assert_eq!(
        things.count_documents(doc! {}).hint(Hint::Name("none".into())).run().unwrap_err().code(),
        Code::BAD_VALUE
    );
}

#[test]
fn distinct_values_are_each_there_once_and_arrays_by_their_items() {
    let things = ten();
    things.insert_one(doc! { "_id": 10, "n": [2, 7, "x"] }).run().unwrap();
    let values = things.distinct("n", doc! { "_id": { "$gt": 3 } }).run().unwrap();
    assert_eq!(values, [Bson::Int32(0), Bson::Int32(1), Bson::Int32(2), Bson::Int32(7), Bson::String("x".into())]);
}

#[test]
fn pipelines_yield_documents_or_a_type() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Group {
        #[serde(rename = "_id")]
        n: i32,
        count: i32,
    }
    let things = ten();
    let pipeline = [
        doc! { "$group": { "_id": "$n", "count": { "$sum": 1 } } },
        doc! { "$sort": { "_id": 1 } },
        doc! { "$limit": 2 },
    ];
    assert_eq!(
        all(things.aggregate(pipeline.clone()).run()),
        [doc! { "_id": 0, "count": 4 }, doc! { "_id": 1, "count": 3 }]
    );
    let groups: Vec<Group> = things.aggregate(pipeline).with_type().run().unwrap().map(Result::unwrap).collect();
    assert_eq!(groups, [Group { n: 0, count: 4 }, Group { n: 1, count: 3 }]);
}

#[test]
fn lookups_join_and_merges_write() {
    let database = Docdb::open(&Engine::in_memory()).unwrap().database("test");
    let (orders, counts) = (database.collection::<Document>("orders"), database.collection::<Document>("counts"));
    database.collection("people").insert_many([doc! { "_id": "ann" }, doc! { "_id": "bob" }]).run().unwrap();
    orders.insert_many(["ann", "bob", "ann"].map(|by| doc! { "by": by })).run().unwrap();
    let pipeline = [
        doc! { "$lookup": { "from": "orders", "localField": "_id", "foreignField": "by", "as": "orders" } },
        doc! { "$project": { "count": { "$size": "$orders" } } },
        doc! { "$merge": { "into": "counts" } },
    ];
    assert_eq!(all(database.collection::<Document>("people").aggregate(pipeline).run()), [] as [Document; 0]);
    let written = all(counts.find(doc! {}).sort(doc! { "_id": 1 }).run());
    assert_eq!(written, [doc! { "_id": "ann", "count": 2 }, doc! { "_id": "bob", "count": 1 }]);
}

#[test]
fn a_pipeline_on_a_database_has_a_source_of_its_own() {
    let database = Docdb::open(&Engine::in_memory()).unwrap().database("test");
    let found = database.aggregate([doc! { "$documents": [{ "a": 1 }, { "a": 2 }] }, doc! { "$skip": 1 }]).run();
    assert_eq!(all(found), [doc! { "a": 2 }]);
    assert_eq!(database.aggregate([doc! { "$skip": 1 }]).run().unwrap_err().code(), Code::INVALID_NAMESPACE);
}

#[test]
fn coll_stats_shows_what_it_is_asked_for() {
    let things = ten();
    let shown = |asked: Document| all(things.aggregate([doc! { "$collStats": asked }]).run()).remove(0);
    assert_eq!(shown(doc! {}), doc! { "ns": "test.things" });
    assert_eq!(shown(doc! { "count": {} }), doc! { "ns": "test.things", "count": 10 });
    let storage = shown(doc! { "storageStats": {} });
    let storage = storage.get_document("storageStats").unwrap();
    assert_eq!((storage.get_i32("count").unwrap(), storage.get_i32("nindexes").unwrap()), (10, 1));
}

#[test]
fn variables_of_let_are_known_before_any_document_is_read() {
    let things = ten();
    for (variables, code) in [(doc! { "a": "$n" }, 4_890_500), (doc! { "NOW": 1 }, 4_738_901), (doc! { "A": 1 }, 9)] {
        let error = things.find(doc! {}).let_vars(variables.clone()).run().unwrap_err();
        assert_eq!(error.code(), Code(code), "{variables}");
    }
}

#[test]
fn a_collation_compares_strings_by_a_language() {
    let things = collection();
    things
        .insert_many(["b", "A", "a", "B", "ä"].iter().enumerate().map(|(n, s)| doc! { "_id": n as i32, "s": s }))
        .run()
        .unwrap();
    let en = Collation::builder().locale("en").strength(CollationStrength::Primary).build();
    assert_eq!(ids(things.find(doc! { "s": "a" }).collation(en.clone()).sort(doc! { "_id": 1 }).run()), [1, 2, 4]);
    assert_eq!(ids(things.find(doc! { "s": "a" }).run()), [2]);
    let sorted = things.find(doc! {}).collation(doc! { "locale": "en" }).sort(doc! { "s": 1 }).run();
    assert_eq!(ids(sorted), [2, 1, 4, 0, 3]);
    assert_eq!(things.distinct("s", doc! {}).collation(en).run().unwrap().len(), 2);
}

#[test]
fn a_tailable_cursor_is_for_capped_collections() {
    let things = ten();
    let error = things.find(doc! {}).cursor_type(Tailable::Yes).run().unwrap_err();
    assert_eq!(error.code(), Code::BAD_VALUE);
}
