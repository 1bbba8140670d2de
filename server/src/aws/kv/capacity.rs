//! Consumed capacity and item collection metrics as they are sent.

use std::collections::BTreeMap;

use millpond::kv::{Capacity, ConsumedCapacity, ItemCollectionMetrics};
use serde::Serialize;

use super::value::Shown;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Consumed<'a> {
    table_name: &'a str,
    #[serde(flatten)]
    all: Units,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<Units>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_secondary_indexes: Option<BTreeMap<&'a str, Units>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    global_secondary_indexes: Option<BTreeMap<&'a str, Units>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Units {
    capacity_units: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_capacity_units: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    write_capacity_units: Option<f64>,
}

impl From<&Capacity> for Units {
    fn from(capacity: &Capacity) -> Units {
        Units {
            capacity_units: capacity.capacity_units,
            read_capacity_units: capacity.read_capacity_units,
            write_capacity_units: capacity.write_capacity_units,
        }
    }
}

impl<'a> From<&'a ConsumedCapacity> for Consumed<'a> {
    fn from(consumed: &'a ConsumedCapacity) -> Consumed<'a> {
        let indexes = |indexes: &'a Option<BTreeMap<String, Capacity>>| {
            indexes.as_ref().map(|indexes| indexes.iter().map(|(name, units)| (name.as_str(), units.into())).collect())
        };
        Consumed {
            table_name: &consumed.table_name,
            all: Units {
                capacity_units: consumed.capacity_units,
                read_capacity_units: consumed.read_capacity_units,
                write_capacity_units: consumed.write_capacity_units,
            },
            table: consumed.table.as_ref().map(Units::from),
            local_secondary_indexes: indexes(&consumed.local_secondary_indexes),
            global_secondary_indexes: indexes(&consumed.global_secondary_indexes),
        }
    }
}

/// The report of one table.
pub(super) fn consumed(consumed: &Option<ConsumedCapacity>) -> Option<Consumed<'_>> {
    consumed.as_ref().map(Consumed::from)
}

/// The reports of several tables.
pub(super) fn consumed_all(consumed: &Option<Vec<ConsumedCapacity>>) -> Option<Vec<Consumed<'_>>> {
    consumed.as_ref().map(|all| all.iter().map(Consumed::from).collect())
}

#[derive(Serialize)]
pub(super) struct Metrics<'a> {
    #[serde(rename = "ItemCollectionKey")]
    key: Shown<&'a millpond::kv::Item>,
    #[serde(rename = "SizeEstimateRangeGB")]
    size: &'a [f64],
}

impl<'a> From<&'a ItemCollectionMetrics> for Metrics<'a> {
    fn from(metrics: &'a ItemCollectionMetrics) -> Metrics<'a> {
        Metrics { key: Shown(&metrics.item_collection_key), size: &metrics.size_estimate_range_gb }
    }
}

/// The metrics of each table.
pub(super) type TableMetrics<'a> = BTreeMap<&'a str, Vec<Metrics<'a>>>;

/// The metrics of several tables.
pub(super) fn metrics_all(metrics: &Option<BTreeMap<String, Vec<ItemCollectionMetrics>>>) -> Option<TableMetrics<'_>> {
    let tables = metrics.as_ref()?.iter();
    Some(tables.map(|(table, metrics)| (table.as_str(), metrics.iter().map(Metrics::from).collect())).collect())
}
