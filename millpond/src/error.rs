use millpond_engine as engine;

/// The result of a call on a [`Pond`](crate::Pond).
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the engine or of one of its services, so that one closure can use them all with `?`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The engine's.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// The document store's.
    #[cfg(feature = "docdb")]
    #[error(transparent)]
    Docdb(#[from] millpond_docdb::Error),
    /// The key-value service's.
    #[cfg(feature = "kv")]
    #[error(transparent)]
    Kv(#[from] millpond_kv::Error),
    /// Of the topics.
    #[cfg(feature = "pubsub")]
    #[error(transparent)]
    Pubsub(#[from] millpond_pubsub::Error),
    /// The queue service's.
    #[cfg(feature = "queue")]
    #[error(transparent)]
    Queue(#[from] millpond_queue::Error),
    /// The stream service's.
    #[cfg(feature = "stream")]
    #[error(transparent)]
    Stream(#[from] millpond_stream::Error),
    /// Of the triggers.
    #[cfg(feature = "triggers")]
    #[error(transparent)]
    Triggers(#[from] millpond_triggers::Error),
}
