use std::collections::BTreeMap;

use millpond::kv::{BatchWriteItemRequest, Item, WriteRequest};
use serde::Serialize;

use super::{
    Answered,
    capacity::{Consumed, TableMetrics, consumed_all, metrics_all},
    checks::Checks,
    value::{Attributes, Shown},
};
use crate::aws::{
    Call,
    json::{self, Failure, List, Map, Text, members},
};

members! {
    Request {
        request_items: Map<List<Write>> = "RequestItems",
        return_consumed_capacity: Text = "ReturnConsumedCapacity",
        return_item_collection_metrics: Text = "ReturnItemCollectionMetrics",
    }
}
members! {
    Write { put_request: Box<Put> = "PutRequest", delete_request: Box<Delete> = "DeleteRequest" }
}
members! {
    Put { item: Attributes = "Item" }
}
members! {
    Delete { key: Attributes = "Key" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    unprocessed_items: BTreeMap<&'a str, Vec<Unprocessed<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumed_capacity: Option<Vec<Consumed<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_collection_metrics: Option<TableMetrics<'a>>,
}

#[derive(Serialize)]
enum Unprocessed<'a> {
    #[serde(rename = "PutRequest")]
    Put {
        #[serde(rename = "Item")]
        item: Shown<&'a Item>,
    },
    #[serde(rename = "DeleteRequest")]
    Delete {
        #[serde(rename = "Key")]
        key: Shown<&'a Item>,
    },
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let request = read(json::parse(call.body)?)?;
    let output = call.pond.kv().batch_write_item(&request)?;
    json::write(&Output {
        unprocessed_items: output
            .unprocessed_items
            .iter()
            .map(|(table, writes)| (table.as_str(), writes.iter().map(Unprocessed::from).collect()))
            .collect(),
        consumed_capacity: consumed_all(&output.consumed_capacity),
        item_collection_metrics: metrics_all(&output.item_collection_metrics),
    })
}

impl<'a> From<&'a WriteRequest> for Unprocessed<'a> {
    fn from(write: &'a WriteRequest) -> Unprocessed<'a> {
        match write {
            WriteRequest::Put { item } => Unprocessed::Put { item: Shown(item) },
            WriteRequest::Delete { key } => Unprocessed::Delete { key: Shown(key) },
        }
    }
}

fn read(given: Request) -> Result<BatchWriteItemRequest, Failure> {
    let mut checks = Checks::default();
    let return_consumed_capacity = checks.choice(given.return_consumed_capacity, "returnConsumedCapacity");
    let return_item_collection_metrics =
        checks.choice(given.return_item_collection_metrics, "returnItemCollectionMetrics");
    let tables = checks.required(given.request_items, "requestItems").0;
    checks.finish()?;
    let mut request_items = BTreeMap::new();
    for (table, List(writes)) in tables {
        request_items.insert(table, writes.into_iter().map(write).collect::<Result<_, _>>()?);
    }
    Ok(BatchWriteItemRequest { request_items, return_consumed_capacity, return_item_collection_metrics })
}

fn write(given: Write) -> Result<WriteRequest, Failure> {
    let several =
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";
    let neither = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
    match (given.put_request, given.delete_request) {
        (Some(_), Some(_)) => return Err(Failure::validation(several)),
        (Some(put), None) => put.item.map(|item| item.item().map(|item| WriteRequest::Put { item })),
        (None, Some(delete)) => delete.key.map(|key| key.item().map(|key| WriteRequest::Delete { key })),
        (None, None) => None,
    }
    .unwrap_or_else(|| Err(Failure::validation(neither)))
}
