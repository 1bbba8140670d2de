//! Receiving with a wait: blocking, or as a future in any runtime.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

use millpond_engine::{Timestamp, wait::Waiting};

use super::{
    QueueRecord, RecordQueue,
    layout::Kind,
    list,
    live::Live,
    receive::{self, Wanted},
};
use crate::{Result, log::Watch};

/// The places of one who waits: among those of the queue, and of each shard that a record may come to.
struct Line {
    watches: Vec<Watch>,
    waiting: Waiting,
    live: Arc<Live>,
    number: u64,
}

impl Line {
    fn stand(queue: &RecordQueue, kind: Kind) -> Result<Line> {
        let shared = &queue.shared;
        let row = list::need(shared, &mut shared.engine.latest(), &queue.id)?;
        let live = shared.lives.of(row.number);
        let waiting = Waiting::new(&live.waiters);
        let view = shared.logs.view(&mut shared.engine.latest(), row.log())?;
        // Dead letters do not come from shards. One tells of the time, too.
        let most = if kind == Kind::Dead { 1 } else { usize::MAX };
        let watches = view.open_shards().take(most).map(|shard| shared.logs.watch(row.log(), shard.id)).collect();
        Ok(Line { watches, waiting, live, number: row.number })
    }

    /// Has it woken at a time. A clock that is moved by hand wakes it without.
    fn set_alarm(&self, at: Timestamp) {
        if let Some(watch) = self.watches.first() {
            watch.set_alarm(at);
        }
    }

    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        let is_woken = self.watches.iter().map(|watch| watch.poll(context)).any(|woken| woken.is_ready());
        match is_woken || self.waiting.poll(context).is_ready() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    fn block(&self) {
        struct Parked(Thread);

        impl Wake for Parked {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }

        let waker = Waker::from(Arc::new(Parked(thread::current())));
        while self.poll(&Context::from_waker(&waker)).is_pending() {
            thread::park();
        }
    }

    /// Ends the wait: its owner is about to look.
    fn look(self) {
        self.watches.into_iter().for_each(Watch::look);
        self.waiting.look();
    }
}

/// How long a receive may still wait.
struct Patience {
    deadline: Timestamp,
    /// It stands in line from the second look on: nothing that comes between a look and a wait is missed.
    line: Option<Line>,
}

enum Look {
    Over(Vec<QueueRecord>),
    Wait(Line),
}

impl Patience {
    fn new(queue: &RecordQueue, wait: Duration) -> Self {
        Patience { deadline: queue.shared.engine.clock().now().saturating_add(wait), line: None }
    }

    fn look(&mut self, queue: &RecordQueue, wanted: Wanted) -> Result<Look> {
        let shared = &queue.shared;
        loop {
            // From before the look: what becomes visible while it goes on is still to come for the alarm.
            let now = shared.engine.clock().now();
            let step = shared.engine.transact(|tx| receive::step(shared, tx, &queue.id, wanted))?;
            // Within a transaction nothing that others do is seen, so there is nothing to wait for.
            if !step.records.is_empty() || shared.engine.in_transaction() && !step.is_cut_short {
                return Ok(Look::Over(step.records));
            }
            if step.is_cut_short {
                continue;
            }
            if shared.engine.clock().now() >= self.deadline {
                return Ok(Look::Over(Vec::new()));
            }
            let Some(line) = self.line.take() else {
                self.line = Some(Line::stand(queue, wanted.kind)?);
                continue;
            };
            let due = line.live.next_due(shared, line.number, wanted.kind, now)?;
            line.set_alarm(due.map_or(self.deadline, |due| due.min(self.deadline)));
            return Ok(Look::Wait(line));
        }
    }
}

pub(crate) fn blocking(queue: &RecordQueue, wanted: Wanted, wait: Duration) -> Result<Vec<QueueRecord>> {
    let mut patience = Patience::new(queue, wait);
    loop {
        match patience.look(queue, wanted)? {
            Look::Over(records) => return Ok(records),
            Look::Wait(line) => {
                line.block();
                line.look();
            }
        }
    }
}

pub(crate) async fn future(queue: &RecordQueue, wanted: Wanted, wait: Duration) -> Result<Vec<QueueRecord>> {
    let mut patience = Patience::new(queue, wait);
    loop {
        match patience.look(queue, wanted)? {
            Look::Over(records) => return Ok(records),
            Look::Wait(line) => {
                poll_fn(|context| line.poll(context)).await;
                line.look();
            }
        }
    }
}
