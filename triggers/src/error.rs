//! The crate's error.

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a handler: anything that can be told of.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What can go wrong. [`Error::code`] is the exception name of the service. Nothing was changed by a call that fails.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html#API_CreateEventSourceMapping_Errors>
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is outside of its limits, or not for this kind of source.
    #[error("{parameter}: {message}")]
    InvalidParameter {
        /// Its name in the service.
        parameter: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// There is no trigger of that name.
    #[error("there is no trigger {name:?}")]
    TriggerNotFound {
        /// What was asked for.
        name: String,
    },
    /// The trigger runs already. Stop it first.
    #[error("the trigger {name:?} runs already")]
    TriggerRuns {
        /// Its name.
        name: String,
    },
    /// The trigger was made for another source, and its checkpoints are of that one. Remove it first, or give the new one
    /// another name.
    #[error("the trigger {name:?} was made for {registered}, not for {given}")]
    OtherSource {
        /// Its name.
        name: String,
        /// The source that it was made for.
        registered: String,
        /// The source that it is to run on now.
        given: String,
    },
    /// The table has no change stream that is enabled.
    #[error("the table {table:?} has no change stream")]
    NoChangeStream {
        /// The table's name.
        table: String,
    },
    /// The triggers were stopped: none can be started any more.
    #[error("the triggers were stopped")]
    Stopped,
    /// The queue service's.
    #[error(transparent)]
    Queue(#[from] millpond_queue::Error),
    /// The key-value service's.
    #[error(transparent)]
    Kv(#[from] millpond_kv::Error),
    /// The stream service's.
    #[error(transparent)]
    Stream(#[from] millpond_stream::Error),
    /// Of the log under a stream.
    #[error(transparent)]
    Log(#[from] millpond_stream::log::Error),
    /// The storage engine failed.
    #[error("the storage engine failed")]
    Engine(#[from] millpond_engine::Error),
    /// A thread could not be started.
    #[error("a thread could not be started")]
    Thread(#[source] std::io::Error),
    /// A stored row cannot be read.
    #[error("a stored row of {keyspace} is damaged: {detail}")]
    Corrupt {
        /// The engine keyspace of the row.
        keyspace: &'static str,
        /// What is wrong with it.
        detail: &'static str,
    },
}

impl Error {
    pub(crate) fn parameter(parameter: &'static str, message: impl Into<String>) -> Self {
        Error::InvalidParameter { parameter, message: message.into() }
    }

    /// The service's exception name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::InvalidParameter { .. } | Error::NoChangeStream { .. } => "InvalidParameterValueException",
            Error::TriggerNotFound { .. } => "ResourceNotFoundException",
            Error::TriggerRuns { .. } | Error::OtherSource { .. } => "ResourceConflictException",
            Error::Queue(source) => source.code(),
            Error::Kv(source) => source.code(),
            Error::Stream(source) => source.code(),
            Error::Stopped | Error::Log(_) | Error::Engine(_) | Error::Thread(_) | Error::Corrupt { .. } => {
                "ServiceException"
            }
        }
    }
}
