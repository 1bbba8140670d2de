//! `saslStart`, `saslContinue`, `logout` and `connectionStatus`.

use bson::{RawBsonRef, RawDocumentBuf, raw::cstr, rawdoc, spec::BinarySubtype};
use millpond::docdb::Code;

use super::super::{
    arguments::Arguments,
    auth::{Conversation, Mechanism},
    call::{Call, Outcome},
    failure::Failure,
};

/// There is one conversation a connection.
const CONVERSATION: i32 = 1;

pub(super) fn sasl_start(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let reply = start(call, &arguments, call.database)?;
    arguments.finish()?;
    Ok(reply.into())
}

/// Begins to authenticate; also within a `hello`.
pub(super) fn start(call: &Call<'_>, arguments: &Arguments<'_>, database: &str) -> Result<RawDocumentBuf, Failure> {
    let mechanism = arguments.required("mechanism", arguments.text("mechanism")?)?;
    let payload = payload(arguments)?;
    let options = arguments.document("options")?;
    arguments.ignore(&["autoAuthorize", "db", "saslStart"]);
    let skip =
        options.is_some_and(|options| matches!(options.get("skipEmptyExchange"), Ok(Some(RawBsonRef::Boolean(true)))));
    let mechanism = Mechanism::of(mechanism).ok_or_else(|| {
        Failure::new(Code(334), format!("Received authentication for mechanism {mechanism} which is not enabled"))
    })?;
    let (conversation, said) = Conversation::start(&call.face.users, database, mechanism, &payload, skip)?;
    *call.client.conversation.lock() = Some(conversation);
    Ok(shown(said.payload, false))
}

pub(super) fn sasl_continue(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let payload = payload(&arguments)?;
    let id = arguments.required("conversationId", arguments.integer("conversationId")?)?;
    arguments.finish()?;
    let mut place = call.client.conversation.lock();
    let mut conversation =
        place.take().ok_or_else(|| Failure::new(Code::PROTOCOL_ERROR, "No SASL session state found"))?;
    if id != i64::from(CONVERSATION) {
        return Err(Failure::new(Code::PROTOCOL_ERROR, "sasl: Mismatched conversation id"));
    }
    let said = conversation.go_on(&payload)?;
    let done = said.done.is_some();
    match said.done {
        Some(identity) => *call.client.identity.lock() = Some(identity),
        None => *place = Some(conversation),
    }
    Ok(shown(said.payload, done).into())
}

fn payload(arguments: &Arguments<'_>) -> Result<Vec<u8>, Failure> {
    match arguments.required("payload", arguments.any("payload"))? {
        RawBsonRef::Binary(binary) => Ok(binary.bytes.to_vec()),
        RawBsonRef::String(text) => Ok(text.as_bytes().to_vec()),
        other => Err(arguments.wrong_type("payload", other, &["binData", "string"])),
    }
}

fn shown(payload: Vec<u8>, done: bool) -> RawDocumentBuf {
    let payload = bson::Binary { subtype: BinarySubtype::Generic, bytes: payload };
    rawdoc! { "conversationId": CONVERSATION, "done": done, "payload": payload }
}

pub(super) fn authenticate(_call: &Call<'_>) -> Result<Outcome, Failure> {
    Err(Failure::new(Code(334), "Received authentication for mechanism MONGODB-X509 which is not enabled"))
}

pub(super) fn logout(call: &Call<'_>) -> Result<Outcome, Failure> {
    *call.client.identity.lock() = None;
    Ok(rawdoc! {}.into())
}

pub(super) fn connection_status(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let show_privileges = arguments.bool("showPrivileges")?;
    arguments.finish()?;
    let mut users = bson::RawArrayBuf::new();
    let mut roles = bson::RawArrayBuf::new();
    if let Some(identity) = call.client.user() {
        users.push(rawdoc! { "user": &*identity.name, "db": &*identity.database });
        if let Some(user) = call.face.users.get(&identity.name, &identity.database) {
            roles = user.shown_roles();
        }
    }
    let mut info = rawdoc! { "authenticatedUsers": users, "authenticatedUserRoles": roles };
    if show_privileges {
        info.append(cstr!("authenticatedUserPrivileges"), bson::RawArrayBuf::new());
    }
    Ok(rawdoc! { "authInfo": info }.into())
}
