#![allow(clippy::unwrap_used)]

use bson::{Document, doc};

use super::tests::{context, parse, raw};

#[track_caller]
fn prints(filter: Document, expected: Document) {
    let printed: Document = parse(&filter).unwrap().to_bson().try_into().unwrap();
    assert_eq!(printed, expected, "{filter}");
}

#[test]
fn filters_are_printed_with_every_operator_written_out() {
    prints(doc! {}, doc! {});
    prints(doc! { "a": 1 }, doc! { "a": { "$eq": 1 } });
    prints(
        doc! { "b": { "$gt": 1, "$lt": 5 }, "a": 1, "$comment": "x" },
        doc! { "$and": [{ "b": { "$lt": 5 } }, { "a": { "$eq": 1 } }, { "b": { "$gt": 1 } }] },
    );
    prints(doc! { "a": { "$ne": 1 } }, doc! { "a": { "$not": { "$eq": 1 } } });
    prints(doc! { "a": { "$nin": [2, 1, 1] } }, doc! { "a": { "$not": { "$in": [1, 2] } } });
    prints(doc! { "a": { "$exists": false } }, doc! { "a": { "$not": { "$exists": true } } });
    prints(
        doc! { "$or": [{ "b": 1 }, { "$and": [{ "a": 1 }] }] },
        doc! { "$or": [{ "a": { "$eq": 1 } }, { "b": { "$eq": 1 } }] },
    );
    prints(doc! { "$or": [{ "b": 1 }] }, doc! { "b": { "$eq": 1 } });
    prints(doc! { "a": { "$all": [1, 2] } }, doc! { "$and": [{ "a": { "$eq": 1 } }, { "a": { "$eq": 2 } }] });
    prints(
        doc! { "a": { "$elemMatch": { "b": 1, "c": { "$gt": 2 } } } },
        doc! { "a": { "$elemMatch": { "$and": [{ "b": { "$eq": 1 } }, { "c": { "$gt": 2 } }] } } },
    );
    prints(
        doc! { "a": { "$elemMatch": { "$gt": 1, "$lt": 3 } } },
        doc! { "a": { "$elemMatch": { "$gt": 1, "$lt": 3 } } },
    );
    prints(doc! { "a": { "$options": "i", "$regex": "x" } }, doc! { "a": { "$regex": "x", "$options": "i" } });
}

#[track_caller]
fn explains(filter: Document, document: Document, expected: Document) {
    let filter_parsed = parse(&filter).unwrap();
    let document = raw(&document);
    assert!(!filter_parsed.matches(&document, &context()).unwrap(), "{filter}");
    let details: Document = filter_parsed.explain_failure(&document, &context()).unwrap().try_into().unwrap();
    assert_eq!(details, expected, "{filter}");
}

#[test]
fn failures_name_the_operator_its_value_and_what_was_looked_at() {
    explains(
        doc! { "a": 2 },
        doc! { "a": 1 },
        doc! { "operatorName": "$eq", "specifiedAs": { "a": 2 }, "reason": "comparison failed", "consideredValue": 1 },
    );
    explains(
        doc! { "a": { "$gt": 2 } },
        doc! { "a": [1, 2] },
        doc! {
            "operatorName": "$gt", "specifiedAs": { "a": { "$gt": 2 } }, "reason": "comparison failed",
            "consideredValues": [1, 2, [1, 2]],
        },
    );
    explains(
        doc! { "a": { "$gt": 2 } },
        doc! {},
        doc! { "operatorName": "$gt", "specifiedAs": { "a": { "$gt": 2 } }, "reason": "field was missing" },
    );
    explains(
        doc! { "a": { "$gt": 2 } },
        doc! { "a": "x" },
        doc! {
            "operatorName": "$gt", "specifiedAs": { "a": { "$gt": 2 } }, "reason": "type did not match",
            "consideredValue": "x", "consideredType": "string", "expectedType": "int",
        },
    );
    explains(
        doc! { "a": { "$ne": 2 } },
        doc! { "a": 2 },
        doc! { "operatorName": "$ne", "specifiedAs": { "a": { "$ne": 2 } }, "reason": "comparison succeeded", "consideredValue": 2 },
    );
    explains(
        doc! { "a": { "$exists": true } },
        doc! {},
        doc! { "operatorName": "$exists", "specifiedAs": { "a": { "$exists": true } }, "reason": "path does not exist" },
    );
    explains(
        doc! { "a": { "$type": "string" } },
        doc! { "a": 1 },
        doc! {
            "operatorName": "$type", "specifiedAs": { "a": { "$type": "string" } }, "reason": "type did not match",
            "consideredValue": 1, "consideredType": "int",
        },
    );
    explains(
        doc! { "$expr": false },
        doc! {},
        doc! {
            "operatorName": "$expr", "specifiedAs": { "$expr": false }, "reason": "expression did not match",
            "expressionResult": false,
        },
    );
}

#[test]
fn failures_of_combinations_show_the_clauses() {
    let eq = |path: &str, reason: &str| {
        doc! { "operatorName": "$eq", "specifiedAs": { path: 2 }, "reason": reason, "consideredValue": if reason == "comparison failed" { 1 } else { 2 } }
    };
    explains(
        doc! { "a": 2, "b": 2 },
        doc! { "a": 2, "b": 1 },
        doc! { "operatorName": "$and", "clausesNotSatisfied": [{ "index": 1, "details": eq("b", "comparison failed") }] },
    );
    explains(
        doc! { "$or": [{ "a": 2 }, { "b": 2 }] },
        doc! { "a": 1, "b": 1 },
        doc! { "operatorName": "$or", "clausesNotSatisfied": [
            { "index": 0, "details": eq("a", "comparison failed") }, { "index": 1, "details": eq("b", "comparison failed") },
        ] },
    );
    explains(
        doc! { "$nor": [{ "a": 2 }, { "b": 2 }] },
        doc! { "a": 1, "b": 2 },
        doc! { "operatorName": "$nor", "clausesSatisfied": [{ "index": 1, "details": eq("b", "comparison succeeded") }] },
    );
    explains(
        doc! { "a": { "$not": { "$gt": 1 } } },
        doc! { "a": 2 },
        doc! { "operatorName": "$not", "details": {
            "operatorName": "$gt", "specifiedAs": { "a": { "$gt": 1 } }, "reason": "comparison succeeded", "consideredValue": 2,
        } },
    );
}
