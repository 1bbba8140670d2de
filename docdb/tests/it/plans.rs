//! Which plan a query has, and what running it takes.

use bson::{Document, RawDocumentBuf, doc};
use millpond_docdb::{
    Aggregate, Count, CreateCollection, Delete, DeleteStatement, Docdb, Find, Hint, Insert, Namespace, Update,
    UpdateModifications, UpdateStatement, Verbosity, ViewDefinition,
};
use millpond_engine::Engine;

fn raw(document: Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(&document).unwrap()
}

fn decoded(document: &RawDocumentBuf) -> Document {
    Document::try_from(document).unwrap()
}

/// A plan as a line: stages with what they scan, those underneath in brackets.
fn shape(stage: &Document) -> String {
    let mut text = stage.get_str("stage").unwrap().to_owned();
    if let Ok(index) = stage.get_str("indexName") {
        text = format!("{text} {index}");
    }
    if stage.get_str("direction").ok() == Some("backward") {
        text.push_str(" backward");
    }
    if stage.contains_key("filter") {
        text.push_str(" filtered");
    }
    if let Ok(input) = stage.get_document("inputStage") {
        return format!("{text} < {}", shape(input));
    }
    if let Ok(inputs) = stage.get_array("inputStages") {
        let inputs: Vec<String> = inputs.iter().map(|input| shape(input.as_document().unwrap())).collect();
        return format!("{text} < ({})", inputs.join(" + "));
    }
    text
}

/// A collection of 100 documents `{ _id: n, a: n / 10, b: n % 10, c: n, s: "x<n>", tags: [n % 10, n % 10 + 100] }`.
fn collection(indexes: &[Document]) -> (Docdb, Namespace) {
    let docdb = Docdb::open(&Engine::in_memory()).unwrap();
    let namespace = Namespace::new("test", "c").unwrap();
    let documents = (0..100)
        .map(|n| raw(doc! { "_id": n, "a": n / 10, "b": n % 10, "c": n, "s": format!("x{n:02}"), "tags": [n % 10, n % 10 + 100] }))
        .collect();
    assert_eq!(docdb.insert(&namespace, Insert { documents, ..Insert::default() }).unwrap().inserted, 100);
    for definition in indexes {
        let mut definition = definition.clone();
        if !definition.contains_key("key") {
            definition = doc! { "key": definition };
        }
        if !definition.contains_key("name") {
            let key = definition.get_document("key").unwrap();
            let name: Vec<String> =
                key.iter().map(|(name, value)| format!("{name}_{}", value.to_string().trim_matches('"'))).collect();
            definition.insert("name", name.join("_"));
        }
        docdb.create_indexes(&namespace, &[raw(definition)]).unwrap();
    }
    (docdb, namespace)
}

/// The plan, and how many documents were returned, keys and documents examined.
fn told(explained: &RawDocumentBuf) -> (String, [i32; 3]) {
    let explained = decoded(explained);
    let planner = explained.get_document("queryPlanner").unwrap();
    let statistics = explained.get_document("executionStats").unwrap();
    let count = |name| statistics.get_i32(name).unwrap();
    let counts = [count("nReturned"), count("totalKeysExamined"), count("totalDocsExamined")];
    (shape(planner.get_document("winningPlan").unwrap()), counts)
}

fn explain(docdb: &Docdb, namespace: &Namespace, find: &Find) -> (String, [i32; 3]) {
    told(&docdb.explain_find(namespace, find, Verbosity::ExecutionStats).unwrap())
}

fn check(indexes: &[Document], cases: &[(Find, &str, [i32; 3])]) {
    let (docdb, namespace) = collection(indexes);
    for (find, plan, counts) in cases {
        let (found, told) = explain(&docdb, &namespace, find);
        assert_eq!((&*found, told), (*plan, *counts), "{find:?}");
    }
}

fn filter(filter: Document) -> Find {
    Find { filter: raw(filter), ..Find::default() }
}

fn sorted(find: Find, sort: Document) -> Find {
    Find { sort: Some(raw(sort)), ..find }
}

fn projected(find: Find, projection: Document) -> Find {
    Find { projection: Some(raw(projection)), ..find }
}

