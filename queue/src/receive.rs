//! Receiving messages.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>

use std::time::Duration;

use millpond_engine::{Timestamp, Transaction};

use crate::{
    Error, Message, Queue, Receive, Result, check_message, dead_letter,
    dead_letter::Removed,
    handle::Receipt,
    layout,
    layout::{Place, QueueRecord, ReceivedRow},
    message::{Content, ReceiptHandle, Received},
    ready::{Claimed, Claims, Event},
    receive_fifo,
};

/// So many messages of a queue can be in flight.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html>
pub(crate) const MAX_IN_FLIGHT: usize = 120_000;
const MAX_MESSAGES: usize = 1000;
const MAX_WAIT: Duration = Duration::from_secs(20);
pub(crate) const MAX_VISIBILITY: Duration = Duration::from_secs(43_200);
/// A step ends after so many messages that were not received but moved, deleted, or found to be somebody else's.
const MAX_PASSED_OVER: usize = 200;

/// What one step has come to.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) messages: Vec<Message>,
    /// It ended early: there may be messages that it has not come to.
    pub(crate) is_cut_short: bool,
    /// There may be messages that its transaction does not see yet: another one will.
    pub(crate) is_behind: bool,
}

pub(crate) fn run(queue: &Queue, tx: &mut Transaction, request: &Receive) -> Result<Vec<Message>> {
    loop {
        let step = step(queue, tx, request)?;
        // What this transaction does not see yet it never will.
        if !step.messages.is_empty() || !step.is_cut_short || step.is_behind {
            return Ok(step.messages);
        }
    }
}

/// Receives what is ready.
pub(crate) fn step(queue: &Queue, tx: &mut Transaction, request: &Receive) -> Result<Step> {
    let record = queue.shared.need(tx, &queue.name)?;
    check(&record, request)?;
    match record.is_fifo() {
        true => receive_fifo::step(queue, tx, &record, request),
        false => step_standard(queue, tx, &record, request),
    }
}

fn check(record: &QueueRecord, request: &Receive) -> Result<()> {
    let Receive { max_messages, wait, visibility_timeout, attempt_id } = request;
    if !(1..=MAX_MESSAGES).contains(max_messages) {
        return Err(Error::parameter(format!(
            "Value {max_messages} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and {MAX_MESSAGES}, if provided."
        )));
    }
    if let Some(wait) = wait.filter(|wait| *wait > MAX_WAIT) {
        return Err(Error::parameter(format!(
            "Value {} for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
            wait.as_secs()
        )));
    }
    if let Some(timeout) = visibility_timeout.filter(|timeout| *timeout > MAX_VISIBILITY) {
        return Err(Error::parameter(format!(
            "Value {} for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.",
            timeout.as_secs()
        )));
    }
    if let Some(id) = attempt_id {
        if !record.is_fifo() {
            return Err(Error::parameter(format!(
                "Value {id} for parameter ReceiveRequestAttemptId is invalid. Reason: The request include parameter that is not valid for this queue type."
            )));
        }
        check_message::check_id(id, "ReceiveRequestAttemptId")?;
    }
    Ok(())
}

pub(crate) fn wait_of(record: &QueueRecord, request: &Receive) -> Duration {
    request.wait.unwrap_or(record.settings.receive_wait)
}

pub(crate) fn visible_after(record: &QueueRecord, request: &Receive, now: Timestamp) -> Timestamp {
    now.saturating_add(request.visibility_timeout.unwrap_or(record.settings.visibility_timeout))
}

fn step_standard(queue: &Queue, tx: &mut Transaction, record: &QueueRecord, request: &Receive) -> Result<Step> {
    let live = queue.shared.stores.live(record.store, false)?;
    let now = tx.began();
    let room = MAX_IN_FLIGHT.saturating_sub(live.in_flight(now));
    if room == 0 {
        let is_short = wait_of(record, request).is_zero();
        let nothing = Step { messages: Vec::new(), is_cut_short: false, is_behind: false };
        return if is_short { Err(Error::OverLimit) } else { Ok(nothing) };
    }
    let mut claims = Claims::new(&live);
    let mut round = Round::new(queue, record, now, visible_after(record, request, now));
    let wanted = request.max_messages.min(room);
    while round.messages.len() < wanted && claims.count() < wanted + MAX_PASSED_OVER {
        let claimed = live.claim(&mut claims, now, Duration::ZERO)?;
        match claimed {
            Some(claimed) => round.take(tx, claimed)?,
            None => break,
        }
    }
    let is_full = claims.count() >= wanted + MAX_PASSED_OVER;
    let is_cut_short = round.messages.len() < wanted && is_full;
    let mut is_behind = false;
    for missed in std::mem::take(&mut round.missed) {
        is_behind |= !claims.is_stale(missed, tx.latest_commit());
    }
    let messages = round.finish(tx, claims)?;
    if live.has_ready(now, Duration::ZERO) {
        live.wake(1);
    }
    Ok(Step { messages, is_cut_short, is_behind })
}

