//! How messages reach an address.

use std::{fmt, sync::Arc, time::Duration};

/// How long an endpoint has to answer.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html>
pub(crate) const TIMEOUT: Duration = Duration::from_secs(15);

/// A `POST` to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Post {
    /// Where to. It may hold a user and a password before the host.
    pub url: String,
    /// Its headers, without those that are about the connection.
    pub headers: Vec<(&'static str, String)>,
    /// Its body, in UTF-8.
    pub body: String,
    /// How long the endpoint has to answer, from the first connection on.
    pub timeout: Duration,
}

/// Why there was no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PostError {
    /// What happened.
    pub message: String,
    /// Whether it would happen again, so that it is not tried again.
    pub is_permanent: bool,
}

/// What carries messages to HTTP and HTTPS endpoints: with the cargo feature `http` there is one, and
/// [`Options::transport`](crate::Options::transport) takes another.
pub trait Transport: Send + Sync {
    /// Posts, and gives the status of the answer. It is called on several threads at a time, and blocks until there is one.
    ///
    /// # Errors
    /// [`PostError`] if there was no answer.
    fn post(&self, post: &Post) -> Result<u16, PostError>;
}

/// A transport that was chosen.
#[derive(Clone)]
pub(crate) struct ChosenTransport(pub(crate) Arc<dyn Transport>);

impl fmt::Debug for ChosenTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a transport")
    }
}
