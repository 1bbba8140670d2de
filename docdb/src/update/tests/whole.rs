use bson::Bson;

use super::*;

fn upsert(filter: &Document, update: &Document) -> Result<Document> {
    let inserted = parse(update, &[])?.upsert(&raw(filter), &context())?;
    Ok(Document::try_from(&*inserted).unwrap())
}

#[test]
fn a_replacement_keeps_the_id() {
    check(&[
        (doc! { "_id": 1, "a": 1 }, doc! { "b": 2 }, doc! { "_id": 1, "b": 2 }),
        (doc! { "_id": 1, "a": 1 }, doc! {}, doc! { "_id": 1 }),
        (doc! { "_id": 1, "a": 1 }, doc! { "b": 2, "_id": 1 }, doc! { "_id": 1, "b": 2 }),
        (doc! { "_id": 1 }, doc! { "a.b": { "$c": 1 } }, doc! { "_id": 1, "a.b": { "$c": 1 } }),
    ]);
    assert!(parse(&doc! { "a": 1 }, &[]).unwrap().is_replacement());
    assert!(!parse(&doc! { "$set": {} }, &[]).unwrap().is_replacement());
}

#[test]
fn an_upsert_takes_what_its_filter_says_is_equal() {
    let set = || doc! { "$set": { "z": 9 }, "$setOnInsert": { "y": 8 } };
    let table = [
        (doc! { "_id": 1, "a": 2 }, doc! { "_id": 1, "a": 2, "y": 8, "z": 9 }),
        (doc! { "b": 2, "a": 1, "_id": 1 }, doc! { "_id": 1, "a": 1, "b": 2, "y": 8, "z": 9 }),
        (doc! { "_id": { "$eq": 1 }, "a": { "$gt": 2 } }, doc! { "_id": 1, "y": 8, "z": 9 }),
        (
            doc! { "_id": 1, "a": { "$in": [3] }, "b": { "$all": [4] } },
            doc! { "_id": 1, "a": 3, "b": 4, "y": 8, "z": 9 },
        ),
        (doc! { "_id": 1, "a": { "$in": [3, 4] } }, doc! { "_id": 1, "y": 8, "z": 9 }),
        (doc! { "_id": 1, "a.b": 1, "a.c": 2 }, doc! { "_id": 1, "a": { "b": 1, "c": 2 }, "y": 8, "z": 9 }),
        (
            doc! { "$and": [{ "_id": 1 }, { "a": 1 }], "$or": [{ "b": 2 }] },
            doc! { "_id": 1, "a": 1, "b": 2, "y": 8, "z": 9 },
        ),
        (doc! { "_id": 1, "$or": [{ "b": 2 }, { "c": 1 }] }, doc! { "_id": 1, "y": 8, "z": 9 }),
        (doc! { "_id": 1, "$expr": { "$eq": ["$a", 1] } }, doc! { "_id": 1, "y": 8, "z": 9 }),
        (
            doc! { "_id": 1, "a": Bson::Null, "b": { "c": 1 } },
            doc! { "_id": 1, "a": Bson::Null, "b": { "c": 1 }, "y": 8, "z": 9 },
        ),
    ];
    for (filter, expected) in table {
        assert_eq!(upsert(&filter, &set()).unwrap(), expected, "{filter}");
    }
}

#[test]
fn an_upsert_has_its_id_first() {
    assert_eq!(upsert(&doc! { "a": 1 }, &doc! { "$set": { "_id": 5 } }).unwrap(), doc! { "_id": 5, "a": 1 });
    assert_eq!(upsert(&doc! { "_id": 5, "a": 1 }, &doc! { "b": 1 }).unwrap(), doc! { "_id": 5, "b": 1 });
    assert_eq!(upsert(&doc! { "a": 1 }, &doc! { "b": 1, "_id": 5 }).unwrap(), doc! { "_id": 5, "b": 1 });
    let generated = upsert(&doc! { "a": 1 }, &doc! { "$inc": { "b": 1 } }).unwrap();
    assert_eq!(generated.keys().collect::<Vec<_>>(), ["_id", "a", "b"]);
    assert_eq!(generated.get_object_id("_id").unwrap().timestamp().timestamp_millis(), 1_700_000_000_000);
    assert_eq!(
        upsert(&doc! { "_id": 1, "a": [1, 2] }, &doc! { "$set": { "a.$[]": 0 } }).unwrap(),
        doc! { "_id": 1, "a": [0, 0] }
    );
}

