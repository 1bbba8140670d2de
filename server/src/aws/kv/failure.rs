//! The service's errors on the wire.

use millpond::kv::Error;
use serde_json::json;

use super::value::Shown;
use crate::aws::json::Failure;
use crate::serve::chain;

const NAMESPACE: &str = "com.amazonaws.dynamodb.v20120810";

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let message = error.to_string();
        match error {
            Error::Validation { .. } | Error::Serde { .. } => Failure::validation(message),
            Error::ConditionalCheckFailed { item: Some(item) } => {
                Failure::client(NAMESPACE, "ConditionalCheckFailedException", message).with("Item", json!(Shown(&item)))
            }
            Error::ResourceNotFound { .. }
            | Error::ResourceInUse { .. }
            | Error::LimitExceeded { .. }
            | Error::ConditionalCheckFailed { item: None }
            | Error::TransactionConflict => Failure::client(NAMESPACE, error.code(), message),
            Error::Engine(_) | Error::Corrupt { .. } => internal(&error),
            // The service's error may grow; what this does not know is not the client's fault.
            _ => internal(&error),
        }
    }
}

fn internal(error: &Error) -> Failure {
    let text = chain(error);
    tracing::error!(error = text, "a request failed");
    Failure::internal(text)
}
