//! Text messages: settings, numbers that opted out, the sandbox.

use millpond_engine::Engine;

use crate::Result;

/// The rows of text messages' settings and numbers.
#[derive(Debug)]
pub(crate) struct Sms {}

impl Sms {
    pub(crate) fn open(_engine: &Engine) -> Result<Sms> {
        Ok(Sms {})
    }
}
