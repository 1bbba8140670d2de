//! Reading stored items, for all operations that do.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::expression::{self, Kind, Projection, Substitutions, legacy};
use crate::table::TableRecord;
use crate::value::{Item, ItemView};
use crate::write_item::check_partition;
use crate::{Result, layout};

/// Reads the projection of an operation that can have no other expression.
pub(crate) fn single_projection(
    text: Option<&str>,
    names: Option<&BTreeMap<String, String>>,
    attributes_to_get: Option<&[String]>,
) -> Result<Option<Projection>> {
    let legacy = [("AttributesToGet", attributes_to_get.is_some())];
    expression::check_parameters(&[(Kind::Projection, text)], &legacy, names.is_some(), false)?;
    if let Some(names) = attributes_to_get {
        return Ok(Some(legacy::attributes_to_get(names)?));
    }
    if text.is_none() && names.is_none() {
        return Ok(None);
    }
    let mut substitutions = Substitutions::new(names, None)?;
    let projection = text.map(|text| expression::projection(text, &mut substitutions)).transpose()?;
    substitutions.finish()?;
    Ok(projection)
}

/// The asked parts of a stored item, and the size of the whole of it.
pub(crate) fn read_row(
    table: &TableRecord,
    value: Bytes,
    key: &Item,
    projection: Option<&Projection>,
) -> Result<(Item, usize)> {
    let view = layout::view(value)?;
    let bytes = view.size_bytes();
    let asked = key.get(&table.keys.partition.name);
    let item = match projection {
        Some(projection) => {
            let found = attribute(&view, &table.keys.partition.name)?;
            check_partition(table, asked, found.as_ref())?;
            projection.apply(&partial(&view, projection.top_level_names())?)
        }
        None => {
            let item = whole(&view)?;
            check_partition(table, asked, item.get(&table.keys.partition.name))?;
            item
        }
    };
    Ok((item, bytes))
}

/// Some attributes of a stored item; the others are not decoded.
pub(crate) fn partial<'n>(view: &ItemView, names: impl Iterator<Item = &'n str>) -> Result<Item> {
    let mut item = Item::new();
    for name in names {
        // Several paths may begin with it.
        if !item.contains_key(name)
            && let Some(value) = attribute(view, name)?
        {
            item.insert(name.to_owned(), value);
        }
    }
    Ok(item)
}

pub(crate) fn whole(view: &ItemView) -> Result<Item> {
    view.to_item().map_err(|error| layout::corrupt(layout::ITEMS, error))
}

pub(crate) fn attribute(view: &ItemView, name: &str) -> Result<Option<crate::value::AttributeValue>> {
    view.attribute(name).map_err(|error| layout::corrupt(layout::ITEMS, error))
}
