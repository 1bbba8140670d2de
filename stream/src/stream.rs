//! One stream's handle.

use std::{collections::BTreeSet, fmt, sync::Arc};

use millpond_engine::{Ticket, Transaction};

use crate::{
    Consumer, ConsumerGroup, Description, Distribution, Error, Mode, MonitoringChange, NewRecord, Placed, Reader,
    Result, Shard, ShardFilter, ShardId, ShardIterator, ShardMetric, StartingPosition, Streams, Subscription,
    WarmThroughput, append, consumers, group, iterator, layout::Tags, list_shards, list_streams, reshard, settings,
    settings::Direction, shared::Shared, subscription,
};

/// A stream by its name. Cheap to clone, and usable from any thread.
///
/// An operation whose name ends in `_in` joins the caller's transaction and commits or fails with it; one that ends in `_async`
/// gives a [`Ticket`], which can be waited for or awaited. All others are commits of their own: when they return `Ok`, what they did
/// is as durable as the engine promises.
#[derive(Clone)]
pub struct Stream {
    pub(crate) shared: Arc<Shared>,
    pub(crate) name: Arc<str>,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stream").field(&self.name).finish()
    }
}

impl Stream {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The service it is of.
    #[must_use]
    pub fn streams(&self) -> Streams {
        Streams { shared: Arc::clone(&self.shared) }
    }

    /// Puts a record, a partition key and its data, and waits until it is durable.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], [`Error::Validation`] for a record outside of the limits, [`Error::ThroughputExceeded`] where
    /// the limits of shards are enforced, and those of the engine.
    pub fn append(&self, record: impl Into<NewRecord>) -> Result<Placed> {
        let records = [record.into()];
        self.admit_one(&records)?;
        let placed = self.shared.engine.transact(|tx| append::run(&self.shared, tx, &self.name, &records))?;
        self.only(placed)
    }

    /// [`append`](Stream::append) without waiting for the commit: the ticket does, blocking or as a future.
    ///
    /// # Errors
    /// As [`append`](Stream::append).
    pub fn append_async(&self, record: impl Into<NewRecord>) -> Result<Ticket<Placed>> {
        let records = [record.into()];
        self.admit_one(&records)?;
        self.shared.engine.submit(|tx| self.only(append::run(&self.shared, tx, &self.name, &records)?))
    }

    /// [`append`](Stream::append) in the caller's transaction. What it appends stands in the order of its commit.
    ///
    /// # Errors
    /// As [`append`](Stream::append), without the limits of shards.
    pub fn append_in(&self, tx: &mut Transaction, record: impl Into<NewRecord>) -> Result<Placed> {
        let records = [record.into()];
        self.only(tx.savepoint(|tx| append::run(&self.shared, tx, &self.name, &records))?)
    }

    /// [`append_in`](Stream::append_in) for what other services write to it, which may be longer than its own records.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], and those of the engine.
    pub fn append_unbounded_in(&self, tx: &mut Transaction, record: impl Into<NewRecord>) -> Result<Placed> {
        let records = [record.into()];
        self.only(tx.savepoint(|tx| append::run_unbounded(&self.shared, tx, &self.name, &records))?)
    }

    /// Puts records in one commit, at most 10,000 of 32 MiB together; those that go to one shard keep their order. Where the limits
    /// of shards are enforced, each is put or refused on its own.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], [`Error::Validation`] and [`Error::InvalidArgument`] for what is outside of the limits, and
    /// those of the engine.
    pub fn append_batch<R: Into<NewRecord>>(
        &self,
        records: impl IntoIterator<Item = R>,
    ) -> Result<Vec<Result<Placed>>> {
        let (records, refused) = self.admit(records)?;
        let placed = self.shared.engine.transact(|tx| append::run(&self.shared, tx, &self.name, &records))?;
        Ok(self.outcomes(placed, &refused))
    }

    /// [`append_batch`](Stream::append_batch) without waiting for the commit.
    ///
    /// # Errors
    /// As [`append_batch`](Stream::append_batch).
    pub fn append_batch_async<R: Into<NewRecord>>(
        &self,
        records: impl IntoIterator<Item = R>,
    ) -> Result<Ticket<Vec<Result<Placed>>>> {
        let (records, refused) = self.admit(records)?;
        self.shared.engine.submit(|tx| {
            let placed = append::run(&self.shared, tx, &self.name, &records)?;
            Ok(self.outcomes(placed, &refused))
        })
    }

