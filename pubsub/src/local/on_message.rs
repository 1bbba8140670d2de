//! Closures that run for each message.

use std::sync::Arc;

use super::{ListenMetrics, ListenOptions, closure::Closure, here, subscribed::Subscribed};
use crate::{Notification, Result, Topic};

impl Topic {
    /// Runs a closure for each message that is published from now on, until what is returned is dropped. It runs for one
    /// message after the other, in the order of their commits, on a thread of the service; closures of other
    /// listeners run at the same time. A panic is caught and [counted](ListenMetrics::panics).
    ///
    /// ```
    /// # use millpond_engine::Engine;
    /// # use millpond_queue::Queues;
    /// # use millpond_stream::Streams;
    /// # let engine = Engine::in_memory();
    /// # let topics = millpond_pubsub::Topics::open(&Queues::open(&engine)?, &Streams::open(&engine)?)?;
    /// use millpond_pubsub::{CreateOptions, ListenOptions};
    ///
    /// let orders = topics.create("orders", &CreateOptions::default())?;
    /// let (sender, receiver) = std::sync::mpsc::channel();
    /// let listening = orders.on_message(&ListenOptions::default(), move |message| {
    ///     sender.send(message.text().to_owned()).ok();
    /// })?;
    /// orders.publish("order 1 was paid")?;
    /// assert_eq!(receiver.recv()?, "order 1 was paid");
    /// listening.stop();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::InvalidParameter`](crate::Error::InvalidParameter) of a filter policy
    /// that cannot be, and those of the engine.
    pub fn on_message(
        &self,
        options: &ListenOptions,
        closure: impl FnMut(&Arc<Notification>) + Send + 'static,
    ) -> Result<Listening> {
        Ok(Listening { subscribed: Subscribed::new(self, options, Some(Closure::new(&self.shared, closure)))? })
    }
}

/// A closure that runs for each message of a topic: see [`Topic::on_message`]. It ends when this is dropped; messages that
/// wait for it are lost then, and a call that is under way is not waited for.
#[derive(Debug)]
#[must_use = "the closure is run until this is dropped"]
pub struct Listening {
    subscribed: Subscribed,
}

impl Listening {
    /// How it fares.
    #[must_use]
    pub fn metrics(&self) -> ListenMetrics {
        self.subscribed.metrics()
    }

    /// Ends it, and waits for a call that is under way, unless that is where this is called.
    pub fn stop(self) {
        let listener = Arc::clone(&self.subscribed.listener);
        drop(self);
        if let Some(closure) = &listener.closure
            && !here::runs(listener.id)
        {
            closure.end_and_wait();
        }
    }
}
