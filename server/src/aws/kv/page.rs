//! What query and scan answer.

use millpond::kv::{ConsumedCapacity, Item};
use serde::Serialize;

use super::{
    capacity::{Consumed, consumed},
    value::Shown,
};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Page<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Shown<&'a Vec<Item>>>,
    count: usize,
    scanned_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_evaluated_key: Option<Shown<&'a Item>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumed_capacity: Option<Consumed<'a>>,
}

impl<'a> Page<'a> {
    pub(super) fn new(
        items: &'a Option<Vec<Item>>,
        (count, scanned_count): (usize, usize),
        last_evaluated_key: &'a Option<Item>,
        capacity: &'a Option<ConsumedCapacity>,
    ) -> Page<'a> {
        Page {
            items: items.as_ref().map(Shown),
            count,
            scanned_count,
            last_evaluated_key: last_evaluated_key.as_ref().map(Shown),
            consumed_capacity: consumed(capacity),
        }
    }
}
