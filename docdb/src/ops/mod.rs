//! The operations: one file for each, or for each family.
//!
//! An operation runs in a transaction of its own or in the caller's; [`Runner`] is that difference, and the same code serves
//! both.

pub(crate) mod aggregate;
pub(crate) mod batches;
pub(crate) mod bulk_write;
pub(crate) mod capped;
pub(crate) mod count;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod distinct;
pub(crate) mod drop;
pub(crate) mod explain;
pub(crate) mod find;
pub(crate) mod find_and_modify;
pub(crate) mod indexes;
pub(crate) mod insert;
pub(crate) mod list;
pub(crate) mod maintain;
pub(crate) mod modify;
pub(crate) mod rename;
pub(crate) mod retry;
pub(crate) mod statistics;
pub(crate) mod surroundings;
pub(crate) mod targets;
pub(crate) mod update;
pub(crate) mod validate;
pub(crate) mod view;

use std::{sync::Arc, time::Duration};

use bson::RawDocument;
use millpond_engine::{Clock, Engine, Snapshot, Timestamp, Transaction};

use crate::{
    catalog::Collection,
    collation::Collation,
    context::Context,
    error::{Code, Result, refuse},
    execution::{Execution, Reader},
    expression::command_let,
    store::Store,
};

/// How an operation's transactions run.
pub(crate) enum Runner<'t> {
    /// Each in a transaction of its own.
    Own(&'t Engine),
    /// All in the caller's.
    Joined(&'t mut Transaction),
}

impl Runner<'_> {
    /// Runs a piece of an operation as a whole or not at all. It may run more than once.
    pub(crate) fn transact<T>(&mut self, mut f: impl FnMut(&mut Transaction) -> Result<T>) -> Result<T> {
        match self {
            Runner::Own(engine) => engine.transact(f),
            Runner::Joined(tx) => tx.savepoint(&mut f),
        }
    }

    /// Reads at one moment: of the store, or of the caller's transaction.
    pub(crate) fn read<T>(&mut self, f: impl FnOnce(&mut Reader<'_>) -> Result<T>) -> Result<T> {
        match self {
            Runner::Own(engine) => {
                let snapshot: Snapshot = engine.snapshot()?;
                f(&mut Reader::Snapshot(&snapshot))
            }
            Runner::Joined(tx) => f(&mut Reader::Transaction(tx)),
        }
    }
}

/// When an operation has to be over.
pub(crate) fn deadline(store: &Store, max_time: Option<Duration>) -> Option<(Clock, Timestamp)> {
    let max_time = max_time.filter(|max_time| !max_time.is_zero())?;
    let clock = store.engine.clock().clone();
    let deadline = clock.now().saturating_add(max_time);
    Some((clock, deadline))
}

/// What an operation on a collection knows: its own collation or else the collection's, the time, and its variables.
pub(crate) fn context(
    store: &Store,
    collection: Option<&Collection>,
    collation: Option<&RawDocument>,
    variables: Option<&RawDocument>,
) -> Result<Context> {
    let context = Context::new(store.engine.clock().now());
    let context = context.with_collation(match collation {
        // An empty one is as good as none.
        Some(document) if !document.is_empty() => Collation::parse(document)?.map(Arc::new),
        _ => collection.and_then(|collection| collection.collation.clone()),
    });
    match variables {
        Some(variables) => command_let(variables, &context),
        None => Ok(context),
    }
}

/// An execution that reads here.
pub(crate) fn execution<'e>(
    reader: &'e mut Reader<'_>,
    surroundings: &'e surroundings::Surroundings,
    deadline: Option<(Clock, Timestamp)>,
) -> Execution<'e> {
    Execution {
        reader: reader.reborrow(),
        collections: surroundings,
        allow_disk_use: true,
        deadline,
        wants_keys: false,
    }
}

/// Refuses what views do not do.
pub(crate) fn refuse_view(collection: &Collection, what: &str) -> Result<()> {
    if collection.view.is_some() {
        return refuse(
            Code::COMMAND_NOT_SUPPORTED_ON_VIEW,
            format!("Namespace {} is a view, not a collection: {what}", collection.namespace),
        );
    }
    Ok(())
}
