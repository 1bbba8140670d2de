//! Making queues.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateQueue.html>

use millpond_engine::{Position, Transaction};

use super::{
    CreateQueue, QueueStart,
    layout::{self, QueueRow},
    model::check_visibility,
};
use crate::{ACCOUNT, Error, Resource, Result, attached, create_stream, layout as catalog, shared::Shared};

/// Gives the id of the new queue.
pub(crate) fn run(shared: &Shared, tx: &mut Transaction, options: &CreateQueue) -> Result<String> {
    let CreateQueue { name, stream, start, visibility_timeout, dead_letters, tags } = options;
    create_stream::check_name(name)?;
    check_visibility(*visibility_timeout)?;
    dead_letters.check()?;
    let found = shared.look(tx, stream)?;
    if !found.record.is_on_demand {
        return Err(Error::Validation(format!(
            "Stream {stream} under account {ACCOUNT} is in provisioned capacity mode. Queues are only supported in on-demand \
             capacity mode."
        )));
    }
    if tx.get(&shared.queues, &layout::name_key(name))?.is_some() {
        return Err(Error::ResourceInUse(format!("Queue {name} under account {ACCOUNT} already exists.")));
    }
    attached::check_consumers(shared, tx, stream)?;
    let number = next_number(shared, tx)?;
    let created = tx.began();
    let horizon = shared.logs.horizon(tx, found.record.log())?;
    // Positions and times before the stream was made are those of nothing.
    let earliest = horizon.time().max(found.record.created());
    let (start_position, start_time) = match *start {
        QueueStart::TrimHorizon => (horizon, earliest),
        // What is committed from now on has a higher one.
        QueueStart::Latest => (shared.engine.last_position().next(), created),
        QueueStart::AtTimestamp(time) => (Position::first_at(time).max(horizon), time.max(earliest)),
    };
    let row = QueueRow {
        number,
        name: name.clone(),
        created: created.as_millis(),
        stream: stream.clone(),
        log: found.record.log,
        start: (*start).into(),
        start_position: start_position.get(),
        start_millis: start_time.as_millis(),
        visibility_secs: u32::try_from(visibility_timeout.as_secs()).unwrap_or(u32::MAX),
        dead_letters: *dead_letters,
    };
    let id = catalog::new_id("queue", number, created);
    tx.put(&shared.queues, layout::queue_key(&id), catalog::encode(&row)?)?;
    tx.put(&shared.queues, layout::name_key(name), id.clone())?;
    shared.change(tx, stream, |record| {
        record.queues += 1;
        Ok(())
    })?;
    if !tags.is_empty() {
        attached::set_tags(shared, tx, &Resource::Queue { id: id.clone() }, tags)?;
    }
    Ok(id)
}

fn next_number(shared: &Shared, tx: &mut Transaction) -> Result<u64> {
    let last = tx.get(&shared.queues, layout::LAST_NUMBER)?.map_or(Ok(0), |last| layout::read_u64(&last))?;
    let number = last.saturating_add(1);
    tx.put(&shared.queues, layout::LAST_NUMBER, layout::write_u64(number))?;
    Ok(number)
}
