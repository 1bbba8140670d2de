//! Filter policies: the table of cases and that of refusals, each policy alone and all of them in one matcher.
//!
//! A case of `cases.json` has a policy and a message, and whether the policy `matches` it. A policy or a body that is a
//! text is meant as it is; everything else is the JSON that it is. With `"forms": "all"` the service refuses the
//! policy. What is `"unpublishable"` the service does not take as a message: an empty text, or an array that is none. A
//! policy of `refusals.json` is refused with what stands behind `Invalid parameter: ` in the service's error; those
//! whose names begin with "recorded" were recorded there.

use std::collections::BTreeMap;

use base64::Engine as _;
use millpond_pubsub::{
    AttributeValue, MessageAttribute,
    filter::{Event, FilterPolicy, FilterScope, Forms, Matcher},
};
use serde_json::Value;

const CASES: &str = include_str!("../filters/cases.json");
const REFUSALS: &str = include_str!("../filters/refusals.json");

struct Case {
    name: String,
    scope: FilterScope,
    policy: String,
    forms: Forms,
    attributes: BTreeMap<String, MessageAttribute>,
    body: String,
    matches: bool,
}

fn rows(table: &str) -> Vec<Value> {
    serde_json::from_str(table).unwrap()
}

/// A text as it is, everything else as the JSON that it is.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn scope(row: &Value) -> FilterScope {
    match row["scope"].as_str().unwrap() {
        "MessageAttributes" => FilterScope::MessageAttributes,
        "MessageBody" => FilterScope::MessageBody,
        other => panic!("{other} is no scope"),
    }
}

fn forms(row: &Value) -> Forms {
    if row.get("forms").is_some() { Forms::All } else { Forms::Service }
}

fn attribute(value: &Value) -> MessageAttribute {
    let value_of = |name: &str| value.get(name).and_then(Value::as_str);
    MessageAttribute {
        data_type: value_of("DataType").unwrap().into(),
        value: match (value_of("StringValue"), value_of("BinaryValue")) {
            (Some(text), None) => AttributeValue::Text(text.into()),
            (None, Some(binary)) => {
                AttributeValue::Binary(base64::engine::general_purpose::STANDARD.decode(binary).unwrap())
            }
            _ => panic!("{value} is no attribute"),
        },
    }
}

fn cases() -> Vec<Case> {
    let cases = rows(CASES).into_iter().map(|row| Case {
        name: text(&row["name"]),
        scope: scope(&row),
        policy: text(&row["policy"]),
        forms: forms(&row),
        attributes: row.get("attributes").and_then(Value::as_object).map_or_else(BTreeMap::new, |attributes| {
            attributes.iter().map(|(name, value)| (name.clone(), attribute(value))).collect()
        }),
        body: row.get("body").map_or_else(|| "a text".into(), text),
        matches: row["matches"].as_bool().unwrap(),
    });
    cases.collect()
}

impl Case {
    fn policy(&self) -> FilterPolicy {
        FilterPolicy::parse(&self.policy, self.scope, self.forms)
            .unwrap_or_else(|error| panic!("{}: {} is refused: {error}", self.name, self.policy))
    }

    fn event(&self) -> Event<'_> {
        match self.scope {
            FilterScope::MessageAttributes => Event::of_attributes(&self.attributes),
            FilterScope::MessageBody => Event::of_body(&self.body),
        }
    }
}

#[test]
fn each_policy_of_the_table_wants_what_it_should() {
    let cases = cases();
    assert!(cases.len() >= 250, "{} cases", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter(|case| case.policy().matches(&case.attributes, &case.body) != case.matches)
        .map(|case| format!("{}: {} should be {}", case.name, case.policy, case.matches))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_matcher_of_all_policies_finds_what_each_of_them_wants() {
    let cases = cases();
    for scope in [FilterScope::MessageAttributes, FilterScope::MessageBody] {
        let cases: Vec<&Case> = cases.iter().filter(|case| case.scope == scope).collect();
        let policies: Vec<FilterPolicy> = cases.iter().map(|case| case.policy()).collect();
        let mut matcher = Matcher::new();
        for (key, policy) in policies.iter().enumerate() {
            matcher.insert(key, policy);
        }
        let mut found = Vec::new();
        // All of them, then every other one, and then none.
        for rest in [1, 2, usize::MAX] {
            for key in 0..policies.len() {
                if key % rest != 0 || rest == usize::MAX {
                    matcher.remove(key);
                }
            }
            for case in &cases {
                let event = case.event();
                matcher.matching(&event, &mut found);
                let there = policies.iter().enumerate().filter(|(key, _)| key % rest == 0 && rest != usize::MAX);
                let wanted: Vec<usize> =
                    there.filter(|(_, policy)| policy.matches_event(&event)).map(|(key, _)| key).collect();
                assert_eq!(found, wanted, "{}", case.name);
            }
        }
        assert!(matcher.is_empty());
    }
}

#[test]
fn what_the_service_refuses_is_refused_with_its_text() {
    let mut wrong = Vec::new();
    for row in rows(REFUSALS) {
        let (name, policy, error) = (text(&row["name"]), text(&row["policy"]), text(&row["error"]));
        match FilterPolicy::parse(&policy, scope(&row), forms(&row)) {
            Ok(_) => wrong.push(format!("{name}: is taken")),
            Err(refused) if refused.to_string() != error => wrong.push(format!("{name}: {refused}\n  not {error}")),
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn forms_that_the_service_refuses_are_refused_but_for_the_rust_api() {
    for case in cases().iter().filter(|case| case.forms == Forms::All) {
        assert!(FilterPolicy::parse(&case.policy, case.scope, Forms::Service).is_err(), "{}", case.name);
    }
}
