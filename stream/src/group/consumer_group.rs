//! A group's handle: making it, joining it and removing it.

use std::{fmt, fmt::Display, sync::Arc, time::Duration};

use millpond_engine::{Position, RangeRequest, Timestamp, Transaction, WriteBatch};

use super::{
    Batch, GroupMetrics, Member, Running,
    keeper::{self, Keeper},
    layout::{self, GroupRecord, MemberRow},
    metrics,
    rows::{Group, all},
    running,
};
use crate::{
    Error, Result, StartingPosition,
    create_stream::check_name,
    iterator,
    log::{Error as LogError, LogId},
    shared::Shared,
};

const LEASE_DURATION: Duration = Duration::from_secs(30);
/// Shorter ones would be over before they are renewed.
const MIN_LEASE_DURATION: Duration = Duration::from_millis(30);
const BATCH_RECORDS: usize = 1000;
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// So many rows of groups of deleted streams are cleared away in one commit.
const CLEARED_ROWS: usize = 1000;

/// A consumer group of a stream: any number of members share its shards, each of which one member reads at a time, and remember
/// together how far they have come. Cheap to clone.
///
/// - Each record is given to one member, and given again until it is checkpointed. Records of one partition key are given in their
///   order, across splits and merges.
/// - Shares are fair: a member that joins takes over shards one at a time, and those of one that leaves or is gone go to the others.
/// - What a group is and how far it has come is in the same engine as the stream; a [checkpoint](Batch::checkpoint_in) can be part of the
///   commit of what the records make a program do, which so takes place exactly once.
///
/// The group is made when it is first joined, or [created](ConsumerGroup::create). Members are threads of one process, by whichever
/// handles of the service.
#[derive(Clone)]
pub struct ConsumerGroup {
    pub(crate) shared: Arc<Shared>,
    pub(crate) stream: Arc<str>,
    pub(crate) name: Arc<str>,
    start: StartingPosition,
    lease_duration: Duration,
    pub(crate) batch_records: usize,
    pub(crate) first_retry: Duration,
    pub(crate) longest_retry: Duration,
}

impl fmt::Debug for ConsumerGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConsumerGroup { stream, name, start, lease_duration, .. } = self;
        f.debug_struct("ConsumerGroup")
            .field("stream", stream)
            .field("name", name)
            .field("start", start)
            .field("lease_duration", lease_duration)
            .finish_non_exhaustive()
    }
}

impl ConsumerGroup {
    pub(crate) fn new(shared: &Arc<Shared>, stream: &Arc<str>, name: &str) -> Self {
        ConsumerGroup {
            shared: Arc::clone(shared),
            stream: Arc::clone(stream),
            name: name.into(),
            start: StartingPosition::TrimHorizon,
            lease_duration: LEASE_DURATION,
            batch_records: BATCH_RECORDS,
            first_retry: FIRST_RETRY,
            longest_retry: LONGEST_RETRY,
        }
    }

    /// Where the group begins to read, if it is made by this handle: with the oldest record that is kept unless told otherwise. With
    /// [`Latest`](StartingPosition::Latest) it is given all that is committed after it was made, whenever its members join. It
    /// counts for all shards that there are then; those that are opened later are read from their beginning.
    #[must_use]
    pub fn start_at(mut self, start: StartingPosition) -> Self {
        self.start = start;
        self
    }

    /// How long a member that joins by this handle keeps its shards without being heard of: 30 seconds unless told otherwise, and at
    /// least 30 milliseconds. It says that it is there three times as often.
    #[must_use]
    pub fn lease_duration(mut self, duration: Duration) -> Self {
        self.lease_duration = duration.max(MIN_LEASE_DURATION);
        self
    }

    /// How many records a batch has at most that a [handler](ConsumerGroup::run) is given: 1,000 unless told otherwise, at most
    /// 10,000, and at most 10 MiB.
    #[must_use]
    pub fn batch_records(mut self, records: usize) -> Self {
        self.batch_records = records;
        self
    }

