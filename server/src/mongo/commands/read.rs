//! `find`, `aggregate`, `count` and `distinct`.

use std::time::Duration;

use bson::{RawArrayBuf, RawBsonRef, raw::cstr, rawdoc};
use millpond::docdb::{Aggregate, Code, Count, Distinct, Find, Hint, Namespace, Tailable, Verbosity};

use super::super::{
    arguments::{self, Arguments},
    call::{Call, Outcome},
    concerns,
    cursors::{Cursor, FIRST_BATCH, Source},
    failure::Failure,
    reply,
};
use super::cursor;

/// Which index to use: its name or its keys.
pub(super) fn hint(arguments: &Arguments<'_>) -> Result<Option<Hint>, Failure> {
    // Other than elsewhere, null is not as good as nothing.
    match arguments.given("hint") {
        None => Ok(None),
        Some(RawBsonRef::String(name)) => Ok(Some(Hint::Name(name.to_owned()))),
        Some(RawBsonRef::Document(keys)) if keys.is_empty() => Ok(None),
        Some(RawBsonRef::Document(keys)) => Ok(Some(Hint::Keys(keys.to_owned()))),
        Some(_) => Err(Failure::new(Code::FAILED_TO_PARSE, "Hint must be a string or an object")),
    }
}

/// A `find`, and how its batches are to be.
pub(super) struct FindCommand {
    pub(super) find: Find,
    batch_size: Option<u64>,
    single_batch: bool,
    no_timeout: bool,
}

pub(super) fn parse_find(arguments: &Arguments<'_>, max_time: Option<Duration>) -> Result<FindCommand, Failure> {
    let tailable = arguments.bool("tailable")?;
    let await_data = arguments.bool("awaitData")?;
    let single_batch = arguments.bool("singleBatch")?;
    let tailable = match (tailable, await_data) {
        (false, true) => {
            let message = "Cannot set 'awaitData' without also setting 'tailable'";
            return Err(Failure::new(Code::FAILED_TO_PARSE, message));
        }
        (true, _) if single_batch => {
            let message = "Cannot use tailable option with the 'singleBatch' option";
            return Err(Failure::new(Code::FAILED_TO_PARSE, message));
        }
        (false, false) => Tailable::No,
        (true, false) => Tailable::Yes,
        (true, true) => Tailable::AwaitData,
    };
    let find = Find {
        filter: arguments.owned("filter")?.unwrap_or_default(),
        projection: arguments.owned("projection")?,
        sort: arguments.owned("sort")?,
        skip: arguments.count("skip")?.unwrap_or(0),
        limit: arguments.count("limit")?.unwrap_or(0),
        hint: hint(arguments)?,
        min: arguments.owned("min")?,
        max: arguments.owned("max")?,
        collation: arguments.owned("collation")?,
        variables: arguments.owned("let")?,
        return_key: arguments.bool("returnKey")?,
        show_record_id: arguments.bool("showRecordId")?,
        allow_disk_use: arguments.bool("allowDiskUse")?,
        tailable,
        max_time,
    };
    let command = FindCommand {
        find,
        batch_size: arguments.count("batchSize")?,
        single_batch,
        no_timeout: arguments.bool("noCursorTimeout")?,
    };
    arguments.bool("allowPartialResults")?;
    arguments.bool("oplogReplay")?;
    arguments.ignore(&["term", "readOnce", "includeQueryStatsMetrics", "querySettings", "legacyRuntimeConstants"]);
    arguments.finish()?;
    Ok(command)
}

pub(super) fn find(call: &Call<'_>) -> Result<Outcome, Failure> {
    let namespace = call.namespace()?;
    let FindCommand { find, batch_size, single_batch, no_timeout } = parse_find(&call.arguments(), call.max_time)?;
    let found = call.face.docdb.find(&namespace, &find)?;
    let mut cursor = Cursor::new(namespace.to_string(), Source::Stored(Box::new(found)));
    cursor.left = (find.limit > 0).then_some(find.limit);
    cursor.no_timeout = no_timeout;
    cursor.awaits = find.tailable == Tailable::AwaitData;
    let batch = cursor::first_batch(call, cursor, batch_size.unwrap_or(FIRST_BATCH), single_batch)?;
    Ok(rawdoc! { "cursor": batch }.into())
}

