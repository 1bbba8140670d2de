//! Receiving with a wait: blocking, or as a future in any runtime.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use millpond_engine::{Clock, Durability, Timestamp, TransactOptions, wait::Waiting};

use crate::{Message, Queue, Receive, Result, ready::Live, receive, receive::Step};

/// Whether a receive is over, and how long it may still wait if it is not.
struct Patience {
    clock: Clock,
    deadline: Option<Timestamp>,
    /// Whose messages were waited for.
    waited: Option<Arc<Live>>,
}

impl Patience {
    fn new(queue: &Queue) -> Self {
        Patience { clock: queue.shared.engine.clock().clone(), deadline: None, waited: None }
    }

    /// Until when to wait: as the request says, or else as the queue is set.
    fn deadline(&mut self, queue: &Queue, request: &Receive) -> Result<Timestamp> {
        if let Some(deadline) = self.deadline {
            return Ok(deadline);
        }
        let record = queue.shared.need(&mut queue.shared.latest(), &queue.name)?;
        let deadline = self.clock.now().saturating_add(receive::wait_of(&record, request));
        self.deadline = Some(deadline);
        Ok(deadline)
    }

    /// Looks for messages once.
    fn look(&mut self, queue: &Queue, request: &Receive) -> Result<Look> {
        let step = step(queue, request)?;
        // Within a transaction nothing that others do is seen, so there is nothing to wait for.
        if !step.messages.is_empty() || queue.shared.engine.in_transaction() {
            return Ok(Look::Over(step.messages));
        }
        if step.is_cut_short || step.is_behind {
            return Ok(Look::Again);
        }
        let deadline = self.deadline(queue, request)?;
        if self.clock.now() < deadline {
            return Ok(Look::Wait(deadline));
        }
        // Who ends a wait may alone have known when the next message is due.
        if let Some(live) = &self.waited {
            live.wake(1);
        }
        Ok(Look::Over(Vec::new()))
    }
}

/// What has come of a look.
enum Look {
    /// There are messages, or the wait is over.
    Over(Vec<Message>),
    /// There may be messages.
    Again,
    /// There are none; until then it may be waited for some.
    Wait(Timestamp),
}

/// A place among those who wait.
struct InLine {
    waiting: Waiting,
    live: Arc<Live>,
    /// Of the queue's messages.
    delay: Duration,
}

impl InLine {
    fn stand(queue: &Queue) -> Result<InLine> {
        loop {
            let record = queue.shared.need(&mut queue.shared.latest(), &queue.name)?;
            let live = queue.shared.stores.live(record.store, record.is_fifo())?;
            let waiting = live.wait();
            // Of a store that was abandoned before this stood in line nobody tells any more.
            if queue.shared.need(&mut queue.shared.latest(), &queue.name)?.store == record.store {
                return Ok(InLine { waiting, live, delay: record.settings.delay });
            }
        }
    }

    /// Ends the wait: its owner is about to look.
    fn look(self) -> Arc<Live> {
        self.waiting.look();
        self.live
    }

    /// How long to wait before looking again; `None` on a clock that is moved by hand, which wakes all who wait.
    fn limit(&self, clock: &Clock, deadline: Timestamp) -> Option<Duration> {
        if clock.is_manual() {
            return None;
        }
        let until = self.live.next_due(self.delay).map_or(deadline, |due| due.min(deadline));
        Some(until.saturating_since(clock.now()))
    }
}

fn step(queue: &Queue, request: &Receive) -> Result<Step> {
    let engine = &queue.shared.engine;
    if queue.is_fifo() || !queue.shared.options.has_unsynced_receives() || engine.in_transaction() {
        return engine.transact(|tx| receive::step(queue, tx, request));
    }
    let options = TransactOptions::default().durability(Durability::Buffered);
    let ticket = engine.submit_with(&options, |tx| receive::step(queue, tx, request))?;
    // Who is told that there is nothing may look at what has become of the messages.
    let has_messages = ticket.value().is_some_and(|step| !step.messages.is_empty());
    Ok(if has_messages { ticket.unconfirmed()? } else { ticket.wait()? })
}

pub(crate) fn blocking(queue: &Queue, request: &Receive) -> Result<Vec<Message>> {
    blocking_unless(queue, request, &AtomicBool::new(false))
}

/// As [`blocking`], but gives up once it is woken and told to end.
pub(crate) fn blocking_unless(queue: &Queue, request: &Receive, is_to_end: &AtomicBool) -> Result<Vec<Message>> {
    let mut patience = Patience::new(queue);
    let mut place = None;
    loop {
        let deadline = match patience.look(queue, request)? {
            Look::Over(messages) => return Ok(messages),
            Look::Again | Look::Wait(_) if is_to_end.load(Ordering::SeqCst) => return Ok(Vec::new()),
            Look::Again => {
                std::thread::yield_now();
                continue;
            }
            Look::Wait(deadline) => deadline,
        };
        match place.take() {
            // It may have come between the look and the wait: look once more.
            None => place = Some(InLine::stand(queue)?),
            Some(place) => {
                place.waiting.block(place.limit(&patience.clock, deadline));
                patience.waited = Some(place.look());
            }
        }
    }
}

pub(crate) async fn future(queue: &Queue, request: &Receive) -> Result<Vec<Message>> {
    let mut patience = Patience::new(queue);
    let mut place = None;
    loop {
        let deadline = match patience.look(queue, request)? {
            Look::Over(messages) => return Ok(messages),
            Look::Again => continue,
            Look::Wait(deadline) => deadline,
        };
        match place.take() {
            None => place = Some(InLine::stand(queue)?),
            Some(place) => {
                if let Some(limit) = place.limit(&patience.clock, deadline) {
                    queue.shared.stores.timer.wake_at(Instant::now() + limit, place.waiting.waiter());
                }
                poll_fn(|context| place.waiting.poll(context)).await;
                patience.waited = Some(place.look());
            }
        }
    }
}
