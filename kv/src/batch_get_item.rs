//! Reading many items at once.

use std::collections::{BTreeMap, HashSet};

use millpond_engine::Read;

use crate::capacity::{self, Consumption};
use crate::catalog::Catalog;
use crate::expression::Projection;
use crate::model::{BatchGetItemOutput, BatchGetItemRequest, KeysAndAttributes};
use crate::read_item::{read_row, single_projection};
use crate::{Error, Result, constraints, key};

const MAX_KEYS: usize = 100;
const MAX_RESPONSE_BYTES: usize = 16 << 20;

/// A request whose own checks have passed.
pub(crate) struct BatchGet<'a> {
    request: &'a BatchGetItemRequest,
    tables: Vec<TableKeys<'a>>,
}

struct TableKeys<'a> {
    /// The table as the request names it.
    parameter: &'a str,
    name: &'a str,
    asked: &'a KeysAndAttributes,
    projection: Option<Projection>,
}

pub(crate) fn check(request: &BatchGetItemRequest) -> Result<BatchGet<'_>> {
    if request.request_items.is_empty() {
        return Err(Error::validation("The requestItems parameter is required for BatchGetItem"));
    }
    let mut broken = constraints::Constraints::default();
    for (table, asked) in &request.request_items {
        if asked.keys.len() > MAX_KEYS {
            let field = format!("RequestItems.{table}.member.Keys");
            broken.breaks_at(&field, "Member must have length less than or equal to 100");
        } else if asked.keys.is_empty() {
            let field = format!("requestItems.{table}.member.keys");
            broken.breaks("[]", &field, "Member must have length greater than or equal to 1");
        }
    }
    broken.finish()?;
    if request.request_items.values().map(|asked| asked.keys.len()).sum::<usize>() > MAX_KEYS {
        return Err(Error::validation("Too many items requested for the BatchGetItem call"));
    }
    let tables = request.request_items.iter().map(|(parameter, asked)| {
        let names = asked.expression_attribute_names.as_ref();
        let (text, legacy) = (asked.projection_expression.as_deref(), asked.attributes_to_get.as_deref());
        let projection = single_projection(text, names, legacy)?;
        Ok(TableKeys { parameter, name: constraints::table_name(parameter)?, asked, projection })
    });
    Ok(BatchGet { request, tables: tables.collect::<Result<_>>()? })
}

pub(crate) fn run(catalog: &Catalog, reader: &mut impl Read, batch: &BatchGet<'_>) -> Result<BatchGetItemOutput> {
    let mut rows = Vec::new();
    let mut seen = HashSet::new();
    for of_table in &batch.tables {
        let table = catalog.need(reader, of_table.name)?;
        key::check_paths(&table, of_table.projection.iter().flat_map(Projection::nested_names))?;
        for key in &of_table.asked.keys {
            let row = key::of_request(&table, key)?;
            if !seen.insert(row.clone()) {
                return Err(Error::validation("Provided list of item keys contains duplicates"));
            }
            rows.push((of_table, std::sync::Arc::clone(&table), key, row));
        }
    }
    let mut output = BatchGetItemOutput::default();
    let mut tables: BTreeMap<&str, Consumption> = BTreeMap::new();
    let mut response_bytes = 0;
    for (of_table, table, key, row) in rows {
        let items = output.responses.entry(of_table.parameter.to_owned()).or_default();
        let value = if response_bytes < MAX_RESPONSE_BYTES { Some(reader.get(&catalog.items, &row)?) } else { None };
        let found = value
            .map(|value| value.map(|value| read_row(&table, value, key, of_table.projection.as_ref())).transpose());
        let bytes = match found.transpose()? {
            Some(Some((item, bytes))) if response_bytes + bytes <= MAX_RESPONSE_BYTES => {
                items.push(item);
                bytes
            }
            Some(None) => 0,
            _ => {
                // Once something did not fit, the rest is left too, so that the answer does not depend on sizes to come.
                response_bytes = MAX_RESPONSE_BYTES;
                let left = output.unprocessed_keys.entry(of_table.parameter.to_owned());
                left.or_insert_with(|| KeysAndAttributes { keys: Vec::new(), ..of_table.asked.clone() })
                    .keys
                    .push(key.clone());
                continue;
            }
        };
        response_bytes += bytes;
        let units = capacity::read_units(bytes, of_table.asked.consistent_read);
        tables.entry(of_table.parameter).or_default().add(Consumption::of_table(units));
    }
    output.consumed_capacity = capacity::report_tables(batch.request.return_consumed_capacity, tables, None);
    Ok(output)
}