    /// [`append_batch`](Stream::append_batch) in the caller's transaction: all of them, or an error.
    ///
    /// # Errors
    /// As [`append_batch`](Stream::append_batch).
    pub fn append_batch_in<R: Into<NewRecord>>(
        &self,
        tx: &mut Transaction,
        records: impl IntoIterator<Item = R>,
    ) -> Result<Vec<Placed>> {
        let records: Vec<NewRecord> = records.into_iter().map(Into::into).collect();
        tx.savepoint(|tx| append::run(&self.shared, tx, &self.name, &records))
    }

    /// Whether records would be put.
    ///
    /// # Errors
    /// As [`append_batch`](Stream::append_batch).
    pub fn check_append(&self, records: &[NewRecord]) -> Result<()> {
        append::check_all(&self.shared, &self.name, records)
    }

    /// Draws records from the limits of their shards, where these are enforced, and takes out those that are refused. Gives for each
    /// the shard that has refused it; nothing at all where they are not enforced.
    fn admit<R: Into<NewRecord>>(
        &self,
        records: impl IntoIterator<Item = R>,
    ) -> Result<(Vec<NewRecord>, Vec<Option<ShardId>>)> {
        let records: Vec<NewRecord> = records.into_iter().map(Into::into).collect();
        if !self.shared.options.throttle {
            return Ok((records, Vec::new()));
        }
        append::check_all(&self.shared, &self.name, &records)?;
        let drawn = append::draw(&self.shared, &self.name, &records)?;
        let admitted = records.into_iter().zip(&drawn).filter(|(_, refused)| refused.is_none());
        Ok((admitted.map(|(record, _)| record).collect(), drawn))
    }

    fn admit_one(&self, records: &[NewRecord; 1]) -> Result<()> {
        if !self.shared.options.throttle {
            return Ok(());
        }
        append::check_all(&self.shared, &self.name, records)?;
        let refused = append::draw(&self.shared, &self.name, records)?.into_iter().flatten().next();
        refused.map_or(Ok(()), |shard| Err(self.refusal(shard)))
    }

    /// The outcome of each record of a batch, in their order.
    fn outcomes(&self, placed: Vec<Placed>, refused: &[Option<ShardId>]) -> Vec<Result<Placed>> {
        if refused.is_empty() {
            return placed.into_iter().map(Ok).collect();
        }
        let mut placed = placed.into_iter();
        let outcome = |refused: &Option<ShardId>| match refused {
            Some(shard) => Some(Err(self.refusal(*shard))),
            None => placed.next().map(Ok),
        };
        refused.iter().filter_map(outcome).collect()
    }

    fn refusal(&self, shard: ShardId) -> Error {
        Error::ThroughputExceeded { stream: self.name.to_string(), shard }
    }

    fn only(&self, mut placed: Vec<Placed>) -> Result<Placed> {
        placed.pop().ok_or_else(|| Error::StreamNotFound { stream: self.name.to_string() })
    }

    /// Its shards, in the order in which they were opened: all of which records may be kept, or those asked for.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], and those of the engine.
    pub fn shards(&self, filter: Option<&ShardFilter>) -> Result<Vec<Shard>> {
        list_shards::run(&self.shared, &mut self.shared.engine.latest(), &self.name, filter)
    }

    /// A place in a shard as it is now, for [`Streams::get_records`].
    ///
    /// # Errors
    /// [`Error::ShardDoesNotExist`], [`Error::InvalidArgument`] for a sequence number of another shard or a time to come, and
    /// those of the engine.
    pub fn iterator(&self, shard: ShardId, start: &StartingPosition) -> Result<ShardIterator> {
        iterator::run(&self.shared, &self.name, shard, start)
    }

    /// A reader of a shard.
    ///
    /// # Errors
    /// As [`iterator`](Stream::iterator).
    pub fn reader(&self, shard: ShardId, start: &StartingPosition) -> Result<Reader> {
        Reader::new(&self.shared, &self.name, shard, start)
    }

