//! The service's handle.

use std::sync::Arc;

use millpond_engine::{Engine, Transaction};

use crate::{
    AccountLimits, Commitment, CreateOptions, GotRecords, Options, Resource, Result, ShardIterator, Stream, StreamPage,
    account, attached, create_stream, delete_stream, get_records, group, layout::Tags, list_streams, load, log::Logs,
    record_queue, shared::Shared,
};

/// The stream service of one engine. Cheap to clone, and usable from any thread.
#[derive(Clone, Debug)]
pub struct Streams {
    pub(crate) shared: Arc<Shared>,
}

impl Streams {
    /// Opens the service on an engine. That takes no longer where there are many streams and records.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn open(engine: &Engine) -> Result<Streams> {
        Streams::open_with(engine, Options::default())
    }

    /// [`open`](Streams::open) with options of one's own.
    ///
    /// # Errors
    /// As [`open`](Streams::open).
    pub fn open_with(engine: &Engine, options: Options) -> Result<Streams> {
        Ok(Streams { shared: Shared::open(engine, options)? })
    }

    /// The engine it is on.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    /// What was chosen when it was opened.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// The logs that its records are in.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.shared.logs
    }

    /// A handle of the stream of that name, which need not be there yet.
    #[must_use]
    pub fn named(&self, name: &str) -> Stream {
        Stream { shared: Arc::clone(&self.shared), name: name.into() }
    }

    /// Creates a stream: 1 to 128 letters, digits, underscores, dots and hyphens. It can be used at once.
    ///
    /// # Errors
    /// [`Error::StreamExists`](crate::Error::StreamExists), [`Error::ShardLimit`](crate::Error::ShardLimit),
    /// [`Error::LimitExceeded`](crate::Error::LimitExceeded) for more than 50 on-demand streams, those of options outside of
    /// their limits, and those of the engine.
    pub fn create(&self, name: &str, options: &CreateOptions) -> Result<Stream> {
        self.engine().transact(|tx| create_stream::run(&self.shared, tx, name, options))?;
        Ok(self.named(name))
    }

    /// [`create`](Streams::create) in the caller's transaction.
    ///
    /// # Errors
    /// As [`create`](Streams::create).
    pub fn create_in(&self, tx: &mut Transaction, name: &str, options: &CreateOptions) -> Result<Stream> {
        tx.savepoint(|tx| create_stream::run(&self.shared, tx, name, options))?;
        Ok(self.named(name))
    }

    /// The stream of that name.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`](crate::Error::StreamNotFound), and those of the engine.
    pub fn get(&self, name: &str) -> Result<Stream> {
        self.shared.need(&mut self.engine().latest(), name)?;
        Ok(self.named(name))
    }

    /// Deletes a stream with all its records, at once; [`maintain`](Streams::maintain) frees their space. One with consumers only
    /// if they are to go with it.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`](crate::Error::StreamNotFound), [`Error::InUse`](crate::Error::InUse), and those of the engine.
    pub fn delete(&self, name: &str, with_consumers: bool) -> Result<()> {
        self.engine().transact(|tx| delete_stream::run(&self.shared, tx, name, with_consumers))
    }

    /// [`delete`](Streams::delete) in the caller's transaction.
    ///
    /// # Errors
    /// As [`delete`](Streams::delete).
    pub fn delete_in(&self, tx: &mut Transaction, name: &str, with_consumers: bool) -> Result<()> {
        tx.savepoint(|tx| delete_stream::run(&self.shared, tx, name, with_consumers))
    }

    /// The streams after the one given, by name: at most so many.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn list(&self, after: Option<&str>, max: usize) -> Result<StreamPage> {
        list_streams::run(&self.shared, after, max)
    }

    /// Reads the records at an iterator and after it, at most so many (1 to 10,000) and 10 MiB. It never waits.
    ///
    /// # Errors
    /// [`Error::ExpiredIterator`](crate::Error::ExpiredIterator),
    /// [`Error::ShardDoesNotExist`](crate::Error::ShardDoesNotExist),
    /// [`Error::ThroughputExceeded`](crate::Error::ThroughputExceeded), and those of the engine.
    pub fn get_records(&self, iterator: &ShardIterator, limit: usize) -> Result<GotRecords> {
        get_records::run(&self.shared, iterator, limit)
    }

    /// What there is, and what there may be.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn limits(&self) -> Result<AccountLimits> {
        account::limits(&self.shared, &mut self.engine().snapshot()?)
    }

    /// Whether a minimum of throughput is paid for.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn commitment(&self) -> Result<Commitment> {
        account::commitment(&self.shared, &mut self.engine().latest())
    }

    /// Begins or ends that. It lasts a day at least: until then it is [`Ending`](Commitment::Ending).
    ///
    /// # Errors
    /// Those of the engine.
    pub fn set_commitment(&self, is_on: bool) -> Result<Commitment> {
        self.engine().transact(|tx| account::set_commitment(&self.shared, tx, is_on))
    }

    /// The tags of a resource.
    ///
    /// # Errors
    /// That it is not there ([`Error::code`](crate::Error::code) `ResourceNotFoundException`), and those of the engine.
    pub fn tags(&self, resource: &Resource) -> Result<Tags> {
        let mut reader = self.engine().latest();
        attached::need(&self.shared, &mut reader, resource)?;
        attached::tags(&self.shared, &mut reader, resource)
    }

    /// Adds tags, or changes their values: at most 50, keys of 128 characters and values of 256.
    ///
    /// # Errors
    /// As [`tags`](Streams::tags), and [`Error::InvalidArgument`](crate::Error::InvalidArgument).
    pub fn tag(&self, resource: &Resource, tags: &Tags) -> Result<()> {
        self.engine().transact(|tx| {
            attached::need(&self.shared, tx, resource)?;
            attached::set_tags(&self.shared, tx, resource, tags)
        })
    }

    /// Takes away tags; it is no error where there are none.
    ///
    /// # Errors
    /// As [`tag`](Streams::tag).
    pub fn untag(&self, resource: &Resource, keys: &[String]) -> Result<()> {
        self.engine().transact(|tx| {
            attached::need(&self.shared, tx, resource)?;
            attached::remove_tags(&self.shared, tx, resource, keys)
        })
    }

    /// The policy of a resource. It is kept and shown; nothing is refused by it.
    ///
    /// # Errors
    /// As [`tags`](Streams::tags).
    pub fn policy(&self, resource: &Resource) -> Result<Option<String>> {
        let mut reader = self.engine().latest();
        attached::need(&self.shared, &mut reader, resource)?;
        attached::policy(&self.shared, &mut reader, resource)
    }

    /// Sets the policy of a resource, at most 20 KiB.
    ///
    /// # Errors
    /// As [`tags`](Streams::tags), and [`Error::LimitExceeded`](crate::Error::LimitExceeded).
    pub fn put_policy(&self, resource: &Resource, policy: &str) -> Result<()> {
        self.engine().transact(|tx| attached::put_policy(&self.shared, tx, resource, policy))
    }

    /// Takes away the policy of a resource; gives whether it had one.
    ///
    /// # Errors
    /// As [`tags`](Streams::tags).
    pub fn delete_policy(&self, resource: &Resource) -> Result<bool> {
        self.engine().transact(|tx| attached::delete_policy(&self.shared, tx, resource))
    }

    /// Splits the shards of on-demand streams that much is written to; gives how many. It looks at what memory knows, so once a second
    /// costs nothing.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn split_hot_shards(&self) -> Result<u64> {
        if self.shared.options.splits_hot_shards { load::split_hot(&self.shared) } else { Ok(0) }
    }

    /// Does all that is due: [splits shards](Streams::split_hot_shards), and frees the space of records that are not kept any more.
    /// Gives how many rows were freed. It looks at every shard there is: once a minute is enough, and never is safe.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn maintain(&self) -> Result<u64> {
        self.split_hot_shards()?;
        self.shared.subscriptions.prune(self.engine().clock().now());
        group::clear(&self.shared)?;
        Ok(self.shared.logs.trim()? + record_queue::clear(&self.shared)?)
    }
}
