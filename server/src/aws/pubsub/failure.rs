//! The service's errors on the wire: a code, a text and a status.

use std::fmt::Display;

use hyper::StatusCode;
use millpond::pubsub::Error;

use crate::{
    aws::{Answer, answer::request_id, json::Failure, query::Service},
    serve::chain,
};

const NAMESPACE: &str = "com.amazonaws.sns";

/// An error of the service.
pub(super) fn failure(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::client(NAMESPACE, code, message)
}

/// A parameter that is not as it should be.
pub(super) fn invalid(parameter: impl Display) -> Failure {
    failure("InvalidParameter", format!("Invalid parameter: {parameter}"))
}

/// A parameter that is not as it should be, and why.
pub(super) fn reason(parameter: &str, reason: impl Display) -> Failure {
    invalid(format_args!("{parameter} Reason: {reason}"))
}

/// A parameter that the service itself misses, and not its framework: those are the ARNs.
pub(super) fn missing(parameter: &str) -> Failure {
    reason(parameter, "no value for required parameter")
}

/// Members that the service's framework misses, or finds not to be as the model wants them.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html>
pub(super) fn validation(errors: &[String]) -> Failure {
    let (count, noun) = (errors.len(), if errors.len() == 1 { "error" } else { "errors" });
    failure("ValidationError", format!("{count} validation {noun} detected: {}", errors.join("; ")))
}

/// What [`validation`] says of a member that has to be there.
pub(super) fn null(path: &str) -> String {
    format!("Value null at '{path}' failed to satisfy constraint: Member must not be null")
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

/// The code of an error: the service's framework has other names for its errors in the Query protocol.
pub(super) fn code(failure: &Failure) -> &'static str {
    match failure.code() {
        "InternalServerError" => "InternalError",
        "SerializationException" | "ValidationException" => "MalformedInput",
        "UnknownOperationException" => "InvalidAction",
        code => code,
    }
}

/// The status that the service's model gives a code.
pub(super) fn status(failure: &Failure) -> StatusCode {
    match failure.code() {
        "NotFound" | "ResourceNotFound" => StatusCode::NOT_FOUND,
        "AuthorizationError"
        | "FilterPolicyLimitExceeded"
        | "InvalidSecurity"
        | "KMSOptInRequired"
        | "ReplayLimitExceeded"
        | "SubscriptionLimitExceeded"
        | "TopicLimitExceeded" => StatusCode::FORBIDDEN,
        "Throttled" => StatusCode::TOO_MANY_REQUESTS,
        _ => failure.status(),
    }
}

/// The answer to a request that is refused.
pub(super) fn refuse(service: &Service, failure: &Failure) -> Answer {
    tracing::debug!(code = failure.code(), message = failure.message(), "refused");
    service.refuse(status(failure), code(failure), failure.message(), request_id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_their_codes_and_statuses() {
        let not_found = Error::NotFound { message: "Topic does not exist".into() };
        let limit = Error::LimitExceeded { code: "FilterPolicyLimitExceeded", message: "m".into() };
        for (failure, expected_code, expected_status) in [
            (not_found.into(), "NotFound", 404),
            (limit.into(), "FilterPolicyLimitExceeded", 403),
            (Error::Authorization { message: "m".into() }.into(), "AuthorizationError", 403),
            (Error::ResourceNotFound { message: "m".into() }.into(), "ResourceNotFound", 404),
            (Error::EndpointDisabled.into(), "EndpointDisabled", 400),
            (Error::Signing("m".into()).into(), "InternalError", 500),
            (failure("Throttled", "m"), "Throttled", 429),
            (invalid("TopicArn"), "InvalidParameter", 400),
            (validation(&[null("message")]), "ValidationError", 400),
            (Failure::serialization("m"), "MalformedInput", 400),
            (Failure::unknown_operation("m"), "InvalidAction", 400),
        ] {
            let found = (code(&failure), status(&failure).as_u16());
            assert_eq!(found, (expected_code, expected_status));
        }
    }

    #[test]
    fn all_that_is_missed_is_said_at_once() {
        assert_eq!(
            validation(&[null("name")]).message(),
            "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"
        );
        assert_eq!(
            validation(&[null("label"), null("token")]).message(),
            "2 validation errors detected: Value null at 'label' failed to satisfy constraint: Member must not be null; \
             Value null at 'token' failed to satisfy constraint: Member must not be null"
        );
    }
}
