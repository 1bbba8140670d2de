//! Writes and checks on many items that happen together or not at all.
//!
//! All conditions are evaluated on what was there before. Only when every action can be done is anything written, so a
//! cancelled transaction leaves nothing behind, also inside a transaction of the caller's.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use millpond_engine::Transaction;

use crate::capacity::{self, Consumption, Transactional};
use crate::catalog::Catalog;
use crate::constraints::{self, Constraints};
use crate::delete_item::{self, Delete};
use crate::expression::Condition;
use crate::index::attributes::{check_none_emptied, check_none_empty, check_updated_in_transaction};
use crate::model::{
    CancellationReason, ConditionCheck, ConsumedCapacity, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, TransactWriteItemsOutput, TransactWriteItemsRequest, UpdateItemRequest,
};
use crate::put_item::{self, Put};
use crate::table::TableRecord;
use crate::tokens::{self, Seen};
use crate::transaction::{MAX_TRANSACTION_BYTES, check_count, reason, same_item, too_large};
use crate::update_item::{self, UpdateOne};
use crate::value::Item;
use crate::write_item::{self, Before, Conditional, write_item};
use crate::{Error, Result, key};

/// A request whose own checks have passed.
pub(crate) struct TransactWrite<'a> {
    request: &'a TransactWriteItemsRequest,
    actions: Vec<Action<'a>>,
}

/// An action whose own checks have passed.
pub(crate) enum Action<'a> {
    Check { table_name: &'a str, check: &'a ConditionCheck, condition: Option<Condition> },
    Put(Put<'a>),
    Delete(Delete<'a>),
    Update(UpdateOne<'a>),
}

/// What an action will do.
struct Planned {
    row: Vec<u8>,
    before: Before,
    /// The image after it; a check leaves what is there.
    new: Option<Item>,
}

pub(crate) fn check(request: &TransactWriteItemsRequest) -> Result<TransactWrite<'_>> {
    check_count(request.transact_items.len())?;
    if let Some(token) = &request.client_request_token {
        tokens::check(token)?;
    }
    check_members(&request.transact_items)?;
    let actions = request.transact_items.iter().map(check_action).collect::<Result<_>>()?;
    Ok(TransactWrite { request, actions })
}

/// The table and the item or key of an action that writes.
pub(crate) fn written(action: &TransactWriteItem) -> Option<(&str, &Item)> {
    match action {
        TransactWriteItem::ConditionCheck(_) => None,
        TransactWriteItem::Put(put) => Some((&put.table_name, &put.item)),
        TransactWriteItem::Delete(delete) => Some((&delete.table_name, &delete.key)),
        TransactWriteItem::Update(update) => Some((&update.table_name, &update.key)),
    }
}

fn check_members(actions: &[TransactWriteItem]) -> Result<()> {
    let mut broken = Constraints::default();
    for (number, action) in (1..).zip(actions) {
        let (kind, table_name) = match action {
            TransactWriteItem::ConditionCheck(check) => ("conditionCheck", &check.table_name),
            TransactWriteItem::Put(put) => ("put", &put.table_name),
            TransactWriteItem::Delete(delete) => ("delete", &delete.table_name),
            TransactWriteItem::Update(update) => ("update", &update.table_name),
        };
        let field = format!("transactItems.{number}.member.{kind}");
        constraints::table_name_at(&mut broken, table_name, &format!("{field}.tableName"));
        // Outside a transaction an update without an expression is one that changes nothing; here it is refused.
        if let TransactWriteItem::Update(UpdateItemRequest {
            update_expression: None, attribute_updates: None, ..
        }) = action
        {
            broken.is_null(&format!("{field}.updateExpression"));
        }
    }
    broken.finish()
}

fn check_action(action: &TransactWriteItem) -> Result<Action<'_>> {
    Ok(match action {
        TransactWriteItem::ConditionCheck(check) => {
            let table_name = constraints::table_name(&check.table_name)?;
            let condition = Conditional {
                expression: Some(&check.condition_expression),
                names: check.expression_attribute_names.as_ref(),
                values: check.expression_attribute_values.as_ref(),
                expected: None,
                operator: None,
            };
            let condition = condition.read()?;
            Action::Check { table_name, check, condition }
        }
        TransactWriteItem::Put(put) => {
            constraints::check_names_in_batch(&put.item)?;
            Action::Put(put_item::check(put)?)
        }
        TransactWriteItem::Delete(delete) => Action::Delete(delete_item::check(delete)?),
        TransactWriteItem::Update(update) => Action::Update(update_item::check(update)?),
    })
}

