//! Statements that change an item, as the operations that they stand for.

use std::sync::Arc;

use millpond_engine::Transaction;

use super::ast::Returning;
use super::bind::{Read, Write, WriteKind};
use super::fault::{self, Result};
use super::item_key::ItemKey;
use super::key_plan::wrong_key_type;
use crate::catalog::Catalog;
use crate::delete_item::{self, Delete};
use crate::expression::{Condition, Node, Path, Update};
use crate::model::{
    ConditionCheck, ConsumedCapacity, DeleteItemRequest, PutItemRequest, ReturnConsumedCapacity, ReturnValues,
    ReturnValuesOnConditionCheckFailure, UpdateItemRequest,
};
use crate::put_item::{self, Put};
use crate::table::TableRecord;
use crate::transact_write_items::Action;
use crate::update_item::{self, UpdateOne};
use crate::value::Item;
use crate::{Error, key};

/// What a request wants to know beside the statement.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) capacity: ReturnConsumedCapacity,
    pub(crate) on_failure: ReturnValuesOnConditionCheckFailure,
}

/// A write whose item is known.
#[derive(Debug)]
pub(crate) struct Prepared {
    table: String,
    operation: Operation,
}

#[derive(Debug)]
enum Operation {
    Insert(Box<PutItemRequest>, Condition),
    Update(Box<UpdateItemRequest>, Update, Condition),
    Delete(Box<DeleteItemRequest>, Option<Condition>),
    Check(Box<ConditionCheck>, Condition),
}

/// What a write gives back.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) attributes: Option<Item>,
    pub(crate) consumed_capacity: Option<ConsumedCapacity>,
}

/// Why a statement does not name one item.
pub(super) enum KeyFault {
    Contradicted(String),
    NotWhole,
    WrongType(String),
}

impl KeyFault {
    pub(super) fn find(table: &TableRecord, found: &ItemKey) -> Option<KeyFault> {
        if let Some(name) = &found.contradicted {
            return Some(KeyFault::Contradicted(name.clone()));
        }
        if !found.is_whole(table) {
            return Some(KeyFault::NotWhole);
        }
        found.mismatch(table).map(|name| KeyFault::WrongType(name.to_owned()))
    }

    /// What a statement on its own is answered.
    pub(super) fn alone(self) -> Error {
        match self {
            KeyFault::Contradicted(name) => Error::validation(format!(
                "Multiple conditions on same key {name}. Only single item Update/Insert/Delete are supported"
            )),
            KeyFault::NotWhole => {
                Error::validation("Where clause does not contain a mandatory equality on all key attributes")
            }
            KeyFault::WrongType(name) => wrong_key_type(&name),
        }
    }
}

impl Write {
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// The table as the statement names it.
    pub(crate) fn parameter(&self) -> &str {
        &self.parameter
    }

    pub(crate) fn has_returning(&self) -> bool {
        match &self.kind {
            WriteKind::Insert(_) => false,
            WriteKind::Update { returning, .. } => returning.is_some(),
            WriteKind::Delete { returns_old, .. } => *returns_old,
        }
    }

    pub(crate) fn is_insert(&self) -> bool {
        matches!(self.kind, WriteKind::Insert(_))
    }

    /// Finds the item that is to be written, for a statement on its own.
    ///
    /// # Errors
    /// The condition does not name one.
    pub(crate) fn prepare(&self, table: &TableRecord, asked: Asked) -> Result<Prepared> {
        self.prepare_or(table, asked).map_err(KeyFault::alone)
    }

    /// As [`prepare`](Self::prepare), for a statement of a transaction.
    ///
    /// # Errors
    /// What becomes the reason of its cancellation.
    pub(crate) fn prepare_in_transaction(&self, table: &TableRecord, asked: Asked) -> Result<Prepared> {
        let prepared = self.prepare_or(table, asked).map_err(|_| key::no_match())?;
        // The key of an item is looked at before the transaction is.
        if let Operation::Insert(put, _) = &prepared.operation {
            key::of_item(table, &put.item)?;
        }
        Ok(prepared)
    }

    fn prepare_or(&self, table: &TableRecord, asked: Asked) -> std::result::Result<Prepared, KeyFault> {
        let exists = Path::name(Arc::from(table.keys.partition.name.as_str()));
        let find = |condition: &Option<Condition>| {
            let found = ItemKey::of(table, condition.as_ref(), false);
            match KeyFault::find(table, &found) {
                Some(fault) => Err(fault),
                None => Ok(found),
            }
        };
        let operation = match &self.kind {
            WriteKind::Insert(item) => {
                let condition = Condition::of(Node::NotExists(exists.clone()), vec![exists]);
                Operation::Insert(Box::new(self.put_request(item, asked)), condition)
            }
            WriteKind::Update { update, condition, returning } => {
                let ItemKey { key, mut rest, .. } = find(condition)?;
                rest.insert(0, Node::Exists(exists));
                let request = Box::new(self.update_request(key, *returning, asked));
                Operation::Update(request, update.clone(), with_root(condition, Node::And(rest)))
            }
            WriteKind::Delete { condition, returns_old } => {
                let ItemKey { key, rest, .. } = find(condition)?;
                // What is not there is deleted already, whatever is asked of it.
                let guard = (!rest.is_empty()).then(|| Node::Or(vec![Node::NotExists(exists), Node::And(rest)]));
                let request = Box::new(self.delete_request(key, *returns_old, asked));
                Operation::Delete(request, guard.map(|guard| with_root(condition, guard)))
            }
        };
        Ok(Prepared { table: self.table.clone(), operation })
    }