#[test]
fn without_an_index_all_documents_are_read() {
    check(
        &[],
        &[
            (filter(doc! {}), "COLLSCAN", [100, 0, 100]),
            (filter(doc! { "a": 3 }), "COLLSCAN filtered", [10, 0, 100]),
            (filter(doc! { "_id": 3 }), "EXPRESS_IXSCAN _id_", [1, 1, 1]),
            (filter(doc! { "_id": 300 }), "EXPRESS_IXSCAN _id_", [0, 0, 0]),
            (filter(doc! { "_id": { "$gte": 90 } }), "FETCH < IXSCAN _id_", [10, 10, 10]),
            (sorted(filter(doc! {}), doc! { "a": 1 }), "SORT < COLLSCAN", [100, 0, 100]),
            (sorted(filter(doc! {}), doc! { "_id": -1 }), "FETCH < IXSCAN _id_ backward", [100, 100, 100]),
            (Find { limit: 5, ..filter(doc! {}) }, "LIMIT < COLLSCAN", [5, 0, 5]),
            (Find { limit: 5, skip: 2, ..filter(doc! {}) }, "LIMIT < SKIP < COLLSCAN", [5, 0, 7]),
            (Find { limit: 5, ..sorted(filter(doc! {}), doc! { "b": 1 }) }, "SORT < COLLSCAN", [5, 0, 100]),
        ],
    );
}

#[test]
fn an_index_answers_by_its_prefix() {
    check(
        &[doc! { "a": 1, "b": -1, "c": 1 }],
        &[
            (filter(doc! { "a": 3 }), "FETCH < IXSCAN a_1_b_-1_c_1", [10, 10, 10]),
            (filter(doc! { "a": 3, "b": 5 }), "FETCH < IXSCAN a_1_b_-1_c_1", [1, 1, 1]),
            (filter(doc! { "b": 5 }), "COLLSCAN filtered", [10, 0, 100]),
            (filter(doc! { "a": 3, "s": "x31" }), "FETCH filtered < IXSCAN a_1_b_-1_c_1", [1, 10, 10]),
            (filter(doc! { "a": { "$gt": 7 } }), "FETCH < IXSCAN a_1_b_-1_c_1", [20, 20, 20]),
            (filter(doc! { "a": 3, "b": { "$lt": 4 } }), "FETCH < IXSCAN a_1_b_-1_c_1", [4, 4, 4]),
            (sorted(filter(doc! { "a": 3 }), doc! { "b": -1 }), "FETCH < IXSCAN a_1_b_-1_c_1", [10, 10, 10]),
            (sorted(filter(doc! { "a": 3 }), doc! { "b": 1 }), "FETCH < IXSCAN a_1_b_-1_c_1 backward", [10, 10, 10]),
            (sorted(filter(doc! { "a": 3 }), doc! { "c": 1 }), "SORT < FETCH < IXSCAN a_1_b_-1_c_1", [10, 10, 10]),
            (sorted(filter(doc! { "a": 3, "b": 5 }), doc! { "c": 1 }), "FETCH < IXSCAN a_1_b_-1_c_1", [1, 1, 1]),
            (sorted(filter(doc! {}), doc! { "a": 1, "b": -1 }), "FETCH < IXSCAN a_1_b_-1_c_1", [100, 100, 100]),
            (
                sorted(filter(doc! {}), doc! { "a": -1, "b": 1 }),
                "FETCH < IXSCAN a_1_b_-1_c_1 backward",
                [100, 100, 100],
            ),
            (sorted(filter(doc! {}), doc! { "a": 1, "b": 1 }), "SORT < COLLSCAN", [100, 0, 100]),
            (
                Find { limit: 3, ..sorted(filter(doc! {}), doc! { "a": 1 }) },
                "LIMIT < FETCH < IXSCAN a_1_b_-1_c_1",
                [3, 3, 3],
            ),
        ],
    );
}

