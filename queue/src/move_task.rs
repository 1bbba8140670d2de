//! Tasks that move the messages of a dead-letter queue.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html>

use millpond_engine::{RangeRequest, Read, Timestamp, Transaction};
use uuid::Uuid;

use crate::{
    CancelledMove, Error, MoveStatus, MoveTask, MoveTaskHandle, MoveTaskId, Result, StartMove, create_queue,
    dead_letter::Removed,
    layout,
    layout::{Place, QueueRecord, ReceivedRow, TaskRow},
    message::{Content, MessageId},
    move_batch::Targets,
    receive, receive_fifo,
    shared::Shared,
};

/// So many messages are moved in one commit.
const BATCH: usize = 100;
/// So many commits are made for a task in one call, so that others get their turn.
const COMMITS: usize = 50;
/// So many tasks of a queue are kept.
const KEPT: usize = 10;

pub(crate) fn start(shared: &Shared, tx: &mut Transaction, request: &StartMove) -> Result<MoveTaskHandle> {
    let missing = |parameter: &str| Error::ResourceNotFound {
        message: format!("The resource that you specified for the {parameter} parameter doesn't exist."),
    };
    if request.max_per_second.is_some_and(|rate| !(1..=500).contains(&rate)) {
        return Err(Error::parameter(
            "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a number that's between 1 and 500.",
        ));
    }
    let source = shared.find(tx, &request.source)?.ok_or_else(|| missing("SourceArn"))?;
    if !is_dead_letter_queue(shared, tx, &request.source)? {
        return Err(Error::parameter("Source queue must be configured as a Dead Letter Queue."));
    }
    if let Some(destination) = &request.destination {
        if *destination == request.source {
            return Err(Error::parameter("Source queue arn and destination queue arn cannot be the same."));
        }
        if shared.find(tx, destination)?.is_none() {
            return Err(missing("DestinationArn"));
        }
        if create_queue::is_fifo(destination) != source.is_fifo() {
            return Err(Error::parameter("The source queue and destination queue must be of the same queue type."));
        }
    }
    let tasks = tasks_of(shared, tx, &request.source)?;
    let is_under_way = |task: &TaskRow| task.status == MoveStatus::Running && task.store == source.store;
    if tasks.iter().any(|(_, task)| is_under_way(task)) {
        return Err(Error::parameter(
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
        ));
    }
    for (key, _) in tasks.iter().skip(KEPT - 1) {
        tx.delete(&shared.keyspaces.queues, key.clone())?;
    }
    let total = tx.counter(&shared.keyspaces.counters, &layout::total_key(source.store))?;
    let task = TaskRow {
        id: MoveTaskId(Uuid::new_v4()),
        store: source.store,
        source: request.source.clone(),
        destination: request.destination.clone(),
        max_per_second: request.max_per_second,
        status: MoveStatus::Running,
        moved: 0,
        to_move: u64::try_from(total).unwrap_or_default(),
        started: tx.began(),
        failure_reason: None,
    };
    keep(shared, tx, &task)?;
    Ok(MoveTaskHandle { id: task.id, source: request.source.clone() })
}

fn is_dead_letter_queue(shared: &Shared, tx: &mut Transaction, name: &str) -> Result<bool> {
    let mut range = RangeRequest::prefix(layout::QUEUES);
    loop {
        let page = tx.range(&shared.keyspaces.queues, &range)?;
        for (_, record) in &page.entries {
            let policy = QueueRecord::decode(record.clone())?.settings.redrive_policy;
            if policy.is_some_and(|policy| policy.dead_letter_queue == name) {
                return Ok(true);
            }
        }
        match page.resume {
            Some(last) => range = range.resume_after(&last),
            None => return Ok(false),
        }
    }
}

/// The tasks of a queue, the newest first.
fn tasks_of(shared: &Shared, reader: &mut impl Read, source: &str) -> Result<Vec<(Vec<u8>, TaskRow)>> {
    let page = reader.range(&shared.keyspaces.queues, &RangeRequest::prefix(&layout::tasks_prefix(source)))?;
    page.entries.into_iter().map(|(key, row)| Ok((key.to_vec(), TaskRow::decode(row)?))).collect()
}

