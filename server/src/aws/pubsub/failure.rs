//! The service's errors on the wire.

use millpond::pubsub::Error;

use super::Answered;
use crate::{
    aws::{Answer, answer::request_id, json::Failure, query::Service},
    serve::chain,
};

const NAMESPACE: &str = "com.amazonaws.sns";

pub(super) fn not_built() -> Answered {
    Err(Failure::unknown_operation("not built"))
}

/// An error of the service.
pub(super) fn failure(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::client(NAMESPACE, code, message)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error.code() {
            "InternalError" => {
                let text = chain(&error);
                tracing::error!(error = text, "a request failed");
                Failure::internal(text)
            }
            code => failure(code, error.to_string()),
        }
    }
}

/// The answer to a request that is refused.
pub(super) fn refuse(service: &Service, failure: &Failure) -> Answer {
    tracing::debug!(code = failure.code(), message = failure.message(), "refused");
    service.refuse(failure.status(), failure.code(), failure.message(), request_id())
}
