//! The crate's error: the server's code, its name, and what happened.

use std::{collections::HashMap, convert::Infallible};

use bson::{Bson, Document, RawDocumentBuf};

use crate::{model::WriteError, typed::VerboseBulkWriteResult};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong. [`Error::code`] is the code of MongoDB's server, `Display` a message like the server's: codes are
/// the contract, texts are not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The command, a filter, an update, a pipeline or a document breaks a rule. The operation had no effect.
    #[error("{message}")]
    Command {
        /// The server's code.
        code: Code,
        /// What is wrong.
        message: String,
    },
    /// A unique index holds the document's key already. The document was not written.
    #[error("{}", duplicate_key_message(.0))]
    DuplicateKey(Box<DuplicateKey>),
    /// The document does not pass its collection's validator. It was not written.
    #[error("Document failed validation")]
    DocumentValidationFailure {
        /// Which rules failed and why, as the server's `errInfo`.
        details: Box<RawDocumentBuf>,
    },
    /// Some of many documents were not inserted.
    #[error("{} of the documents could not be inserted, the first because: {}", .0.write_errors.len(), first(.0.write_errors.iter().map(|failed| &failed.error)))]
    InsertMany(Box<InsertManyError>),
    /// Some of several writes failed.
    #[error("{} of the writes failed, one because: {}", .0.write_errors.len(), first(.0.write_errors.values()))]
    BulkWrite(Box<BulkWriteError>),
    /// The engine could not do it.
    #[error("the storage engine failed")]
    Engine(#[from] millpond_engine::Error),
    /// A document could not be turned into the type that was asked for, or a value into a document.
    #[error("a document does not fit its type")]
    Bson(#[from] bson::error::Error),
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// What an insert of many documents did before and beside what failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct InsertManyError {
    /// The `_id`s of the documents that were inserted, by their places from 0.
    pub inserted_ids: HashMap<usize, Bson>,
    /// Which documents were refused, and why. There is at least one.
    pub write_errors: Vec<WriteError>,
}

/// What several writes did before and beside what failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct BulkWriteError {
    /// Which writes failed, by their places from 0, and why. There is at least one.
    pub write_errors: HashMap<usize, Error>,
    /// What the others did.
    pub partial_result: VerboseBulkWriteResult,
}

fn first<'e>(mut errors: impl Iterator<Item = &'e Error>) -> String {
    errors.next().map(Error::to_string).unwrap_or_default()
}

/// What a unique index refused.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicateKey {
    /// The namespace, `database.collection`.
    pub namespace: String,
    /// The index's name.
    pub index: String,
    /// The index's key pattern, as `{ a: 1 }`.
    pub key_pattern: Document,
    /// The values that another document has.
    pub key_value: Document,
    /// The index's collation, if it has one: `key_value` then shows collation keys in hexadecimal digits.
    pub collation: Option<Document>,
}

fn duplicate_key_message(refused: &DuplicateKey) -> String {
    let DuplicateKey { namespace, index, key_value, .. } = refused;
    format!(
        "E11000 duplicate key error collection: {namespace} index: {index}{} dup key: {}",
        refused.collation.as_ref().map(|collation| format!(" collation: {}", shell(collation))).unwrap_or_default(),
        shell(key_value)
    )
}

/// A document as the server writes it into messages: `{ a: 1, b: "x" }`.
pub(crate) fn shell(document: &Document) -> String {
    if document.is_empty() {
        return "{}".to_owned();
    }
    let fields: Vec<String> = document.iter().map(|(name, value)| format!("{name}: {}", shell_value(value))).collect();
    format!("{{ {} }}", fields.join(", "))
}

fn shell_value(value: &Bson) -> String {
    match value {
        Bson::Double(value) => format!("{value:?}"),
        Bson::ObjectId(id) => format!("ObjectId('{id}')"),
        Bson::DateTime(date) => format!("new Date({})", date.timestamp_millis()),
        Bson::Document(document) => shell(document),
        Bson::Array(items) if items.is_empty() => "[]".to_owned(),
        Bson::Array(items) => {
            let items: Vec<String> = items.iter().map(shell_value).collect();
            format!("[ {} ]", items.join(", "))
        }
        value => value.to_string(),
    }
}

