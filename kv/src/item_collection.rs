//! Sizes of item collections: all that stands under one partition key, in a table and in its local indexes.
//!
//! Nothing keeps count. Who asks has the collection read, as the commit of the write left it.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html#LSI.ItemCollections>

use std::collections::{BTreeMap, HashSet};

use millpond_engine::{Engine, RangeRequest};

use crate::catalog::Catalog;
use crate::index::Scope;
use crate::model::{ItemCollectionMetrics, ReturnItemCollectionMetrics};
use crate::source::Source;
use crate::table::TableRecord;
use crate::value::{AttributeValue, Item};
use crate::{Result, constraints, layout};

const BYTES_PER_GB: u64 = 1 << 30;

/// The metrics of the collection of one item, if they are asked for and its table has local indexes. `key` holds the
/// partition key.
pub(crate) fn of_item(
    engine: &Engine,
    catalog: &Catalog,
    asked: ReturnItemCollectionMetrics,
    table: &str,
    key: &Item,
) -> Result<Option<ItemCollectionMetrics>> {
    let tables = of_items(engine, catalog, asked, [(table, key)].into_iter())?;
    Ok(tables.and_then(|tables| tables.into_values().flatten().next()))
}

/// The metrics of the collections of several items, by table as the request names it.
pub(crate) fn of_items<'a>(
    engine: &Engine,
    catalog: &Catalog,
    asked: ReturnItemCollectionMetrics,
    items: impl Iterator<Item = (&'a str, &'a Item)>,
) -> Result<Option<BTreeMap<String, Vec<ItemCollectionMetrics>>>> {
    if asked == ReturnItemCollectionMetrics::None {
        return Ok(None);
    }
    let mut metrics: BTreeMap<String, Vec<ItemCollectionMetrics>> = BTreeMap::new();
    let mut seen = HashSet::new();
    for (parameter, key) in items {
        let name = constraints::table_name(parameter)?;
        let Some(table) = catalog.find(&mut engine.latest(), name)? else { continue };
        let Some(partition) = key.get(&table.keys.partition.name) else { continue };
        let is_new = seen.insert((table.id, layout::partition_prefix(&layout::items_prefix(table.id), &[partition])?));
        if is_new && table.indexes.iter().any(|index| index.scope() == Scope::Local) {
            let found = collection(engine, catalog, &table, partition)?;
            metrics.entry(parameter.to_owned()).or_default().push(found);
        }
    }
    Ok((!metrics.is_empty()).then_some(metrics))
}

fn collection(
    engine: &Engine,
    catalog: &Catalog,
    table: &TableRecord,
    partition: &AttributeValue,
) -> Result<ItemCollectionMetrics> {
    let local = table.indexes.iter().filter(|index| index.scope() == Scope::Local);
    let snapshot = engine.snapshot()?;
    let mut bytes = 0;
    for index in std::iter::once(None).chain(local.map(Some)) {
        let source = Source { table, index };
        let rows = RangeRequest::prefix(&source.partition_prefix(std::slice::from_ref(partition), &[])?);
        for row in snapshot.scan(source.keyspace(catalog), &rows)? {
            bytes += layout::view(row?.1)?.size_bytes() as u64;
        }
    }
    let whole = (bytes / BYTES_PER_GB) as f64;
    Ok(ItemCollectionMetrics {
        item_collection_key: Item::from([(table.keys.partition.name.clone(), partition.clone())]),
        size_estimate_range_gb: vec![whole, whole + 1.0],
    })
}
