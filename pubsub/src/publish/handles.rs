//! Publishing by a topic's handle.

use millpond_engine::{Ticket, Transaction};

use crate::{PublishMessage, Published, Result, Topic, TopicMetrics, local::publishing};

use super::{all, batch, lane, one};

impl Topic {
    /// [`publish`](Topic::publish) without waiting for the commit: the ticket does, blocking or as a future. Where
    /// [publishers wait](crate::Lag::Block) for room, this call does, before there is a ticket.
    ///
    /// # Errors
    /// As [`publish`](Topic::publish).
    pub fn publish_async(&self, message: impl Into<PublishMessage>) -> Result<Ticket<Published>> {
        let message = message.into();
        publishing(&self.shared, || {
            self.shared.engine.submit_with(&lane(&self.name), |tx| one(&self.shared, tx, &self.name, &message))
        })
    }

    /// Publishes messages in one commit, in their order: at most 1,000, together no longer than one message of the
    /// topic may be. Each is accepted or refused on its own; the results stand in the order of the messages.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::Batch`](crate::Error::Batch) for too many or too long
    /// messages, and those of the engine.
    pub fn publish_batch<M: Into<PublishMessage>>(
        &self,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<Vec<Result<Published>>> {
        let messages: Vec<PublishMessage> = messages.into_iter().map(Into::into).collect();
        publishing(&self.shared, || {
            self.shared.engine.transact_with(&lane(&self.name), |tx| batch(&self.shared, tx, &self.name, &messages))
        })
    }

    /// [`publish_batch`](Topic::publish_batch) without waiting for the commit.
    ///
    /// # Errors
    /// As [`publish_batch`](Topic::publish_batch).
    pub fn publish_batch_async<M: Into<PublishMessage>>(
        &self,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<Ticket<Vec<Result<Published>>>> {
        let messages: Vec<PublishMessage> = messages.into_iter().map(Into::into).collect();
        publishing(&self.shared, || {
            self.shared.engine.submit_with(&lane(&self.name), |tx| batch(&self.shared, tx, &self.name, &messages))
        })
    }

    /// [`publish_batch`](Topic::publish_batch) in the caller's transaction.
    ///
    /// # Errors
    /// As [`publish_batch`](Topic::publish_batch).
    pub fn publish_batch_in<M: Into<PublishMessage>>(
        &self,
        tx: &mut Transaction,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<Vec<Result<Published>>> {
        let messages: Vec<PublishMessage> = messages.into_iter().map(Into::into).collect();
        tx.savepoint(|tx| batch(&self.shared, tx, &self.name, &messages))
    }

    /// Publishes messages in one commit as [`publish_batch`](Topic::publish_batch) does, but all of them or none: what
    /// is wrong with the first that is refused is the error. So the service itself treats a batch.
    ///
    /// # Errors
    /// Those of [`publish_batch`](Topic::publish_batch), and those of a message outside of the limits.
    pub fn publish_all<M: Into<PublishMessage>>(
        &self,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<Vec<Published>> {
        let messages: Vec<PublishMessage> = messages.into_iter().map(Into::into).collect();
        publishing(&self.shared, || {
            self.shared.engine.transact_with(&lane(&self.name), |tx| all(&self.shared, tx, &self.name, &messages))
        })
    }

    /// [`publish_all`](Topic::publish_all) in the caller's transaction.
    ///
    /// # Errors
    /// As [`publish_all`](Topic::publish_all).
    pub fn publish_all_in<M: Into<PublishMessage>>(
        &self,
        tx: &mut Transaction,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<Vec<Published>> {
        let messages: Vec<PublishMessage> = messages.into_iter().map(Into::into).collect();
        tx.savepoint(|tx| all(&self.shared, tx, &self.name, &messages))
    }

    /// What was published to it since the service was opened, and what became of it.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), and those of the engine.
    pub fn metrics(&self) -> Result<TopicMetrics> {
        let topic = self.shared.need(&mut self.shared.engine.latest(), &self.name)?;
        Ok(self.shared.publisher.metrics.read(topic.id))
    }
}
