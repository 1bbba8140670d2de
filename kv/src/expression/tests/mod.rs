//! Tables of expressions with what the service answers, by grammar.

mod apply;
mod conditions;
mod evaluation;
mod keys_and_projections;
mod limits;
mod update_faults;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::*;
use crate::value::{AttributeValue, Item};

type Values = BTreeMap<String, AttributeValue>;
type Names = BTreeMap<String, String>;

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn n(text: &str) -> AttributeValue {
    AttributeValue::N(text.parse().unwrap())
}

fn b(bytes: &'static [u8]) -> AttributeValue {
    AttributeValue::B(Bytes::from_static(bytes))
}

fn ss(members: &[&str]) -> AttributeValue {
    AttributeValue::Ss(members.iter().map(|member| (*member).to_owned()).collect())
}

fn ns(members: &[&str]) -> AttributeValue {
    AttributeValue::Ns(members.iter().map(|member| member.parse().unwrap()).collect())
}

fn bs(members: &[&'static [u8]]) -> AttributeValue {
    AttributeValue::Bs(members.iter().map(|member| Bytes::from_static(member)).collect::<BTreeSet<_>>())
}

fn l(elements: &[AttributeValue]) -> AttributeValue {
    AttributeValue::L(elements.to_vec())
}

fn item(members: &[(&str, AttributeValue)]) -> Item {
    members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn m(members: &[(&str, AttributeValue)]) -> AttributeValue {
    AttributeValue::M(item(members))
}

fn names(pairs: &[(&str, &str)]) -> Names {
    pairs.iter().map(|(key, name)| ((*key).to_owned(), (*name).to_owned())).collect()
}

/// One value of every type under `:s :n :b :bool :null :ss :ns :bs :l :m`.
fn every_type() -> Values {
    item(&[
        (":s", s("a")),
        (":n", n("1")),
        (":b", b(b"a")),
        (":bool", AttributeValue::Bool(true)),
        (":null", AttributeValue::Null),
        (":ss", ss(&["a"])),
        (":ns", ns(&["1"])),
        (":bs", bs(&[b"a"])),
        (":l", l(&[n("1")])),
        (":m", m(&[("k", n("1"))])),
    ])
}

/// The message for `text` as `kind`, or `None` when it is accepted.
fn message(kind: Kind, text: &str, names: Option<&Names>, values: Option<&Values>) -> Option<String> {
    let mut substitutions = Substitutions::new(names, values).unwrap();
    let outcome = match kind {
        Kind::Condition | Kind::Filter => condition(kind, text, &mut substitutions).map(drop),
        Kind::KeyCondition => key_condition(text, &mut substitutions).map(drop),
        Kind::Projection => projection(text, &mut substitutions).map(drop),
        Kind::Update => update(text, &mut substitutions).map(drop),
    };
    outcome.err().map(|error| error.to_string())
}
