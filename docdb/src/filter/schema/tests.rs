#![allow(clippy::unwrap_used)]

use bson::{Bson, Document, RawDocumentBuf, doc};

use super::Schema;
use crate::Code;

fn raw(document: &Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(document).unwrap()
}

fn parse(schema: &Document) -> crate::Result<Schema> {
    Schema::parse(bson::RawBsonRef::Document(&raw(schema)))
}

#[track_caller]
fn valid(schema: &Document, value: &Bson) -> bool {
    let document = raw(&doc! { "v": value.clone() });
    parse(&doc! { "properties": { "v": schema } }).unwrap().matches(bson::RawBsonRef::Document(&document)).unwrap()
}

#[track_caller]
fn check(schema: Document, yes: Vec<Bson>, no: Vec<Bson>) {
    for (values, expected) in [(yes, true), (no, false)] {
        for value in values {
            assert_eq!(valid(&schema, &value), expected, "{schema} on {value}");
        }
    }
}

fn bson(value: impl Into<Bson>) -> Bson {
    value.into()
}

fn decimal(text: &str) -> Bson {
    Bson::Decimal128(text.parse().unwrap())
}

#[test]
fn each_keyword_concerns_values_of_its_type_only() {
    let a = || bson("a");
    let array = |items: Vec<Bson>| Bson::Array(items);
    check(doc! { "bsonType": "int" }, vec![bson(1)], vec![bson(1.0), bson(1_i64), a()]);
    check(doc! { "bsonType": ["number", "null"] }, vec![bson(1), decimal("1"), Bson::Null], vec![a()]);
    check(doc! { "type": "boolean" }, vec![bson(true)], vec![bson(1)]);
    check(doc! { "enum": [1, { "x": 1, "y": 2 }] }, vec![bson(1.0), bson(doc! { "y": 2, "x": 1 })], vec![bson(2), a()]);
    check(doc! { "minimum": 5 }, vec![bson(5), a()], vec![bson(4.9), bson(f64::NAN)]);
    check(doc! { "minimum": 5, "exclusiveMinimum": true }, vec![bson(6)], vec![bson(5)]);
    check(doc! { "maximum": 5, "exclusiveMaximum": true }, vec![bson(4)], vec![bson(5), decimal("5.0")]);
    check(doc! { "maximum": 5 }, vec![bson(5)], vec![bson(6_i64)]);
    check(
        doc! { "multipleOf": 0.1 },
        vec![bson(0.3), bson(1), decimal("2.5"), a()],
        vec![bson(0.25), bson(f64::INFINITY)],
    );
    check(doc! { "multipleOf": 3 }, vec![bson(9), bson(-9_i64), bson(9.0)], vec![bson(10), bson(9.5)]);
    check(doc! { "minLength": 2, "maxLength": 3 }, vec![bson("äö"), bson(1)], vec![a(), bson("abcd")]);
    check(doc! { "pattern": "^a" }, vec![a(), bson(1)], vec![bson("ba")]);
    check(
        doc! { "items": { "bsonType": "int" } },
        vec![array(vec![]), bson(vec![1]), bson(1.5)],
        vec![array(vec![bson(1), a()])],
    );
    check(
        doc! { "items": [{ "bsonType": "int" }], "additionalItems": false },
        vec![bson(vec![1]), array(vec![])],
        vec![bson(vec![1, 2]), array(vec![a()])],
    );
    check(
        doc! { "items": [{}], "additionalItems": { "bsonType": "int" } },
        vec![array(vec![a(), bson(1)])],
        vec![array(vec![a(), a()])],
    );
    check(doc! { "items": {}, "additionalItems": false }, vec![bson(vec![1])], vec![]);
    check(
        doc! { "minItems": 1, "maxItems": 2 },
        vec![bson(vec![1]), bson(1)],
        vec![array(vec![]), bson(vec![1, 2, 3])],
    );
    check(
        doc! { "uniqueItems": true },
        vec![bson(vec![1, 2]), a()],
        vec![array(vec![bson(1), bson(1.0)]), bson(vec![doc! { "a": 1, "b": 2 }, doc! { "b": 2, "a": 1 }])],
    );
    check(doc! { "required": ["x"] }, vec![bson(doc! { "x": Bson::Null }), a()], vec![bson(doc! {})]);
    check(
        doc! { "minProperties": 1, "maxProperties": 1 },
        vec![bson(doc! { "x": 1 })],
        vec![bson(doc! {}), bson(doc! { "x": 1, "y": 1 })],
    );
    check(
        doc! { "properties": { "x": {} }, "patternProperties": { "^y": { "bsonType": "int" } }, "additionalProperties": false },
        vec![bson(doc! { "x": 1, "y1": 2 })],
        vec![bson(doc! { "z": 1 }), bson(doc! { "y": "a" })],
    );
    check(doc! { "additionalProperties": { "minimum": 1 } }, vec![bson(doc! { "x": 1 })], vec![bson(doc! { "x": 0 })]);
    check(
        doc! { "dependencies": { "x": ["y"], "z": { "required": ["w"] } } },
        vec![bson(doc! {}), bson(doc! { "x": 1, "y": 1 }), bson(doc! { "z": 1, "w": 1 })],
        vec![bson(doc! { "x": 1 }), bson(doc! { "z": 1 })],
    );
    check(doc! { "allOf": [{ "minimum": 1 }, { "maximum": 2 }] }, vec![bson(1)], vec![bson(3)]);
    check(doc! { "anyOf": [{ "bsonType": "int" }, { "bsonType": "string" }] }, vec![bson(1), a()], vec![bson(1.5)]);
    check(doc! { "oneOf": [{ "minimum": 1 }, { "maximum": 2 }] }, vec![bson(0), bson(3)], vec![bson(1)]);
    check(doc! { "not": { "bsonType": "int" } }, vec![a()], vec![bson(1)]);
    check(doc! { "title": "t", "description": "d" }, vec![a()], vec![]);
    check(doc! { "encrypt": {} }, vec![], vec![a()]);
}

