//! What would have left: mails, text messages and messages to apps, kept for a test to read.

use millpond_engine::Engine;

use crate::Result;

/// What was captured.
#[derive(Debug)]
pub(crate) struct Outbox {}

impl Outbox {
    pub(crate) fn open(_engine: &Engine) -> Result<Outbox> {
        Ok(Outbox {})
    }
}
