//! PartiQL: ExecuteStatement, BatchExecuteStatement, ExecuteTransaction.

mod batches;
mod indexes;
mod properties;
mod reads;
mod transactions;
mod writes;

use millpond_kv::model::*;
use millpond_kv::{AttributeValue, Error, Item, Kv};

use crate::support::*;

fn statement(text: &str) -> ExecuteStatementRequest {
    ExecuteStatementRequest { statement: text.into(), ..Default::default() }
}

fn with(text: &str, parameters: &[AttributeValue]) -> ExecuteStatementRequest {
    ExecuteStatementRequest { parameters: Some(parameters.to_vec()), ..statement(text) }
}

fn run(kv: &Kv, text: &str) -> Result<Vec<Item>, Error> {
    kv.execute_statement(&statement(text)).map(|output| output.items)
}

/// A service with tables `hash` and `range` (see [`kv_with_tables`]), and items `a` 1 to 5 and `b` 1 to 3 in `range`.
fn kv_with_items() -> Kv {
    let kv = kv_with_tables();
    for (pk, count) in [("a", 5), ("b", 3)] {
        for sk in 1..=count {
            let item = item([("pk", s(pk)), ("sk", n(sk)), ("v", n(sk * 10)), ("w", s(&format!("{pk}{sk}")))]);
            kv.put_item(&put("range", item)).unwrap();
        }
    }
    kv
}

/// The keys of items, as `a1`.
fn keys(items: &[Item]) -> Vec<String> {
    let text = |value: &AttributeValue| match value {
        AttributeValue::S(text) => text.clone(),
        AttributeValue::N(number) => number.to_string(),
        other => panic!("{other:?} is no key"),
    };
    items.iter().map(|item| format!("{}{}", text(&item["pk"]), text(&item["sk"]))).collect()
}

/// The keys of what a condition on table `range` selects.
#[track_caller]
fn found(kv: &Kv, condition: &str) -> Vec<String> {
    let text = format!("SELECT pk, sk FROM \"range\" WHERE {condition}");
    keys(&run(kv, &text).unwrap_or_else(|error| panic!("{condition}: {error}")))
}
