//! Publishing messages.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>

use std::sync::Arc;

use millpond_engine::Transaction;

use crate::{Error, PublishMessage, Published, Result, shared::Shared};

pub(crate) fn one(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    topic: &str,
    _message: &PublishMessage,
) -> Result<Published> {
    shared.need(tx, topic)?;
    Err(Error::parameter("not built"))
}
