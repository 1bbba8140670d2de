//! The AWS-like services on one port: which one is asked for, and what it answers.

pub(crate) mod json;
mod kv;
mod scope;

use hyper::{StatusCode, header::HOST, http::request::Parts};
use millpond::Pond;

use self::{json::Failure, scope::Scope};
use crate::buckets::Buckets;

/// An answer, whatever it says.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Answer {
        Answer { status: failure.status(), body: failure.body() }
    }
}

/// One call of an operation.
pub(crate) struct Call<'a> {
    pub(crate) pond: &'a Pond,
    /// Where exports go and imports come from.
    pub(crate) buckets: &'a Buckets,
    /// The region that the client signed for; ARNs name it.
    pub(crate) region: &'a str,
    head: &'a Parts,
    pub(crate) body: &'a [u8],
}

impl Call<'_> {
    /// What the client calls this server: name and port. HTTP/2 says it in the address.
    pub(crate) fn host(&self) -> &str {
        let header = self.head.headers.get(HOST).and_then(|host| host.to_str().ok());
        header.or_else(|| Some(self.head.uri.authority()?.as_str())).unwrap_or("localhost")
    }
}

/// Ends what the last run of the server left half done.
///
/// # Errors
/// Those of the engine.
pub(crate) fn resume(pond: &Pond) -> Result<(), millpond::Error> {
    kv::resume(pond)
}

/// A request's answer. Requests name the service and operation in `X-Amz-Target`; one without it is told by the service
/// it was signed for.
pub(crate) fn answer(pond: &Pond, buckets: &Buckets, head: &Parts, body: &[u8]) -> Answer {
    let scope = Scope::of(head);
    let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let call = Call { pond, buckets, region: scope.region(), head, body };
    let answered = match target.and_then(|target| target.split_once('.')) {
        Some((kv::TARGET, operation)) => kv::answer(&call, operation),
        Some((kv::streams::TARGET, operation)) => kv::streams::answer(&call, operation),
        Some((other, _)) => Err(Failure::unknown_operation(format!("no service has the target prefix {other:?}"))),
        None => Err(untargeted(&scope)),
    };
    match answered {
        Ok(body) => Answer { status: StatusCode::OK, body },
        Err(failure) => {
            tracing::debug!(target, code = failure.code(), message = failure.message(), "refused");
            failure.into()
        }
    }
}

/// Whether an answer takes so little time that the thread that has read the request may make it beside its other work.
pub(crate) fn is_brief(pond: &Pond, head: &Parts) -> bool {
    let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    matches!(target.and_then(|target| target.split_once('.')), Some((kv::TARGET, operation)) if kv::is_brief(pond, operation))
}

fn untargeted(scope: &Scope) -> Failure {
    match scope.service() {
        Some(kv::SERVICE) => Failure::unknown_operation("the request has no X-Amz-Target header"),
        Some(other) => Failure::unknown_operation(format!("the service {other:?} is not served here")),
        None => Failure::client(
            "com.amazon.coral.service",
            "MissingAuthenticationTokenException",
            "Request is missing Authentication Token",
        ),
    }
}
