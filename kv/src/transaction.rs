//! What the two operations on many items at once share.

use crate::constraints::Constraints;
use crate::model::{CancellationCode, CancellationReason};
use crate::{Error, Result};

/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html>
const MAX_ACTIONS: usize = 100;
/// The items of one transaction together.
pub(crate) const MAX_TRANSACTION_BYTES: usize = 4 << 20;

/// Transactions have 1 to 100 actions.
pub(crate) fn check_count(actions: usize) -> Result<()> {
    let mut broken = Constraints::default();
    if actions == 0 {
        broken.breaks("[]", "transactItems", "Member must have length greater than or equal to 1");
    } else if actions > MAX_ACTIONS {
        broken.breaks_at("transactItems", "Member must have length less than or equal to 100");
    }
    broken.finish()
}

/// The items of a transaction have 4 MB together.
pub(crate) fn too_large() -> Error {
    Error::validation("Collection of items in the transaction has exceeded the maximum allowed size of 4 MB")
}

/// An item may take part in a transaction once.
pub(crate) fn same_item() -> Error {
    Error::validation("Transaction request cannot include multiple operations on one item")
}

/// What an error of one action says of the whole transaction.
///
/// # Errors
/// The error itself, if it is not that action's fault.
pub(crate) fn reason(error: Error) -> Result<CancellationReason> {
    let message = Some(error.to_string());
    match error {
        Error::ConditionalCheckFailed { item } => {
            Ok(CancellationReason { code: CancellationCode::ConditionalCheckFailed, message, item })
        }
        Error::Validation { .. } => {
            Ok(CancellationReason { code: CancellationCode::ValidationError, message, item: None })
        }
        other => Err(other),
    }
}

/// How a transaction says that others always came first.
pub(crate) fn lost(error: Error, actions: usize) -> Error {
    let conflict = || CancellationReason {
        code: CancellationCode::TransactionConflict,
        message: Some(Error::TransactionConflict.to_string()),
        item: None,
    };
    match error {
        Error::TransactionConflict => {
            Error::TransactionCanceled { reasons: std::iter::repeat_with(conflict).take(actions).collect() }
        }
        other => other,
    }
}
