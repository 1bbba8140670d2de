//! Cursors over the wire: the first batch of what a command found, `getMore` and `killCursors`.

use std::{sync::Arc, time::Duration};

use bson::{RawArrayBuf, RawBsonRef, RawDocument, RawDocumentBuf, raw::cstr, rawdoc};
use millpond::docdb::Code;

use super::super::{
    Face,
    arguments::{self, Arguments},
    call::{self, Call, Outcome},
    cursors::{Cursor, FIRST_BATCH, Killed},
    failure::Failure,
    reply,
};

/// How long `getMore` waits at the end of a capped collection if the client does not say.
const AWAIT: Duration = Duration::from_secs(1);

/// `cursor: { batchSize }`.
pub(super) fn batch_size(arguments: &Arguments<'_>) -> Result<u64, Failure> {
    let Some(cursor) = arguments.document("cursor")? else { return Ok(FIRST_BATCH) };
    let cursor = Arguments::of(format!("{}.cursor", arguments.path()), cursor);
    let size = cursor.count("batchSize")?;
    cursor.finish()?;
    Ok(size.unwrap_or(FIRST_BATCH))
}

/// Reads the first batch, and keeps the cursor if there is more.
pub(super) fn first_batch(
    call: &Call<'_>,
    mut cursor: Cursor,
    batch_size: u64,
    single: bool,
) -> Result<RawDocumentBuf, Failure> {
    cursor.session.clone_from(&call.session);
    cursor.has_time_limit = call.max_time.is_some();
    cursor.user = call.client.user().map(|user| user.to_string());
    let batch = cursor.read(Some(batch_size))?;
    let namespace = cursor.namespace.clone();
    let id = match batch.ended || single {
        true => 0,
        false => call.face.cursors.keep(cursor)?,
    };
    let mut shown = rawdoc! { "firstBatch": batch.documents, "id": id, "ns": namespace };
    if call.snapshot {
        shown.append(cstr!("atClusterTime"), call.face.topology.now());
    }
    Ok(shown)
}

/// Whether the cursor of a reply is still open.
pub(super) fn more(reply: &RawDocument) -> bool {
    reply.get_document("cursor").and_then(|cursor| cursor.get_i64("id")).is_ok_and(|id| id != 0)
}

pub(super) fn get_more(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let id = match call.target() {
        Some(RawBsonRef::Int64(id)) => id,
        Some(other) => return Err(arguments.wrong_type("getMore", other, &["long"])),
        None => return Err(arguments.missing("getMore")),
    };
    let collection = arguments.required("collection", arguments.text("collection")?)?;
    let batch_size = arguments.count("batchSize")?.filter(|size| *size > 0);
    arguments.ignore(&["term", "lastKnownCommittedOpTime", "includeQueryStatsMetrics"]);
    arguments.finish()?;
    if collection.is_empty() {
        return Err(Failure::new(Code::INVALID_NAMESPACE, "Collection names cannot be empty"));
    }

    let namespace = format!("{}.{collection}", call.database);
    let user = call.client.user().map(|user| user.to_string());
    let cursor = call.face.cursors.take(id, &namespace, call.session.as_ref(), user.as_deref())?;
    let has_time_limit = cursor.has_time_limit || call.max_time.is_some();
    let cursor = Borrowed { face: Arc::clone(call.face), id, cursor: Some(cursor) };
    if has_time_limit {
        call::check_time(call.face)?;
    }
    if call.max_time.is_some() && !cursor.awaits() {
        let message = "cannot set maxTimeMS on getMore command for a non-awaitData cursor";
        return Err(Failure::new(Code::BAD_VALUE, message));
    }
    let wait = cursor.awaits().then(|| call.max_time.unwrap_or(AWAIT));
    read(cursor, namespace, batch_size, wait)
}

/// A cursor that is given back, or ended, when its batch has been read.
struct Borrowed {
    face: Arc<Face>,
    id: i64,
    cursor: Option<Box<Cursor>>,
}

impl Borrowed {
    fn awaits(&self) -> bool {
        self.cursor.as_ref().is_some_and(|cursor| cursor.awaits)
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        match self.cursor.take() {
            Some(cursor) => drop(self.face.cursors.give_back(self.id, cursor)),
            None => self.face.cursors.remove(self.id),
        }
    }
}

fn read(
    mut borrowed: Borrowed,
    namespace: String,
    batch_size: Option<u64>,
    wait: Option<Duration>,
) -> Result<Outcome, Failure> {
    let Some(mut cursor) = borrowed.cursor.take() else {
        return Err(Failure::new(Code::CURSOR_NOT_FOUND, format!("cursor id {} not found", borrowed.id)));
    };
    // A cursor that fails is over: it is not put back then.
    let batch = cursor.read(batch_size)?;
    if batch.count == 0
        && !batch.ended
        && let Some(wait) = wait
    {
        // What waits must not hold a thread: there may be more who wait than threads.
        return Ok(Outcome::Later(Box::pin(async move {
            cursor.wait(wait).await;
            let batch = crate::http::run(false, || cursor.read(batch_size));
            let batch = batch.unwrap_or_else(|| Err(Failure::new(Code::INTERNAL_ERROR, "the command was stopped")))?;
            if !batch.ended {
                borrowed.cursor = Some(cursor);
            }
            Ok(next_batch(batch.documents, borrowed.id, batch.ended, &namespace))
        })));
    }
    if !batch.ended {
        borrowed.cursor = Some(cursor);
    }
    Ok(next_batch(batch.documents, borrowed.id, batch.ended, &namespace).into())
}

fn next_batch(documents: RawArrayBuf, id: i64, ended: bool, namespace: &str) -> RawDocumentBuf {
    let id = if ended { 0 } else { id };
    rawdoc! { "cursor": { "nextBatch": documents, "id": id, "ns": namespace } }
}

pub(super) fn kill_cursors(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let namespace = call.namespace()?.to_string();
    let cursors = arguments.required("cursors", arguments.array("cursors")?)?;
    arguments.finish()?;
    let user = call.client.user().map(|user| user.to_string());
    let (mut killed, mut not_found) = (RawArrayBuf::new(), RawArrayBuf::new());
    for (index, cursor) in reply::items(cursors).enumerate() {
        let RawBsonRef::Int64(id) = cursor else {
            return Err(arguments::wrong_type(&format!("killCursors.cursors.{index}"), cursor, &["long"]));
        };
        match call.face.cursors.kill(id, &namespace, user.as_deref()) {
            Killed::Killed => killed.push(id),
            Killed::NotFound => not_found.push(id),
        }
    }
    let none = RawArrayBuf::new;
    Ok(rawdoc! {
        "cursorsKilled": killed, "cursorsNotFound": not_found, "cursorsAlive": none(), "cursorsUnknown": none(),
    }
    .into())
}
