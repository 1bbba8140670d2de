//! Writing whole items.

use millpond_engine::Transaction;

use crate::catalog::Catalog;
use crate::expression::Condition;
use crate::model::{PutItemOutput, PutItemRequest, ReturnConsumedCapacity, ReturnValues};
use crate::write_item::{self, Conditional, write_item};
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
    let condition = Conditional {
        expression: request.condition_expression.as_deref(),
        names: request.expression_attribute_names.as_ref(),
        values: request.expression_attribute_values.as_ref(),
        expected: request.expected.as_ref(),
        operator: request.conditional_operator,
    };
    let condition = condition.read()?;
    Ok(Put { request, table_name, condition })
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
