//! A member of a group, which is given batches.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use millpond_engine::{Position, Timestamp};

use super::{
    batch::Batch,
    checkpoint::Step,
    keeper::{self, Keeper},
    state::{Hold, Turn},
};
use crate::{
    Error, Result, ShardId,
    get_records::{self, Found},
    log::{Error as LogError, Most, View, Watch},
};

/// A member of a [`ConsumerGroup`](crate::ConsumerGroup): it has the leases of some shards, and is given their records.
///
/// It stays in the group for as long as it is asked for batches, checkpoints or not: one that has not been
/// [polled](Member::poll) for the duration of a lease counts as gone, and its shards go to others. So it does where it is dropped
/// without [leaving](Member::leave). A member that was only slow is in the group again with its next poll, and what it has not
/// checkpointed is another one's.
///
/// Several threads may poll one member: each is given batches of other shards.
#[derive(Debug)]
pub struct Member {
    pub(crate) keeper: Arc<Keeper>,
}

impl Member {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.keeper.name
    }

    /// The shards that it has, when it last looked.
    #[must_use]
    pub fn shards(&self) -> Vec<ShardId> {
        self.keeper.shards()
    }

    /// The next batch: at most so many records, and 10 MiB, of one of its shards, which take turns. If there is none it waits for one,
    /// so long by the engine's clock; `None` if none has come.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`] and [`Error::GroupNotFound`] once they are deleted, [`Error::MemberReplaced`], and those of the
    /// engine, which also refuses it inside a transaction.
    pub fn poll(&self, max: usize, wait: Duration) -> Result<Option<Batch>> {
        self.keeper.poll(max, wait, &AtomicBool::new(false))
    }

    /// [`poll`](Member::poll) as a future, for any runtime: it holds no thread while it waits. Looking for records may be a commit,
    /// which blocks the thread that polls, for as long as it takes. A future that is dropped has taken nothing.
    ///
    /// # Errors
    /// As [`poll`](Member::poll).
    pub async fn poll_async(&self, max: usize, wait: Duration) -> Result<Option<Batch>> {
        let deadline = self.keeper.now().saturating_add(wait);
        let mut watch = None;
        loop {
            match self.keeper.step(max, deadline, &mut watch, &AtomicBool::new(false))? {
                Next::Over(batch) => return Ok(batch),
                Next::Wait(watch, until) => watch.wait(until).await,
            }
        }
    }

    /// Says that it is there, without asking for a batch, and looks after its leases: what a program does while it works on a batch
    /// for long.
    ///
    /// # Errors
    /// As [`poll`](Member::poll).
    pub fn renew(&self) -> Result<()> {
        keeper::refuse_inside(&self.keeper.group.shared.engine)?;
        self.keeper.tend()
    }

    /// Leaves the group: its shards go to others at once, and batches that it was given and has not checkpointed are given again.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn leave(self) -> Result<()> {
        self.keeper.leave()
    }
}

/// What has come of a look for a batch.
pub(crate) enum Next {
    /// There is one, or the wait is over.
    Over(Option<Batch>),
    /// There is none; until then it may be waited for.
    Wait(Watch, Timestamp),
}

/// What has come of a look at one shard.
enum Seen {
    Batch(Batch),
    Nothing,
    /// The rows say something else than was thought.
    Stale,
}

impl Keeper {
    pub(crate) fn poll(self: &Arc<Self>, max: usize, wait: Duration, is_to_end: &AtomicBool) -> Result<Option<Batch>> {
        let deadline = self.now().saturating_add(wait);
        let mut watch = None;
        loop {
            match self.step(max, deadline, &mut watch, is_to_end)? {
                Next::Over(batch) => return Ok(batch),
                Next::Wait(watch, until) => watch.block(until),
            }
        }
    }

    /// Looks for a batch, and if there is none again from within the lines of those who wait: so nothing that comes between is missed.
    fn step(
        self: &Arc<Self>,
        max: usize,
        deadline: Timestamp,
        watch: &mut Option<Watch>,
        is_to_end: &AtomicBool,
    ) -> Result<Next> {
        keeper::refuse_inside(&self.group.shared.engine)?;
        loop {
            let batch = self.look(max)?;
            let now = self.now();
            if batch.is_some() || now >= deadline || is_to_end.load(Ordering::SeqCst) {
                return Ok(Next::Over(batch));
            }
            match watch.take() {
                Some(watch) => return Ok(Next::Wait(watch, self.next_look().min(deadline))),
                None => *watch = Some(self.watch()),
            }
        }
    }

    /// Stands in the lines of the group and of the shards whose next record it could be given.
    pub(crate) fn watch(&self) -> Watch {
        let idle = self.state.lock().idle();
        self.group.shared.logs.watch_any(self.group.log, &idle, &self.group.line.waiters)
    }

    fn look(self: &Arc<Self>, max: usize) -> Result<Option<Batch>> {
        loop {
            self.tend()?;
            let turns = self.state.lock().turns(self.now());
            if turns.is_empty() {
                return Ok(None);
            }
            let view = self.group.view(&mut self.group.shared.engine.latest())?;
            let mut is_stale = false;
            for turn in turns {
                match self.look_at(&view, turn, max)? {
                    Seen::Batch(batch) => {
                        self.state.lock().served(turn.shard);
                        return Ok(Some(batch));
                    }
                    Seen::Nothing => {}
                    Seen::Stale => is_stale = true,
                }
            }
            if !is_stale {
                return Ok(None);
            }
            self.state.lock().doubt();
        }
    }

    fn look_at(self: &Arc<Self>, view: &View, turn: Turn, max: usize) -> Result<Seen> {
        let Turn { shard, counter, position } = turn;
        let Found { records, next, millis_behind_latest, is_end, .. } = self.read(view, shard, position, max)?;
        if records.is_empty() && !is_end {
            return Ok(Seen::Nothing);
        }
        let Some(hold) = Hold::new(self, shard, counter) else { return Ok(Seen::Nothing) };
        // What a member knows is a hint: the row says whether it has the shard, and what of it is done with.
        let lease = self.group.lease(&mut self.group.shared.engine.latest(), shard)?;
        let Some(lease) = lease.filter(|lease| self.has(lease, counter)) else { return Ok(Seen::Stale) };
        if lease.checkpoint() != position {
            hold.advance(lease.checkpoint());
            return Ok(Seen::Stale);
        }
        let step = Step { from: position, to: next, is_end };
        if records.is_empty() {
            Batch::finish(self, &hold, step)?;
            return Ok(Seen::Stale);
        }
        let hash_keys = view.shard(shard).map_or(0..=u128::MAX, |shard| shard.hash_keys);
        let (keeper, hold) = (Arc::clone(self), Arc::new(hold));
        Ok(Seen::Batch(Batch { keeper, hold, step, records, millis_behind_latest, hash_keys }))
    }

    /// Of a shard that was cleared away nothing is left to read.
    fn read(&self, view: &View, shard: ShardId, from: Position, max: usize) -> Result<Found> {
        let most = Most { records: max.clamp(1, get_records::MAX_RECORDS), bytes: get_records::MAX_BYTES };
        match get_records::look(&self.group.shared, view, (self.group.log, shard), from, most) {
            Err(Error::Log(LogError::NoShard { .. })) => {
                let (records, child_shards) = (Vec::new(), Vec::new());
                Ok(Found { records, next: from, millis_behind_latest: 0, is_end: true, child_shards })
            }
            Err(Error::Log(LogError::NoLog { .. })) => {
                Err(Error::StreamNotFound { stream: self.group.stream.to_string() })
            }
            found => found,
        }
    }
}
