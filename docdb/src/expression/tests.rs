//! What holds for all operators, whatever they are given.

use std::sync::Arc;

use bson::{Bson, Document, RawDocumentBuf, bson, doc, rawdoc};
use proptest::prelude::*;

use crate::{
    collation::Collation,
    context::Metadata,
    expression::{
        Env, Expression, operators,
        testing::{Yields, context, evaluate, evaluate_in, one_of_each_type},
    },
    value::{field, testing::any_bson, validate},
};

/// The names of arguments that operators know.
const NAMES: &[&str] = &[
    "input",
    "as",
    "in",
    "cond",
    "limit",
    "initialValue",
    "n",
    "sortBy",
    "field",
    "value",
    "vars",
    "branches",
    "case",
    "then",
    "default",
    "if",
    "else",
    "inputs",
    "defaults",
    "useLongestLength",
    "date",
    "unit",
    "amount",
    "timezone",
    "format",
    "dateString",
    "onNull",
    "onError",
    "startDate",
    "endDate",
    "to",
    "regex",
    "options",
    "find",
    "replacement",
    "chars",
    "year",
    "month",
    "body",
    "args",
    "lang",
    "p",
    "method",
    "binSize",
    "startOfWeek",
];

const TEXTS: &[&str] = &[
    "$a",
    "$a.b",
    "$l",
    "$l.x",
    "$$this",
    "$$value",
    "$$ROOT",
    "$$CURRENT",
    "$$NOW",
    "$$REMOVE",
    "$",
    "$$",
    "$a.",
    "$.a",
    "$$x",
    "x",
    "day",
    "UTC",
    "js",
    "%Y-%m-%d",
    "textScore",
];

fn operator() -> impl Strategy<Value = &'static str> {
    let names: Vec<&str> = operators().map(|operator| operator.name).collect();
    proptest::sample::select(names)
}

fn any_expression() -> impl Strategy<Value = Bson> {
    let leaf = prop_oneof![
        any_bson(),
        proptest::sample::select(TEXTS).prop_map(Bson::from),
        (-2..4_i32).prop_map(Bson::from),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let named =
            proptest::collection::vec((proptest::sample::select(NAMES), inner.clone()), 0..4).prop_map(|fields| {
                Bson::Document(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            });
        let list = proptest::collection::vec(inner.clone(), 0..4).prop_map(Bson::Array);
        let arguments = prop_oneof![inner, list.clone(), named.clone()];
        prop_oneof![
            6 => (operator(), arguments).prop_map(|(name, arguments)| bson!({ name: arguments })),
            1 => list,
            1 => named,
        ]
    })
}

/// Parses, evaluates and asks for all there is; what comes out is a value that could be stored, or a code.
fn exercise(expression: &Bson, document: &Document) {
    let wrapped = RawDocumentBuf::try_from(&doc! { "e": expression.clone() }).unwrap();
    let root = RawDocumentBuf::try_from(document).unwrap();
    let (context, metadata) = (context(), Metadata::default());
    let parsed = match Expression::parse(field(&wrapped, "e").unwrap(), &context) {
        Ok(parsed) => parsed,
        Err(error) => {
            assert!(error.code().0 > 1, "{expression}: {error:?}");
            return;
        }
    };
    let _ = parsed.fields();
    assert!(!format!("{parsed:?}").is_empty());
    match parsed.evaluate(&Env::new(&context, &root, &metadata)) {
        Ok(value) => {
            if let Some(value) = value.get() {
                let mut wrapped = RawDocumentBuf::new();
                wrapped.append(bson::raw::cstr!("v"), value);
                validate(&wrapped).unwrap();
            }
        }
        Err(error) => assert!(error.code().0 > 1, "{expression}: {error:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn any_expression_yields_a_value_or_a_code(expression in any_expression(), value in any_bson()) {
        exercise(&expression, &doc! { "a": value.clone(), "l": [{ "x": 1 }, value, [2]] });
    }
}

#[test]
fn operators_are_not_defined_twice() {
    let mut names: Vec<&str> = operators().map(|operator| operator.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(names.iter().all(|name| name.starts_with('$')));
}

#[test]
fn any_operator_takes_or_refuses_any_number_of_values_of_any_type() {
    let document = doc! { "a": 1 };
    for operator in operators() {
        for value in one_of_each_type() {
            for count in 0..5 {
                let arguments = vec![value.clone(); count];
                exercise(&bson!({ operator.name: arguments }), &document);
            }
            exercise(&bson!({ operator.name: value.clone() }), &document);
            exercise(&bson!({ operator.name: { "input": value } }), &document);
        }
    }
}

#[test]
fn strings_are_compared_by_the_collation() {
    let collation = Collation::parse(&rawdoc! { "locale": "en", "strength": 2, "numericOrdering": true }).unwrap();
    let context = context().with_collation(collation.map(Arc::new));
    let document = doc! { "a": ["b", "A"], "n": ["a10", "a9"] };
    let table = [
        (bson!({ "$eq": ["a", "A"] }), bson!(true)),
        (bson!({ "$gt": ["a10", "a9"] }), bson!(true)),
        (bson!({ "$cmp": [{ "x": "a" }, { "x": "A" }] }), bson!(0)),
        (bson!({ "$in": ["a", "$a"] }), bson!(true)),
        (bson!({ "$indexOfArray": ["$a", "B"] }), bson!(0)),
        (bson!({ "$setUnion": ["$a", ["B"]] }), bson!(["A", "b"])),
        (bson!({ "$setEquals": ["$a", ["a", "B"]] }), bson!(true)),
        (bson!({ "$setDifference": ["$a", ["B"]] }), bson!(["A"])),
        (bson!({ "$sortArray": { "input": "$n", "sortBy": 1 } }), bson!(["a9", "a10"])),
        (bson!({ "$minN": { "n": 1, "input": "$n" } }), bson!(["a9"])),
    ];
    for (expression, expected) in table {
        assert_eq!(evaluate_in(expression.clone(), &document, &context), Yields::Value(expected), "{expression}");
    }
}

#[test]
fn deep_nesting_is_evaluated_or_refused() {
    for operator in operators() {
        let (mut plain, mut listed) = (bson!("$a"), bson!("$a"));
        for _ in 0..190 {
            plain = bson!({ operator.name: plain });
        }
        for _ in 0..95 {
            listed = bson!({ operator.name: [listed.clone()] });
        }
        exercise(&plain, &doc! { "a": [1] });
        exercise(&listed, &doc! { "a": [1] });
    }
    let mut maps = bson!("$$this");
    for _ in 0..90 {
        maps = bson!({ "$map": { "input": ["$$ROOT"], "in": maps } });
    }
    assert!(matches!(evaluate(maps, &doc! {}), Yields::Value(_)));
}

#[test]
fn every_operator_is_there_once() {
    let mut names: Vec<&str> =
        super::FAMILIES.iter().flat_map(|family| family.iter()).map(|operator| operator.name).collect();
    names.sort_unstable();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
    for name in ["$bitAnd", "$sum", "$percentile", "$literal", "$sin", "$dateTrunc", "$switch"] {
        assert!(names.contains(&name), "{name}");
    }
}