    /// Closes a shard and opens two in its place: one with the hash keys below this one, and one with it and those above.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], [`Error::ShardNotFound`], [`Error::ShardOver`], [`Error::OnDemand`], [`Error::ShardLimit`],
    /// [`Error::InvalidArgument`] for a hash key that is not well within the shard, and those of the engine.
    pub fn split_shard(&self, shard: ShardId, new_starting_hash_key: u128) -> Result<()> {
        self.shared.engine.transact(|tx| reshard::split(&self.shared, tx, &self.name, shard, new_starting_hash_key))
    }

    /// [`split_shard`](Stream::split_shard) in the caller's transaction.
    ///
    /// # Errors
    /// As [`split_shard`](Stream::split_shard).
    pub fn split_shard_in(&self, tx: &mut Transaction, shard: ShardId, new_starting_hash_key: u128) -> Result<()> {
        tx.savepoint(|tx| reshard::split(&self.shared, tx, &self.name, shard, new_starting_hash_key))
    }

    /// Closes two shards, of which the second has the hash keys right above those of the first, and opens one in their place.
    ///
    /// # Errors
    /// As [`split_shard`](Stream::split_shard).
    pub fn merge_shards(&self, shard: ShardId, adjacent: ShardId) -> Result<()> {
        self.shared.engine.transact(|tx| reshard::merge(&self.shared, tx, &self.name, shard, adjacent))
    }

    /// [`merge_shards`](Stream::merge_shards) in the caller's transaction.
    ///
    /// # Errors
    /// As [`merge_shards`](Stream::merge_shards).
    pub fn merge_shards_in(&self, tx: &mut Transaction, shard: ShardId, adjacent: ShardId) -> Result<()> {
        tx.savepoint(|tx| reshard::merge(&self.shared, tx, &self.name, shard, adjacent))
    }

    /// Splits and merges shards until so many have equal shares of the hash keys: at most twice as many as are open, and at least
    /// half. Gives how many were open before.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], [`Error::OnDemand`], [`Error::LimitExceeded`], [`Error::ShardLimit`], and those of the engine.
    pub fn update_shard_count(&self, target: u32) -> Result<u32> {
        self.shared.engine.transact(|tx| reshard::set_count(&self.shared, tx, &self.name, target))
    }

    /// What it is set to, and what it has.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], and those of the engine.
    pub fn describe(&self) -> Result<Description> {
        list_streams::one(&self.shared, &self.name)
    }

    /// Keeps records for so many hours, up to 8,760. Those that are gone do not come back.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], [`Error::InvalidArgument`], and those of the engine.
    pub fn increase_retention(&self, hours: u32) -> Result<()> {
        let longer = Direction::Longer;
        self.shared.engine.transact(|tx| settings::set_retention(&self.shared, tx, &self.name, hours, longer))
    }

    /// Keeps records for only so many hours, down to 24. Older ones are gone at once.
    ///
    /// # Errors
    /// As [`increase_retention`](Stream::increase_retention).
    pub fn decrease_retention(&self, hours: u32) -> Result<()> {
        let shorter = Direction::Shorter;
        self.shared.engine.transact(|tx| settings::set_retention(&self.shared, tx, &self.name, hours, shorter))
    }

    /// Sets the key that records are to be encrypted by. It is kept and shown, and records bear that they are; nothing is encrypted.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], [`Error::InvalidArgument`], and those of the engine.
    pub fn start_encryption(&self, key_id: &str) -> Result<()> {
        self.shared.engine.transact(|tx| settings::set_encryption(&self.shared, tx, &self.name, Some(key_id)))
    }

    /// Takes that key away.
    ///
    /// # Errors
    /// As [`start_encryption`](Stream::start_encryption).
    pub fn stop_encryption(&self) -> Result<()> {
        self.shared.engine.transact(|tx| settings::set_encryption(&self.shared, tx, &self.name, None))
    }

    /// Adds to the metrics of its shards that are to be published. They are kept and shown.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], and those of the engine.
    pub fn enable_monitoring(&self, metrics: &BTreeSet<ShardMetric>) -> Result<MonitoringChange> {
        self.shared.engine.transact(|tx| settings::set_monitoring(&self.shared, tx, &self.name, metrics, true))
    }

    /// Takes away from them.
    ///
    /// # Errors
    /// As [`enable_monitoring`](Stream::enable_monitoring).
    pub fn disable_monitoring(&self, metrics: &BTreeSet<ShardMetric>) -> Result<MonitoringChange> {
        self.shared.engine.transact(|tx| settings::set_monitoring(&self.shared, tx, &self.name, metrics, false))
    }

