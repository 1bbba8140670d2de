//! A second, naive implementation on decoded values has to agree.

#![allow(clippy::unwrap_used)]

use bson::{Bson, Document, RawBson, doc};
use proptest::prelude::*;

use super::tests::{context, parse, raw};
use crate::{
    context::Metadata,
    expression::{Env, Expression, truth::truthy},
    value::{Kind, compare},
};

/// What a path leads to; `None` for what is not there.
fn values(document: &Document, parts: &[&str]) -> Vec<Option<Bson>> {
    let (name, rest) = parts.split_first().unwrap();
    match document.get(name) {
        None => vec![None],
        Some(value) if rest.is_empty() => match value {
            Bson::Array(array) => array.iter().cloned().chain([value.clone()]).map(Some).collect(),
            value => vec![Some(value.clone())],
        },
        Some(Bson::Document(inner)) => values(inner, rest),
        Some(Bson::Array(array)) => in_array(array, rest),
        Some(_) => vec![None],
    }
}

fn in_array(array: &[Bson], parts: &[&str]) -> Vec<Option<Bson>> {
    let mut found = Vec::new();
    for (index, item) in array.iter().enumerate() {
        if let Bson::Document(inner) = item {
            found.extend(values(inner, parts));
        }
        if parts[0] == index.to_string() {
            match (item, parts.len()) {
                (item, 1) => found.push(Some(item.clone())),
                (Bson::Document(inner), _) => found.extend(values(inner, &parts[1..])),
                (Bson::Array(inner), _) => found.extend(in_array(inner, &parts[1..])),
                _ => {}
            }
        }
    }
    found
}

fn compares(op: &str, value: Option<&Bson>, operand: &Bson) -> bool {
    let equal_allowed = matches!(op, "$eq" | "$gte" | "$lte");
    let Some(value) = value else { return *operand == Bson::Null && equal_allowed };
    let (value, operand) = (RawBson::try_from(value.clone()).unwrap(), RawBson::try_from(operand.clone()).unwrap());
    let (value, operand) = (value.as_raw_bson_ref(), operand.as_raw_bson_ref());
    if Kind::of(value) != Kind::of(operand) {
        return false;
    }
    let order = compare(value, operand);
    match op {
        "$eq" => order.is_eq(),
        "$gt" => order.is_gt(),
        "$gte" => order.is_ge(),
        "$lt" => order.is_lt(),
        _ => order.is_le(),
    }
}

fn naive(filter: &Document, document: &Document) -> bool {
    filter.iter().all(|(name, value)| {
        let list = || value.as_array().unwrap().iter().map(|one| one.as_document().unwrap());
        match name.as_str() {
            "$and" => list().all(|one| naive(one, document)),
            "$or" => list().any(|one| naive(one, document)),
            "$nor" => !list().any(|one| naive(one, document)),
            path => {
                let found = values(document, &path.split('.').collect::<Vec<_>>());
                value.as_document().unwrap().iter().all(|(op, operand)| operator(op, operand, &found))
            }
        }
    })
}

fn operator(op: &str, operand: &Bson, found: &[Option<Bson>]) -> bool {
    let any = |op: &str, operand: &Bson| found.iter().any(|value| compares(op, value.as_ref(), operand));
    match op {
        "$ne" => !any("$eq", operand),
        "$in" => operand.as_array().unwrap().iter().any(|one| any("$eq", one)),
        "$nin" => !operand.as_array().unwrap().iter().any(|one| any("$eq", one)),
        "$all" => operand.as_array().unwrap().iter().all(|one| any("$eq", one)),
        "$exists" => found.iter().any(Option::is_some) == operand.as_bool().unwrap(),
        "$not" => !operand.as_document().unwrap().iter().all(|(op, operand)| operator(op, operand, found)),
        op => any(op, operand),
    }
}

fn scalar() -> impl Strategy<Value = Bson> {
    prop_oneof![
        (0..3_i32).prop_map(Bson::Int32),
        (0..3_i64).prop_map(Bson::Int64),
        Just(Bson::Double(1.0)),
        Just(Bson::Double(1.5)),
        Just(Bson::Null),
        Just(Bson::Boolean(true)),
        "[ab]{0,1}".prop_map(Bson::String),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just("a"), Just("b"), Just("0"), Just("1")].prop_map(str::to_owned)
}

fn any_value() -> impl Strategy<Value = Bson> {
    scalar().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Bson::Array),
            prop::collection::vec((name(), inner), 0..3).prop_map(|all| Bson::Document(all.into_iter().collect())),
        ]
    })
}

fn condition() -> impl Strategy<Value = Document> {
    let path = prop::collection::vec(name(), 1..4).prop_map(|parts| parts.join("."));
    let comparison =
        (prop_oneof![Just("$eq"), Just("$ne"), Just("$gt"), Just("$gte"), Just("$lt"), Just("$lte")], any_value())
            .prop_map(|(op, value)| doc! { op: value });
    let list = (prop_oneof![Just("$in"), Just("$nin"), Just("$all")], prop::collection::vec(any_value(), 1..4))
        .prop_map(|(op, values)| doc! { op: values });
    let exists = any::<bool>().prop_map(|exists| doc! { "$exists": exists });
    let operators = prop_oneof![4 => comparison, 2 => list, 1 => exists];
    let operators = prop_oneof![3 => operators.clone(), 1 => operators.prop_map(|inner| doc! { "$not": inner })];
    (path, operators).prop_map(|(path, operators)| doc! { path: operators })
}

fn any_filter() -> impl Strategy<Value = Document> {
    condition().prop_recursive(2, 8, 3, |inner| {
        (prop_oneof![Just("$and"), Just("$or"), Just("$nor")], prop::collection::vec(inner, 1..3))
            .prop_map(|(op, all)| doc! { op: all })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_naive_implementation_agrees(
        filter in any_filter(),
        document in prop::collection::vec((name(), any_value()), 0..4),
    ) {
        let document: Document = document.into_iter().collect();
        let parsed = parse(&filter).unwrap();
        let matches = parsed.matches(&raw(&document), &context()).unwrap();
        prop_assert_eq!(matches, naive(&filter, &document), "{} on {}", filter, document);
        if !matches {
            prop_assert!(parsed.explain_failure(&raw(&document), &context()).is_ok());
        }
        // What is printed is a filter that means the same.
        let printed: Document = parsed.to_bson().try_into().unwrap();
        prop_assert_eq!(parse(&printed).unwrap().matches(&raw(&document), &context()).unwrap(), matches, "{}", printed);
    }

    #[test]
    fn what_an_expression_implies_never_excludes_what_it_matches(
        path in prop::collection::vec(name(), 1..3).prop_map(|parts| format!("${}", parts.join("."))),
        value in any_value(),
        document in prop::collection::vec((name(), any_value()), 0..4),
    ) {
        let document: Document = document.into_iter().collect();
        let expression = doc! { "$eq": [path, { "$literal": value }] };
        let raw_expression = raw(&expression);
        let parsed = Expression::parse(bson::RawBsonRef::Document(&raw_expression), &context()).unwrap();
        let (context, document, metadata) = (context(), raw(&document), Metadata::default());
        let expected = truthy(parsed.evaluate(&Env::new(&context, &document, &metadata)).unwrap().get());
        let filter = parse(&doc! { "$expr": expression }).unwrap();
        prop_assert_eq!(filter.matches(&document, &context).unwrap(), expected);
    }
}
