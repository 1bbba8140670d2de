//! The service's errors on the wire.

use millpond::kv::{CancellationReason, Error, Item, Wording};
use serde::Serialize;
use serde_json::json;

use super::{NAMESPACE, value::Shown};
use crate::aws::json::Failure;
use crate::serve::chain;

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let message = error.to_string();
        match error {
            Error::Validation { .. } | Error::Serde { .. } => Failure::validation(message),
            Error::ConditionalCheckFailed { item: Some(item) } => {
                Failure::client(NAMESPACE, "ConditionalCheckFailedException", message).with("Item", json!(Shown(&item)))
            }
            Error::TransactionCanceled { ref reasons } => {
                let reasons: Vec<_> = reasons.iter().map(Reason::from).collect();
                Failure::client(NAMESPACE, error.code(), message).with("CancellationReasons", json!(reasons))
            }
            Error::ResourceNotFound { .. }
            | Error::ResourceInUse { .. }
            | Error::PolicyNotFound { .. }
            | Error::ProvisionedThroughputExceeded { .. }
            | Error::LimitExceeded { .. }
            | Error::BackupNotFound { .. }
            | Error::BackupInUse { .. }
            | Error::TableNotFound { .. }
            | Error::TableInUse { .. }
            | Error::TableAlreadyExists { .. }
            | Error::InvalidRestoreTime { .. }
            | Error::InvalidExportTime { .. }
            | Error::PointInTimeRecoveryUnavailable { .. }
            | Error::ConditionalCheckFailed { item: None }
            | Error::DuplicateItem
            | Error::IdempotentParameterMismatch
            | Error::ExpiredIterator
            | Error::TrimmedDataAccess
            | Error::TransactionConflict => Failure::client(NAMESPACE, error.code(), message),
            // The one of the service's errors that is the framework's own.
            Error::Throttling { .. } => Failure::throttling(message),
            Error::Engine(_) | Error::Corrupt { .. } => internal(&error),
            // The service's error may grow; what this does not know is not the client's fault.
            _ => internal(&error),
        }
    }
}

impl Failure {
    /// A malformed write of an item in the words that the service has for it.
    pub(super) fn of_malformed_write(self, wording: Wording) -> Failure {
        match self.code() {
            "ValidationException" => Failure::validation(wording.of_malformed_write(self.message().to_owned())),
            _ => self,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Reason<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Shown<&'a Item>>,
}

impl<'a> From<&'a CancellationReason> for Reason<'a> {
    fn from(reason: &'a CancellationReason) -> Reason<'a> {
        let (message, item) = (reason.message.as_deref(), reason.item.as_ref().map(Shown));
        Reason { code: reason.code.as_str(), message, item }
    }
}

fn internal(error: &Error) -> Failure {
    let text = chain(error);
    tracing::error!(error = text, "a request failed");
    Failure::internal(text)
}