#[test]
fn a_covered_query_reads_no_documents() {
    let only = |find| projected(find, doc! { "a": 1, "b": 1, "_id": 0 });
    check(
        &[doc! { "a": 1, "b": 1 }],
        &[
            (only(filter(doc! { "a": 3 })), "PROJECTION_COVERED < IXSCAN a_1_b_1", [10, 10, 0]),
            (only(filter(doc! { "a": 3, "b": 2 })), "PROJECTION_COVERED < IXSCAN a_1_b_1", [1, 1, 0]),
            (
                only(filter(doc! { "a": 3, "c": 31 })),
                "PROJECTION_SIMPLE < FETCH filtered < IXSCAN a_1_b_1",
                [1, 10, 10],
            ),
            (
                projected(filter(doc! { "a": 3 }), doc! { "a": 1 }),
                "PROJECTION_SIMPLE < FETCH < IXSCAN a_1_b_1",
                [10, 10, 10],
            ),
            (
                projected(filter(doc! { "a": 3 }), doc! { "a.x": 1 }),
                "PROJECTION_DEFAULT < FETCH < IXSCAN a_1_b_1",
                [10, 10, 10],
            ),
            (
                Find { limit: 2, ..only(filter(doc! { "a": 3 })) },
                "LIMIT < PROJECTION_COVERED < IXSCAN a_1_b_1",
                [2, 2, 0],
            ),
        ],
    );
}

#[test]
fn counts_are_read_from_keys_where_bounds_say_all() {
    let (docdb, namespace) = collection(&[doc! { "a": 1 }]);
    for (filter, plan, keys, docs, counted) in [
        (doc! {}, "RECORD_STORE_FAST_COUNT", 0, 0, 100),
        (doc! { "a": 3 }, "COUNT < COUNT_SCAN a_1", 11, 0, 10),
        (doc! { "b": 3 }, "COUNT < COLLSCAN filtered", 0, 100, 10),
        (doc! { "a": 3, "b": 3 }, "COUNT < FETCH filtered < IXSCAN a_1", 10, 10, 1),
    ] {
        let count = Count { filter: raw(filter.clone()), ..Count::default() };
        let explained = docdb.explain_count(&namespace, &count, Verbosity::AllPlansExecution).unwrap();
        assert_eq!(told(&explained), (plan.to_owned(), [0, keys, docs]), "{filter}");
        let stages = decoded(&explained);
        let stages = stages.get_document("executionStats").unwrap().get_document("executionStages").unwrap();
        assert_eq!(stages.get_i32("nCounted").unwrap(), counted);
    }
}

#[test]
fn writes_are_explained_without_writing() {
    let (docdb, namespace) = collection(&[doc! { "a": 1 }]);
    let statement = |filter: Document, multi| UpdateStatement {
        filter: raw(filter),
        update: UpdateModifications::Document(raw(doc! { "$set": { "b": 3 } })),
        constants: None,
        multi,
        upsert: true,
        array_filters: vec![],
        sort: None,
        hint: None,
        collation: None,
    };
    for (filter, multi, plan, counts) in [
        (doc! { "a": 3 }, true, "UPDATE < FETCH < IXSCAN a_1", [10, 9, 0]),
        (doc! { "a": 3 }, false, "UPDATE < FETCH < IXSCAN a_1", [1, 1, 0]),
        (doc! { "_id": 3 }, false, "EXPRESS_UPDATE < EXPRESS_IXSCAN _id_", [1, 0, 0]),
        (doc! { "a": 30 }, true, "UPDATE < FETCH < IXSCAN a_1", [0, 0, 1]),
    ] {
        let update = Update { statements: vec![statement(filter.clone(), multi)], ..Update::default() };
        let explained = docdb.explain_update(&namespace, &update, Verbosity::ExecutionStats).unwrap();
        assert_eq!(told(&explained).0, plan, "{filter}");
        let stages = decoded(&explained);
        let stages = stages.get_document("executionStats").unwrap().get_document("executionStages").unwrap();
        let told = ["nMatched", "nWouldModify", "nWouldUpsert"].map(|name| stages.get_i32(name).unwrap());
        assert_eq!(told, counts, "{filter}");
    }
    let delete = DeleteStatement { filter: raw(doc! { "a": 3 }), multi: true, hint: None, collation: None };
    let delete = Delete { statements: vec![delete], ..Delete::default() };
    let explained = docdb.explain_delete(&namespace, &delete, Verbosity::ExecutionStats).unwrap();
    assert_eq!(told(&explained), ("DELETE < FETCH < IXSCAN a_1".to_owned(), [0, 10, 10]));
    assert_eq!(docdb.count(&namespace, &Count::default()).unwrap(), 100);
    assert_eq!(docdb.count(&namespace, &Count { filter: raw(doc! { "b": 3 }), ..Count::default() }).unwrap(), 10);
}

