//! The entries of an index: what an item looks like in it, and what a change of the item changes there.

use std::borrow::Cow;

use bytes::Bytes;
use millpond_engine::Transaction;

use super::{IndexRecord, Projected, attributes};
use crate::capacity::{self, Consumption};
use crate::catalog::Catalog;
use crate::table::TableRecord;
use crate::value::{Item, item_size_bytes};
use crate::{Result, layout};

/// An item as an index holds it.
struct Entry<'a> {
    key: Vec<u8>,
    item: Cow<'a, Item>,
}

/// The entry of the item in a row; `None` if it has not got what the index is ordered by.
fn of<'a>(table: &TableRecord, index: &IndexRecord, row: &[u8], item: &'a Item) -> Result<Option<Entry<'a>>> {
    let Some((partition, sort)) = attributes::usable(index.keys(), item) else { return Ok(None) };
    let key = layout::index_key(table.id, index.id, &partition, &sort, row)?;
    let item = match index.definition.projected {
        Projected::All => Cow::Borrowed(item),
        _ => Cow::Owned(
            item.iter()
                .filter(|(name, _)| index.holds(&table.keys, name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        ),
    };
    Ok(Some(Entry { key, item }))
}

/// An image of an item.
#[derive(Clone, Copy)]
pub(crate) struct Image<'a> {
    pub(crate) item: &'a Item,
    /// As it is stored.
    pub(crate) encoded: &'a Bytes,
}

/// Brings all indexes of a table after a change of one of its rows. Counts the units that costs.
pub(crate) fn change(
    tx: &mut Transaction,
    catalog: &Catalog,
    table: &TableRecord,
    row: &[u8],
    old: Option<&Item>,
    new: Option<Image<'_>>,
    consumption: &mut Consumption,
) -> Result<()> {
    for index in &table.indexes {
        let before = old.map(|item| of(table, index, row, item)).transpose()?.flatten();
        let after = new.map(|image| of(table, index, row, image.item)).transpose()?.flatten();
        let units = match (&before, &after) {
            (None, None) => continue,
            (Some(before), Some(after)) if before.key == after.key => {
                if before.item == after.item {
                    continue;
                }
                capacity::write_units(item_size_bytes(&before.item), item_size_bytes(&after.item))
            }
            _ => [&before, &after].into_iter().flatten().map(units).sum(),
        };
        consumption.add_index(index.arm(), units);
        if let Some(before) = before
            && after.as_ref().is_none_or(|after| after.key != before.key)
        {
            tx.delete(&catalog.indexes, before.key)?;
        }
        if let (Some(after), Some(image)) = (after, new) {
            let encoded = match after.item {
                Cow::Borrowed(_) => image.encoded.clone(),
                Cow::Owned(item) => layout::encode(&item),
            };
            tx.put(&catalog.indexes, after.key, encoded)?;
        }
    }
    Ok(())
}

fn units(entry: &Entry<'_>) -> f64 {
    capacity::write_units(0, item_size_bytes(&entry.item))
}

/// Adds the entry of a stored row to one index.
pub(crate) fn add(
    tx: &mut Transaction,
    catalog: &Catalog,
    table: &TableRecord,
    index: &IndexRecord,
    row: &[u8],
    item: &Item,
) -> Result<()> {
    if let Some(entry) = of(table, index, row, item)? {
        tx.put(&catalog.indexes, entry.key, layout::encode(&entry.item))?;
    }
    Ok(())
}
