//! Deleting items.

use millpond_engine::Transaction;

use crate::catalog::Catalog;
use crate::expression::Condition;
use crate::model::{DeleteItemOutput, DeleteItemRequest, ReturnConsumedCapacity, ReturnValues};
use crate::put_item::check_return_values;
use crate::write_item::{self, Conditional, write_item};
use crate::{Result, capacity, constraints, key};

/// A request whose own checks have passed.
pub(crate) struct Delete<'a> {
    pub(crate) request: &'a DeleteItemRequest,
    pub(crate) table_name: &'a str,
    pub(crate) condition: Option<Condition>,
}

pub(crate) fn check(request: &DeleteItemRequest) -> Result<Delete<'_>> {
    let table_name = constraints::table_name(&request.table_name)?;
    check_return_values(request.return_values)?;
    let condition = Conditional {
        expression: request.condition_expression.as_deref(),
        names: request.expression_attribute_names.as_ref(),
        values: request.expression_attribute_values.as_ref(),
        expected: request.expected.as_ref(),
        operator: request.conditional_operator,
    };
    let condition = condition.read()?;
    Ok(Delete { request, table_name, condition })
}

pub(crate) fn run_in(catalog: &Catalog, tx: &mut Transaction, delete: &Delete<'_>) -> Result<DeleteItemOutput> {
    let request = delete.request;
    let table = catalog.need(tx, delete.table_name)?;
    let row = key::of_request(&table, &request.key)?;
    let needed = delete.condition.is_some()
        || request.return_values != ReturnValues::None
        || request.return_consumed_capacity != ReturnConsumedCapacity::None;
    let before = write_item::before(tx, catalog, &table, &row, &request.key, needed)?;
    let on_failure = request.return_values_on_condition_check_failure;
    write_item::check_condition(delete.condition.as_ref(), before.item(), on_failure)?;
    let consumption = write_item(tx, catalog, &table, row, &before, None)?;
    Ok(DeleteItemOutput {
        attributes: before.into_item().filter(|_| request.return_values == ReturnValues::AllOld),
        consumed_capacity: capacity::report(request.return_consumed_capacity, &request.table_name, &consumption),
        item_collection_metrics: None,
    })
}