#[test]
fn a_pipeline_is_a_plan_and_the_stages_it_does_not_answer() {
    let (docdb, namespace) = collection(&[doc! { "a": 1 }]);
    let explain = |pipeline: Vec<Document>| {
        let aggregate = Aggregate { pipeline: pipeline.into_iter().map(raw).collect(), ..Aggregate::default() };
        decoded(&docdb.explain_aggregate("test", Some("c"), &aggregate, Verbosity::ExecutionStats).unwrap())
    };
    let whole = explain(vec![doc! { "$match": { "a": 3 } }, doc! { "$sort": { "c": 1 } }, doc! { "$limit": 2 }]);
    let planner = whole.get_document("queryPlanner").unwrap();
    assert_eq!(planner.get_str("namespace").unwrap(), namespace.to_string());
    assert_eq!(shape(planner.get_document("winningPlan").unwrap()), "SORT < FETCH < IXSCAN a_1");

    let staged = explain(vec![
        doc! { "$match": { "a": 3 } },
        doc! { "$group": { "_id": "$b", "n": { "$sum": 1 } } },
        doc! { "$match": { "_id": { "$lt": 4 } } },
    ]);
    let stages = staged.get_array("stages").unwrap();
    let stage = |at: usize| stages[at].as_document().unwrap();
    let cursor = stage(0).get_document("$cursor").unwrap();
    let plan = cursor.get_document("queryPlanner").unwrap().get_document("winningPlan").unwrap();
    assert_eq!(shape(plan), "FETCH < IXSCAN a_1");
    assert_eq!(cursor.get_document("executionStats").unwrap().get_i32("totalDocsExamined").unwrap(), 10);
    assert_eq!([0, 1, 2].map(|at| stage(at).get_i32("nReturned").unwrap()), [10, 10, 4]);
    assert!(stage(1).contains_key("$group") && stage(2).contains_key("$match"));
}

fn hinted(find: Find, index: &str) -> Find {
    Find { hint: Some(Hint::Name(index.to_owned())), ..find }
}

#[test]
fn alternatives_are_answered_each_by_its_index() {
    check(
        &[doc! { "a": 1 }, doc! { "b": 1, "c": 1 }],
        &[
            (
                filter(doc! { "$or": [{ "a": 3 }, { "b": 5 }] }),
                "SUBPLAN < FETCH < OR < (IXSCAN a_1 + IXSCAN b_1_c_1)",
                [19, 20, 19],
            ),
            (
                filter(doc! { "$or": [{ "a": 3, "c": 31 }, { "b": 5 }] }),
                "SUBPLAN < FETCH < OR < (FETCH filtered < IXSCAN a_1 + IXSCAN b_1_c_1)",
                [11, 20, 20],
            ),
            (filter(doc! { "$or": [{ "a": 3 }, { "s": "x55" }] }), "SUBPLAN < COLLSCAN filtered", [11, 0, 100]),
            (
                filter(doc! { "$or": [{ "a": 3 }, { "a": 4 }] }),
                "SUBPLAN < FETCH < OR < (IXSCAN a_1 + IXSCAN a_1)",
                [20, 20, 20],
            ),
            (filter(doc! { "a": 3, "$or": [{ "b": 1 }, { "c": 35 }] }), "FETCH filtered < IXSCAN a_1", [2, 10, 10]),
            (filter(doc! { "a": { "$in": [1, 3] } }), "FETCH < IXSCAN a_1", [20, 20, 20]),
            (
                Find { limit: 4, ..sorted(filter(doc! { "b": { "$in": [1, 3] } }), doc! { "c": 1 }) },
                "LIMIT < SORT_MERGE < (FETCH < IXSCAN b_1_c_1 + FETCH < IXSCAN b_1_c_1)",
                [4, 5, 5],
            ),
        ],
    );
}

#[test]
fn keys_are_looked_at_before_documents() {
    check(
        &[doc! { "a": 1, "b": 1 }, doc! { "s": 1 }],
        &[
            (filter(doc! { "a": { "$gte": 5 }, "b": 3 }), "FETCH < IXSCAN a_1_b_1", [5, 50, 5]),
            (filter(doc! { "a": { "$gt": 2, "$lt": 5 } }), "FETCH < IXSCAN a_1_b_1", [20, 20, 20]),
            (filter(doc! { "a": { "$ne": 2 } }), "FETCH < IXSCAN a_1_b_1", [90, 90, 90]),
            (filter(doc! { "a": null }), "FETCH filtered < IXSCAN a_1_b_1", [0, 0, 0]),
            (filter(doc! { "a": "no number" }), "FETCH < IXSCAN a_1_b_1", [0, 0, 0]),
            (filter(doc! { "s": { "$regex": "^x1" } }), "FETCH < IXSCAN s_1", [10, 10, 10]),
            (filter(doc! { "s": "x10", "a": 1 }), "FETCH filtered < IXSCAN s_1", [1, 1, 1]),
        ],
    );
}

