//! The crate's error: what the service would say, and what the engine reported.

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong. [`Error::code`] is the service's exception name, `Display` the service's message where that is known.
/// Nothing was changed by a call that fails.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html>
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no queue of that name.
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    /// There is a queue of that name with other attributes.
    #[error("A queue already exists with the same name and a different value for attribute {attribute}")]
    QueueNameExists {
        /// The first attribute that differs, by its name in the service.
        attribute: &'static str,
    },
    /// A queue of that name was deleted less than 60 seconds ago. [`Options::cooldowns`](crate::Options::cooldowns) turns
    /// the rule off.
    #[error("You must wait 60 seconds after deleting a queue before you can create another with the same name.")]
    QueueDeletedRecently,
    /// The queue was purged less than 60 seconds ago. [`Options::cooldowns`](crate::Options::cooldowns) turns the rule off.
    #[error("Only one PurgeQueue operation on {queue} is allowed every 60 seconds.")]
    PurgeQueueInProgress {
        /// The queue's name.
        queue: String,
    },
    /// An attribute that this kind of queue does not have, or not with the others.
    #[error("{message}")]
    InvalidAttributeName {
        /// The service's text.
        message: String,
    },
    /// An attribute's value is outside of what is allowed.
    #[error("{message}")]
    InvalidAttributeValue {
        /// The service's text.
        message: String,
    },
    /// A parameter is outside of what is allowed.
    #[error("{message}")]
    InvalidParameterValue {
        /// The service's text.
        message: String,
    },
    /// A parameter that this kind of queue needs is missing.
    #[error("The request must contain the parameter {parameter}.")]
    MissingParameter {
        /// Its name.
        parameter: &'static str,
    },
    /// The body has characters that XML 1.0 does not.
    #[error("{message}")]
    InvalidMessageContents {
        /// The service's text.
        message: String,
    },
    /// The messages of a batch are longer together than one may be.
    #[error("Batch requests cannot be longer than {limit} bytes. You have sent {bytes} bytes.")]
    BatchRequestTooLong {
        /// Bytes of all messages.
        bytes: usize,
        /// The most.
        limit: usize,
    },
    /// A batch has more entries than are allowed.
    #[error("Maximum number of entries per request are {limit}. You have sent {entries}.")]
    TooManyEntriesInBatchRequest {
        /// How many there are.
        entries: usize,
        /// The most.
        limit: usize,
    },
    /// The receipt handle is none, or one of another queue.
    #[error("{message}")]
    ReceiptHandleIsInvalid {
        /// The service's text.
        message: String,
    },
    /// The message is not in flight by this receipt: its visibility timeout is over, or it was deleted.
    #[error("The specified message isn't in flight.")]
    MessageNotInflight,
    /// So many messages are in flight that no more are given out.
    #[error(
        "Too many messages have been received without being deleted.\nPlease delete your received messages or let them timeout before receiving more."
    )]
    OverLimit,
    /// What is asked for is not done by this service.
    #[error("{message}")]
    UnsupportedOperation {
        /// The service's text.
        message: String,
    },
    /// There is no such queue or task to move messages from, to, or to cancel.
    #[error("{message}")]
    ResourceNotFound {
        /// The service's text.
        message: String,
    },
    /// The storage engine failed.
    #[error("the storage engine failed")]
    Engine(#[from] millpond_engine::Error),
    /// A stored row cannot be read.
    #[error("a stored row of {keyspace} is damaged: {detail}")]
    Corrupt {
        /// The engine keyspace of the row.
        keyspace: &'static str,
        /// What is wrong with it.
        detail: &'static str,
    },
    /// A Rust value cannot be turned into a message body, or a body into the Rust value.
    #[error("the body of a message and the Rust type do not fit")]
    Serde(#[from] serde_json::Error),
}

impl Error {
    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        Error::InvalidParameterValue { message: message.into() }
    }

    pub(crate) fn attribute_value(name: &str) -> Self {
        Error::InvalidAttributeValue { message: format!("Invalid value for the parameter {name}.") }
    }

    pub(crate) fn attribute_name(message: impl Into<String>) -> Self {
        Error::InvalidAttributeName { message: message.into() }
    }

    /// The service's exception name, without a namespace.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::QueueDoesNotExist => "QueueDoesNotExist",
            Error::QueueNameExists { .. } => "QueueNameExists",
            Error::QueueDeletedRecently => "QueueDeletedRecently",
            Error::PurgeQueueInProgress { .. } => "PurgeQueueInProgress",
            Error::InvalidAttributeName { .. } => "InvalidAttributeName",
            Error::InvalidAttributeValue { .. } => "InvalidAttributeValue",
            Error::InvalidParameterValue { .. } | Error::Serde(_) => "InvalidParameterValueException",
            Error::MissingParameter { .. } => "MissingRequiredParameterException",
            Error::InvalidMessageContents { .. } => "InvalidMessageContents",
            Error::BatchRequestTooLong { .. } => "BatchRequestTooLong",
            Error::TooManyEntriesInBatchRequest { .. } => "TooManyEntriesInBatchRequest",
            Error::ReceiptHandleIsInvalid { .. } => "ReceiptHandleIsInvalid",
            Error::MessageNotInflight => "MessageNotInflight",
            Error::OverLimit => "OverLimit",
            Error::UnsupportedOperation { .. } => "UnsupportedOperation",
            Error::ResourceNotFound { .. } => "ResourceNotFoundException",
            Error::Engine(_) | Error::Corrupt { .. } => "InternalFailure",
        }
    }

    /// Whether the same call may succeed when repeated: nothing was changed, and the cause passes by itself.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Error::OverLimit | Error::QueueDeletedRecently | Error::PurgeQueueInProgress { .. } => true,
            Error::Engine(source) => source.is_retryable(),
            Error::QueueDoesNotExist
            | Error::QueueNameExists { .. }
            | Error::InvalidAttributeName { .. }
            | Error::InvalidAttributeValue { .. }
            | Error::InvalidParameterValue { .. }
            | Error::MissingParameter { .. }
            | Error::InvalidMessageContents { .. }
            | Error::BatchRequestTooLong { .. }
            | Error::TooManyEntriesInBatchRequest { .. }
            | Error::ReceiptHandleIsInvalid { .. }
            | Error::MessageNotInflight
            | Error::UnsupportedOperation { .. }
            | Error::ResourceNotFound { .. }
            | Error::Corrupt { .. }
            | Error::Serde(_) => false,
        }
    }
}