pub(crate) fn run_in(
    catalog: &Catalog,
    tx: &mut Transaction,
    writes: &TransactWrite<'_>,
) -> Result<TransactWriteItemsOutput> {
    let token = writes.request.client_request_token.as_deref().map(|token| (token, &writes.request.transact_items));
    let seen = token.map_or(Ok(Seen::Never), |(token, items)| tokens::see(catalog, tx, token, items))?;
    let tables =
        writes.actions.iter().map(|action| catalog.need(tx, action.table_name())).collect::<Result<Vec<_>>>()?;
    let asked = writes.request.return_consumed_capacity;
    let consumed_capacity = run_actions(catalog, tx, &writes.actions, &tables, seen, asked)?;
    if let (Some((token, items)), Seen::Never) = (token, seen) {
        tokens::remember(catalog, tx, token, items)?;
    }
    Ok(TransactWriteItemsOutput { consumed_capacity, item_collection_metrics: None })
}

/// Does the actions, all or none, or what is left to do of those that were done before.
pub(crate) fn run_actions(
    catalog: &Catalog,
    tx: &mut Transaction,
    actions: &[Action<'_>],
    tables: &[Arc<TableRecord>],
    seen: Seen,
    asked: ReturnConsumedCapacity,
) -> Result<Option<Vec<ConsumedCapacity>>> {
    if seen == Seen::Before {
        return replay(catalog, tx, actions, tables, asked);
    }
    let planned = plan(catalog, tx, actions, tables)?;
    let mut written: BTreeMap<&str, Consumption> = BTreeMap::new();
    for ((action, table), planned) in actions.iter().zip(tables).zip(planned) {
        let consumption = write_item(tx, catalog, table, planned.row, &planned.before, planned.new.as_ref())?;
        written.entry(action.parameter()).or_default().add(consumption.in_transaction());
    }
    Ok(capacity::report_tables(asked, written, Some(Transactional::Write)))
}

/// A repeated request changes nothing, and is charged for reading what it would have changed.
fn replay(
    catalog: &Catalog,
    tx: &mut Transaction,
    actions: &[Action<'_>],
    tables: &[Arc<TableRecord>],
    asked: ReturnConsumedCapacity,
) -> Result<Option<Vec<ConsumedCapacity>>> {
    let mut read: BTreeMap<&str, Consumption> = BTreeMap::new();
    for (action, table) in actions.iter().zip(tables) {
        let row = action.row(table)?;
        let present = write_item::stored(tx, catalog, table, &row, action.key())?;
        let consumption = Consumption::of_table(capacity::read_units(write_item::size(present.as_ref()), true));
        read.entry(action.parameter()).or_default().add(consumption.in_transaction());
    }
    Ok(capacity::report_tables(asked, read, Some(Transactional::Read)))
}

fn plan(
    catalog: &Catalog,
    tx: &mut Transaction,
    actions: &[Action<'_>],
    tables: &[Arc<TableRecord>],
) -> Result<Vec<Planned>> {
    let rows: Vec<Result<Vec<u8>>> = actions.iter().zip(tables).map(|(action, table)| action.row(table)).collect();
    let mut targets = HashSet::new();
    if !rows.iter().flatten().all(|row| targets.insert(row)) {
        return Err(same_item());
    }
    // The size of a put is the request's own fault, that of an updated item depends on what is there.
    for (action, table) in actions.iter().zip(tables) {
        if let Action::Put(put) = action {
            write_item::check_put_size(&put.request.item)?;
            check_none_empty(table, &put.request.item)?;
        }
    }
    let mut planned = Vec::with_capacity(actions.len());
    let mut reasons = Vec::with_capacity(actions.len());
    let mut bytes = 0;
    for ((action, table), row) in actions.iter().zip(tables).zip(rows) {
        let plan = row.and_then(|row| action.plan(catalog, tx, table, row));
        if let (Action::Update(_), Ok(Planned { before, new: Some(new), .. })) = (action, &plan) {
            check_none_emptied(table, before.item(), new)?;
        }
        match plan.and_then(|plan| action.check_indexes(table, plan)) {
            Ok(plan) => {
                bytes += write_item::size(plan.before.item()).max(write_item::size(plan.new.as_ref()));
                planned.push(plan);
                reasons.push(CancellationReason::NONE);
            }
            Err(error) => reasons.push(reason(error)?),
        }
    }
    if planned.len() < actions.len() {
        return Err(Error::TransactionCanceled { reasons });
    }
    if bytes > MAX_TRANSACTION_BYTES {
        return Err(too_large());
    }
    Ok(planned)
}

impl Action<'_> {
    /// The table as the request names writes.
    fn parameter(&self) -> &str {
        match self {
            Action::Check { check, .. } => &check.table_name,
            Action::Put(put) => &put.request.table_name,
            Action::Delete(delete) => &delete.request.table_name,
            Action::Update(update) => &update.request.table_name,
        }
    }

    fn table_name(&self) -> &str {
        match self {
            Action::Check { table_name, .. } => table_name,
            Action::Put(put) => put.table_name,
            Action::Delete(delete) => delete.table_name,
            Action::Update(update) => update.table_name,
        }
    }

    /// The item or its key.
    fn key(&self) -> &Item {
        match self {
            Action::Check { check, .. } => &check.key,
            Action::Put(put) => &put.request.item,
            Action::Delete(delete) => &delete.request.key,
            Action::Update(update) => &update.request.key,
        }
    }

    fn row(&self, table: &TableRecord) -> Result<Vec<u8>> {
        match self {
            Action::Put(put) => key::of_item(table, &put.request.item),
            _ => key::of_request(table, self.key()),
        }
    }

    fn condition(&self) -> (Option<&Condition>, ReturnValuesOnConditionCheckFailure) {
        match self {
            Action::Check { check, condition, .. } => {
                (condition.as_ref(), check.return_values_on_condition_check_failure)
            }
            Action::Put(put) => (put.condition.as_ref(), put.request.return_values_on_condition_check_failure),
            Action::Delete(delete) => {
                (delete.condition.as_ref(), delete.request.return_values_on_condition_check_failure)
            }
            Action::Update(update) => {
                (update.condition.as_ref(), update.request.return_values_on_condition_check_failure)
            }
        }
    }

    /// Evaluates the action on the present item; writes nothing.
    fn plan(&self, catalog: &Catalog, tx: &mut Transaction, table: &TableRecord, row: Vec<u8>) -> Result<Planned> {
        if let Action::Update(update) = self {
            update_item::check_targets(table, update.update.as_ref())?;
        }
        let before = write_item::before(tx, catalog, table, &row, self.key(), true)?;
        let (condition, on_failure) = self.condition();
        write_item::check_condition(condition, before.item(), on_failure)?;
        let new = match self {
            Action::Check { .. } => before.item().cloned(),
            Action::Put(put) => Some(put.request.item.clone()),
            Action::Delete(_) => None,
            Action::Update(update) => update_item::apply(update.update.as_ref(), before.item(), &update.request.key)?.0,
        };
        Ok(Planned { row, before, new })
    }

    /// Refuses an update of what an index is ordered by to what it cannot be; for other actions their keys told.
    fn check_indexes(&self, table: &TableRecord, plan: Planned) -> Result<Planned> {
        if let (Action::Update(_), Some(new)) = (self, &plan.new) {
            check_updated_in_transaction(table, plan.before.item(), new)?;
        }
        Ok(plan)
    }
}
