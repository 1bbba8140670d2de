//! Filter policies and messages at random: a matcher finds what each policy alone wants, through inserts and removes.

use std::collections::BTreeMap;

use millpond_pubsub::{
    MessageAttribute,
    filter::{Event, FilterPolicy, FilterScope, Forms, Matcher},
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[abc]", Just("a.b".to_owned()), Just("b.c".to_owned())]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[abAé]{0,3}", 1 => "10\\.0\\.0\\.[0-9]{1,2}", 1 => Just("2001:db8::1".to_owned())]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![(-3..4_i64).prop_map(|n| json!(n)), (-3..4_i64).prop_map(|n| json!(n as f64 / 2.0)), Just(json!(1e12))]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => text().prop_map(Value::from),
        3 => number(),
        1 => prop_oneof![Just(Value::Null), Just(json!(true)), Just(json!(false))],
    ]
}

fn range() -> impl Strategy<Value = Value> {
    let below = prop_oneof![Just("<"), Just("<=")];
    let above = prop_oneof![Just(">"), Just(">=")];
    prop_oneof![
        (below.clone(), -3..4_i64).prop_map(|(sign, n)| json!([sign, n])),
        (above.clone(), -3..4_i64).prop_map(|(sign, n)| json!([sign, n])),
        (-3..4_i64).prop_map(|n| json!(["=", n])),
        (above, -4..3_i64, below, 1..5_i64).prop_map(|(above, n, below, more)| json!([above, n, below, n + more])),
    ]
}

fn pattern() -> impl Strategy<Value = Value> {
    let wildcard = || "\\*?[ab]{0,2}(\\*[ab]{1,2})?\\*?";
    let but = prop_oneof![
        proptest::collection::vec("[ab]{0,2}", 1..3).prop_map(Value::from),
        proptest::collection::vec(-2..3_i64, 1..3).prop_map(Value::from),
        text().prop_map(Value::from),
        "[ab]{1,2}".prop_map(|text| json!({ "prefix": text })),
        proptest::collection::vec("[ab]{1,2}", 1..3).prop_map(|texts| json!({ "suffix": texts })),
        text().prop_map(|text| json!({ "equals-ignore-case": text })),
        wildcard().prop_map(|text| json!({ "wildcard": text })),
    ];
    prop_oneof![
        5 => scalar(),
        1 => text().prop_map(|text| json!({ "prefix": text })),
        1 => text().prop_map(|text| json!({ "suffix": text })),
        1 => text().prop_map(|text| json!({ "equals-ignore-case": text })),
        1 => wildcard().prop_map(|text| json!({ "wildcard": text })),
        2 => range().prop_map(|range| json!({ "numeric": range })),
        1 => prop_oneof![Just("10.0.0.0/27"), Just("2001:db8::/64"), Just("0.0.0.0/0")]
            .prop_map(|range| json!({ "cidr": range })),
        2 => any::<bool>().prop_map(|exists| json!({ "exists": exists })),
        2 => but.prop_map(|but| json!({ "anything-but": but })),
    ]
}

fn patterns() -> impl Strategy<Value = Value> {
    proptest::collection::vec(pattern(), 1..4).prop_map(Value::from)
}

fn object(value: impl Strategy<Value = Value> + Clone) -> impl Strategy<Value = Value> + Clone {
    let fields = proptest::collection::vec((name(), value), 1..4);
    std::sync::Arc::new(fields.prop_map(|fields| Value::from(fields.into_iter().collect::<Map<_, _>>())))
}

/// Fields, some of them nested, with an `$or` now and then.
fn policy(nested: bool) -> impl Strategy<Value = String> {
    let flat = object(std::sync::Arc::new(patterns()));
    let inner = if nested {
        object(std::sync::Arc::new(prop_oneof![2 => patterns(), 1 => flat.clone()])).boxed()
    } else {
        flat.clone().boxed()
    };
    let or = proptest::option::weighted(0.3, proptest::collection::vec(inner.clone(), 2..4));
    (inner, or).prop_map(|(mut policy, or)| {
        if let Some(or) = or {
            policy["$or"] = or.into();
        }
        policy.to_string()
    })
}

