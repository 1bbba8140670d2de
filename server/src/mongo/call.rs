//! What all commands have in common: from a command's document to the answer's.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use bson::{RawBsonRef, RawDocument, RawDocumentBuf, raw::cstr};
use millpond::docdb::{Code, Namespace, Retry};

use super::{
    Face,
    arguments::{self, Arguments},
    auth,
    client::{self, Client},
    commands::{self, Entry},
    concerns::{self, WriteConcern},
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
    // The first hello is of a program that nobody has heard of before.
    let own = client.application().or_else(|| client::application(body.get_document("client").ok()?));
    let injected = face.fail_points.hit(entry.map_or(name, |entry| entry.name), name, own);
    if let Some(block) = injected.as_ref().and_then(|injected| injected.block) {
        tokio::time::sleep(block).await;
    }
    let mut is_injected = false;
    let mut result = match injected.as_ref().and_then(|injected| injected.failure(has_transaction(body))) {
        Some(failure) => {
            is_injected = true;
            Err(failure)
        }
        None => match interrupted(face, request, entry, false) {
            Some(failure) => Err(failure),
            None => run(face, client, request, entry, name).await,
        },
    };
    if let Ok(document) = &result
        && !was_done_before(document)
        && let Some(failure) = interrupted(face, request, entry, true)
    {
        result = Err(failure);
    }
    if let (Ok(document), Some(injected)) = (&mut result, injected) {
        injected.append_write_concern_error(document, has_transaction(body));
    }
    let more = result.as_ref().is_ok_and(|document| entry.is_some_and(|entry| (entry.more)(document)));
    let (mut document, close) = match result {
        Ok(document) => (document, false),
        Err(failure) => {
            tracing::debug!(command = name, code = failure.code.0, error = failure.message, "refused");
            let mut document = failure.reply();
            if failure::is_of_state(failure.code) && !is_injected {
                // By this a driver knows that it has heard of the state already, and goes on. It must not of what a test injects.
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
        match (entry.run)(&call) {
            Ok(outcome) => Ok((outcome, call.write_concern)),
            Err(mut failure) => {
                // A write that fails tells of its write concern as well.
                if let Some(error) = concerns::concern_error(call.write_concern).filter(|_| entry.writes) {
                    failure.fields.append(cstr!("writeConcernError"), error);
                }
                Err(failure)
            }
        }
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
        if let Some(error) = concerns::concern_error(write_concern) {
            document.append(cstr!("writeConcernError"), error);
        }
    }
    if !matches!(document.get("ok"), Ok(Some(_))) {
        document.append(cstr!("ok"), 1.0);
    }
    Ok(document)
}

/// What a fail point makes of a retryable write, before or after it is done.
fn interrupted(face: &Face, request: &Request, entry: Option<&Entry>, is_done: bool) -> Option<Failure> {
    let body = request.command.body();
    if !face.settings.test_commands || !entry?.retryable || !has_transaction(body) {
        return None;
    }
    let count = |name: &str| match request.command.sequence(name) {
        Some(statements) => statements.count(),
        None => body.get_array(name).map_or(0, |statements| reply::items(statements).count()),
    };
    face.fail_points.hit_write(is_done, ["documents", "updates", "deletes", "ops"].map(count).iter().sum())
}

/// Whether the reply is that of a write which had been done before.
fn was_done_before(reply: &RawDocument) -> bool {
    ["retriedStmtIds", "retriedStmtId"].iter().any(|name| matches!(reply.get(name), Ok(Some(_))))
}

fn has_transaction(body: &RawDocument) -> bool {
    matches!(body.get("txnNumber"), Ok(Some(_)))
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
    concerns::check_api(&arguments, entry)?;

    let user = client.user();
    let session = SessionId::of(&arguments, user.as_ref())?;
    let transaction = match arguments.any("txnNumber") {
        None => None,
        Some(RawBsonRef::Int64(number)) => Some(number),
        Some(other) => return Err(arguments.wrong_type("txnNumber", other, &["long"])),
    };
    concerns::check_transaction(&arguments, session.is_some(), transaction, entry)?;
    auth::check(face, user.as_ref(), entry, database, command)?;
    if entry.admin_only && database != "admin" {
        let message = format!("{} may only be run against the admin database.", entry.name);
        return Err(Failure::new(Code::UNAUTHORIZED, message));
    }
    if let Some(session) = &session {
        face.sessions.touch(session);
    }
    let snapshot = concerns::is_snapshot(&arguments, entry)?;
    let write_concern = concerns::write_concern(&arguments, entry)?;
    let max_time = arguments.millis("maxTimeMS")?.filter(|time| !time.is_zero());
    // A cursor's time is of all its batches, and `getMore` knows it.
    if max_time.is_some() && entry.name != "getMore" {
        check_time(face)?;
    }
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

/// Refuses what has a time limit, if a fail point wants it so.
pub(crate) fn check_time(face: &Face) -> Result<(), Failure> {
    match face.settings.test_commands && face.fail_points.fires("maxTimeAlwaysTimeOut") {
        true => Err(Failure::new(Code(50), "operation exceeded time limit")),
        false => Ok(()),
    }
}

fn check_database(name: &str) -> Result<(), Failure> {
    let allowed = |character: char| !matches!(character, '/' | '\\' | '.' | ' ' | '"' | '$' | '\0');
    match !name.is_empty() && name.len() < 64 && (name == "$external" || name.chars().all(allowed)) {
        true => Ok(()),
        false => Err(Failure::new(Code::INVALID_NAMESPACE, format!("Invalid database name: '{name}'"))),
    }
}
