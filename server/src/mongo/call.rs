//! What all commands have in common: from a command's document to the answer's.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use bson::{RawBsonRef, RawDocument, RawDocumentBuf, raw::cstr};
use millpond::docdb::{Code, Namespace, Retry};

use super::{
    Face,
    arguments::{self, Arguments},
    auth,
    client::Client,
    commands::{self, Entry},
    failure::{self, Failure},
    operations::Running,
    reply,
    sessions::SessionId,
    wire::{Command, Request},
};

/// A command that is being answered.
pub(crate) struct Call<'a> {
    pub(crate) face: &'a Arc<Face>,
    pub(crate) client: &'a Arc<Client>,
    pub(crate) command: &'a Command,
    pub(crate) entry: &'static Entry,
    /// `$db`.
    pub(crate) database: &'a str,
    /// `lsid`, with the digest of the user.
    pub(crate) session: Option<SessionId>,
    /// `txnNumber`.
    pub(crate) transaction: Option<i64>,
    /// `maxTimeMS`.
    pub(crate) max_time: Option<Duration>,
    /// Whether the client wants to know of which time its snapshot is.
    pub(crate) snapshot: bool,
    /// Whether a write concern was given, and which.
    pub(crate) write_concern: WriteConcern,
    /// This operation among those of `currentOp`, until its end.
    _operation: Running,
}

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

/// An answer that is there, or one that is waited for.
pub(crate) enum Outcome {
    Now(RawDocumentBuf),
    Later(Pin<Box<dyn Future<Output = Result<RawDocumentBuf, Failure>> + Send>>),
}

impl From<RawDocumentBuf> for Outcome {
    fn from(document: RawDocumentBuf) -> Outcome {
        Outcome::Now(document)
    }
}

/// What a command's file does.
pub(crate) type Run = fn(&Call<'_>) -> Result<Outcome, Failure>;

/// What is sent back.
pub(crate) struct Answer {
    pub(crate) document: RawDocumentBuf,
    /// Whether the connection is to be closed instead.
    pub(crate) close: bool,
    /// Whether another answer follows, if the client allows it.
    pub(crate) more: bool,
}

impl Call<'_> {
    /// The command's members, which are to be taken.
    pub(crate) fn arguments(&self) -> Arguments<'_> {
        Arguments::of_command(self.entry.name, self.command.body())
    }

    /// The value behind the command's name.
    pub(crate) fn target(&self) -> Option<RawBsonRef<'_>> {
        reply::fields(self.command.body()).next().map(|(_, value)| value)
    }

    /// The collection behind the command's name.
    pub(crate) fn collection(&self) -> Result<&str, Failure> {
        match self.target() {
            Some(RawBsonRef::String(name)) => Ok(name),
            other => {
                let actual = other.map_or("missing", arguments::type_name);
                let message = format!("collection name has invalid type {actual}");
                Err(Failure::new(Code::INVALID_NAMESPACE, message))
            }
        }
    }

    /// The full name of the collection behind the command's name.
    pub(crate) fn namespace(&self) -> Result<Namespace, Failure> {
        Ok(Namespace::new(self.database, self.collection()?)?)
    }

    /// What makes a write retryable, if it is.
    pub(crate) fn retry(&self, arguments: &Arguments<'_>) -> Result<Option<Retry>, Failure> {
        let statement = arguments.integer("stmtId")?.and_then(|id| i32::try_from(id).ok());
        let statements = arguments.array("stmtIds")?.map(|ids| {
            reply::items(ids).filter_map(arguments::integer).filter_map(|id| i32::try_from(id).ok()).collect()
        });
        let statements = statements.or_else(|| statement.map(|id| vec![id]));
        let (Some(session), Some(transaction)) = (&self.session, self.transaction) else { return Ok(None) };
        Ok(Some(Retry { session: session.to_bytes(), transaction, statements }))
    }
}

/// Answers a request; whatever is wrong with it is an answer too.
pub(crate) async fn answer(face: &Arc<Face>, client: &Arc<Client>, request: &Request) -> Answer {
    let body = request.command.body();
    let name = reply::fields(body).next().map_or("", |(name, _)| name);
    let entry = commands::find(name);
    let injected = face.fail_points.hit(entry.map_or(name, |entry| entry.name), name, client);
    if let Some(block) = injected.as_ref().and_then(|injected| injected.block) {
        tokio::time::sleep(block).await;
    }
    let mut result = match injected.as_ref().and_then(|injected| injected.failure(has_transaction(body))) {
        Some(failure) => Err(failure),
        None => run(face, client, request, entry, name).await,
    };
    if let (Ok(document), Some(concern)) = (&mut result, injected.and_then(|injected| injected.write_concern_error)) {
        document.append(cstr!("writeConcernError"), concern);
    }
    let more = result.as_ref().is_ok_and(|document| entry.is_some_and(|entry| (entry.more)(document)));
    let (mut document, close) = match result {
        Ok(document) => (document, false),
        Err(failure) => {
            tracing::debug!(command = name, code = failure.code.0, error = failure.message, "refused");
            let mut document = failure.reply();
            if failure::is_of_state(failure.code) {
                // By this a driver knows that it has heard of the state already, and goes on.
                document.append(cstr!("topologyVersion"), face.topology.version());
            }
            (document, failure.close)
        }
    };
    if !request.legacy {
        face.topology.append_times(&mut document);
    }
    Answer { document, close, more }
}

