//! Writing whole items.

use millpond_engine::Transaction;

use crate::catalog::Catalog;
use crate::expression::{self, Condition, Kind, Substitutions};
use crate::model::{PutItemOutput, PutItemRequest, ReturnConsumedCapacity, ReturnValues};
use crate::write_item::{self, write_item};
use crate::{Error, Result, capacity, constraints, key};

/// A request whose own checks have passed.
pub(crate) struct Put<'a> {
    pub(crate) request: &'a PutItemRequest,
    pub(crate) table_name: &'a str,
    pub(crate) condition: Option<Condition>,
}

pub(crate) fn check(request: &PutItemRequest) -> Result<Put<'_>> {
    let table_name = constraints::table_name(&request.table_name)?;
    check_return_values(request.return_values)?;
    write_item::check_item(&request.item)?;
    let condition = request.condition_expression.as_deref();
    let (names, values) = (request.expression_attribute_names.as_ref(), request.expression_attribute_values.as_ref());
    let condition = single_condition(condition, names, values)?;
    Ok(Put { request, table_name, condition })
}

/// Parses the expression of an operation that can have a condition and no other one.
pub(crate) fn single_condition(
    text: Option<&str>,
    names: Option<&std::collections::BTreeMap<String, String>>,
    values: Option<&crate::value::Item>,
) -> Result<Option<Condition>> {
    expression::check_parameters(&[(Kind::Condition, text)], &[], names.is_some(), values.is_some())?;
    if text.is_none() && names.is_none() && values.is_none() {
        return Ok(None);
    }
    let mut substitutions = Substitutions::new(names, values)?;
    let condition = text.map(|text| expression::condition(Kind::Condition, text, &mut substitutions)).transpose()?;
    substitutions.finish()?;
    Ok(condition)
}

/// Puts and deletes give back the old image or nothing.
pub(crate) fn check_return_values(return_values: ReturnValues) -> Result<()> {
    match return_values {
        ReturnValues::None | ReturnValues::AllOld => Ok(()),
        _ => Err(Error::validation("ReturnValues can only be ALL_OLD or NONE")),
    }
}

pub(crate) fn run_in(catalog: &Catalog, tx: &mut Transaction, put: &Put<'_>) -> Result<PutItemOutput> {
    let request = put.request;
    let table = catalog.need(tx, put.table_name)?;
    let row = key::of_item(&table, &request.item)?;
    write_item::check_put_size(&request.item)?;
    let needed = put.condition.is_some()
        || request.return_values != ReturnValues::None
        || request.return_consumed_capacity != ReturnConsumedCapacity::None;
    let before = write_item::before(tx, catalog, &table, &row, &request.item, needed)?;
    let on_failure = request.return_values_on_condition_check_failure;
    write_item::check_condition(put.condition.as_ref(), before.item(), on_failure)?;
    let consumption = write_item(tx, catalog, &table, row, &before, Some(&request.item))?;
    Ok(PutItemOutput {
        attributes: before.into_item().filter(|_| request.return_values == ReturnValues::AllOld),
        consumed_capacity: capacity::report(request.return_consumed_capacity, &request.table_name, &consumption),
        item_collection_metrics: None,
    })
}
