//! Deleting streams.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeleteStream.html>

use millpond_engine::Transaction;

use crate::{Error, Resource, Result, attached, consumers, shared::Shared};

pub(crate) fn run(shared: &Shared, tx: &mut Transaction, name: &str, with_consumers: bool) -> Result<()> {
    let record = shared.need(tx, name)?;
    let in_use = |what| Err(Error::InUse { stream: name.to_owned(), what });
    if record.queues > 0 {
        return in_use("queues");
    }
    if record.channels > 0 {
        return in_use("channels");
    }
    let consumers = consumers::names(shared, tx, name)?;
    if !consumers.is_empty() && !with_consumers {
        return in_use("consumers");
    }
    for consumer in consumers {
        consumers::remove(shared, tx, name, &consumer)?;
    }
    attached::clear(shared, tx, &Resource::Stream { name: name.to_owned() })?;
    shared.logs.remove_in(tx, record.log())?;
    Ok(tx.delete(&shared.catalog, crate::layout::stream_key(name))?)
}
