//! The part of channels and running closures that ends them.

use std::{fmt, sync::Arc};

use super::{
    ListenOptions,
    closure::Closure,
    listener::{ListenMetrics, Listener},
    registry, spill,
};
use crate::{Error, Result, Topic, shared::Shared};

/// A listener that ends when this is dropped.
pub(crate) struct Subscribed {
    pub(crate) shared: Arc<Shared>,
    pub(crate) listener: Arc<Listener>,
}

impl Subscribed {
    pub(crate) fn new(topic: &Topic, options: &ListenOptions, closure: Option<Closure>) -> Result<Subscribed> {
        let shared = Arc::clone(&topic.shared);
        let record = shared.need(&mut shared.engine.latest(), &topic.name)?;
        let policy = options.checked_policy()?;
        let listener = Arc::new(Listener::new(registry::new_id(), record.id, options, policy, closure));
        shared.locals.registry.add(&listener);
        let subscribed = Subscribed { shared: Arc::clone(&shared), listener };
        // A topic that was deleted meanwhile has told only those that it knew of.
        match shared.need(&mut shared.engine.latest(), &topic.name)?.id == record.id {
            true => Ok(subscribed),
            false => Err(Error::no_topic()),
        }
    }

    pub(crate) fn metrics(&self) -> ListenMetrics {
        self.listener.metrics()
    }
}

impl Drop for Subscribed {
    fn drop(&mut self) {
        self.shared.locals.registry.remove(&self.listener);
        if self.listener.abandon() {
            spill::clear(&self.shared, self.listener.id);
        }
        if let Some(closure) = &self.listener.closure {
            closure.end();
        }
    }
}

impl fmt::Debug for Subscribed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribed").field("metrics", &self.metrics()).finish_non_exhaustive()
    }
}
