//! Subscriptions that last as long as the program: channels and closures.
//!
//! A transaction that publishes finds out who wants the message, and has room made for it: where publishers are to wait for
//! room they do so before the commit, and what is spilled is written in the transaction. The effect of the commit hands the message on. Effects
//! run in the order of commits, and those of a transaction that fails or runs again are dropped, with the room that they hold.

mod channel;
mod closure;
mod delivery;
mod filtered;
mod here;
mod listener;
mod on_message;
mod options;
mod pool;
mod registry;
mod room;
mod spill;
mod subscribed;

use std::sync::Arc;

use millpond_engine::{Engine, Keyspace, Transaction};

pub use channel::{Channel, Messages, RecvError};
pub use listener::ListenMetrics;
pub use on_message::Listening;
pub use options::{Lag, ListenOptions};

pub(crate) use room::publishing;

use crate::{
    Notification, Result,
    layout::{self, TopicRecord},
    shared::Shared,
};

/// Who listens in this program.
#[derive(Debug)]
pub(crate) struct Locals {
    registry: Arc<registry::Registry>,
    spilled: Keyspace,
}

impl Locals {
    pub(crate) fn open(engine: &Engine) -> Result<Locals> {
        let locals = Locals { registry: engine.shared(), spilled: engine.keyspace(layout::SPILLED)? };
        locals.registry.open(engine, &locals.spilled)?;
        Ok(locals)
    }
}

/// Hands a message to those in this program that want it, once it is committed.
///
/// # Errors
/// [`Error::WouldBlock`](crate::Error::WouldBlock), and those of the engine.
pub(crate) fn notify(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    topic: &TopicRecord,
    message: &Arc<Notification>,
) -> Result<()> {
    let Some(listeners) = shared.locals.registry.of(topic.id) else { return Ok(()) };
    let mut delivery = delivery::Delivery::new(shared, listeners, message);
    delivery.gather(tx)?;
    tx.on_commit(move || delivery.deliver());
    Ok(())
}

/// Ends those who listen to a topic, once it is deleted. They get what they have not yet received.
pub(crate) fn topic_deleted(shared: &Shared, tx: &mut Transaction, topic: &TopicRecord) {
    let (registry, topic) = (Arc::clone(&shared.locals.registry), topic.id);
    tx.on_commit(move || registry.end(topic));
}
