//! What a command is refused with: `{ ok: 0, errmsg, code, codeName, errorLabels }`.

use bson::{RawArrayBuf, RawDocument, RawDocumentBuf, raw::cstr, rawdoc};
use millpond::docdb::{Code, Error};

use super::reply;

/// The server's code, its message, and what else the reply says.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) labels: Vec<String>,
    /// Further fields of the reply, such as `keyPattern`.
    pub(crate) fields: RawDocumentBuf,
    /// Whether the connection is to be closed instead of an answer.
    pub(crate) close: bool,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Failure {
        let message = message.into();
        Failure { code, message, labels: Vec::new(), fields: RawDocumentBuf::new(), close: false }
    }

    /// The same with a label.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Failure {
        self.labels.push(label.into());
        self
    }

    /// An end of the connection without an answer.
    pub(crate) fn closed() -> Failure {
        Failure { close: true, ..Failure::new(Code(6), "the connection is closed") }
    }

    /// The name of the code.
    pub(crate) fn name(&self) -> String {
        name(self.code)
    }

    /// The whole reply.
    pub(crate) fn reply(&self) -> RawDocumentBuf {
        let mut document =
            rawdoc! { "ok": 0.0, "errmsg": &*self.message, "code": self.code.0, "codeName": self.name() };
        reply::append_all(&mut document, &self.fields);
        append_labels(&mut document, &self.labels);
        document
    }
}

/// Adds `errorLabels`, if there are any.
pub(crate) fn append_labels(document: &mut RawDocumentBuf, labels: &[String]) {
    if labels.is_empty() {
        return;
    }
    let mut array = RawArrayBuf::new();
    labels.iter().for_each(|label| array.push(&**label));
    document.append(cstr!("errorLabels"), array);
}

/// The name of a code: those that only the server's face knows are here.
pub(crate) fn name(code: Code) -> String {
    let known = match code.0 {
        23 => "AlreadyInitialized",
        46 => "LockBusy",
        64 => "WriteConcernTimeout",
        71 => "InvalidReplicaSetConfig",
        79 => "UnknownReplWriteConcern",
        93 => "InvalidReplicaSetConfig",
        94 => "NotYetInitialized",
        100 => "UnsatisfiableWriteConcern",
        125 => "CommandFailed",
        133 => "FailedToSatisfyReadPreference",
        148 => "ReadConcernMajorityNotEnabled",
        149 => "StaleConfig",
        150 => "StaleEpoch",
        186 => "ClientMetadataCannotBeMutated",
        189 => "PrimarySteppedDown",
        237 => "CursorKilled",
        238 => "SSLHandshakeFailed",
        246 => "SnapshotUnavailable",
        250 => "NewTermDuringQuery",
        262 => "ExceededTimeLimit",
        334 => "MechanismUnavailable",
        352 => "UnsupportedOpQueryCommand",
        391 => "ReauthenticationRequired",
        9001 => "SocketException",
        11600 => "InterruptedAtShutdown",
        11602 => "InterruptedDueToReplStateChange",
        31082 => "SearchNotEnabled",
        13388 => "StaleConfig",
        13435 => "NotPrimaryNoSecondaryOk",
        13436 => "NotPrimaryOrSecondary",
        _ => return code.name(),
    };
    known.to_owned()
}

/// Which codes a driver may try again, a write as well, once it has found a primary.
///
/// Source: <https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md>.
pub(crate) fn is_retryable_write(code: Code) -> bool {
    matches!(code.0, 6 | 7 | 89 | 91 | 134 | 189 | 262 | 317 | 358 | 384 | 9001 | 10107 | 11600 | 11602 | 13435 | 13436)
}

/// Which codes say that the node is not, or no longer, what the driver took it for.
pub(crate) fn is_of_state(code: Code) -> bool {
    matches!(code.0, 91 | 189 | 10058 | 10107 | 11600 | 11602 | 13435 | 13436)
}

/// What a duplicate key or a failed validation says beside its message.
pub(crate) fn details(error: &Error) -> RawDocumentBuf {
    let raw = |document: &bson::Document| RawDocumentBuf::try_from(document).unwrap_or_default();
    let mut fields = RawDocumentBuf::new();
    match error {
        Error::DuplicateKey(refused) => {
            fields.append(cstr!("keyPattern"), raw(&refused.key_pattern));
            fields.append(cstr!("keyValue"), raw(&refused.key_value));
            if let Some(collation) = &refused.collation {
                fields.append(cstr!("collation"), raw(collation));
            }
        }
        Error::DocumentValidationFailure { details } => {
            fields.append(cstr!("errInfo"), AsRef::<RawDocument>::as_ref(&**details));
        }
        _ => {}
    }
    fields
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let fields = details(&error);
        let message = match &error {
            Error::Engine(_) | Error::Bson(_) => crate::serve::chain(&error),
            error => error.to_string(),
        };
        Failure { fields, ..Failure::new(error.code(), message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_its_code_by_number_and_name() {
        let failure = Failure::new(Code::NOT_WRITABLE_PRIMARY, "not primary").label("RetryableWriteError");
        let expected = rawdoc! {
            "ok": 0.0, "errmsg": "not primary", "code": 10107, "codeName": "NotWritablePrimary",
            "errorLabels": ["RetryableWriteError"],
        };
        assert_eq!(failure.reply(), expected);
        assert_eq!(name(Code(40415)), "Location40415");
    }
}