/// One receive under way.
struct Round<'a> {
    queue: &'a Queue,
    record: &'a QueueRecord,
    now: Timestamp,
    visible: Timestamp,
    messages: Vec<Message>,
    events: Vec<Event>,
    removed: Removed<'a>,
    /// What was not found as it was claimed.
    missed: Vec<Claimed>,
}

impl<'a> Round<'a> {
    fn new(queue: &'a Queue, record: &'a QueueRecord, now: Timestamp, visible: Timestamp) -> Self {
        let removed = Removed::new(&queue.shared, &queue.name, record);
        Round { queue, record, now, visible, messages: Vec::new(), events: Vec::new(), removed, missed: Vec::new() }
    }

    /// Receives a message if it is there to be received; one that was received too often, or is too old, goes where it belongs.
    fn take(&mut self, tx: &mut Transaction, claimed: Claimed) -> Result<()> {
        // The clock may have gone on since the transaction began.
        let (place, now) = match claimed {
            Claimed::Fresh(place) => (place, self.now),
            Claimed::Returned(visible, place) => (place, self.now.max(visible)),
            Claimed::Group(_) => return Ok(()),
        };
        let keyspaces = &self.queue.shared.keyspaces;
        let key = place.key(self.record.store);
        let before = tx.get(&keyspaces.received, &key)?.map(ReceivedRow::decode).transpose()?;
        let row = tx.get(&keyspaces.messages, &key)?;
        let Some(row) = row.filter(|_| before.is_none_or(|before| before.visible <= now)) else {
            self.missed.push(claimed);
            return Ok(());
        };
        let content = layout::decode_message(row)?;
        let was_visible = before.map(|before| before.visible);
        if is_over(self.record, &content, self.now) {
            self.removed.delete(tx, place, before.is_some())?;
            self.events.push(Event::Gone { place, before: was_visible });
            return Ok(());
        }
        let count = before.map_or(0, |before| before.count);
        if dead_letter::is_due(self.record, count) && self.removed.redrive(tx, place, &content, before)? {
            self.events.push(Event::Gone { place, before: was_visible });
            return Ok(());
        }
        if let (None, Place::Timed(due, _)) = (before, place) {
            tx.add(&keyspaces.counters, layout::due_key(self.record.store, due.as_secs()), -1)?;
        }
        let received = ReceivedRow::received(before, self.now, self.visible);
        tx.put(&keyspaces.received, key, received.encode())?;
        self.events.push(Event::Received { place, before: was_visible, visible: self.visible });
        self.messages.push(message(self.queue, self.record, place, received, content));
        Ok(())
    }

    fn finish(self, tx: &mut Transaction, claims: Claims) -> Result<Vec<Message>> {
        self.removed.finish(tx)?;
        let events = self.events;
        tx.on_commit(move || claims.settle(events));
        Ok(self.messages)
    }
}

/// Whether a message is older than its queue keeps it.
pub(crate) fn is_over(record: &QueueRecord, content: &Content, now: Timestamp) -> bool {
    content.sent.saturating_add(record.settings.retention) <= now
}

pub(crate) fn message(
    queue: &Queue,
    record: &QueueRecord,
    place: Place,
    received: ReceivedRow,
    content: Content,
) -> Message {
    let receipt = Receipt { queue: Receipt::queue(&queue.name), store: record.store, place, count: received.count };
    let sequence_number = record.is_fifo().then(|| crate::SequenceNumber(place.position()));
    let receive_count = content.received_before.saturating_add(received.count);
    let received = Received {
        receipt: ReceiptHandle(receipt),
        content,
        sequence_number,
        first_received: received.first_received,
        receive_count,
        invisible_until: received.visible,
    };
    Message { queue: queue.clone(), received }
}