fn keep(shared: &Shared, tx: &mut Transaction, task: &TaskRow) -> Result<()> {
    let key = layout::task_key(&task.source, task.started, *task.id.0.as_bytes());
    Ok(tx.put(&shared.keyspaces.queues, key, task.encode())?)
}

pub(crate) fn cancel(shared: &Shared, tx: &mut Transaction, handle: &MoveTaskHandle) -> Result<CancelledMove> {
    let not_found = |message: &str| Error::ResourceNotFound { message: message.to_owned() };
    if shared.find(tx, &handle.source)?.is_none() {
        return Err(not_found("The resource that you specified for the SourceArn parameter doesn't exist."));
    }
    let task = tasks_of(shared, tx, &handle.source)?.into_iter().find(|(_, task)| task.id == handle.id);
    let (_, mut task) = task.ok_or_else(|| not_found("Task does not exist."))?;
    if task.status != MoveStatus::Running {
        return Err(Error::parameter("Only active tasks can be cancelled."));
    }
    task.status = MoveStatus::Cancelled;
    keep(shared, tx, &task)?;
    Ok(CancelledMove { moved: task.moved })
}

pub(crate) fn list(shared: &Shared, source: &str, max: usize) -> Result<Vec<MoveTask>> {
    if !(1..=KEPT).contains(&max) {
        return Err(Error::parameter(
            "Value for parameter MaxResults is invalid. Reason: You must enter a number that's between 1 and 10.",
        ));
    }
    let mut snapshot = shared.engine.snapshot()?;
    if shared.find(&mut snapshot, source)?.is_none() {
        let message = "The resource that you specified for the SourceArn parameter doesn't exist.".to_owned();
        return Err(Error::ResourceNotFound { message });
    }
    let tasks = tasks_of(shared, &mut snapshot, source)?;
    Ok(tasks.into_iter().take(max).map(|(_, task)| task.shown()).collect())
}

/// Goes on with all tasks. Gives the number of messages that were moved, and of those that were too old and deleted instead.
pub(crate) fn run(shared: &Shared) -> Result<u64> {
    let snapshot = shared.engine.snapshot()?;
    let mut running = Vec::new();
    for entry in snapshot.scan(&shared.keyspaces.queues, &RangeRequest::prefix(layout::TASKS))? {
        let task = TaskRow::decode(entry?.1)?;
        if task.status == MoveStatus::Running {
            running.push(task);
        }
    }
    drop(snapshot);
    let mut moved = 0;
    for task in running {
        moved += go_on(shared, &task)?;
    }
    Ok(moved)
}

fn go_on(shared: &Shared, task: &TaskRow) -> Result<u64> {
    let mut moved = 0;
    // A step goes on where the last one has ended, and does not walk over what was moved again.
    let mut from = shared.moves.lock().remove(&task.id);
    for _ in 0..COMMITS {
        let step = shared.engine.transact(|tx| step(shared, tx, task, from.as_deref()))?;
        moved += step.moved;
        match step.next {
            Some(next) => from = Some(next),
            None => return Ok(moved),
        }
    }
    if let Some(from) = from {
        shared.moves.lock().insert(task.id, from);
    }
    Ok(moved)
}

struct Step {
    moved: u64,
    /// Where to go on; `None` if that is for another time, or all is done.
    next: Option<Vec<u8>>,
}

