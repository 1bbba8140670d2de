//! A trigger's handle.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

use crate::{Config, Result, Status, job::Job, triggers::Inner};

/// A trigger that was started. Cheap to clone; dropping it does not stop the trigger.
#[derive(Clone)]
pub struct Trigger {
    inner: Arc<Inner>,
    job: Arc<Job>,
}

impl fmt::Debug for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Trigger").field(&self.name()).finish()
    }
}

impl Trigger {
    pub(crate) fn new(inner: Arc<Inner>, job: Arc<Job>) -> Self {
        Trigger { inner, job }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.job.origin.trigger
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.job.config
    }

    /// What it has done since it was started.
    #[must_use]
    pub fn status(&self) -> Status {
        let is_running = !self.job.is_ended.load(Ordering::SeqCst);
        let is_enabled = self.job.is_enabled.load(Ordering::SeqCst);
        self.job.meter.read(self.inner.engine.clock().now(), is_enabled, is_running)
    }

    /// Has it handle no further batch until it is enabled again, restarts included. A batch that is being handled is finished.
    ///
    /// # Errors
    /// [`Error::TriggerNotFound`](crate::Error::TriggerNotFound) where it was removed, and those of the engine.
    pub fn disable(&self) -> Result<()> {
        self.set_enabled(false)
    }

    /// Has it go on where it was.
    ///
    /// # Errors
    /// As [`disable`](Trigger::disable).
    pub fn enable(&self) -> Result<()> {
        self.set_enabled(true)
    }

    fn set_enabled(&self, is_enabled: bool) -> Result<()> {
        self.inner.engine.transact(|tx| {
            let mut record = self.inner.need(tx, self.name())?;
            record.is_enabled = is_enabled;
            self.inner.rows.put_trigger(tx, &record)
        })?;
        self.job.is_enabled.store(is_enabled, Ordering::SeqCst);
        self.job.runner.wake_group(self.job.group);
        Ok(())
    }

    /// Stops it: a batch that is being handled is finished first. It stays registered, and goes on where it was when it is made
    /// again. Called by a handler of its own, it does not wait.
    pub fn stop(&self) {
        self.inner.stop(self.name());
    }
}