#[test]
fn upserts_that_cannot_be_are_refused() {
    let table = [
        (doc! { "a": 1, "$and": [{ "a": 1 }] }, doc! { "$set": { "b": 1 } }, 54),
        (doc! { "a": 1, "a.b": 1 }, doc! { "$set": { "b": 1 } }, 54),
        (doc! { "a": { "$all": [1, 2] } }, doc! { "$set": { "b": 1 } }, 54),
        (doc! { "_id": 1 }, doc! { "$set": { "_id": 2 } }, 66),
        (doc! { "_id": 1 }, doc! { "_id": 2 }, 66),
        (doc! { "_id.a": 1 }, doc! { "b": 2 }, 111),
        (doc! { "a": 5 }, doc! { "$set": { "a.$": 1 } }, 2),
        (doc! { "x": { "$gt": 5 } }, doc! { "$set": { "a.$[]": 1 } }, 2),
        (doc! { "a": 5 }, doc! { "$set": { "a.b": 1 } }, 28),
        (doc! { "a": 5 }, doc! { "$set": { "_id": [1] } }, 53),
        (doc! { "a": 5 }, doc! { "$set": { "_id": { "$x": 1 } } }, 52),
        (doc! { "$x": 5 }, doc! { "$set": { "$y": 1 } }, 52),
    ];
    for (filter, update, expected) in table {
        assert_eq!(code(upsert(&filter, &update)), expected, "{filter} {update}");
    }
}

#[test]
fn a_pipeline_makes_a_document_of_a_document() {
    let run = |document: Document, stages: Vec<Document>| {
        let stages = stages.iter().map(raw).collect();
        let before = raw(&document);
        let update = Update::parse(&UpdateModifications::Pipeline(stages), &[], &context())?;
        let after = update.apply(&before, None, &context())?;
        Ok(Document::try_from(after.as_deref().unwrap_or(&before)).unwrap())
    };
    let table = [
        (vec![doc! { "$set": { "b": "$a" } }], doc! { "_id": 1, "a": { "x": 2 }, "b": { "x": 2 } }),
        (vec![doc! { "$addFields": { "a.y": 3 } }, doc! { "$unset": "a.x" }], doc! { "_id": 1, "a": { "y": 3 } }),
        (vec![doc! { "$replaceWith": "$a" }], doc! { "_id": 1, "x": 2 }),
        (vec![doc! { "$replaceRoot": { "newRoot": { "c": 1 } } }], doc! { "_id": 1, "c": 1 }),
        (vec![doc! { "$project": { "a.x": 1, "_id": 0 } }], doc! { "_id": 1, "a": { "x": 2 } }),
        (vec![], doc! { "_id": 1, "a": { "x": 2 } }),
    ];
    for (stages, expected) in table {
        let shown = format!("{stages:?}");
        assert_eq!(run(doc! { "_id": 1, "a": { "x": 2 } }, stages).unwrap(), expected, "{shown}");
    }
    let refused = [
        (doc! { "$match": { "a": 1 } }, 72),
        (doc! { "$nonsense": 1 }, 40324),
        (doc! { "$set": { "a": 1 }, "$unset": "b" }, 40323),
        (doc! { "$replaceWith": "$_id" }, 40228),
        (doc! { "$set": { "_id": 2 } }, 66),
        (doc! { "$set": 1 }, 40272),
        (doc! { "$unset": [] }, 31119),
    ];
    for (stage, expected) in refused {
        let shown = stage.to_string();
        assert_eq!(code(run(doc! { "_id": 1 }, vec![stage])), expected, "{shown}");
    }
}