/// The collection that an `aggregate` reads; none if it reads the database.
pub(super) fn source<'a>(database: &str, target: Option<RawBsonRef<'a>>) -> Result<Option<&'a str>, Failure> {
    match target {
        Some(RawBsonRef::String(collection)) => {
            Namespace::new(database, collection).map(|_| Some(collection)).map_err(Failure::from)
        }
        Some(value) if arguments::number(value) == Some(1.0) => Ok(None),
        Some(value) if arguments::number(value).is_some() => {
            let message = "Invalid command format: the 'aggregate' field must specify a collection name or 1";
            Err(Failure::new(Code::BAD_VALUE, message))
        }
        other => {
            let actual = other.map_or("missing", arguments::type_name);
            Err(Failure::new(Code::INVALID_NAMESPACE, format!("collection name has invalid type {actual}")))
        }
    }
}

pub(super) fn parse_aggregate(
    arguments: &Arguments<'_>,
    max_time: Option<Duration>,
) -> Result<(Aggregate, Option<u64>, bool), Failure> {
    let aggregate = Aggregate {
        pipeline: arguments.required("pipeline", pipeline(arguments)?)?,
        collation: arguments.owned("collation")?,
        variables: arguments.owned("let")?,
        hint: hint(arguments)?,
        allow_disk_use: arguments.bool("allowDiskUse")?,
        bypass_document_validation: arguments.bool("bypassDocumentValidation")?,
        max_time,
    };
    let explain = arguments.bool("explain")?;
    let batch_size = arguments.has("cursor").then(|| cursor::batch_size(arguments)).transpose()?;
    arguments.ignore(&[
        "bypassEmptyTsReplacement",
        "exchange",
        "fromMongos",
        "fromRouter",
        "includeQueryStatsMetrics",
        "isMapReduceCommand",
        "legacyRuntimeConstants",
        "needsMerge",
        "querySettings",
    ]);
    arguments.finish()?;
    Ok((aggregate, batch_size, explain))
}

/// The stages, which are documents.
fn pipeline(arguments: &Arguments<'_>) -> Result<Option<Vec<bson::RawDocumentBuf>>, Failure> {
    let Some(value) = arguments.any("pipeline") else { return Ok(None) };
    let array = value
        .as_array()
        .ok_or_else(|| Failure::new(Code::TYPE_MISMATCH, "'pipeline' option must be specified as an array"))?;
    let stages = reply::items(array).map(|stage| {
        let stage = stage.as_document().map(ToOwned::to_owned);
        stage.ok_or_else(|| Failure::new(Code::TYPE_MISMATCH, "Each element of the 'pipeline' array must be an object"))
    });
    stages.collect::<Result<_, _>>().map(Some)
}

pub(super) fn aggregate(call: &Call<'_>) -> Result<Outcome, Failure> {
    let collection = source(call.database, call.target())?;
    let (mut aggregate, batch_size, explain) = parse_aggregate(&call.arguments(), call.max_time)?;
    if explain {
        let explained =
            call.face.docdb.explain_aggregate(call.database, collection, &aggregate, Verbosity::QueryPlanner)?;
        return Ok(super::explain::finish(call, explained, call.command.body()).into());
    }
    let Some(batch_size) = batch_size else {
        let message = "The 'cursor' option is required, except for aggregate with the explain argument";
        return Err(Failure::new(Code::FAILED_TO_PARSE, message));
    };
    let last = aggregate.pipeline.last().and_then(|stage| reply::fields(stage).next());
    let writes = last.is_some_and(|(stage, _)| matches!(stage, "$out" | "$merge"));
    check_concerns(&call.arguments(), &aggregate, writes)?;
    match aggregate.pipeline.first().and_then(|stage| reply::fields(stage).next()) {
        Some(("$listSearchIndexes", _)) => return super::server::search(call),
        Some(("$currentOp" | "$listLocalSessions", _)) if collection.is_none() => know_server(call, &mut aggregate),
        _ => {}
    }
    let found = call.face.docdb.aggregate(call.database, collection, &aggregate)?;
    if writes {
        call.face.topology.tick();
    }
    let namespace = format!("{}.{}", call.database, collection.unwrap_or("$cmd.aggregate"));
    let mut cursor = Cursor::new(namespace, Source::Stored(Box::new(found)));
    // Of pipelines only change streams stay open, and these wait.
    cursor.awaits = cursor.is_tailable();
    let mut document = rawdoc! { "cursor": cursor::first_batch(call, cursor, batch_size, false)? };
    if let Some(error) = concerns::concern_error(call.write_concern).filter(|_| writes) {
        document.append(cstr!("writeConcernError"), error);
    }
    Ok(document.into())
}

