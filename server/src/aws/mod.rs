//! The AWS-like services on one port: which one is asked for, and what it answers.

mod answer;
mod cbor;
pub(crate) mod json;
pub(crate) mod kv;
mod pubsub;
pub(crate) mod query;
mod queue;
mod scope;
mod stream;

use bytes::Bytes;
use hyper::{StatusCode, header::HOST, http::request::Parts};
use millpond::Pond;
use serde::{Serialize, de::DeserializeOwned};

pub(crate) use self::answer::{Answer, Later, Reply, long_request_id};
use self::{
    json::Failure,
    query::{Dialect, Parameters},
    scope::Scope,
};
use crate::buckets::Buckets;

/// The longest body of a request that is answered beside the thread's other work.
const BRIEF_BODY_BYTES: usize = 16 << 10;

/// One call of an operation.
pub(crate) struct Call<'a> {
    pub(crate) pond: &'a Pond,
    /// Where exports go and imports come from.
    pub(crate) buckets: &'a Buckets,
    /// The region that the client signed for; ARNs name it.
    pub(crate) region: &'a str,
    head: &'a Parts,
    pub(crate) body: &'a Bytes,
    /// Of a request in the Query protocol.
    form: Option<(Dialect, &'a Parameters)>,
}

impl Call<'_> {
    /// What the client calls this server: name and port. HTTP/2 says it in the address.
    pub(crate) fn host(&self) -> &str {
        self.header(HOST.as_str()).or_else(|| Some(self.head.uri.authority()?.as_str())).unwrap_or("localhost")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// The path of the address that was asked.
    pub(crate) fn path(&self) -> &str {
        self.head.uri.path()
    }

    /// Whether somebody has signed the request: links in messages are followed by anybody.
    pub(crate) fn is_signed(&self) -> bool {
        Scope::of(self.head).service().is_some()
    }

    /// `None` for a request in JSON.
    pub(crate) fn dialect(&self) -> Option<Dialect> {
        self.form.map(|(dialect, _)| dialect)
    }

    /// Reads the request, whichever protocol it is in.
    ///
    /// # Errors
    /// `SerializationException`.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        match self.form {
            Some((dialect, parameters)) => dialect.read(parameters),
            None => json::parse(self.body),
        }
    }

    /// Writes what an operation answers, in the protocol of the request.
    ///
    /// # Errors
    /// `InternalServerError` for what cannot be serialized.
    pub(crate) fn write(&self, output: &impl Serialize) -> Result<Vec<u8>, Failure> {
        query::write(self.dialect(), output)
    }
}

/// Ends what the last run of the server left half done.
///
/// # Errors
/// Those of the engine.
pub(crate) fn resume(pond: &Pond) -> Result<(), millpond::Error> {
    kv::resume(pond)
}

/// Delivers what channels of streams have due to their buckets; gives how many records.
///
/// # Errors
/// Those of the service.
pub(crate) fn deliver(pond: &Pond, buckets: &Buckets) -> Result<u64, millpond::Error> {
    stream::deliver(pond, buckets)
}

/// A request's answer. In JSON the service and operation are named by `X-Amz-Target`, in the Query protocol by `Action` and
/// `Version`; where that does not tell the service, the one that the request was signed for does.
pub(crate) fn answer(pond: &Pond, buckets: &Buckets, head: &Parts, body: &Bytes) -> Reply {
    let scope = Scope::of(head);
    let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let call = Call { pond, buckets, region: scope.region(), head, body, form: None };
    let answered = match target.and_then(|target| target.split_once('.')) {
        Some((kv::TARGET, operation)) => kv::answer(&call, operation),
        Some((kv::streams::TARGET, operation)) => kv::streams::answer(&call, operation),
        Some((queue::TARGET, operation)) => return queue::answer(&call, operation),
        Some((stream::TARGET, operation)) => return stream::answer(&call, operation),
        Some(_) if scope.service() == Some(stream::SERVICE) => return stream::answer(&call, ""),
        Some((other, _)) => Err(Failure::unknown_operation(format!("no service has the target prefix {other:?}"))),
        None if query::is_spoken(head, body) => return answer_form(&call, &scope),
        None => return untargeted(&call, &scope),
    };
    match answered {
        Ok(body) => Answer::checked(StatusCode::OK, body).into(),
        Err(failure) => {
            refused(target, &failure);
            failure.into()
        }
    }
}

