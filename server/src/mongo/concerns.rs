//! What any command may ask for: a version of the Stable API, a transaction number, read and write concerns.

use bson::{RawBsonRef, RawDocumentBuf, rawdoc};
use millpond::docdb::Code;

use super::{
    arguments::{self, Arguments},
    commands::Entry,
    failure::{self, Failure},
};

/// `writeConcern`, as far as it matters to one node that has every write on disk before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum WriteConcern {
    /// It is fulfilled.
    #[default]
    Fulfilled,
    /// `w: 0`: nobody wants to know.
    Unacknowledged,
    /// More nodes than there are.
    Unsatisfiable,
    /// A mode that no node has.
    UnknownMode,
}

/// Checks the members of the Stable API.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/stable-api/>.
pub(super) fn check_api(arguments: &Arguments<'_>, entry: &Entry) -> Result<(), Failure> {
    let version = arguments.text("apiVersion")?;
    let strict = arguments.strict_bool("apiStrict")?;
    let deprecation_errors = arguments.strict_bool("apiDeprecationErrors")?;
    match version {
        None if strict.is_some() || deprecation_errors.is_some() => {
            Err(Failure::new(Code(4886600), "Provided apiStrict or apiDeprecationErrors without passing apiVersion"))
        }
        Some(other) if other != "1" => Err(Failure::new(Code::API_VERSION_ERROR, "API version must be \"1\"")),
        Some(_) if strict == Some(true) && !entry.stable => {
            let message = format!(
                "Provided apiStrict:true, but the command {} is not in API Version 1. Information on supported commands \
                 and migrations in API Version 1 can be found at https://dochub.mongodb.org/core/manual-versioned-api",
                entry.name
            );
            Err(Failure::new(Code::API_STRICT_ERROR, message))
        }
        _ => Ok(()),
    }
}

/// Checks the number of a retryable write; transactions of several commands there are none.
pub(super) fn check_transaction(
    arguments: &Arguments<'_>,
    has_session: bool,
    transaction: Option<i64>,
    entry: &Entry,
) -> Result<(), Failure> {
    let autocommit = arguments.strict_bool("autocommit")?;
    let start = arguments.strict_bool("startTransaction")?;
    let refused = |message: &str| Err(Failure::new(Code::INVALID_OPTIONS, message));
    match transaction {
        None if autocommit.is_some() => {
            refused("'autocommit' field requires a transaction number to also be specified")
        }
        None if start.is_some() => refused("'startTransaction' field requires 'autocommit' field to also be specified"),
        None => Ok(()),
        Some(_) if !has_session => refused("Transaction number requires a session ID to also be specified"),
        Some(number) if number < 0 => refused("Transaction number cannot be negative"),
        Some(_) if autocommit == Some(true) => refused("Specifying autocommit=true is not allowed."),
        Some(_) if autocommit == Some(false) => Err(Failure::new(
            Code::OPERATION_NOT_SUPPORTED_IN_TRANSACTION,
            "Transactions of several commands are not supported by this server",
        )),
        Some(_) if start.is_some() => {
            refused("'startTransaction' field requires 'autocommit' field to also be specified")
        }
        Some(_) if !entry.retryable => Err(Failure::new(
            Code(50768),
            format!(
                "txnNumber may only be provided for multi-document transactions and retryable write commands. autocommit:false was not provided, and {} is not a retryable write command.",
                entry.name
            ),
        )),
        Some(_) => Ok(()),
    }
}

/// Checks the read concern, and says whether it is that of a snapshot. Every read is one of its own; an older one is not kept.
pub(super) fn is_snapshot(arguments: &Arguments<'_>, entry: &Entry) -> Result<bool, Failure> {
    let Some(concern) = arguments.document("readConcern")? else { return Ok(false) };
    let concern = Arguments::of("readConcern".to_owned(), concern);
    let level = concern.text("level")?;
    let is_of_time = concern.has("atClusterTime");
    concern.ignore(&[
        "afterClusterTime",
        "atClusterTime",
        "provenance",
        "allowTransactionTableSnapshot",
        "waitLastStableRecoveryTimestamp",
    ]);
    concern.finish()?;
    match level {
        Some(level @ ("available" | "majority" | "linearizable" | "snapshot"))
            if !entry.reads || level == "snapshot" && entry.name == "count" =>
        {
            let message = format!("Command {} does not support {{ readConcern: {{ level: {level:?} }} }}", entry.name);
            Err(Failure::new(Code::INVALID_OPTIONS, message))
        }
        Some("snapshot") if is_of_time => {
            Err(Failure::new(Code(246), "Unable to read from a snapshot of an earlier time"))
        }
        Some("snapshot") => Ok(true),
        None | Some("local" | "available" | "majority" | "linearizable") => Ok(false),
        Some(other) => {
            let message = format!("Enumeration value '{other}' for field 'readConcern.level' is not a valid value.");
            Err(Failure::new(Code::BAD_VALUE, message))
        }
    }
}

/// Reads the write concern.
pub(super) fn write_concern(arguments: &Arguments<'_>, entry: &Entry) -> Result<WriteConcern, Failure> {
    let Some(concern) = arguments.document("writeConcern")? else { return Ok(WriteConcern::Fulfilled) };
    if !entry.writes && entry.name != "aggregate" {
        let message = format!("Command {} does not support writeConcern", entry.name);
        return Err(Failure::new(Code::INVALID_OPTIONS, message));
    }
    let concern = Arguments::of("writeConcern".to_owned(), concern);
    let journal = concern.bool("j")?;
    let w = concern.any("w");
    concern.ignore(&["fsync", "wtimeout", "wtimeoutMS", "provenance"]);
    concern.finish()?;
    match w {
        None => Ok(WriteConcern::Fulfilled),
        Some(RawBsonRef::String("majority")) => Ok(WriteConcern::Fulfilled),
        Some(RawBsonRef::String(_)) => Ok(WriteConcern::UnknownMode),
        Some(RawBsonRef::Document(_)) => Ok(WriteConcern::Fulfilled),
        Some(value) => match arguments::integer(value) {
            Some(0) if journal => Ok(WriteConcern::Fulfilled),
            Some(0) => Ok(WriteConcern::Unacknowledged),
            Some(1) => Ok(WriteConcern::Fulfilled),
            Some(2..=50) => Ok(WriteConcern::Unsatisfiable),
            Some(_) => Err(Failure::new(
                Code::FAILED_TO_PARSE,
                "w has to be a non-negative number and not greater than 50; found: out of range",
            )),
            None => Err(Failure::new(Code::FAILED_TO_PARSE, "w has to be a number, string, or object")),
        },
    }
}

/// What is told of a write concern that cannot be fulfilled.
pub(super) fn concern_error(concern: WriteConcern) -> Option<RawDocumentBuf> {
    let (code, message) = match concern {
        WriteConcern::Fulfilled | WriteConcern::Unacknowledged => return None,
        WriteConcern::Unsatisfiable => (100, "Not enough data-bearing nodes"),
        WriteConcern::UnknownMode => {
            (79, "No write concern mode named as asked for found in replica set configuration")
        }
    };
    let name = failure::name(Code(code));
    Some(rawdoc! { "code": code, "codeName": name, "errmsg": message })
}