#[test]
fn arrays_are_found_by_their_items() {
    check(
        &[doc! { "tags": 1 }],
        &[
            (filter(doc! { "tags": 3 }), "FETCH < IXSCAN tags_1", [10, 10, 10]),
            (filter(doc! { "tags": { "$gte": 105 } }), "FETCH < IXSCAN tags_1", [50, 50, 50]),
            (filter(doc! { "tags": { "$gte": 3, "$lt": 4 } }), "FETCH filtered < IXSCAN tags_1", [40, 40, 40]),
            (filter(doc! { "tags": { "$all": [3, 103] } }), "FETCH filtered < IXSCAN tags_1", [10, 10, 10]),
            (
                filter(doc! { "tags": { "$elemMatch": { "$gt": 2, "$lt": 5 } } }),
                "FETCH filtered < IXSCAN tags_1",
                [20, 20, 20],
            ),
            (filter(doc! { "tags": { "$in": [3, 103] } }), "FETCH < IXSCAN tags_1", [10, 20, 10]),
            (
                projected(filter(doc! { "tags": 3 }), doc! { "tags": 1, "_id": 0 }),
                "PROJECTION_SIMPLE < FETCH < IXSCAN tags_1",
                [10, 10, 10],
            ),
            (sorted(filter(doc! { "tags": 3 }), doc! { "tags": 1 }), "SORT < FETCH < IXSCAN tags_1", [10, 10, 10]),
        ],
    );
}

#[test]
fn indexes_that_lack_documents_are_used_only_where_those_do_not_matter() {
    check(
        &[
            doc! { "key": { "a": 1 }, "sparse": true },
            doc! { "key": { "b": 1 }, "partialFilterExpression": { "c": { "$gte": 50 } } },
            doc! { "key": { "c": 1 }, "hidden": true },
            doc! { "key": { "s": 1 }, "collation": { "locale": "en", "strength": 2 } },
        ],
        &[
            (filter(doc! { "a": 3 }), "FETCH < IXSCAN a_1", [10, 10, 10]),
            (filter(doc! { "a": null }), "COLLSCAN filtered", [0, 0, 100]),
            (sorted(filter(doc! {}), doc! { "a": 1 }), "SORT < COLLSCAN", [100, 0, 100]),
            (filter(doc! { "b": 3 }), "COLLSCAN filtered", [10, 0, 100]),
            (filter(doc! { "b": 3, "c": { "$gt": 60 } }), "FETCH filtered < IXSCAN b_1", [4, 5, 5]),
            (filter(doc! { "b": 3, "c": { "$gt": 40 } }), "COLLSCAN filtered", [6, 0, 100]),
            (filter(doc! { "c": 3 }), "COLLSCAN filtered", [1, 0, 100]),
            (filter(doc! { "s": "X10" }), "COLLSCAN filtered", [0, 0, 100]),
            (
                Find { collation: Some(raw(doc! { "locale": "en", "strength": 2 })), ..filter(doc! { "s": "X10" }) },
                "FETCH < IXSCAN s_1",
                [1, 1, 1],
            ),
        ],
    );
}

