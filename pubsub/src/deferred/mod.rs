//! Deliveries that are made after the commit that publishes: over HTTP, and to attached functions. They are rows that the
//! publishing transaction writes, so that none is lost; they are tried again by the policy of their subscription, and go to its
//! dead-letter queue after the last attempt. A delivery is made at least once.
//!
//! What is only captured (mails, text messages, messages to apps) is captured by the publishing transaction itself.
//!
//! Each subscription has a lane of its own: its rows in the order in which they are due. So one that is slow, throttled or gone holds
//! up no other.

mod attempt;
mod captured;
mod counters;
mod dead_letter;
mod discover;
mod functions;
#[cfg(feature = "http")]
mod http;
mod lanes;
mod notify;
mod post;
mod runner;
mod settle;
#[cfg(test)]
mod tests;
mod transport;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use millpond_engine::{Engine, Keyspace, RangeRequest};

use crate::{
    Options, Result, Topics,
    layout::{self, deferred::LANE_PREFIX},
    shared::Shared,
};
use counters::Counters;
use runner::Runner;

pub use counters::DeliveryCounts;
pub(crate) use dead_letter::dead_letter;
pub use functions::Attached;
pub(crate) use notify::{notify, tell};
pub(crate) use transport::ChosenTransport;
pub use transport::{Post, PostError, Transport};

/// The deliveries that are due, and who makes them.
pub(crate) struct Deferred {
    pub(crate) counters: Arc<Counters>,
    rows: Keyspace,
    runner: Arc<Runner>,
    transport: Option<Arc<dyn Transport>>,
}

impl fmt::Debug for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deferred").field("has_transport", &self.transport.is_some()).finish_non_exhaustive()
    }
}

impl Deferred {
    pub(crate) fn open(engine: &Engine, options: &Options) -> Result<Deferred> {
        Ok(Deferred {
            counters: Arc::default(),
            rows: layout::deferred::open(engine)?,
            runner: Runner::new(engine.clock()),
            transport: options.chosen_transport().or_else(|| built_in_transport(options)),
        })
    }

    /// Whether it can deliver over HTTP.
    pub(crate) fn has_transport(&self) -> bool {
        self.transport.is_some()
    }
}

impl Drop for Deferred {
    fn drop(&mut self) {
        self.runner.let_go();
    }
}

/// Begins to deliver, what was left over when the store was closed among it.
pub(crate) fn start(shared: &Arc<Shared>) -> Result<()> {
    let first = RangeRequest::prefix(LANE_PREFIX).limit(1);
    let page = shared.engine.snapshot()?.range(&shared.deferred.rows, &first)?;
    shared.deferred.runner.start(shared, page.entries.is_empty());
    Ok(())
}

#[cfg(feature = "http")]
fn built_in_transport(options: &Options) -> Option<Arc<dyn Transport>> {
    Some(Arc::new(http::Http::new(options.trusted_certificates())))
}

#[cfg(not(feature = "http"))]
fn built_in_transport(_options: &Options) -> Option<Arc<dyn Transport>> {
    None
}

impl Topics {
    /// What has become of deliveries that are made after the commit that publishes, and of what could not be delivered, since
    /// the service was opened.
    #[must_use]
    pub fn delivery_counts(&self) -> DeliveryCounts {
        self.shared.deferred.counters.read()
    }

    /// Waits until no delivery can be made: all that are left wait for a moment of the clock that is still to come, or for a
    /// function to be [attached](Topics::attach). For tests, above all, that move the clock by hand. A function that is attached does not
    /// wait: it would wait for itself.
    pub fn wait_until_idle(&self) {
        self.shared.deferred.runner.wait_for_rest(None);
    }

    /// [`wait_until_idle`](Topics::wait_until_idle) for so long at most. Says whether it came to that.
    #[must_use]
    pub fn wait_until_idle_for(&self, most: Duration) -> bool {
        self.shared.deferred.runner.wait_for_rest(Instant::now().checked_add(most))
    }

    /// Begins no delivery any more, and waits for those that are under way. What is left, and what is published from now on, is
    /// delivered when the store is opened again.
    pub fn stop(&self) {
        self.shared.deferred.runner.stop();
    }
}