/// Refuses stages outside the Stable API to who wants nothing else, and a read concern that a pipeline which writes cannot have.
fn check_concerns(arguments: &Arguments<'_>, aggregate: &Aggregate, writes: bool) -> Result<(), Failure> {
    const UNSTABLE: &[&str] =
        &["$currentOp", "$indexStats", "$listLocalSessions", "$listSessions", "$planCacheStats", "$listSearchIndexes"];
    if arguments.strict_bool("apiStrict")? == Some(true) {
        let mut stages = aggregate.pipeline.iter().filter_map(|stage| reply::fields(stage).next());
        if let Some((stage, _)) = stages.find(|(stage, _)| UNSTABLE.contains(stage)) {
            let message = format!("stage {stage} is not allowed with 'apiStrict: true' in API Version 1");
            return Err(Failure::new(Code::API_STRICT_ERROR, message));
        }
    }
    let level = arguments.document("readConcern")?.and_then(|concern| concern.get_str("level").ok());
    if writes && level == Some("linearizable") {
        let message = "a stage that writes cannot be used with a 'linearizable' read concern level";
        return Err(Failure::new(Code::INVALID_OPTIONS, message));
    }
    Ok(())
}

/// Puts what the document store cannot know in the place of the first stage, if that asks for it.
fn know_server(call: &Call<'_>, aggregate: &mut Aggregate) {
    let Some(first) = aggregate.pipeline.first_mut() else { return };
    let known = match reply::fields(first).next() {
        Some(("$currentOp", _)) => call.face.operations.shown(call.face.topology.millis()),
        Some(("$listLocalSessions", _)) => call.face.sessions.shown(),
        _ => return,
    };
    *first = rawdoc! { "$documents": { "$literal": known } };
}

pub(super) fn parse_count(arguments: &Arguments<'_>, max_time: Option<Duration>) -> Result<Count, Failure> {
    let limit = arguments.integer("limit")?.unwrap_or(0);
    let count = Count {
        filter: arguments.owned("query")?.unwrap_or_default(),
        skip: arguments.count("skip")?.unwrap_or(0),
        // A negative limit asked for a single batch once.
        limit: limit.unsigned_abs(),
        hint: hint(arguments)?,
        collation: arguments.owned("collation")?,
        max_time,
    };
    arguments.ignore(&["fields", "includeQueryStatsMetrics", "querySettings"]);
    arguments.finish()?;
    Ok(count)
}

pub(super) fn count(call: &Call<'_>) -> Result<Outcome, Failure> {
    let namespace = call.namespace()?;
    let count = parse_count(&call.arguments(), call.max_time)?;
    Ok(rawdoc! { "n": reply::count(call.face.docdb.count(&namespace, &count)?) }.into())
}

pub(super) fn parse_distinct(arguments: &Arguments<'_>, max_time: Option<Duration>) -> Result<Distinct, Failure> {
    let distinct = Distinct {
        key: arguments.required("key", arguments.text("key")?)?.to_owned(),
        filter: arguments.owned("query")?.unwrap_or_default(),
        hint: hint(arguments)?,
        collation: arguments.owned("collation")?,
        max_time,
    };
    arguments.ignore(&["includeQueryStatsMetrics", "querySettings"]);
    arguments.finish()?;
    if distinct.key.contains('\0') {
        return Err(Failure::new(Code(31032), "Key field cannot contain an embedded null byte"));
    }
    Ok(distinct)
}

pub(super) fn distinct(call: &Call<'_>) -> Result<Outcome, Failure> {
    /// What a reply may have at most, as the server says it.
    const MAX_BYTES: usize = 16 << 20;
    let namespace = call.namespace()?;
    let distinct = parse_distinct(&call.arguments(), call.max_time)?;
    let mut values = RawArrayBuf::new();
    for value in call.face.docdb.distinct(&namespace, &distinct)? {
        values.push(value.as_raw_bson_ref());
        if values.as_bytes().len() > MAX_BYTES {
            return Err(Failure::new(Code(17217), "distinct too big, 16mb cap"));
        }
    }
    let mut document = rawdoc! { "values": values };
    if call.snapshot {
        document.append(bson::raw::cstr!("atClusterTime"), call.face.topology.now());
    }
    Ok(document.into())
}