    /// After how long a batch that a [handler](ConsumerGroup::run) has failed with is given to one again: 100 milliseconds and,
    /// each time that it fails again, twice as long as before, up to 30 seconds, unless told otherwise. Other shards go on meanwhile.
    #[must_use]
    pub fn retry(mut self, first: Duration, longest: Duration) -> Self {
        (self.first_retry, self.longest_retry) = (first, longest);
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of its stream.
    #[must_use]
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// Makes the group, if it is not there: 1 to 128 letters, digits, underscores, dots and hyphens.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], [`Error::Validation`] for a name that is none, [`Error::InvalidArgument`] for a start that is not
    /// the horizon, the end or a time that has been, and those of the engine.
    pub fn create(&self) -> Result<()> {
        self.shared.engine.transact(|tx| self.create_in(tx))
    }

    /// [`create`](ConsumerGroup::create) in the caller's transaction.
    ///
    /// # Errors
    /// As [`create`](ConsumerGroup::create).
    pub fn create_in(&self, tx: &mut Transaction) -> Result<()> {
        let log = self.log(tx)?;
        tx.savepoint(|tx| self.made(tx, &self.group(log)).map(drop))
    }

    /// Joins the group, which is made if it is not there. A member of that name that is in the group is replaced: this one takes
    /// over its shards at once, which is what a program that was restarted wants.
    ///
    /// # Errors
    /// As [`create`](ConsumerGroup::create), for the name of the member too. The engine refuses it inside a transaction.
    pub fn join(&self, member: &str) -> Result<Member> {
        check_name(member)?;
        self.join_as(Some(member))
    }

    pub(crate) fn join_as(&self, member: Option<&str>) -> Result<Member> {
        let engine = &self.shared.engine;
        keeper::refuse_inside(engine)?;
        let (group, name, number) = engine.transact(|tx| {
            let log = self.log(tx)?;
            let group = self.group(log);
            let mut record = self.made(tx, &group)?;
            let number = record.next_member;
            record.next_member += 1;
            group.put_record(tx, &record)?;
            let name = member.map_or_else(|| format!("member-{number}"), str::to_owned);
            let is_replaced = group.member(tx, &name)?.is_some();
            let until = tx.began().saturating_add(self.lease_duration);
            group.put_member(tx, &name, &MemberRow::new(number, until))?;
            if is_replaced {
                for (shard, mut lease) in group.leases(tx)? {
                    if lease.owner.as_ref() == Some(&name) {
                        // Its new owner has its name, and another count. Who has asked for it asks again.
                        lease.pass_to(Some(name.clone()));
                        group.put_lease(tx, shard, &lease)?;
                    }
                }
            }
            group.changes(tx);
            Ok::<_, Error>((group, name, number))
        })?;
        let keeper = Arc::new(Keeper::new(group, name, number, self.lease_duration));
        keeper.tend()?;
        Ok(Member { keeper })
    }

    /// Has a handler given batches, by so many threads of one member (1 to 1,024), each with a shard of its own, until it is
    /// [stopped](Running::stop). A batch is checkpointed when the handler returns `Ok`. If it returns an error or panics, that is logged
    /// and counted, and the same records are given again [after a while](ConsumerGroup::retry).
    ///
    /// # Errors
    /// As [`join`](ConsumerGroup::join).
    pub fn run<E: Display>(
        &self,
        threads: usize,
        handler: impl Fn(&Batch) -> Result<(), E> + Send + Sync + 'static,
    ) -> Result<Running> {
        running::start(self, threads, move |batch| {
            handler(batch).map_err(|error| error.to_string())?;
            batch.checkpoint().map_err(|error| error.to_string())
        })
    }

    /// [`run`](ConsumerGroup::run) with a handler that runs in a transaction: what it writes there and the checkpoint are one commit, so
    /// that each record takes effect exactly once. The handler may run more than once for that; what it does outside of the
    /// transaction has to bear it.
    ///
    /// # Errors
    /// As [`join`](ConsumerGroup::join).
    pub fn run_in<E: Display + From<Error>>(
        &self,
        threads: usize,
        handler: impl Fn(&mut Transaction, &Batch) -> Result<(), E> + Send + Sync + 'static,
    ) -> Result<Running> {
        let engine = self.shared.engine.clone();
        running::start(self, threads, move |batch| {
            let handled = engine.transact(|tx| -> Result<(), Handled<E>> {
                handler(tx, batch).map_err(Handled)?;
                batch.checkpoint_in(tx).map_err(|error| Handled(E::from(error)))
            });
            handled.map_err(|Handled(error)| error.to_string())
        })
    }

    /// Who is in the group, who has which shard, and how far behind it is.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], [`Error::GroupNotFound`], and those of the engine.
    pub fn metrics(&self) -> Result<GroupMetrics> {
        let log = self.log(&mut self.shared.engine.latest())?;
        metrics::run(&self.group(log))
    }

    /// Removes the group and what it remembers. Its members are told by [`Error::GroupNotFound`].
    ///
    /// # Errors
    /// As [`metrics`](ConsumerGroup::metrics).
    pub fn delete(&self) -> Result<()> {
        self.shared.engine.transact(|tx| self.delete_in(tx))
    }

    /// [`delete`](ConsumerGroup::delete) in the caller's transaction.
    ///
    /// # Errors
    /// As [`metrics`](ConsumerGroup::metrics).
    pub fn delete_in(&self, tx: &mut Transaction) -> Result<()> {
        let log = self.log(tx)?;
        let group = self.group(log);
        tx.savepoint(|tx| {
            group.need(tx)?;
            for prefix in [layout::members_prefix(log, &self.name), layout::leases_prefix(log, &self.name)] {
                for (key, _) in all(&self.shared, tx, &prefix)? {
                    tx.delete(&self.shared.groups, key)?;
                }
            }
            tx.delete(&self.shared.groups, layout::group_key(log, &self.name))?;
            group.changes(tx);
            Ok(())
        })
    }

    fn log(&self, reader: &mut impl millpond_engine::Read) -> Result<LogId> {
        Ok(self.shared.need(reader, &self.stream)?.log())
    }

    fn group(&self, log: LogId) -> Group {
        Group::new(&self.shared, &self.stream, &self.name, log)
    }

    /// The record of the group, which is made if there is none.
    fn made(&self, tx: &mut Transaction, group: &Group) -> Result<GroupRecord> {
        check_name(&self.name)?;
        if let Some(record) = group.record(tx)? {
            return Ok(record);
        }
        let record = GroupRecord::new(tx.began(), self.from(tx.clock().now())?);
        group.put_record(tx, &record)?;
        Ok(record)
    }

    /// The position before which the group reads nothing, in any shard: positions count through all shards of the engine.
    fn from(&self, now: Timestamp) -> Result<Position> {
        match &self.start {
            StartingPosition::TrimHorizon => Ok(Position::default()),
            // All that was visible when this was asked stands before it, and all that is committed later does not.
            StartingPosition::Latest => Ok(self.shared.engine.last_position().next()),
            StartingPosition::AtTimestamp(time) => iterator::at_time(*time, now),
            StartingPosition::AtSequenceNumber(_) | StartingPosition::AfterSequenceNumber(_) => Err(
                Error::InvalidArgument("A consumer group begins at TRIM_HORIZON, LATEST or AT_TIMESTAMP.".to_owned()),
            ),
        }
    }
}

/// An error of a handler, through the engine's transaction.
struct Handled<E>(E);

impl<E: From<Error>> From<millpond_engine::Error> for Handled<E> {
    fn from(error: millpond_engine::Error) -> Self {
        Handled(E::from(Error::from(error)))
    }
}

/// The names of all groups of a stream.
pub(crate) fn names(shared: &Shared, stream: &str) -> Result<Vec<String>> {
    let mut snapshot = shared.engine.snapshot()?;
    let log = shared.need(&mut snapshot, stream)?.log();
    let rows = all(shared, &mut snapshot, &layout::groups_prefix(log))?;
    rows.iter().map(|(key, _)| layout::group_name(key)).collect()
}

/// Clears away the groups of streams that were deleted.
pub(crate) fn clear(shared: &Shared) -> Result<()> {
    let mut next = LogId::new(0);
    loop {
        let snapshot = shared.engine.snapshot()?;
        let request = RangeRequest::all().start_at(&layout::log_prefix(next)).limit(1);
        let page = snapshot.range(&shared.groups, &request)?;
        let Some((key, _)) = page.entries.first() else { return Ok(()) };
        let log = layout::log_id(key)?;
        if let Err(LogError::NoLog { .. }) = shared.logs.view(&mut shared.engine.latest(), log) {
            let mut rows = snapshot.scan(&shared.groups, &RangeRequest::prefix(&layout::log_prefix(log)))?;
            loop {
                let mut batch = WriteBatch::new();
                for row in rows.by_ref().take(CLEARED_ROWS) {
                    batch.delete(&shared.groups, row?.0);
                }
                if batch.is_empty() {
                    break;
                }
                shared.engine.write(batch)?;
            }
        }
        next = LogId::new(log.get().saturating_add(1));
    }
}
