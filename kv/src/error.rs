//! The crate's error: what the service would say, and what the engine reported.

use millpond_stream::{Error as StreamError, log::Error as LogError};

use crate::expression::ExpressionError;
use crate::model::{CancellationCode, CancellationReason};
use crate::value::Item;

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong. [`Error::code`] is the service's exception name, `Display` the service's message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request is malformed or breaks a limit. Nothing was changed.
    #[error("{message}")]
    Validation {
        /// The service's text.
        message: String,
    },
    /// A table that the request names does not exist.
    #[error("{message}")]
    ResourceNotFound {
        /// The service's text.
        message: String,
    },
    /// The table exists already, or cannot be changed now.
    #[error("{message}")]
    ResourceInUse {
        /// The service's text.
        message: String,
    },
    /// There is no resource policy, or not in the revision that the request expects. Nothing was changed.
    #[error("Resource-based policy not found for the provided ResourceArn: {message}")]
    PolicyNotFound {
        /// The ARN, or what there is instead of what was expected.
        message: String,
    },
    /// More than the provisioned capacity of a table or an index was asked for. Nothing was changed; the call may be
    /// repeated later. Only where throttling was [asked for](crate::Options::throttle).
    #[error("{message}")]
    ProvisionedThroughputExceeded {
        /// The service's text.
        message: String,
    },
    /// More than the most units on demand of a table or an index was asked for. As
    /// [`ProvisionedThroughputExceeded`](Self::ProvisionedThroughputExceeded).
    #[error("{message}")]
    Throttling {
        /// The service's text.
        message: String,
    },
    /// A bound on the number of things is reached.
    #[error("{message}")]
    LimitExceeded {
        /// The service's text.
        message: String,
    },
    /// There is no such backup.
    #[error("{message}")]
    BackupNotFound {
        /// The service's text.
        message: String,
    },
    /// The backup is being made, deleted or restored.
    #[error("{message}")]
    BackupInUse {
        /// The service's text.
        message: String,
    },
    /// The table that is to be backed up, restored or exported does not exist.
    #[error("{message}")]
    TableNotFound {
        /// The service's text.
        message: String,
    },
    /// The table that is to be restored is being restored already.
    #[error("{message}")]
    TableInUse {
        /// The service's text.
        message: String,
    },
    /// The table that is to be restored exists.
    #[error("{message}")]
    TableAlreadyExists {
        /// The service's text.
        message: String,
    },
    /// What the table was then is not known.
    #[error("{message}")]
    InvalidRestoreTime {
        /// The service's text, with the bounds.
        message: String,
    },
    /// What the table was then is not known.
    #[error("{message}")]
    InvalidExportTime {
        /// The service's text.
        message: String,
    },
    /// The table's changes are not kept.
    #[error("{message}")]
    PointInTimeRecoveryUnavailable {
        /// The service's text.
        message: String,
    },
    /// The condition did not hold. Nothing was changed.
    #[error("The conditional request failed")]
    ConditionalCheckFailed {
        /// The item that the condition was evaluated on, if the request asked for it.
        item: Option<Item>,
    },
    /// A PartiQL `INSERT` found an item under its key. Nothing was changed.
    #[error("Duplicate primary key exists in table")]
    DuplicateItem,
    /// Another writer changed the same item and the transaction gave up. Nothing was changed; the call may be repeated.
    #[error("Transaction is ongoing for the item")]
    TransactionConflict,
    /// An action of the transaction cannot be done. Nothing was changed.
    #[error("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes(reasons))]
    TransactionCanceled {
        /// One for each action, in their order.
        reasons: Vec<CancellationReason>,
    },
    /// The transaction's token was used in the last ten minutes with other actions. Nothing was changed.
    #[error(
        "DynamoDB rejected the request because you retried a request with a different payload but with an idempotent token that was already used."
    )]
    IdempotentParameterMismatch,
    /// A shard iterator is older than 15 minutes. Nothing was read; a new one can be had.
    #[error("The provided iterator exceeds the maximum age allowed.")]
    ExpiredIterator,
    /// A record of a change stream that would have to be read is older than a day, and gone.
    #[error("The data you are trying to access has been trimmed.")]
    TrimmedDataAccess,
    /// The storage engine failed.
    #[error("the storage engine failed")]
    Engine(#[source] millpond_engine::Error),
    /// A stored row cannot be read. Nothing was changed.
    #[error("a stored row of {keyspace} is damaged: {detail}")]
    Corrupt {
        /// The engine keyspace of the row.
        keyspace: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// A Rust value cannot be turned into an item, or an item into the Rust value.
    #[error("{message}")]
    Serde {
        /// What does not fit.
        message: String,
    },
}

impl Error {
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Error::Validation { message: message.into() }
    }

    /// The common opening of texts about the meaning of parameters.
    pub(crate) fn invalid_parameters(detail: impl std::fmt::Display) -> Self {
        Error::validation(format!("One or more parameter values were invalid: {detail}"))
    }

    /// The service's exception name for this error, without a namespace.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::Validation { .. } | Error::Serde { .. } => "ValidationException",
            Error::ResourceNotFound { .. } => "ResourceNotFoundException",
            Error::ResourceInUse { .. } => "ResourceInUseException",
            Error::PolicyNotFound { .. } => "PolicyNotFoundException",
            Error::ProvisionedThroughputExceeded { .. } => "ProvisionedThroughputExceededException",
            Error::Throttling { .. } => "ThrottlingException",
            Error::LimitExceeded { .. } => "LimitExceededException",
            Error::BackupNotFound { .. } => "BackupNotFoundException",
            Error::BackupInUse { .. } => "BackupInUseException",
            Error::TableNotFound { .. } => "TableNotFoundException",
            Error::TableInUse { .. } => "TableInUseException",
            Error::TableAlreadyExists { .. } => "TableAlreadyExistsException",
            Error::InvalidRestoreTime { .. } => "InvalidRestoreTimeException",
            Error::InvalidExportTime { .. } => "InvalidExportTimeException",
            Error::PointInTimeRecoveryUnavailable { .. } => "PointInTimeRecoveryUnavailableException",
            Error::ConditionalCheckFailed { .. } => "ConditionalCheckFailedException",
            Error::DuplicateItem => "DuplicateItemException",
            Error::TransactionConflict => "TransactionConflictException",
            Error::TransactionCanceled { .. } => "TransactionCanceledException",
            Error::IdempotentParameterMismatch => "IdempotentParameterMismatchException",
            Error::ExpiredIterator => "ExpiredIteratorException",
            Error::TrimmedDataAccess => "TrimmedDataAccessException",
            Error::Engine(_) | Error::Corrupt { .. } => "InternalServerError",
        }
    }

    /// Whether the same call may succeed when repeated: nothing was changed, and the cause passes by itself.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Error::TransactionConflict | Error::ProvisionedThroughputExceeded { .. } | Error::Throttling { .. } => true,
            Error::TransactionCanceled { reasons } => {
                let passes = |reason: &CancellationReason| {
                    !matches!(reason.code, CancellationCode::ConditionalCheckFailed | CancellationCode::ValidationError)
                };
                reasons.iter().all(passes)
            }
            Error::Engine(source) => source.is_retryable(),
            Error::Validation { .. }
            | Error::ResourceNotFound { .. }
            | Error::ResourceInUse { .. }
            | Error::PolicyNotFound { .. }
            | Error::LimitExceeded { .. }
            | Error::BackupNotFound { .. }
            | Error::BackupInUse { .. }
            | Error::TableNotFound { .. }
            | Error::TableInUse { .. }
            | Error::TableAlreadyExists { .. }
            | Error::InvalidRestoreTime { .. }
            | Error::InvalidExportTime { .. }
            | Error::PointInTimeRecoveryUnavailable { .. }
            | Error::ConditionalCheckFailed { .. }
            | Error::DuplicateItem
            | Error::IdempotentParameterMismatch
            | Error::ExpiredIterator
            | Error::TrimmedDataAccess
            | Error::Corrupt { .. }
            | Error::Serde { .. } => false,
        }
    }
}

fn codes(reasons: &[CancellationReason]) -> String {
    reasons.iter().map(|reason| reason.code.as_str()).collect::<Vec<_>>().join(", ")
}

impl From<millpond_engine::Error> for Error {
    fn from(error: millpond_engine::Error) -> Self {
        match error {
            millpond_engine::Error::Conflict { .. } => Error::TransactionConflict,
            other => Error::Engine(other),
        }
    }
}

impl From<LogError> for Error {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Engine(error) => Error::from(error),
            // The logs are this service's own: what it asks for is there, unless what it has stored is wrong.
            other => Error::Corrupt { keyspace: "stream.logs", detail: other.to_string() },
        }
    }
}

impl From<StreamError> for Error {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Engine(error) => Error::from(error),
            // What is written to a stream is what it takes, unless what it has stored is wrong.
            other => Error::Corrupt { keyspace: "stream.catalog", detail: other.to_string() },
        }
    }
}

impl From<ExpressionError> for Error {
    fn from(error: ExpressionError) -> Self {
        Error::Validation { message: error.to_string() }
    }
}
