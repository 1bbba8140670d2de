use millpond_engine::Timestamp;

use crate::{ShardId, log};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The account that the service's texts name. There is just one.
pub const ACCOUNT: &str = "000000000000";

/// What can go wrong. [`code`](Error::code) is the service's exception name, `Display` its message, where that is known.
///
/// Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html>
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no stream of that name.
    #[error("Stream {stream} under account {ACCOUNT} not found.")]
    StreamNotFound {
        /// What was asked for.
        stream: String,
    },
    /// There is a stream of that name already.
    #[error("Stream {stream} under account {ACCOUNT} already exists.")]
    StreamExists {
        /// Its name.
        stream: String,
    },
    /// The stream has no such shard, where one is to be changed.
    #[error("Could not find shard {shard} in stream {stream} under account {ACCOUNT}.")]
    ShardNotFound {
        /// The stream.
        stream: String,
        /// What was asked for.
        shard: String,
    },
    /// The stream has no such shard, or there is no such stream, where one is to be read.
    #[error("Shard {shard} in stream {stream} under account {ACCOUNT} does not exist")]
    ShardDoesNotExist {
        /// The stream.
        stream: String,
        /// What was asked for.
        shard: ShardId,
    },
    /// The shard is closed, so it cannot be split or merged again.
    #[error(
        "Shard {shard} in stream {stream} under account {ACCOUNT} has already been merged or split, and thus is not eligible \
         for merging or splitting."
    )]
    ShardOver {
        /// The stream.
        stream: String,
        /// The shard.
        shard: ShardId,
    },
    /// The stream decides on its shards itself.
    #[error("Request is invalid. Stream {stream} under account {ACCOUNT} is in On-Demand mode.")]
    OnDemand {
        /// The stream.
        stream: String,
    },
    /// More shards would be open than an account may have.
    #[error(
        "This request would exceed the shard limit for the account {ACCOUNT}. Current shard count for the account: {open}. \
         Limit: {limit}. Number of additional shards that would have resulted from this request: {more}."
    )]
    ShardLimit {
        /// How many are open.
        open: u64,
        /// How many may be.
        limit: u64,
        /// How many more were asked for.
        more: u64,
    },
    /// There is no such consumer.
    #[error("Consumer {consumer}, account {ACCOUNT} not found.")]
    ConsumerNotFound {
        /// What was asked for.
        consumer: String,
    },
    /// The stream has a consumer of that name already.
    #[error("Consumer {consumer} under stream {stream} already exists.")]
    ConsumerExists {
        /// The stream.
        stream: String,
        /// Its name.
        consumer: String,
    },
    /// A stream that something is attached to is not deleted.
    #[error("DeleteStream can't delete {stream} because there are {what} associated with this data stream.")]
    InUse {
        /// The stream.
        stream: String,
        /// What: consumers, queues or channels.
        what: &'static str,
    },
    /// The consumer has subscribed to the shard less than five seconds ago, or someone else has taken the subscription over.
    #[error("Another active subscription exists for this consumer: {ACCOUNT}:{stream}:{shard}:{consumer}")]
    ActiveSubscription {
        /// The stream.
        stream: String,
        /// The shard.
        shard: ShardId,
        /// The consumer.
        consumer: String,
    },
    /// The stream has no consumer group of that name.
    #[error("Stream {stream} under account {ACCOUNT} has no consumer group {group}.")]
    GroupNotFound {
        /// The stream.
        stream: String,
        /// What was asked for.
        group: String,
    },
    /// A member of a consumer group does not have a shard any more, so what it has done with its records counts for nothing:
    /// whoever has the shard now is given them again.
    #[error(
        "Member {member} of consumer group {group} does not hold shard {shard} of stream {stream} any more; it is held by {}.",
        owner.as_deref().unwrap_or("nobody")
    )]
    LeaseLost {
        /// The stream.
        stream: String,
        /// The group.
        group: String,
        /// The shard.
        shard: ShardId,
        /// Who has held it.
        member: Box<str>,
        /// Who holds it now.
        owner: Option<Box<str>>,
    },
    /// The checkpoint of a shard does not stand where a batch begins: the batch was checkpointed already.
    #[error("The records of shard {shard} of stream {stream} were checkpointed in consumer group {group} already.")]
    AlreadyCheckpointed {
        /// The stream.
        stream: String,
        /// The group.
        group: String,
        /// The shard.
        shard: ShardId,
    },
    /// Somebody else has joined a consumer group under the name of this member, which is out of the group by that.
    #[error("Another one has joined consumer group {group} of stream {stream} as member {member}.")]
    MemberReplaced {
        /// The stream.
        stream: String,
        /// The group.
        group: String,
        /// The name of both.
        member: String,
    },
    /// The iterator is older than five minutes.
    #[error(
        "Iterator expired. The iterator was created at time {issued} while right now it is {now} which is further in the \
         future than the tolerated delay of 300000 milliseconds."
    )]
    ExpiredIterator {
        /// When it was given out.
        issued: Timestamp,
        /// The time now.
        now: Timestamp,
    },
    /// The limits of a shard are used up: see [`Options::throttle`](crate::Options::throttle).
    #[error("Rate exceeded for shard {shard} in stream {stream} under account {ACCOUNT}.")]
    ThroughputExceeded {
        /// The stream.
        stream: String,
        /// The shard.
        shard: ShardId,
    },
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// An argument that the service does not take.
    #[error("{0}")]
    InvalidArgument(String),
    /// A request that the service does not take.
    #[error("{0}")]
    Validation(String),
    /// A limit of the account or of a stream.
    #[error("{0}")]
    LimitExceeded(String),
    /// Something that is there already, or is used.
    #[error("{0}")]
    ResourceInUse(String),
    /// A stored row cannot be read. Nothing was changed.
    #[error("a stored row of {keyspace} is damaged: {detail}")]
    Corrupt {
        /// The engine keyspace of the row.
        keyspace: &'static str,
        /// What is wrong with it.
        detail: &'static str,
    },
    /// The log under a stream failed.
    #[error("the log under a stream failed")]
    Log(#[source] log::Error),
    /// The storage engine failed.
    #[error("the storage engine failed")]
    Engine(#[from] millpond_engine::Error),
}

impl From<log::Error> for Error {
    fn from(error: log::Error) -> Self {
        match error {
            log::Error::Engine(error) => Error::Engine(error),
            log::Error::Corrupt { keyspace, detail } => Error::Corrupt { keyspace, detail },
            error => Error::Log(error),
        }
    }
}

impl Error {
    /// The service's name of the exception.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::StreamNotFound { .. }
            | Error::ShardNotFound { .. }
            | Error::ShardDoesNotExist { .. }
            | Error::ConsumerNotFound { .. }
            | Error::GroupNotFound { .. }
            | Error::NotFound(_) => "ResourceNotFoundException",
            Error::StreamExists { .. }
            | Error::ConsumerExists { .. }
            | Error::InUse { .. }
            | Error::ActiveSubscription { .. }
            | Error::LeaseLost { .. }
            | Error::AlreadyCheckpointed { .. }
            | Error::MemberReplaced { .. }
            | Error::ResourceInUse(_) => "ResourceInUseException",
            Error::OnDemand { .. } | Error::Validation(_) => "ValidationException",
            Error::ShardOver { .. } | Error::InvalidArgument(_) => "InvalidArgumentException",
            Error::ShardLimit { .. } | Error::LimitExceeded(_) => "LimitExceededException",
            Error::ExpiredIterator { .. } => "ExpiredIteratorException",
            Error::ThroughputExceeded { .. } => "ProvisionedThroughputExceededException",
            Error::Corrupt { .. } | Error::Log(_) | Error::Engine(_) => "InternalFailureException",
        }
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::ThroughputExceeded { .. } | Error::ActiveSubscription { .. })
    }
}
