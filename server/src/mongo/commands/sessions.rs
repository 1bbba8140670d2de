//! Sessions: begun by hand, kept alive, ended.

use bson::{RawArray, RawBsonRef, rawdoc};
use millpond::docdb::Code;

use super::super::{
    call::{Call, Outcome},
    failure::Failure,
    reply,
    sessions::{self, SessionId},
};

pub(super) fn start(call: &Call<'_>) -> Result<Outcome, Failure> {
    call.arguments().finish()?;
    let session = SessionId::new(call.client.user().as_ref());
    call.face.sessions.touch(&session);
    Ok(rawdoc! { "id": { "id": session.id() }, "timeoutMinutes": sessions::TIMEOUT_MINUTES }.into())
}

/// The sessions behind the command's name.
fn each(call: &Call<'_>, mut run: impl FnMut(&SessionId)) -> Result<Outcome, Failure> {
    /// More are refused, as the server does.
    const MAX: usize = 10_000;
    let arguments = call.arguments();
    arguments.finish()?;
    let array: &RawArray = match call.target() {
        Some(RawBsonRef::Array(array)) => array,
        Some(other) => return Err(arguments.wrong_type(call.entry.name, other, &["array"])),
        None => return Err(arguments.missing(call.entry.name)),
    };
    let user = call.client.user();
    for (count, item) in reply::items(array).enumerate() {
        if count >= MAX {
            return Err(Failure::new(Code::BAD_VALUE, format!("{} takes at most {MAX} sessions", call.entry.name)));
        }
        match item {
            RawBsonRef::Document(document) => run(&SessionId::parse(document, user.as_ref())?),
            other => return Err(arguments.wrong_type(&format!("{}.{count}", call.entry.name), other, &["object"])),
        }
    }
    Ok(rawdoc! {}.into())
}

pub(super) fn refresh(call: &Call<'_>) -> Result<Outcome, Failure> {
    each(call, |session| call.face.sessions.touch(session))
}

pub(super) fn end(call: &Call<'_>) -> Result<Outcome, Failure> {
    each(call, |session| call.face.sessions.end(session))
}

pub(super) fn kill(call: &Call<'_>) -> Result<Outcome, Failure> {
    // None in particular: all of whoever asks.
    if matches!(call.target(), Some(RawBsonRef::Array(array)) if array.is_empty()) {
        call.arguments().finish()?;
        let user = call.client.user();
        call.face.sessions.end_of(user.as_ref());
        call.face.cursors.kill_sessions_of(user.map(|user| user.to_string()).as_deref());
        return Ok(rawdoc! {}.into());
    }
    each(call, |session| {
        call.face.sessions.end(session);
        call.face.cursors.kill_session(session);
    })
}

/// Also by patterns: users of which only some sessions are to be ended are not told apart.
pub(super) fn kill_all(call: &Call<'_>) -> Result<Outcome, Failure> {
    call.arguments().finish()?;
    call.face.sessions.clear();
    call.face.cursors.kill_sessions();
    Ok(rawdoc! {}.into())
}