    /// Changes who decides on its shards. It keeps those that it has, unless it is to be ready for more.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], [`Error::Validation`], [`Error::LimitExceeded`], and those of the engine.
    pub fn set_mode(&self, mode: Mode, warm_throughput_mibps: Option<u32>) -> Result<()> {
        self.shared.engine.transact(|tx| settings::set_mode(&self.shared, tx, &self.name, mode, warm_throughput_mibps))
    }

    /// Sets how long a record may be, with its key: 1,024 to 10,240 KiB.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], [`Error::Validation`], and those of the engine.
    pub fn set_max_record_kib(&self, kib: u32) -> Result<()> {
        self.shared.engine.transact(|tx| settings::set_max_record(&self.shared, tx, &self.name, kib))
    }

    /// Sets what decides on a record's shard, from the next one on.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], [`Error::InvalidArgument`] for a stream whose owner decides on its shards, and those of the
    /// engine.
    pub fn set_distribution(&self, distribution: Distribution) -> Result<()> {
        self.shared.engine.transact(|tx| settings::set_distribution(&self.shared, tx, &self.name, distribution))
    }

    /// Has an on-demand stream be ready for so many MiB a second: it gets as many shards.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], [`Error::Validation`] unless it is on demand and there is a
    /// [commitment](Streams::set_commitment), [`Error::ShardLimit`], and those of the engine.
    pub fn set_warm_throughput(&self, mibps: u32) -> Result<WarmThroughput> {
        self.shared.engine.transact(|tx| settings::set_warm_throughput(&self.shared, tx, &self.name, mibps))
    }

    /// Registers a consumer: at most 20, or 50 with a [commitment](Streams::set_commitment), and at least its queues fewer.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], [`Error::ConsumerExists`], [`Error::LimitExceeded`], those of names and tags outside of
    /// their limits, and those of the engine.
    pub fn register_consumer(&self, name: &str, tags: &Tags) -> Result<Consumer> {
        self.shared.engine.transact(|tx| consumers::register(&self.shared, tx, &self.name, name, tags))
    }

    /// The consumer of that name.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], [`Error::ConsumerNotFound`], and those of the engine.
    pub fn consumer(&self, name: &str) -> Result<Consumer> {
        consumers::need(&self.shared, &mut self.shared.engine.latest(), &self.name, name)
    }

    /// All its consumers, by name.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], and those of the engine.
    pub fn consumers(&self) -> Result<Vec<Consumer>> {
        consumers::list(&self.shared, &mut self.shared.engine.latest(), &self.name)
    }

    /// Takes away a consumer. Its subscriptions end.
    ///
    /// # Errors
    /// As [`consumer`](Stream::consumer).
    pub fn deregister_consumer(&self, name: &str) -> Result<()> {
        self.shared.engine.transact(|tx| consumers::deregister(&self.shared, tx, &self.name, name))
    }

    /// Has a consumer told of the records of a shard for five minutes. A subscription that the consumer already has to the shard is
    /// taken over, if it is five seconds old.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], [`Error::ConsumerNotFound`], [`Error::ActiveSubscription`], those of
    /// [`iterator`](Stream::iterator), and those of the engine.
    pub fn subscribe(&self, consumer: &str, shard: ShardId, start: &StartingPosition) -> Result<Subscription> {
        Subscription::new(&self.shared, &self.name, consumer, shard, start)
    }

    /// Whether a consumer could subscribe.
    ///
    /// # Errors
    /// As [`subscribe`](Stream::subscribe).
    pub fn check_subscribe(&self, consumer: &str, shard: ShardId, start: &StartingPosition) -> Result<()> {
        subscription::check(&self.shared, &self.name, consumer, shard, start).map(drop)
    }
}

impl Stream {
    /// The consumer group of that name, which is made when it is first joined: see [`ConsumerGroup`].
    #[must_use]
    pub fn consumer_group(&self, name: &str) -> ConsumerGroup {
        ConsumerGroup::new(&self.shared, &self.name, name)
    }

    /// The names of all its consumer groups, sorted.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`], and those of the engine.
    pub fn consumer_groups(&self) -> Result<Vec<String>> {
        group::names(&self.shared, &self.name)
    }
}
