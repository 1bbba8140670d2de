//! Reading one item.

use millpond_engine::Read;

use crate::capacity::{self, Consumption};
use crate::catalog::Catalog;
use crate::expression::Projection;
use crate::model::{GetItemOutput, GetItemRequest};
use crate::read_item::{read_row, single_projection};
use crate::{Result, constraints, key};

/// A request whose own checks have passed.
pub(crate) struct Get<'a> {
    pub(crate) request: &'a GetItemRequest,
    pub(crate) table_name: &'a str,
    pub(crate) projection: Option<Projection>,
}

pub(crate) fn check(request: &GetItemRequest) -> Result<Get<'_>> {
    let table_name = constraints::table_name(&request.table_name)?;
    let projection = single_projection(
        request.projection_expression.as_deref(),
        request.expression_attribute_names.as_ref(),
        request.attributes_to_get.as_deref(),
    )?;
    Ok(Get { request, table_name, projection })
}

pub(crate) fn run(catalog: &Catalog, reader: &mut impl Read, get: &Get<'_>) -> Result<GetItemOutput> {
    let request = get.request;
    let mut table = catalog.need(reader, get.table_name)?;
    key::check_paths(&table, get.projection.iter().flat_map(Projection::nested_names))?;
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
    let consumption = Consumption::of_table(capacity::read_units(bytes, request.consistent_read));
    let consumed_capacity = capacity::report(request.return_consumed_capacity, &request.table_name, &consumption);
    Ok(GetItemOutput { item, consumed_capacity })
}