fn policies(scope: FilterScope) -> impl Strategy<Value = Vec<FilterPolicy>> {
    let parsed = policy(scope == FilterScope::MessageBody)
        .prop_filter_map("is too complex", move |text| FilterPolicy::parse(&text, scope, Forms::All).ok());
    proptest::collection::vec(parsed, 0..40)
}

fn body() -> impl Strategy<Value = String> {
    let value = scalar().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            2 => proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => proptest::collection::vec((name(), inner), 0..4)
                .prop_map(|fields| Value::from(fields.into_iter().collect::<Map<_, _>>())),
        ]
    });
    proptest::collection::vec((name(), value), 0..5)
        .prop_map(|fields| Value::from(fields.into_iter().collect::<Map<_, _>>()).to_string())
}

fn attributes() -> impl Strategy<Value = BTreeMap<String, MessageAttribute>> {
    let attribute = prop_oneof![
        3 => text().prop_map(MessageAttribute::string),
        3 => number().prop_map(MessageAttribute::number),
        2 => proptest::collection::vec(scalar(), 0..4)
            .prop_map(|values| MessageAttribute::array(Value::from(values).to_string())),
        1 => Just(MessageAttribute::binary([1, 2])),
    ];
    proptest::collection::btree_map(name(), attribute, 0..5)
}

/// Inserts all, replaces some, removes some, and looks after each step.
fn check(policies: &[FilterPolicy], events: &[Event<'_>]) -> Result<(), TestCaseError> {
    let mut matcher = Matcher::new();
    let mut there = BTreeMap::new();
    let look = |matcher: &Matcher<usize>, there: &BTreeMap<usize, &FilterPolicy>| {
        let mut found = Vec::new();
        for event in events {
            matcher.matching(event, &mut found);
            let wanted: Vec<usize> =
                there.iter().filter(|(_, policy)| policy.matches_event(event)).map(|(key, _)| *key).collect();
            prop_assert_eq!(&found, &wanted);
        }
        prop_assert_eq!(matcher.len(), there.len());
        Ok(())
    };
    for (key, policy) in policies.iter().enumerate() {
        matcher.insert(key, policy);
        there.insert(key, policy);
    }
    look(&matcher, &there)?;
    for (key, policy) in policies.iter().enumerate().skip(1).step_by(3) {
        matcher.insert(key - 1, policy);
        there.insert(key - 1, policy);
    }
    look(&matcher, &there)?;
    for key in (0..policies.len()).step_by(2) {
        prop_assert_eq!(matcher.remove(key), there.remove(&key).is_some());
    }
    look(&matcher, &there)?;
    for key in 0..policies.len() {
        matcher.remove(key);
    }
    there.clear();
    look(&matcher, &there)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_matcher_finds_what_each_policy_wants_of_bodies(
        policies in policies(FilterScope::MessageBody),
        bodies in proptest::collection::vec(body(), 1..12),
    ) {
        let events: Vec<_> = bodies.iter().map(|body| Event::of_body(body)).collect();
        check(&policies, &events)?;
    }

    #[test]
    fn a_matcher_finds_what_each_policy_wants_of_attributes(
        policies in policies(FilterScope::MessageAttributes),
        messages in proptest::collection::vec(attributes(), 1..12),
    ) {
        let events: Vec<_> = messages.iter().map(Event::of_attributes).collect();
        check(&policies, &events)?;
    }

    #[test]
    fn whatever_a_policy_is_it_is_read_or_refused(text in "[{}\\[\\]:,\"a$or1.\\\\* -]{0,40}") {
        for forms in [Forms::Service, Forms::All] {
            let _ = FilterPolicy::parse(&text, FilterScope::MessageBody, forms);
            let _ = Event::of_body(&text);
        }
    }
}