    fn put_request(&self, item: &Item, asked: Asked) -> PutItemRequest {
        PutItemRequest {
            table_name: self.parameter.clone(),
            item: item.clone(),
            return_values_on_condition_check_failure: asked.on_failure,
            return_consumed_capacity: asked.capacity,
            ..PutItemRequest::default()
        }
    }

    fn update_request(&self, key: Item, returning: Option<Returning>, asked: Asked) -> UpdateItemRequest {
        UpdateItemRequest {
            table_name: self.parameter.clone(),
            key,
            return_values: match returning {
                None => ReturnValues::None,
                Some(Returning::AllOld) => ReturnValues::AllOld,
                Some(Returning::ModifiedOld) => ReturnValues::UpdatedOld,
                Some(Returning::AllNew) => ReturnValues::AllNew,
                Some(Returning::ModifiedNew) => ReturnValues::UpdatedNew,
            },
            return_values_on_condition_check_failure: asked.on_failure,
            return_consumed_capacity: asked.capacity,
            ..UpdateItemRequest::default()
        }
    }

    fn delete_request(&self, key: Item, returns_old: bool, asked: Asked) -> DeleteItemRequest {
        DeleteItemRequest {
            table_name: self.parameter.clone(),
            key,
            return_values: if returns_old { ReturnValues::AllOld } else { ReturnValues::None },
            return_values_on_condition_check_failure: asked.on_failure,
            return_consumed_capacity: asked.capacity,
            ..DeleteItemRequest::default()
        }
    }
}

/// A condition on the same attributes with another root.
fn with_root(condition: &Option<Condition>, root: Node) -> Condition {
    match condition {
        Some(condition) => condition.clone().map(|_| root),
        None => Condition::of(root, Vec::new()),
    }
}

impl Read {
    /// The check that `EXISTS(SELECT …)` stands for in a transaction.
    ///
    /// # Errors
    /// It is no condition on one item; with a key of another type than the table's, the reason of a cancellation.
    pub(crate) fn check(&self, table: &TableRecord, asked: Asked) -> Result<Result<Prepared>> {
        let found = ItemKey::of(table, self.condition.as_ref(), false);
        if !found.is_whole(table) || found.rest.is_empty() {
            return Err(Error::validation("EXISTS() must contain a single item read with additional condition"));
        }
        if found.mismatch(table).is_some() {
            return Ok(Err(key::no_match()));
        }
        let check = ConditionCheck {
            table_name: self.parameter.clone(),
            key: found.key,
            return_values_on_condition_check_failure: asked.on_failure,
            ..ConditionCheck::default()
        };
        let condition = with_root(&self.condition, Node::And(found.rest));
        let operation = Operation::Check(Box::new(check), condition);
        Ok(Ok(Prepared { table: self.table.clone(), operation }))
    }
}

impl Prepared {
    /// Does what a statement on its own says.
    ///
    /// # Errors
    /// Those of the operation that it stands for, and [`Error::DuplicateItem`].
    pub(crate) fn run(self, catalog: &Catalog, tx: &mut Transaction) -> Result<Written> {
        let table_name = self.table.as_str();
        match self.operation {
            Operation::Insert(request, condition) => {
                let put = Put { request: &request, table_name, condition: Some(condition) };
                let output = put_item::run_in(catalog, tx, &put).map_err(|error| match error {
                    Error::ConditionalCheckFailed { .. } => Error::DuplicateItem,
                    other => other,
                })?;
                Ok(Written { attributes: None, consumed_capacity: output.consumed_capacity })
            }
            Operation::Update(request, update, condition) => {
                let one = UpdateOne { request: &request, table_name, update: Some(update), condition: Some(condition) };
                let output = update_item::run_in(catalog, tx, &one).map_err(|error| match error {
                    Error::Validation { message } => Error::validation(fault::of_update(message)),
                    other => other,
                })?;
                Ok(Written { attributes: output.attributes, consumed_capacity: output.consumed_capacity })
            }
            Operation::Delete(request, condition) => {
                let output = delete_item::run_in(catalog, tx, &Delete { request: &request, table_name, condition })?;
                Ok(Written { attributes: output.attributes, consumed_capacity: output.consumed_capacity })
            }
            Operation::Check(..) => Ok(Written::default()),
        }
    }

    /// It as an action of a transaction.
    pub(crate) fn action(&self) -> Action<'_> {
        let table_name = self.table.as_str();
        match &self.operation {
            Operation::Insert(request, condition) => {
                Action::Put(Put { request, table_name, condition: Some(condition.clone()) })
            }
            Operation::Update(request, update, condition) => Action::Update(UpdateOne {
                request,
                table_name,
                update: Some(update.clone()),
                condition: Some(condition.clone()),
            }),
            Operation::Delete(request, condition) => {
                Action::Delete(Delete { request, table_name, condition: condition.clone() })
            }
            Operation::Check(check, condition) => {
                Action::Check { table_name, check, condition: Some(condition.clone()) }
            }
        }
    }
}
