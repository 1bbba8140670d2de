//! The service's errors on the wire: a type in JSON, and the older code of the Query protocol, which JSON shows in a header.

use hyper::{StatusCode, header::HeaderValue};
use millpond::queue::Error;

use crate::{
    aws::{Answer, answer::request_id, json, json::Failure, query::Service},
    serve::chain,
};

/// Where the service's errors live.
const NAMESPACE: &str = "com.amazonaws.sqs";
/// Where the errors of its framework live.
const FRAMEWORK: &str = "com.amazon.coral.service";

const MISSING: &str = "MissingRequiredParameterException";
const INVALID: &str = "InvalidParameterValueException";

/// Errors whose code in the Query protocol is another than their type.
const CODES: &[(&str, &str)] = &[
    ("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
    ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"),
    ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
    ("InternalServerError", "InternalFailure"),
    (INVALID, "InvalidParameterValue"),
    ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"),
    ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"),
    (MISSING, "MissingParameter"),
    ("PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress"),
    ("QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"),
    ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
    ("QueueNameExists", "QueueAlreadyExists"),
    ("SerializationException", "MalformedInput"),
    ("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
    ("UnknownOperationException", "InvalidAction"),
    ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"),
    ("ValidationException", "MalformedInput"),
];

/// An error of the service.
pub(super) fn failure(code: &'static str, message: impl Into<String>) -> Failure {
    let namespace = if [MISSING, INVALID].contains(&code) { FRAMEWORK } else { NAMESPACE };
    Failure::client(namespace, code, message)
}

/// A parameter that is not there.
pub(super) fn missing(parameter: &str) -> Failure {
    failure(MISSING, format!("The request must contain the parameter {parameter}."))
}

/// A parameter that is not as it should be.
pub(super) fn invalid(message: impl Into<String>) -> Failure {
    failure(INVALID, message)
}

/// A parameter whose value is not as it should be.
pub(super) fn invalid_value(value: impl std::fmt::Display, parameter: &str, reason: &str) -> Failure {
    invalid(format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"))
}

pub(super) fn unknown_attribute(name: &str) -> Failure {
    failure("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

pub(super) fn invalid_attribute(name: &str) -> Failure {
    failure("InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
}

pub(super) fn no_such_queue() -> Failure {
    Error::QueueDoesNotExist.into()
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::QueueDoesNotExist
            | Error::QueueNameExists { .. }
            | Error::QueueDeletedRecently
            | Error::PurgeQueueInProgress { .. }
            | Error::InvalidAttributeName { .. }
            | Error::InvalidAttributeValue { .. }
            | Error::InvalidParameterValue { .. }
            | Error::MissingParameter { .. }
            | Error::InvalidMessageContents { .. }
            | Error::BatchRequestTooLong { .. }
            | Error::TooManyEntriesInBatchRequest { .. }
            | Error::ReceiptHandleIsInvalid { .. }
            | Error::MessageNotInflight
            | Error::OverLimit
            | Error::UnsupportedOperation { .. }
            | Error::ResourceNotFound { .. } => failure(error.code(), error.to_string()),
            // What this does not know, as the service's error may grow, is not the client's fault.
            _ => {
                let text = chain(&error);
                tracing::error!(error = text, "a request failed");
                Failure::internal(text)
            }
        }
    }
}

/// The code of an error in the Query protocol.
pub(super) fn code(failure: &Failure) -> &'static str {
    let known = CODES.iter().find(|(name, _)| *name == failure.code());
    known.map_or(failure.code(), |(_, code)| code)
}

fn status(failure: &Failure) -> StatusCode {
    match failure.code() {
        "OverLimit" | "PurgeQueueInProgress" => StatusCode::FORBIDDEN,
        "InvalidAddress" | "ReceiptHandleIsInvalid" | "ResourceNotFoundException" => StatusCode::NOT_FOUND,
        _ => failure.status(),
    }
}

/// The answer to a request in JSON that is refused.
pub(super) fn refuse_in_json(failure: Failure) -> Answer {
    log(&failure);
    let status = status(&failure);
    let fault = if status.is_server_error() { "Receiver" } else { "Sender" };
    let query_error = HeaderValue::from_str(&format!("{};{fault}", code(&failure))).ok();
    Answer { status, query_error, body: failure.body(), ..Answer::new(json::CONTENT_TYPE, request_id()) }
}

/// The answer to a request in the Query protocol that is refused.
pub(super) fn refuse(service: &Service, failure: &Failure) -> Answer {
    log(failure);
    let message = match failure.code() {
        "QueueDoesNotExist" => "The specified queue does not exist for this wsdl version.",
        _ => failure.message(),
    };
    service.refuse(status(failure), code(failure), message, request_id())
}

fn log(failure: &Failure) {
    tracing::debug!(code = failure.code(), message = failure.message(), "refused");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_their_types_codes_and_statuses() {
        for (failure, kind, query, status) in [
            (
                no_such_queue(),
                "com.amazonaws.sqs#QueueDoesNotExist",
                "AWS.SimpleQueueService.NonExistentQueue;Sender",
                400,
            ),
            (
                missing("A"),
                "com.amazon.coral.service#MissingRequiredParameterException",
                "MissingParameter;Sender",
                400,
            ),
            (
                invalid("x"),
                "com.amazon.coral.service#InvalidParameterValueException",
                "InvalidParameterValue;Sender",
                400,
            ),
            (Error::OverLimit.into(), "com.amazonaws.sqs#OverLimit", "OverLimit;Sender", 403),
            (
                Error::PurgeQueueInProgress { queue: "q".into() }.into(),
                "com.amazonaws.sqs#PurgeQueueInProgress",
                "AWS.SimpleQueueService.PurgeQueueInProgress;Sender",
                403,
            ),
            (
                Error::ReceiptHandleIsInvalid { message: "h".into() }.into(),
                "com.amazonaws.sqs#ReceiptHandleIsInvalid",
                "ReceiptHandleIsInvalid;Sender",
                404,
            ),
            (
                Error::ResourceNotFound { message: "x".into() }.into(),
                "com.amazonaws.sqs#ResourceNotFoundException",
                "ResourceNotFoundException;Sender",
                404,
            ),
            (
                Failure::serialization("x"),
                "com.amazon.coral.service#SerializationException",
                "MalformedInput;Sender",
                400,
            ),
            (
                Failure::unknown_operation("x"),
                "com.amazon.coral.service#UnknownOperationException",
                "InvalidAction;Sender",
                400,
            ),
            (Failure::internal("x"), "com.amazonaws#InternalServerError", "InternalFailure;Receiver", 500),
        ] {
            let answer = refuse_in_json(failure);
            let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!((body["__type"].as_str(), answer.status.as_u16()), (Some(kind), status));
            assert_eq!(answer.query_error.unwrap(), query);
        }
    }
}