async fn run(
    face: &Arc<Face>,
    client: &Arc<Client>,
    request: &Request,
    entry: Option<&'static Entry>,
    name: &str,
) -> Result<RawDocumentBuf, Failure> {
    let entry = entry.filter(|entry| !entry.test_only || face.settings.test_commands);
    let Some(entry) = entry else {
        let message = match name {
            "" => "no command given".to_owned(),
            name => format!("no such command: '{name}'"),
        };
        return Err(Failure::new(Code::COMMAND_NOT_FOUND, message));
    };
    if request.legacy && !entry.name.eq_ignore_ascii_case("isMaster") && entry.name != "hello" {
        let message = format!("Unsupported OP_QUERY command: {name}. The client driver may require an upgrade.");
        return Err(Failure::new(Code(352), message));
    }
    let work = || {
        let call = prepare(face, client, request, entry)?;
        (entry.run)(&call).map(|outcome| (outcome, call.write_concern))
    };
    let Some(ran) = crate::http::run(entry.brief, work) else {
        return Err(Failure::new(Code::INTERNAL_ERROR, "the command was stopped"));
    };
    let (outcome, write_concern) = match ran {
        Ok(ran) => ran,
        Err(failure) if failure::is_retryable_write(failure.code) && has_transaction(request.command.body()) => {
            return Err(failure.label("RetryableWriteError"));
        }
        Err(failure) => return Err(failure),
    };
    let mut document = match outcome {
        Outcome::Now(document) => document,
        Outcome::Later(later) => {
            let mut closing = face.closing.subscribe();
            tokio::select! {
                document = later => document?,
                _ = closing.wait_for(|closing| *closing) => {
                    return Err(Failure::new(Code(11600), "interrupted at shutdown"));
                }
            }
        }
    };
    if entry.writes {
        face.topology.tick();
        if let Some(error) = concern_error(write_concern) {
            document.append(cstr!("writeConcernError"), error);
        }
    }
    if !matches!(document.get("ok"), Ok(Some(_))) {
        document.append(cstr!("ok"), 1.0);
    }
    Ok(document)
}

fn has_transaction(body: &RawDocument) -> bool {
    matches!(body.get("txnNumber"), Ok(Some(_)))
}

fn concern_error(concern: WriteConcern) -> Option<RawDocumentBuf> {
    let (code, message) = match concern {
        WriteConcern::Fulfilled | WriteConcern::Unacknowledged => return None,
        WriteConcern::Unsatisfiable => (100, "Not enough data-bearing nodes"),
        WriteConcern::UnknownMode => {
            (79, "No write concern mode named as asked for found in replica set configuration")
        }
    };
    let name = failure::name(Code(code));
    Some(bson::rawdoc! { "code": code, "codeName": name, "errmsg": message })
}

/// Reads what any command may carry, and checks that it may be asked for.
fn prepare<'a>(
    face: &'a Arc<Face>,
    client: &'a Arc<Client>,
    request: &'a Request,
    entry: &'static Entry,
) -> Result<Call<'a>, Failure> {
    let command = &request.command;
    command.validate().map_err(|reason| Failure::new(Code::INVALID_BSON, reason))?;
    let arguments = Arguments::of_command(entry.name, command.body());
    let database = arguments.text("$db")?;
    let database = database.ok_or_else(|| Failure::new(Code(40571), "OP_MSG requests require a $db argument"))?;
    check_database(database)?;
    check_api(&arguments, entry)?;

    let user = client.user();
    let session = SessionId::of(&arguments, user.as_ref())?;
    let transaction = arguments.integer("txnNumber")?;
    check_transaction(&arguments, session.is_some(), transaction, entry)?;
    auth::check(face, user.as_ref(), entry, database, command)?;
    if entry.admin_only && database != "admin" {
        let message = format!("{} may only be run against the admin database.", entry.name);
        return Err(Failure::new(Code::UNAUTHORIZED, message));
    }
    if let Some(session) = &session {
        face.sessions.touch(session);
    }
    let snapshot = is_snapshot(&arguments, entry)?;
    let write_concern = write_concern(&arguments, entry)?;
    let max_time = arguments.millis("maxTimeMS")?.filter(|time| !time.is_zero());
    let _operation = face.operations.begin(client, command.body(), database, face.topology.millis());
    Ok(Call {
        face,
        client,
        command,
        entry,
        database,
        session,
        transaction,
        max_time,
        snapshot,
        write_concern,
        _operation,
    })
}

fn check_database(name: &str) -> Result<(), Failure> {
    let allowed = |character: char| !matches!(character, '/' | '\\' | '.' | ' ' | '"' | '$' | '\0');
    match !name.is_empty() && name.len() < 64 && (name == "$external" || name.chars().all(allowed)) {
        true => Ok(()),
        false => Err(Failure::new(Code::INVALID_NAMESPACE, format!("Invalid database name: '{name}'"))),
    }
}

/// Checks the members of the Stable API.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/stable-api/>.
fn check_api(arguments: &Arguments<'_>, entry: &Entry) -> Result<(), Failure> {
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

fn check_transaction(
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
fn is_snapshot(arguments: &Arguments<'_>, entry: &Entry) -> Result<bool, Failure> {
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

fn write_concern(arguments: &Arguments<'_>, entry: &Entry) -> Result<WriteConcern, Failure> {
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