#[test]
fn a_hint_is_followed_or_refused() {
    let indexes = [doc! { "a": 1 }, doc! { "b": 1 }, doc! { "key": { "c": 1 }, "hidden": true }];
    check(
        &indexes,
        &[
            (hinted(filter(doc! { "a": 3 }), "b_1"), "FETCH filtered < IXSCAN b_1", [10, 100, 100]),
            (hinted(filter(doc! { "a": 3, "b": 3 }), "b_1"), "FETCH filtered < IXSCAN b_1", [1, 10, 10]),
            (hinted(filter(doc! { "_id": 3 }), "a_1"), "FETCH filtered < IXSCAN a_1", [1, 100, 100]),
            (hinted(filter(doc! { "_id": 3 }), "_id_"), "FETCH < IXSCAN _id_", [1, 1, 1]),
            (
                Find { hint: Some(Hint::Keys(raw(doc! { "a": 1 }))), ..filter(doc! { "a": 3 }) },
                "FETCH < IXSCAN a_1",
                [10, 10, 10],
            ),
            (
                Find { hint: Some(Hint::Keys(raw(doc! { "$natural": -1 }))), ..filter(doc! { "a": 3 }) },
                "COLLSCAN backward filtered",
                [10, 0, 100],
            ),
            (
                Find {
                    min: Some(raw(doc! { "a": 2 })),
                    max: Some(raw(doc! { "a": 4 })),
                    ..hinted(filter(doc! {}), "a_1")
                },
                "FETCH < IXSCAN a_1",
                [20, 20, 20],
            ),
        ],
    );
    let (docdb, namespace) = collection(&indexes);
    for name in ["c_1", "none"] {
        let refused = docdb.find(&namespace, &hinted(filter(doc! { "c": 3 }), name)).err().map(|error| error.code().0);
        assert_eq!(refused, Some(2), "{name}");
    }
}

#[test]
fn indexes_of_other_kinds_are_used_for_what_they_have() {
    check(
        &[doc! { "a": "hashed" }, doc! { "$**": 1 }],
        &[
            (hinted(filter(doc! { "a": 3 }), "a_hashed"), "FETCH filtered < IXSCAN a_hashed", [10, 10, 10]),
            (filter(doc! { "s": "x10" }), "FETCH < IXSCAN $**_1", [1, 1, 1]),
            (filter(doc! { "c": { "$lt": 5 } }), "FETCH < IXSCAN $**_1", [5, 5, 5]),
            (filter(doc! { "s": null }), "COLLSCAN filtered", [0, 0, 100]),
            (sorted(filter(doc! {}), doc! { "s": 1 }), "SORT < COLLSCAN", [100, 0, 100]),
        ],
    );
}

#[test]
fn a_plan_shows_what_its_index_is() {
    let (docdb, namespace) = collection(&[doc! { "key": { "a": 1, "tags": -1 }, "unique": false }]);
    let find = sorted(filter(doc! { "a": { "$gte": 8 } }), doc! { "a": -1 });
    let explained = decoded(&docdb.explain_find(&namespace, &find, Verbosity::QueryPlanner).unwrap());
    let planner = explained.get_document("queryPlanner").unwrap();
    assert_eq!(planner.get_document("parsedQuery").unwrap(), &doc! { "a": { "$gte": 8 } });
    assert_eq!(planner.get_str("namespace").unwrap(), "test.c");
    let plan = planner.get_document("winningPlan").unwrap();
    assert!(!plan.get_bool("isCached").unwrap());
    assert_eq!(
        plan.get_document("inputStage").unwrap(),
        &doc! {
            "stage": "IXSCAN", "keyPattern": { "a": 1, "tags": -1 }, "indexName": "a_1_tags_-1", "isMultiKey": true,
            "multiKeyPaths": { "a": [], "tags": ["tags"] }, "isUnique": false, "isSparse": false, "isPartial": false,
            "indexVersion": 2, "direction": "backward",
            "indexBounds": { "a": ["[inf, 8]"], "tags": ["[MinKey, MaxKey]"] },
        }
    );
    assert!(!explained.contains_key("executionStats"));
}

#[test]
fn a_view_is_explained_as_the_pipeline_that_it_is() {
    let (docdb, namespace) = collection(&[doc! { "a": 1 }]);
    let view = Namespace::new("test", "v").unwrap();
    let definition = ViewDefinition { on: "c".to_owned(), pipeline: vec![raw(doc! { "$match": { "a": 3 } })] };
    docdb
        .create_collection(&view, &CreateCollection { view: Some(definition), ..CreateCollection::default() })
        .unwrap();
    let (plan, counts) = explain(&docdb, &view, &filter(doc! { "b": 4 }));
    assert_eq!((&*plan, counts), ("FETCH filtered < IXSCAN a_1", [1, 10, 10]));
    let missing = Namespace::new("test", "missing").unwrap();
    assert_eq!(explain(&docdb, &missing, &filter(doc! { "b": 4 })).0, "EOF");
    assert_eq!(docdb.count(&namespace, &Count::default()).unwrap(), 100);
}
