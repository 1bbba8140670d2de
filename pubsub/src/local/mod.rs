//! Subscriptions that last as long as the program: channels and closures.

use std::sync::Arc;

use millpond_engine::{Engine, Transaction};

use crate::{Notification, Result, layout::TopicRecord, shared::Shared};

/// Who listens in this program.
#[derive(Debug)]
pub(crate) struct Locals {}

impl Locals {
    pub(crate) fn open(_engine: &Engine) -> Result<Locals> {
        Ok(Locals {})
    }
}

/// Hands a message to those in this program that want it, once it is committed.
pub(crate) fn notify(
    _shared: &Arc<Shared>,
    _tx: &mut Transaction,
    _topic: &TopicRecord,
    _message: &Arc<Notification>,
) -> Result<()> {
    Ok(())
}
