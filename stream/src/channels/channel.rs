//! One channel's handle.

use std::{fmt, sync::Arc};

use millpond_engine::Transaction;

use super::{ChannelBatch, ChannelChanges, ChannelDescription, batch, delete, list, update};
use crate::{Result, shared::Shared};

/// A channel. Cheap to clone, and usable from any thread.
#[derive(Clone)]
pub struct Channel {
    pub(crate) shared: Arc<Shared>,
    pub(crate) id: Arc<str>,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Channel").field(&self.id).finish()
    }
}

impl Channel {
    /// What identifies it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it is set to.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound) once it is deleted, and those of the engine.
    pub fn describe(&self) -> Result<ChannelDescription> {
        list::describe(&self.shared, &mut self.shared.engine.latest(), &self.id)
    }

    /// Changes how old undelivered records may become, and what is logged.
    ///
    /// # Errors
    /// As [`describe`](Channel::describe), and [`Error::Validation`](crate::Error::Validation).
    pub fn update(&self, changes: &ChannelChanges) -> Result<()> {
        self.shared.engine.transact(|tx| update::run(&self.shared, tx, &self.id, changes))
    }

    /// Deletes it: what it has not delivered it never will.
    ///
    /// # Errors
    /// As [`describe`](Channel::describe).
    pub fn delete(&self) -> Result<()> {
        self.shared.engine.transact(|tx| delete::run(&self.shared, tx, &self.id))
    }

    /// Records of a shard that are to be delivered now, because the oldest has waited for as long as it may; `None` where there are
    /// none. They are due until they were [delivered](Channel::delivered).
    ///
    /// # Errors
    /// As [`describe`](Channel::describe).
    pub fn due(&self) -> Result<Option<ChannelBatch>> {
        batch::due(&self.shared, &self.id)
    }

    /// Takes note that a batch was delivered.
    ///
    /// # Errors
    /// As [`describe`](Channel::describe), and [`Error::ResourceInUse`](crate::Error::ResourceInUse) where somebody else did it
    /// meanwhile.
    pub fn delivered(&self, batch: &ChannelBatch) -> Result<()> {
        self.shared.engine.transact(|tx| batch::delivered(&self.shared, tx, batch))
    }

    /// [`delivered`](Channel::delivered) in the caller's transaction: what is delivered within it is so once.
    ///
    /// # Errors
    /// As [`delivered`](Channel::delivered).
    pub fn delivered_in(&self, tx: &mut Transaction, batch: &ChannelBatch) -> Result<()> {
        tx.savepoint(|tx| batch::delivered(&self.shared, tx, batch))
    }
}
