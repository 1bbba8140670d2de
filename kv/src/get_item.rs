//! Reading one item.

use std::collections::BTreeMap;

use bytes::Bytes;
use millpond_engine::Read;

use crate::catalog::Catalog;
use crate::expression::{self, Kind, Projection, Substitutions};
use crate::model::{GetItemOutput, GetItemRequest};
use crate::table::TableRecord;
use crate::value::{Item, ItemView};
use crate::write_item::check_partition;
use crate::{Result, capacity, constraints, key, layout};

/// A request whose own checks have passed.
pub(crate) struct Get<'a> {
    pub(crate) request: &'a GetItemRequest,
    pub(crate) table_name: &'a str,
    pub(crate) projection: Option<Projection>,
}

pub(crate) fn check(request: &GetItemRequest) -> Result<Get<'_>> {
    let table_name = constraints::table_name(&request.table_name)?;
    let projection =
        single_projection(request.projection_expression.as_deref(), request.expression_attribute_names.as_ref())?;
    Ok(Get { request, table_name, projection })
}

/// Parses the expression of an operation that can have a projection and no other one.
pub(crate) fn single_projection(
    text: Option<&str>,
    names: Option<&BTreeMap<String, String>>,
) -> Result<Option<Projection>> {
    expression::check_parameters(&[(Kind::Projection, text)], &[], names.is_some(), false)?;
    if text.is_none() && names.is_none() {
        return Ok(None);
    }
    let mut substitutions = Substitutions::new(names, None)?;
    let projection = text.map(|text| expression::projection(text, &mut substitutions)).transpose()?;
    substitutions.finish()?;
    Ok(projection)
}

pub(crate) fn run(catalog: &Catalog, reader: &mut impl Read, get: &Get<'_>) -> Result<GetItemOutput> {
    let request = get.request;
    let mut table = catalog.need(reader, get.table_name)?;
    let (item, bytes) = loop {
        let row = key::of_request(&table, &request.key)?;
        if let Some(value) = reader.get(&catalog.items, &row)? {
            let (item, bytes) = read_row(&table, value, &request.key, get.projection.as_ref())?;
            break (Some(item), bytes);
        }
        // Table and item are read one after the other: the item may only be missing because its table is gone by now.
        let now = catalog.need(reader, get.table_name)?;
        if now.id == table.id {
            break (None, 0);
        }
        table = now;
    };
    let units = capacity::read_units(bytes, request.consistent_read);
    let consumed_capacity = capacity::report(request.return_consumed_capacity, &request.table_name, units);
    Ok(GetItemOutput { item, consumed_capacity })
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
    let asked = key.get(&table.partition_key.name);
    let item = match projection {
        Some(projection) => {
            let found = attribute(&view, &table.partition_key.name)?;
            check_partition(table, asked, found.as_ref())?;
            projection.apply(&partial(&view, projection.top_level_names())?)
        }
        None => {
            let item = whole(&view)?;
            check_partition(table, asked, item.get(&table.partition_key.name))?;
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