/// The answer to a request in the Query protocol. Who speaks it is told here alone.
fn answer_form(call: &Call<'_>, scope: &Scope) -> Reply {
    let parameters = match Parameters::parse(call.head.uri.query(), call.body) {
        Ok(parameters) => parameters,
        Err(failure) if scope.service() == Some(pubsub::SERVICE) => return pubsub::refuse(&failure).into(),
        Err(failure) => return query::refuse(&failure),
    };
    let action = parameters.get("Action");
    let service = match (scope.service(), parameters.get("Version")) {
        (Some(signed), _) => Some(signed),
        (None, Some(queue::VERSION)) => Some(queue::SERVICE),
        (None, Some(pubsub::VERSION)) => Some(pubsub::SERVICE),
        (None, None) if action.is_some_and(queue::knows) => Some(queue::SERVICE),
        (None, None) if action.is_some_and(pubsub::knows) => Some(pubsub::SERVICE),
        (None, _) => None,
    };
    match (service, action) {
        (Some(queue::SERVICE), action) => queue::answer_form(call, action, &parameters),
        (Some(pubsub::SERVICE), action) => pubsub::answer_form(call, action, &parameters),
        (Some(other), Some(_)) => query::refuse(&Failure::unknown_operation(not_served(other))),
        (None, Some(action)) => {
            query::refuse(&Failure::unknown_operation(format!("no service here has the action {action:?}")))
        }
        (_, None) => untargeted(call, scope),
    }
}

/// Whether a file may be at this path, which subscribers of topics get without knowing any protocol.
pub(crate) fn is_file(path: &str) -> bool {
    pubsub::is_file(path)
}

/// The answer to who asks for the file at this path.
pub(crate) fn file(pond: &Pond, path: &str) -> Answer {
    pubsub::file(pond, path)
}

/// Whether an answer takes so little time that the thread that has read the request may make it beside its other work.
pub(crate) fn is_brief(pond: &Pond, head: &Parts, body_bytes: usize) -> bool {
    let is_small = body_bytes <= BRIEF_BODY_BYTES;
    let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    match target.and_then(|target| target.split_once('.')) {
        Some((kv::TARGET, operation)) => is_small && kv::is_brief(pond, operation),
        Some((queue::TARGET, operation)) => is_small && queue::is_brief(pond, operation),
        Some((stream::TARGET, operation)) => stream::is_brief(pond, operation, body_bytes),
        _ => false,
    }
}

fn untargeted(call: &Call<'_>, scope: &Scope) -> Reply {
    let failure = match scope.service() {
        Some(queue::SERVICE) => return queue::answer(call, ""),
        Some(pubsub::SERVICE) => return pubsub::untargeted(),
        Some(stream::SERVICE) => return stream::untargeted(call),
        Some(kv::SERVICE) => Failure::unknown_operation("the request has no X-Amz-Target header"),
        Some(other) => Failure::unknown_operation(not_served(other)),
        None => Failure::client(
            "com.amazon.coral.service",
            "MissingAuthenticationTokenException",
            "Request is missing Authentication Token",
        ),
    };
    refused(None, &failure);
    failure.into()
}

fn not_served(service: &str) -> String {
    format!("the service {service:?} is not served here")
}

fn refused(operation: Option<&str>, failure: &Failure) {
    tracing::debug!(operation, code = failure.code(), message = failure.message(), "refused");
}