#[test]
fn what_is_malformed_is_refused_with_the_servers_code() {
    let table = [
        (doc! { "unknownKeyword": true }, 9),
        (doc! { "$ref": "#" }, 9),
        (doc! { "format": "email" }, 9),
        (doc! { "type": "integer" }, 9),
        (doc! { "type": "int" }, 2),
        (doc! { "bsonType": "unknown" }, 2),
        (doc! { "bsonType": 1 }, 14),
        (doc! { "bsonType": [] }, 9),
        (doc! { "bsonType": ["int", "int"] }, 9),
        (doc! { "type": "string", "bsonType": "string" }, 9),
        (doc! { "minimum": "a" }, 14),
        (doc! { "exclusiveMinimum": true }, 9),
        (doc! { "minimum": 1, "exclusiveMinimum": 1 }, 14),
        (doc! { "multipleOf": 0 }, 9),
        (doc! { "maxLength": -1 }, 9),
        (doc! { "pattern": 1 }, 14),
        (doc! { "pattern": "(" }, 51091),
        (doc! { "required": [] }, 9),
        (doc! { "required": [1] }, 14),
        (doc! { "required": ["a", "a"] }, 9),
        (doc! { "properties": 1 }, 14),
        (doc! { "properties": { "a": 1 } }, 14),
        (doc! { "additionalProperties": 1 }, 14),
        (doc! { "enum": [] }, 9),
        (doc! { "enum": [1, 1.0] }, 9),
        (doc! { "allOf": [] }, 2),
        (doc! { "not": 1 }, 14),
        (doc! { "dependencies": { "a": 1 } }, 14),
        (doc! { "title": 1 }, 14),
        (doc! { "uniqueItems": 1 }, 14),
    ];
    for (schema, code) in table {
        assert_eq!(parse(&schema).unwrap_err().code(), Code(code), "{schema}");
    }
    let deep = (0..150).fold(doc! {}, |inner, _| doc! { "not": inner });
    assert_eq!(parse(&deep).unwrap_err().code(), Code::FAILED_TO_PARSE);
}

