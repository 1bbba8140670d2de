//! What the operations that write one item answer.

use millpond::kv::{ConsumedCapacity, Item, ItemCollectionMetrics};
use serde::Serialize;

use super::{
    capacity::{Consumed, Metrics, consumed},
    value::Shown,
};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<Shown<&'a Item>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumed_capacity: Option<Consumed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_collection_metrics: Option<Metrics<'a>>,
}

impl<'a> Written<'a> {
    pub(super) fn new(
        attributes: &'a Option<Item>,
        capacity: &'a Option<ConsumedCapacity>,
        metrics: &'a Option<ItemCollectionMetrics>,
    ) -> Written<'a> {
        Written {
            attributes: attributes.as_ref().map(Shown),
            consumed_capacity: consumed(capacity),
            item_collection_metrics: metrics.as_ref().map(Metrics::from),
        }
    }
}
