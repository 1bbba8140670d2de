//! The crate's error: what the service would say, and what the engine reported.

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong. [`Error::code`] is the service's error code, `Display` the service's message where that is known.
/// Nothing was changed by a call that fails.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html>
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such topic, subscription, endpoint or application.
    #[error("{message}")]
    NotFound {
        /// What is said of it, such as `Topic does not exist`.
        message: String,
    },
    /// A parameter is not as it should be.
    #[error("Invalid parameter: {message}")]
    InvalidParameter {
        /// What is wrong with it.
        message: String,
    },
    /// A parameter's value cannot be used.
    #[error("{message}")]
    ParameterValueInvalid {
        /// What is wrong with it.
        message: String,
    },
    /// What is asked for is not allowed in the state that the resource is in.
    #[error("{message}")]
    InvalidState {
        /// What is in the way.
        message: String,
    },
    /// Nobody may do that.
    #[error("{message}")]
    Authorization {
        /// Why not.
        message: String,
    },
    /// A limit of the account or a topic would be exceeded: the code is of the resource's kind.
    #[error("{message}")]
    LimitExceeded {
        /// The service's code, such as `FilterPolicyLimitExceeded`.
        code: &'static str,
        /// Which limit.
        message: String,
    },
    /// A resource that does not exist has tags or a policy asked for.
    #[error("{message}")]
    ResourceNotFound {
        /// What is said of it.
        message: String,
    },
    /// The endpoint of a mobile device is disabled.
    #[error("Endpoint is disabled")]
    EndpointDisabled,
    /// The application of a mobile platform is disabled.
    #[error("Platform application is disabled")]
    PlatformApplicationDisabled,
    /// The owner of the phone number does not want messages.
    #[error("{message}")]
    OptedOut {
        /// Whose.
        message: String,
    },
    /// A number of the sandbox was not verified.
    #[error("{message}")]
    Verification {
        /// Why not.
        message: String,
    },
    /// A request is refused by one of the rules of a batch.
    #[error("{message}")]
    Batch {
        /// The service's code, such as `TooManyEntriesInBatchRequest`.
        code: &'static str,
        /// Which rule.
        message: String,
    },
    /// The service refuses it with a code and a text for which there is no variant of their own.
    #[error("{message}")]
    Refused {
        /// The service's code, such as `UserError`.
        code: &'static str,
        /// Why.
        message: String,
    },
    /// A value cannot be serialized, or a message is no such value.
    #[error("a message is not the value that is expected")]
    Serde(#[from] serde_json::Error),
    /// What is stored cannot be read.
    #[error("{keyspace} is damaged: {detail}")]
    Corrupt {
        /// Where.
        keyspace: &'static str,
        /// What is wrong.
        detail: &'static str,
    },
    /// A signature or a certificate could not be made.
    #[error("messages cannot be signed: {0}")]
    Signing(String),
    /// A queue did not take a message for another reason than that it does not exist.
    #[error(transparent)]
    Queue(#[from] millpond_queue::Error),
    /// A stream did not take a message for another reason than that it does not exist.
    #[error(transparent)]
    Stream(#[from] millpond_stream::Error),
    /// A subscriber in this program that publishers wait for has had no room in time: see [`Lag::Block`](crate::Lag::Block). The
    /// message was not published, and may be again.
    #[error("a subscriber in the program has no room for the message")]
    WouldBlock,
    /// The engine's.
    #[error(transparent)]
    Engine(#[from] millpond_engine::Error),
}

impl Error {
    /// The service's code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::NotFound { .. } => "NotFound",
            Error::InvalidParameter { .. } => "InvalidParameter",
            Error::ParameterValueInvalid { .. } => "ParameterValueInvalid",
            Error::InvalidState { .. } => "InvalidState",
            Error::Authorization { .. } => "AuthorizationError",
            Error::LimitExceeded { code, .. } | Error::Batch { code, .. } | Error::Refused { code, .. } => code,
            Error::ResourceNotFound { .. } => "ResourceNotFound",
            Error::EndpointDisabled => "EndpointDisabled",
            Error::PlatformApplicationDisabled => "PlatformApplicationDisabled",
            Error::OptedOut { .. } => "OptedOut",
            Error::Verification { .. } => "VerificationException",
            Error::WouldBlock => "Throttled",
            Error::Serde(_)
            | Error::Corrupt { .. }
            | Error::Signing(_)
            | Error::Queue(_)
            | Error::Stream(_)
            | Error::Engine(_) => "InternalError",
        }
    }

    pub(crate) fn parameter(message: impl Into<String>) -> Error {
        Error::InvalidParameter { message: message.into() }
    }

    /// The same, where the service's text does not begin with `Invalid parameter`.
    pub(crate) fn plain_parameter(message: impl Into<String>) -> Error {
        Error::Refused { code: "InvalidParameter", message: message.into() }
    }

    pub(crate) fn no_topic() -> Error {
        Error::NotFound { message: "Topic does not exist".into() }
    }

    pub(crate) fn no_subscription() -> Error {
        Error::NotFound { message: "Subscription does not exist".into() }
    }
}