fn step(shared: &Shared, tx: &mut Transaction, task: &TaskRow, from: Option<&[u8]>) -> Result<Step> {
    let done = Step { moved: 0, next: None };
    let Some((_, mut task)) = tasks_of(shared, tx, &task.source)?.into_iter().find(|(_, other)| other.id == task.id)
    else {
        return Ok(done);
    };
    if task.status != MoveStatus::Running {
        return Ok(done);
    }
    let source = shared.find(tx, &task.source)?.filter(|source| source.store == task.store);
    let Some(source) = source else {
        return end(shared, tx, &mut task, MoveStatus::Completed, None);
    };
    let now = tx.began();
    let allowed = allowed(&task, now);
    if allowed == 0 {
        return Ok(done);
    }
    let mut targets = Targets::new(shared, &task, source.is_fifo());
    let mut removed = Removed::new(shared, &task.source, &source);
    let page = page(shared, tx, &source, from, allowed.min(BATCH))?;
    let mut next = None;
    for (place, content) in page {
        next = Some([&place.key(source.store)[..], &[0]].concat());
        let Some(before) = free(shared, tx, &source, place, now)? else { continue };
        if receive::is_over(&source, &content, now) {
            removed.take_out(tx, place, before.map(|before| before.visible))?;
            continue;
        }
        let moved = Content {
            id: MessageId::random(),
            sent: now,
            dead_letter_source: None,
            received_before: 0,
            ..content.clone()
        };
        if let Err(reason) = targets.add(tx, content.dead_letter_source.as_deref(), &moved)? {
            targets.finish(tx)?;
            removed.finish(tx)?;
            return end(shared, tx, &mut task, MoveStatus::Failed, Some(reason));
        }
        removed.take_out(tx, place, before.map(|before| before.visible))?;
        task.moved += 1;
    }
    let moved = removed.count();
    targets.finish(tx)?;
    removed.finish(tx)?;
    if next.is_none() && from.is_none() {
        // Messages that are in flight are waited for.
        return match shared.stores.live(source.store, source.is_fifo())?.in_flight(now) {
            0 => end(shared, tx, &mut task, MoveStatus::Completed, None),
            _ => Ok(done),
        };
    }
    keep(shared, tx, &task)?;
    Ok(Step { moved, next })
}

fn end(
    shared: &Shared,
    tx: &mut Transaction,
    task: &mut TaskRow,
    status: MoveStatus,
    reason: Option<&str>,
) -> Result<Step> {
    task.status = status;
    task.failure_reason = reason.map(str::to_owned);
    keep(shared, tx, task)?;
    Ok(Step { moved: 0, next: None })
}

/// How many messages may have been moved by now that were not.
fn allowed(task: &TaskRow, now: Timestamp) -> usize {
    let Some(rate) = task.max_per_second else { return BATCH };
    let seconds = now.saturating_since(task.started).as_secs() + 1;
    let by_now = seconds.saturating_mul(u64::from(rate));
    usize::try_from(by_now.saturating_sub(task.moved)).unwrap_or(BATCH)
}

/// Some messages of a queue in the order of their rows.
fn page(
    shared: &Shared,
    tx: &mut Transaction,
    source: &QueueRecord,
    from: Option<&[u8]>,
    most: usize,
) -> Result<Vec<(Place, Content)>> {
    let prefix = layout::store_prefix(source.store);
    let range = RangeRequest::prefix(&prefix).start_at(from.unwrap_or(&prefix)).limit(most);
    let entries = tx.range(&shared.keyspaces.messages, &range)?.entries;
    entries.into_iter().map(|(key, row)| Ok((Place::of_key(&key)?, layout::decode_message(row)?))).collect()
}

/// What is kept of a message that was received, unless it is in flight.
fn free(
    shared: &Shared,
    tx: &mut Transaction,
    source: &QueueRecord,
    place: Place,
    now: Timestamp,
) -> Result<Option<Option<ReceivedRow>>> {
    if let (true, Place::Lane(group, position)) = (source.is_fifo(), place) {
        let row = receive_fifo::group(shared, tx, source.store, group)?;
        // What stands behind a message in flight waits with it, so that the group keeps its order.
        let waits = row.attempted.iter().any(|other| other.position <= position && other.received.visible > now);
        return Ok(if waits { None } else { Some(row.of(position)) });
    }
    let row = tx.get(&shared.keyspaces.received, &place.key(source.store))?;
    let received = row.map(ReceivedRow::decode).transpose()?;
    let is_in_flight = received.is_some_and(|received| received.visible > now);
    Ok(if is_in_flight { None } else { Some(received) })
}
