//! Applications of mobile platforms, and the endpoints of devices.

use millpond_engine::Engine;

use crate::Result;

/// The rows of applications and endpoints.
#[derive(Debug)]
pub(crate) struct Mobile {}

impl Mobile {
    pub(crate) fn open(_engine: &Engine) -> Result<Mobile> {
        Ok(Mobile {})
    }
}
