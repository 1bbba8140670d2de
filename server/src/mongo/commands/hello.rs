//! `hello` and its old form: what a driver asks first, and again and again.

use std::time::Duration;

use bson::{RawArrayBuf, RawBsonRef, RawDocument, RawDocumentBuf, raw::cstr, rawdoc};
use millpond::docdb::Code;

use super::super::{
    arguments::Arguments,
    auth::Mechanism,
    call::{Call, Outcome},
    failure::Failure,
    reply, sessions,
    topology::{self, Topology},
    wire::{Compressor, MAX_MESSAGE_BYTES},
};
use super::authentication;

/// The longest document that is stored.
const MAX_DOCUMENT_BYTES: i32 = 16 << 20;
/// The most statements of a write command.
pub(crate) const MAX_STATEMENTS: i32 = 100_000;
/// The most metadata of a client.
const MAX_METADATA_BYTES: usize = 512;

pub(super) fn hello(call: &Call<'_>) -> Result<Outcome, Failure> {
    answer(call, "isWritablePrimary")
}

pub(super) fn is_master(call: &Call<'_>) -> Result<Outcome, Failure> {
    answer(call, "ismaster")
}

/// Whether the client may be told more later: if it waits for changes.
pub(super) fn more(reply: &RawDocument) -> bool {
    matches!(reply.get("topologyVersion"), Ok(Some(_)))
}

fn answer(call: &Call<'_>, primary: &str) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let hello_ok = arguments.bool("helloOk")?;
    let wait = wait(&arguments, &call.face.topology)?;
    if let Some(metadata) = arguments.document("client")? {
        remember(call, metadata)?;
    }
    let mut compressors = RawArrayBuf::new();
    let asked = arguments.array("compression")?;
    let offered = asked.into_iter().flat_map(reply::items).filter_map(RawBsonRef::as_str);
    offered.filter_map(Compressor::offered).for_each(|compressor| compressors.push(compressor.name()));
    let supported = arguments.text("saslSupportedMechs")?.and_then(|user| mechanisms(call, user));
    let speculative = arguments.document("speculativeAuthenticate")?.and_then(|start| speculate(call, start));

    // Newer drivers tell and ask more: what is not known here is left alone.
    let mut document = describe(call, primary);
    if asked.is_some() && !compressors.is_empty() {
        document.append(cstr!("compression"), compressors);
    }
    if hello_ok {
        document.append(cstr!("helloOk"), true);
    }
    if let Some(mechanisms) = supported {
        document.append(cstr!("saslSupportedMechs"), mechanisms);
    }
    if let Some(speculative) = speculative {
        document.append(cstr!("speculativeAuthenticate"), speculative);
    }
    document.append(cstr!("ok"), 1.0);
    match wait {
        None => Ok(document.into()),
        // Nothing ever changes, but the client wants to hear from time to time.
        Some(time) => Ok(Outcome::Later(Box::pin(async move {
            tokio::time::sleep(time).await;
            Ok(document)
        }))),
    }
}

/// How long to wait for a change of what the client knows already.
fn wait(arguments: &Arguments<'_>, topology: &Topology) -> Result<Option<Duration>, Failure> {
    let known = arguments.document("topologyVersion")?;
    let time = arguments.millis("maxAwaitTimeMS")?;
    let (Some(known), Some(time)) = (known, time) else {
        return match (known, time) {
            (Some(_), None) => {
                Err(Failure::new(Code(31368), "A request with a 'topologyVersion' must include 'maxAwaitTimeMS'"))
            }
            (None, Some(_)) => {
                Err(Failure::new(Code(31369), "A request with 'maxAwaitTimeMS' must include a 'topologyVersion'"))
            }
            _ => Ok(None),
        };
    };
    let known = Arguments::of("topologyVersion".to_owned(), known);
    let process = known.required("processId", known.object_id("processId")?)?;
    let counter = known.required("counter", known.integer("counter")?)?;
    known.finish()?;
    if counter < 0 {
        return Err(Failure::new(Code(31372), "topologyVersion must have a non-negative counter"));
    }
    if process == topology.process_id && counter > topology::COUNTER {
        let message = format!("Received a topology version with counter {counter}, which is greater than the server's");
        return Err(Failure::new(Code(31382), message));
    }
    Ok((process == topology.process_id && counter == topology::COUNTER).then_some(time))
}

fn remember(call: &Call<'_>, metadata: &RawDocument) -> Result<(), Failure> {
    let length = metadata.as_bytes().len();
    if length > MAX_METADATA_BYTES {
        let message = format!("The client metadata document must be less then or equal to {MAX_METADATA_BYTES} bytes");
        return Err(Failure::new(Code(24), message));
    }
    call.client
        .metadata
        .set(metadata.to_owned())
        .map_err(|_| Failure::new(Code(186), "The client metadata document may only be sent in the first hello"))
}

/// The mechanisms of a user, `database.name`.
fn mechanisms(call: &Call<'_>, user: &str) -> Option<RawArrayBuf> {
    let (database, name) = user.split_once('.')?;
    let user = call.face.users.get(name, database)?;
    let mut mechanisms = RawArrayBuf::new();
    let has = |mechanism: &Mechanism| user.credentials.iter().any(|credentials| credentials.mechanism == *mechanism);
    Mechanism::ALL.iter().filter(|mechanism| has(mechanism)).for_each(|mechanism| mechanisms.push(mechanism.name()));
    Some(mechanisms)
}

/// Begins to authenticate; if that fails, the client does so by itself and hears why.
fn speculate(call: &Call<'_>, start: &RawDocument) -> Option<RawDocumentBuf> {
    let database = start.get_str("db").unwrap_or(call.database);
    authentication::start(call, &Arguments::of("saslStart".to_owned(), start), database).ok()
}

/// The member as it is.
fn describe(call: &Call<'_>, primary: &str) -> RawDocumentBuf {
    let topology = &call.face.topology;
    let host = topology.host(call.client.reached);
    let now = topology.now();
    let date = topology.date();
    let optime = rawdoc! { "ts": now, "t": topology::TERM };
    let (least, most) = topology::WIRE_VERSIONS;
    let mut document = rawdoc! {
        "topologyVersion": topology.version(),
        "hosts": [&*host],
        "setName": &*topology.set_name,
        "setVersion": topology::SET_VERSION,
    };
    reply::append(&mut document, primary, true);
    let rest = rawdoc! {
        "secondary": false,
        "primary": &*host,
        "me": &*host,
        "electionId": Topology::election_id(),
        "lastWrite": {
            "opTime": optime.clone(), "lastWriteDate": date, "majorityOpTime": optime, "majorityWriteDate": date,
        },
        "maxBsonObjectSize": MAX_DOCUMENT_BYTES,
        "maxMessageSizeBytes": i32::try_from(MAX_MESSAGE_BYTES).unwrap_or(i32::MAX),
        "maxWriteBatchSize": MAX_STATEMENTS,
        "localTime": date,
        "logicalSessionTimeoutMinutes": sessions::TIMEOUT_MINUTES,
        "connectionId": call.client.connection_id,
        "minWireVersion": least,
        "maxWireVersion": most,
        "readOnly": false,
    };
    reply::append_all(&mut document, &rest);
    document
}
