//! Handlers: what is called with a batch.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use millpond_engine::{ErrorKind, Transaction};

use crate::{Batch, BoxError, Outcome};

type Plain = dyn Fn(&Batch) -> Result<Outcome, BoxError> + Send + Sync;
type InTransaction = dyn Fn(&mut Transaction, &Batch) -> Result<Outcome, BoxError> + Send + Sync;

/// What is called with a batch.
#[derive(Clone)]
pub(crate) enum Handler {
    /// Before its records are marked as done: at least once.
    Plain(Arc<Plain>),
    /// In the transaction that marks its records as done: exactly once.
    InTransaction(Arc<InTransaction>),
}

impl Handler {
    pub(crate) fn plain<O: Into<Outcome>>(
        handle: impl Fn(&Batch) -> Result<O, BoxError> + Send + Sync + 'static,
    ) -> Self {
        Handler::Plain(Arc::new(move |batch| handle(batch).map(Into::into)))
    }

    pub(crate) fn in_transaction<O: Into<Outcome>>(
        handle: impl Fn(&mut Transaction, &Batch) -> Result<O, BoxError> + Send + Sync + 'static,
    ) -> Self {
        Handler::InTransaction(Arc::new(move |tx, batch| handle(tx, batch).map(Into::into)))
    }
}

/// Calls a handler; one that panics has failed.
pub(crate) fn call(handle: impl FnOnce() -> Result<Outcome, BoxError>) -> Result<Outcome, BoxError> {
    catch_unwind(AssertUnwindSafe(handle)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(format!("the handler panicked: {text}").into())
    })
}

/// Why a transaction with a handler in it was not committed.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The handler failed, or what it says cannot be understood.
    Handler(BoxError),
    /// No record before this one is done, so there is nothing to commit.
    FailedAtFirst,
    /// The checkpoint is not where it was: the trigger was removed, or runs elsewhere.
    Overtaken,
    /// Not the handler's doing.
    Other(crate::Error),
}

impl From<millpond_engine::Error> for Refused {
    fn from(error: millpond_engine::Error) -> Self {
        Refused::Other(error.into())
    }
}

impl From<crate::Error> for Refused {
    fn from(error: crate::Error) -> Self {
        Refused::Other(error)
    }
}

impl Refused {
    /// What a handler wrote may be refused only when it is committed: then that is its failure as well, and counts as one.
    pub(crate) fn blame(self) -> Self {
        match self {
            Refused::Other(crate::Error::Engine(error)) if error.kind() == ErrorKind::Caller => {
                Refused::Handler(error.into())
            }
            other => other,
        }
    }
}
