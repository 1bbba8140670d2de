//! Changing attributes of one item.

use millpond_engine::Transaction;

use crate::catalog::Catalog;
use crate::expression::{self, Condition, Kind, Path, Substitutions, Update, legacy};
use crate::index::attributes::check_updated;
use crate::model::{ReturnValues, ReturnValuesOnConditionCheckFailure, UpdateItemOutput, UpdateItemRequest};
use crate::table::TableRecord;
use crate::value::Item;
use crate::write_item::{self, Before, write_item};
use crate::{Error, Result, capacity, constraints, key};

/// A request whose own checks have passed.
pub(crate) struct UpdateOne<'a> {
    pub(crate) request: &'a UpdateItemRequest,
    pub(crate) table_name: &'a str,
    pub(crate) update: Option<Update>,
    pub(crate) condition: Option<Condition>,
}

pub(crate) fn check(request: &UpdateItemRequest) -> Result<UpdateOne<'_>> {
    let table_name = constraints::table_name(&request.table_name)?;
    let (names, values) = (request.expression_attribute_names.as_ref(), request.expression_attribute_values.as_ref());
    let (update, condition) = (request.update_expression.as_deref(), request.condition_expression.as_deref());
    let expressions = [(Kind::Update, update), (Kind::Condition, condition)];
    let legacy = [
        ("AttributeUpdates", request.attribute_updates.is_some()),
        ("Expected", request.expected.is_some()),
        ("ConditionalOperator", request.conditional_operator.is_some()),
    ];
    expression::check_parameters(&expressions, &legacy, names.is_some(), values.is_some())?;
    let legacy_update = request.attribute_updates.as_ref().map(legacy::updates).transpose()?.flatten();
    let legacy_condition = write_item::legacy_condition(request.expected.as_ref(), request.conditional_operator)?;
    let mut substitutions = Substitutions::new(names, values)?;
    let update = update.map(|text| expression::update(text, &mut substitutions)).transpose()?;
    let condition =
        condition.map(|text| expression::condition(Kind::Condition, text, &mut substitutions)).transpose()?;
    substitutions.finish()?;
    Ok(UpdateOne { request, table_name, update: update.or(legacy_update), condition: condition.or(legacy_condition) })
}

pub(crate) fn run_in(catalog: &Catalog, tx: &mut Transaction, one: &UpdateOne<'_>) -> Result<UpdateItemOutput> {
    let request = one.request;
    let table = catalog.need(tx, one.table_name)?;
    let on_failure = request.return_values_on_condition_check_failure;
    let condition = one.condition.as_ref().map(|condition| (condition, on_failure));
    let UpdatedRow { row, before, new, touched } =
        work_out(catalog, tx, &table, &request.key, one.update.as_ref(), condition)?;
    let consumption = write_item(tx, catalog, &table, row, &before, new.as_ref())?;
    Ok(UpdateItemOutput {
        attributes: returned(request.return_values, before.into_item(), new, &touched),
        consumed_capacity: capacity::report(request.return_consumed_capacity, &request.table_name, &consumption),
        item_collection_metrics: None,
    })
}

/// A row whose update is worked out and still to be written.
pub(crate) struct UpdatedRow {
    pub(crate) row: Vec<u8>,
    pub(crate) before: Before,
    pub(crate) new: Option<Item>,
    touched: Vec<Path>,
}

/// Works an update out on what is there, if its condition holds; the condition comes with what its failure tells.
pub(crate) fn work_out(
    catalog: &Catalog,
    tx: &mut Transaction,
    table: &TableRecord,
    key: &Item,
    update: Option<&Update>,
    condition: Option<(&Condition, ReturnValuesOnConditionCheckFailure)>,
) -> Result<UpdatedRow> {
    let row = key::of_request(table, key)?;
    check_targets(table, update)?;
    let before = write_item::before(tx, catalog, table, &row, key, true)?;
    if let Some((condition, on_failure)) = condition {
        write_item::check_condition(Some(condition), before.item(), on_failure)?;
    }
    let (new, touched) = apply(update, before.item(), key)?;
    new.as_ref().map_or(Ok(()), |new| check_updated(table, before.item(), new))?;
    Ok(UpdatedRow { row, before, new, touched })
}

/// A primary key never changes.
pub(crate) fn check_targets(table: &TableRecord, update: Option<&Update>) -> Result<()> {
    let mut targets = update.into_iter().flat_map(Update::targets);
    match targets.find(|target| table.keys.names().any(|name| name == *target)) {
        Some(name) => Err(Error::invalid_parameters(format_args!(
            "Cannot update attribute {name}. This attribute is part of the key"
        ))),
        None => Ok(()),
    }
}

/// The image after an update, and the paths that it touched.
pub(crate) fn apply(update: Option<&Update>, old: Option<&Item>, key: &Item) -> Result<(Option<Item>, Vec<Path>)> {
    let base = old.unwrap_or(key); // an update of a missing item starts from its key
    let Some(update) = update else {
        return Ok((Some(base.clone()), Vec::new()));
    };
    let updated = update.apply(base)?;
    for name in update.targets() {
        updated.item.get(name).map_or(Ok(()), write_item::check_nesting)?;
    }
    // Even an update of nothing makes the item, but one that only takes away does not.
    let makes = old.is_some() || !update.only_removes();
    Ok((makes.then_some(updated.item), updated.touched))
}

fn returned(asked: ReturnValues, old: Option<Item>, new: Option<Item>, touched: &[Path]) -> Option<Item> {
    let attributes = match asked {
        ReturnValues::None => return None,
        ReturnValues::AllOld => return old,
        ReturnValues::AllNew => return new,
        ReturnValues::UpdatedOld => expression::project(touched, &old?),
        ReturnValues::UpdatedNew => expression::project(touched, &new?),
    };
    (!attributes.is_empty()).then_some(attributes)
}
