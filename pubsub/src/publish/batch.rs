//! Publishing several messages in one commit.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html>

use std::sync::Arc;

use millpond_engine::Transaction;

use crate::{Error, PublishMessage, Published, Result, shared::Shared};

use super::{Publishing, check, settings};

/// The most messages of a batch. Over the wire the service allows 10.
pub(crate) const MAX_ENTRIES: usize = 1000;

/// Publishes messages, each of which is accepted or refused on its own.
pub(crate) fn batch(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    topic: &str,
    messages: &[PublishMessage],
) -> Result<Vec<Result<Published>>> {
    let mut publishing = begin(shared, tx, topic, messages)?;
    let mut published = Vec::with_capacity(messages.len());
    for message in messages {
        published.push(match check::run(&publishing.topic, message) {
            Ok(()) => Ok(publishing.publish(tx, message)?),
            Err(refused) => Err(refused),
        });
    }
    publishing.finish(tx);
    Ok(published)
}

/// Publishes messages, or none if one is refused.
pub(crate) fn all(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    topic: &str,
    messages: &[PublishMessage],
) -> Result<Vec<Published>> {
    let mut publishing = begin(shared, tx, topic, messages)?;
    messages.iter().try_for_each(|message| check::run(&publishing.topic, message))?;
    let published = messages.iter().map(|message| publishing.publish(tx, message)).collect::<Result<_>>()?;
    publishing.finish(tx);
    Ok(published)
}

fn begin<'a>(
    shared: &'a Arc<Shared>,
    tx: &mut Transaction,
    topic: &str,
    messages: &[PublishMessage],
) -> Result<Publishing<'a>> {
    if messages.len() > MAX_ENTRIES {
        return Err(Error::Batch {
            code: "TooManyEntriesInBatchRequest",
            message: "The batch request contains more entries than permissible.".into(),
        });
    }
    let topic = settings::need(shared, tx, topic)?;
    let bytes: usize = messages.iter().map(check::size_bytes).sum();
    if messages.len() > 1 && bytes > topic.settings.max_bytes {
        return Err(Error::Batch {
            code: "BatchRequestTooLong",
            message: "The length of all the messages put together is more than the limit.".into(),
        });
    }
    Ok(Publishing::new(shared, topic))
}