impl Error {
    /// An error with a code and a message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        // Many messages repeat what was wrong, which may be a document of 16 MiB.
        const MOST_BYTES: usize = 16 << 10;
        let mut message = message.into();
        if message.len() > MOST_BYTES {
            let end = (0..=MOST_BYTES).rev().find(|end| message.is_char_boundary(*end));
            message.truncate(end.unwrap_or(0));
            message.push_str("...");
        }
        Error::Command { code, message }
    }

    /// The server's code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Error::Command { code, .. } => *code,
            Error::DuplicateKey(_) => Code::DUPLICATE_KEY,
            Error::DocumentValidationFailure { .. } => Code::DOCUMENT_VALIDATION_FAILURE,
            Error::InsertMany(failed) => {
                failed.write_errors.first().map_or(Code::INTERNAL_ERROR, |first| first.error.code())
            }
            Error::BulkWrite(failed) => {
                let first = failed.write_errors.iter().min_by_key(|(index, _)| **index);
                first.map_or(Code::INTERNAL_ERROR, |(_, error)| error.code())
            }
            Error::Engine(_) => Code::INTERNAL_ERROR,
            Error::Bson(_) => Code::INVALID_BSON,
        }
    }
}

/// Shorthand for `Err(Error::new(code, message))`.
pub(crate) fn refuse<T>(code: Code, message: impl Into<String>) -> Result<T> {
    Err(Error::new(code, message))
}

/// A code of MongoDB's server. Codes without a name of their own are called `Location` and their number.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/error-codes/>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub i32);

