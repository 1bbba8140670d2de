//! Receiving with a wait: blocking, or as a future in any runtime.

use std::{sync::Arc, time::Duration};

use millpond_engine::Timestamp;

use super::{
    QueueRecord, RecordQueue,
    layout::Kind,
    list,
    live::Live,
    receive::{self, Wanted},
};
use crate::{Result, ShardId, log::Watch};

/// The places of one who waits: among those of the queue, and of each shard that a record may come to.
struct Line {
    watch: Watch,
    live: Arc<Live>,
    number: u64,
}

impl Line {
    fn stand(queue: &RecordQueue, kind: Kind) -> Result<Line> {
        let shared = &queue.shared;
        let row = list::need(shared, &mut shared.engine.latest(), &queue.id)?;
        let live = shared.lives.of(row.number);
        let view = shared.logs.view(&mut shared.engine.latest(), row.log())?;
        // Dead letters do not come from shards. One tells of the time, too.
        let most = if kind == Kind::Dead { 1 } else { usize::MAX };
        let shards: Vec<ShardId> = view.open_shards().take(most).map(|shard| shard.id).collect();
        Ok(Line { watch: shared.logs.watch_any(row.log(), &shards, &live.waiters), live, number: row.number })
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
    /// Until then at the most.
    Wait(Watch, Timestamp),
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
            let until = due.map_or(self.deadline, |due| due.min(self.deadline));
            return Ok(Look::Wait(line.watch, until));
        }
    }
}

pub(crate) fn blocking(queue: &RecordQueue, wanted: Wanted, wait: Duration) -> Result<Vec<QueueRecord>> {
    let mut patience = Patience::new(queue, wait);
    loop {
        match patience.look(queue, wanted)? {
            Look::Over(records) => return Ok(records),
            Look::Wait(watch, until) => watch.block(until),
        }
    }
}

pub(crate) async fn future(queue: &RecordQueue, wanted: Wanted, wait: Duration) -> Result<Vec<QueueRecord>> {
    let mut patience = Patience::new(queue, wait);
    loop {
        match patience.look(queue, wanted)? {
            Look::Over(records) => return Ok(records),
            Look::Wait(watch, until) => watch.wait(until).await,
        }
    }
}
