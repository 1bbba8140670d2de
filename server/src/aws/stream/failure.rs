//! The service's errors on the wire.

use hyper::{StatusCode, header::HeaderValue};
use serde::Serialize;

use super::{extended_id, protocol::Protocol};
use crate::aws::{Answer, answer::request_id, json::Failure};

/// Where the service's errors live. It does not say so.
const NAMESPACE: &str = "com.amazonaws.kinesis.v20131202";

/// An error of the service.
pub(super) fn failure(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::client(NAMESPACE, code, message)
}

/// A parameter that is not as it should be.
pub(super) fn invalid(message: impl Into<String>) -> Failure {
    failure("InvalidArgumentException", message)
}

/// An error as it is written.
#[derive(Serialize)]
struct Refusal<'a> {
    #[serde(rename = "__type")]
    code: &'a str,
    /// Spelled with a capital where the request could not be read.
    #[serde(rename = "Message", skip_serializing_if = "str::is_empty")]
    unread: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
}

/// The body of an error.
pub(super) fn body(protocol: Protocol, failure: &Failure) -> Vec<u8> {
    let (unread, message) = match failure.code() {
        "SerializationException" => (failure.message(), ""),
        _ => ("", failure.message()),
    };
    // Of two texts nothing can fail to be written.
    protocol.write(&Refusal { code: code(failure), unread, message }).unwrap_or_default()
}

/// The service's own name of an error.
pub(super) fn code(failure: &Failure) -> &'static str {
    match failure.status() {
        StatusCode::INTERNAL_SERVER_ERROR => "InternalFailure",
        _ => failure.code(),
    }
}

/// The answer to a request that is refused.
pub(super) fn refuse(protocol: Protocol, failure: &Failure) -> Answer {
    tracing::debug!(code = failure.code(), message = failure.message(), "refused");
    let body = body(protocol, failure);
    Answer { status: failure.status(), body, ..head(protocol.content_type()) }
}

/// An answer with nothing in it.
pub(super) fn head(content_type: &'static str) -> Answer {
    let extended_id = HeaderValue::from_str(&extended_id()).ok();
    Answer { extended_id, ..Answer::new(content_type, request_id()) }
}