macro_rules! codes {
    ($($constant:ident $number:literal $name:ident),* $(,)?) => {
        impl Code {
            $(#[doc = concat!("`", stringify!($name), "`, ", stringify!($number), ".")] pub const $constant: Code = Code($number);)*

            /// The code's name, as drivers show it.
            #[must_use]
            pub fn name(self) -> String {
                match self.0 {
                    $($number => stringify!($name).to_owned(),)*
                    number => format!("Location{number}"),
                }
            }
        }
    };
}

codes! {
    INTERNAL_ERROR 1 InternalError,
    BAD_VALUE 2 BadValue,
    NO_SUCH_KEY 4 NoSuchKey,
    GRAPH_CONTAINS_CYCLE 5 GraphContainsCycle,
    HOST_UNREACHABLE 6 HostUnreachable,
    HOST_NOT_FOUND 7 HostNotFound,
    UNKNOWN_ERROR 8 UnknownError,
    FAILED_TO_PARSE 9 FailedToParse,
    CANNOT_MUTATE_OBJECT 10 CannotMutateObject,
    USER_NOT_FOUND 11 UserNotFound,
    UNSUPPORTED_FORMAT 12 UnsupportedFormat,
    UNAUTHORIZED 13 Unauthorized,
    TYPE_MISMATCH 14 TypeMismatch,
    OVERFLOW 15 Overflow,
    INVALID_LENGTH 16 InvalidLength,
    PROTOCOL_ERROR 17 ProtocolError,
    AUTHENTICATION_FAILED 18 AuthenticationFailed,
    ILLEGAL_OPERATION 20 IllegalOperation,
    INVALID_BSON 22 InvalidBSON,
    LOCK_TIMEOUT 24 LockTimeout,
    NAMESPACE_NOT_FOUND 26 NamespaceNotFound,
    INDEX_NOT_FOUND 27 IndexNotFound,
    PATH_NOT_VIABLE 28 PathNotViable,
    ROLE_NOT_FOUND 31 RoleNotFound,
    CANNOT_BACKFILL_ARRAY 33 CannotBackfillArray,
    CONFLICTING_UPDATE_OPERATORS 40 ConflictingUpdateOperators,
    CURSOR_NOT_FOUND 43 CursorNotFound,
    NAMESPACE_EXISTS 48 NamespaceExists,
    MAX_TIME_MS_EXPIRED 50 MaxTimeMSExpired,
    USER_ALREADY_EXISTS 51003 Location51003,
    DOLLAR_PREFIXED_FIELD_NAME 52 DollarPrefixedFieldName,
    INVALID_ID_FIELD 53 InvalidIdField,
    NOT_SINGLE_VALUE_FIELD 54 NotSingleValueField,
    EMPTY_FIELD_NAME 56 EmptyFieldName,
    DOTTED_FIELD_NAME 57 DottedFieldName,
    COMMAND_NOT_FOUND 59 CommandNotFound,
    IMMUTABLE_FIELD 66 ImmutableField,
    CANNOT_CREATE_INDEX 67 CannotCreateIndex,
    INDEX_ALREADY_EXISTS 68 IndexAlreadyExists,
    INVALID_OPTIONS 72 InvalidOptions,
    INVALID_NAMESPACE 73 InvalidNamespace,
    NODE_NOT_FOUND 74 NodeNotFound,
    NO_REPLICATION_ENABLED 76 NoReplicationEnabled,
    INDEX_OPTIONS_CONFLICT 85 IndexOptionsConflict,
    INDEX_KEY_SPECS_CONFLICT 86 IndexKeySpecsConflict,
    CANNOT_SPLIT 87 CannotSplit,
    NETWORK_TIMEOUT 89 NetworkTimeout,
    SHUTDOWN_IN_PROGRESS 91 ShutdownInProgress,
    OPERATION_FAILED 96 OperationFailed,
    WRITE_CONFLICT 112 WriteConflict,
    COMMAND_NOT_SUPPORTED 115 CommandNotSupported,
    CONFLICTING_OPERATION_IN_PROGRESS 117 ConflictingOperationInProgress,
    DOCUMENT_VALIDATION_FAILURE 121 DocumentValidationFailure,
    NAMESPACE_NOT_SHARDED 118 NamespaceNotSharded,
    CANNOT_INDEX_PARALLEL_ARRAYS 171 CannotIndexParallelArrays,
    INVALID_PIPELINE_OPERATOR 168 InvalidPipelineOperator,
    COMMAND_ON_SHARDED_VIEW 169 CommandOnShardedViewNotSupportedOnMongod,
    COMMAND_NOT_SUPPORTED_ON_VIEW 166 CommandNotSupportedOnView,
    OPTION_NOT_SUPPORTED_ON_VIEW 167 OptionNotSupportedOnView,
    QUERY_PLAN_KILLED 175 QueryPlanKilled,
    NO_QUERY_EXECUTION_PLANS 291 NoQueryExecutionPlans,
    VIEW_DEPTH_LIMIT_EXCEEDED 165 ViewDepthLimitExceeded,
    INVALID_VIEW_DEFINITION 182 InvalidViewDefinition,
    INVALID_INDEX_SPECIFICATION_OPTION 197 InvalidIndexSpecificationOption,
    NO_SUCH_SESSION 206 NoSuchSession,
    INVALID_UUID 207 InvalidUUID,
    TRANSACTION_TOO_OLD 225 TransactionTooOld,
    CURSOR_IN_USE 12051 Location12051,
    CHANGE_STREAM_FATAL_ERROR 280 ChangeStreamFatalError,
    CONVERSION_FAILURE 241 ConversionFailure,
    OPERATION_NOT_SUPPORTED_IN_TRANSACTION 263 OperationNotSupportedInTransaction,
    QUERY_FEATURE_NOT_ALLOWED 224 QueryFeatureNotAllowed,
    EXCEEDED_MEMORY_LIMIT 146 ExceededMemoryLimit,
    QUERY_EXCEEDED_MEMORY_LIMIT 292 QueryExceededMemoryLimitNoDiskUseAllowed,
    API_VERSION_ERROR 322 APIVersionError,
    API_STRICT_ERROR 323 APIStrictError,
    NO_SUCH_TRANSACTION 251 NoSuchTransaction,
    INCOMPLETE_TRANSACTION_HISTORY 217 IncompleteTransactionHistory,
    CAPPED_POSITION_LOST 136 CappedPositionLost,
    DURATION_OVERFLOW 159 DurationOverflow,
    INVALID_INDEX_KEY_SPEC 10098 Location10098,
    BSON_OBJECT_TOO_LARGE 10334 BSONObjectTooLarge,
    DUPLICATE_KEY 11000 DuplicateKey,
    INTERRUPTED 11601 Interrupted,
    NOT_WRITABLE_PRIMARY 10107 NotWritablePrimary,
    UNKNOWN_FIELD 40415 Location40415,
    MISSING_FIELD 40414 Location40414,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_an_end() {
        let error = Error::new(Code::BAD_VALUE, "ä".repeat(20_000));
        assert!(error.to_string().len() < 17_000 && error.to_string().ends_with("ä..."));
    }
}
