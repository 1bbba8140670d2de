//! The part of the service's handle that makes and finds channels.

use std::sync::Arc;

use millpond_engine::Transaction;

use super::{Channel, ChannelPage, CreateChannel, create, list};
use crate::{Result, Streams};

impl Streams {
    fn channel_of(&self, id: &str) -> Channel {
        Channel { shared: Arc::clone(&self.shared), id: id.into() }
    }

    /// Makes a channel, which delivers what is put into a stream that is on demand from now on: at most one of each kind of
    /// destination for a stream, and 50 of all.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`](crate::Error::StreamNotFound), [`Error::Validation`](crate::Error::Validation) for a stream
    /// whose owner decides on its shards, and for options that do not go together,
    /// [`Error::ResourceInUse`](crate::Error::ResourceInUse) where there is a channel of that name,
    /// [`Error::LimitExceeded`](crate::Error::LimitExceeded), and those of the engine.
    pub fn create_channel(&self, options: &CreateChannel) -> Result<Channel> {
        let id = self.engine().transact(|tx| create::run(&self.shared, tx, options))?;
        Ok(self.channel_of(&id))
    }

    /// [`create_channel`](Streams::create_channel) in the caller's transaction.
    ///
    /// # Errors
    /// As [`create_channel`](Streams::create_channel).
    pub fn create_channel_in(&self, tx: &mut Transaction, options: &CreateChannel) -> Result<Channel> {
        let id = tx.savepoint(|tx| create::run(&self.shared, tx, options))?;
        Ok(self.channel_of(&id))
    }

    /// The channel of that id.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), and those of the engine.
    pub fn channel(&self, id: &str) -> Result<Channel> {
        list::need(&self.shared, &mut self.engine().latest(), id)?;
        Ok(self.channel_of(id))
    }

    /// The channels after the name given, in order of their names, of some streams, or of all where none is given: at most so many.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn channels(&self, streams: &[String], after: Option<&str>, max: usize) -> Result<ChannelPage> {
        list::run(&self.shared, streams, after, max)
    }

    /// All channels, for whoever delivers what is [due](Channel::due).
    ///
    /// # Errors
    /// Those of the engine.
    pub fn all_channels(&self) -> Result<Vec<Channel>> {
        Ok(list::ids(&self.shared, None)?.iter().map(|id| self.channel_of(id)).collect())
    }
}