#[test]
fn what_is_broken_is_explained() {
    let schema = doc! {
        "title": "Student",
        "required": ["name", "gpa", "age"],
        "additionalProperties": false,
        "properties": {
            "gpa": { "bsonType": ["double"], "description": "'gpa' must be a double" },
            "tags": { "items": { "maxLength": 1 } },
        },
    };
    let document = raw(&doc! { "gpa": 3, "tags": ["a", "bb"], "x": 1 });
    let details: Document = parse(&schema).unwrap().explain(&document).unwrap().try_into().unwrap();
    let expected = doc! {
        "operatorName": "$jsonSchema",
        "title": "Student",
        "schemaRulesNotSatisfied": [
            { "operatorName": "properties", "propertiesNotSatisfied": [
                { "propertyName": "gpa", "description": "'gpa' must be a double", "details": [{
                    "operatorName": "bsonType", "specifiedAs": { "bsonType": ["double"] },
                    "reason": "type did not match", "consideredValue": 3, "consideredType": "int",
                }] },
                { "propertyName": "tags", "details": [{
                    "operatorName": "items", "reason": "At least one item did not match the sub-schema", "itemIndex": 1,
                    "details": [{
                        "operatorName": "maxLength", "specifiedAs": { "maxLength": 1 },
                        "reason": "specified string length was not satisfied", "consideredValue": "bb",
                    }],
                }] },
            ] },
            { "operatorName": "additionalProperties", "specifiedAs": { "additionalProperties": false }, "additionalProperties": ["x"] },
            { "operatorName": "required", "specifiedAs": { "required": ["name", "gpa", "age"] }, "missingProperties": ["age", "name"] },
        ],
    };
    assert_eq!(details, expected);
}

#[test]
fn combinations_are_explained_by_the_index_of_what_is_broken() {
    let explain = |schema: Document, document: Document| -> Document {
        let details: Document = parse(&schema).unwrap().explain(&raw(&document)).unwrap().try_into().unwrap();
        details.get_array("schemaRulesNotSatisfied").unwrap()[0].as_document().unwrap().clone()
    };
    let minimum = doc! { "operatorName": "required", "specifiedAs": { "required": ["b"] }, "missingProperties": ["b"] };
    assert_eq!(
        explain(doc! { "allOf": [{ "required": ["a"] }, { "required": ["b"] }] }, doc! { "a": 1 }),
        doc! { "operatorName": "allOf", "schemasNotSatisfied": [{ "index": 1, "details": [minimum] }] }
    );
    assert_eq!(
        explain(doc! { "oneOf": [{}, { "required": ["a"] }] }, doc! { "a": 1 }),
        doc! { "operatorName": "oneOf", "reason": "more than one subschema matched", "matchingSchemaIndexes": [0, 1] }
    );
    let limit = explain(doc! { "properties": { "a": { "minimum": 1, "exclusiveMinimum": true } } }, doc! { "a": 1 });
    assert_eq!(
        limit.get_array("propertiesNotSatisfied").unwrap()[0].as_document().unwrap().get_array("details").unwrap()[0],
        Bson::from(doc! {
            "operatorName": "minimum", "specifiedAs": { "minimum": 1, "exclusiveMinimum": true },
            "reason": "comparison failed", "consideredValue": 1,
        })
    );
    assert_eq!(
        explain(doc! { "not": {} }, doc! {}),
        doc! { "operatorName": "not", "reason": "child expression matched" }
    );
    assert_eq!(
        explain(doc! { "minProperties": 2 }, doc! { "a": 1 }),
        doc! {
            "operatorName": "minProperties", "specifiedAs": { "minProperties": 2 },
            "reason": "specified number of properties was not satisfied", "numberOfProperties": 1,
        }
    );
    assert_eq!(
        explain(doc! { "dependencies": { "a": ["b"] } }, doc! { "a": 1 }),
        doc! { "operatorName": "dependencies", "failingDependencies": [{ "conditionalProperty": "a", "missingProperties": ["b"] }] }
    );
}
