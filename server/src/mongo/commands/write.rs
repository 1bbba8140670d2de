//! `insert`, `update` and `delete`.

use std::time::Duration;

use bson::{RawArrayBuf, RawBsonRef, RawDocumentBuf, raw::cstr, rawdoc};
use millpond::docdb::{
    Code, Delete, DeleteStatement, Insert, Retry, Update, UpdateModifications, UpdateStatement, WriteError,
};

use super::super::{
    arguments::Arguments,
    call::{Call, Outcome},
    failure::{self, Failure},
    reply,
};
use super::{hello::MAX_STATEMENTS, read};

/// The documents of a member, which stand in the command or beside it.
pub(super) fn documents(
    call: &Call<'_>,
    arguments: &Arguments<'_>,
    name: &str,
) -> Result<Vec<RawDocumentBuf>, Failure> {
    if let Some(other) = call.command.sequence_names().find(|other| *other != name && *other != "nsInfo") {
        let message = format!("BSON field '{}.{other}' is an unknown field.", arguments.path());
        return Err(Failure::new(Code::UNKNOWN_FIELD, message));
    }
    match call.command.sequence(name) {
        Some(documents) => Ok(documents.map(ToOwned::to_owned).collect()),
        None => arguments.required(name, arguments.documents(name)?),
    }
}

/// Refuses too many statements, and none.
pub(super) fn check_count(count: usize) -> Result<(), Failure> {
    match i32::try_from(count) {
        Ok(1..=MAX_STATEMENTS) => Ok(()),
        _ => {
            let message = format!("Write batch sizes must be between 1 and {MAX_STATEMENTS}. Got {count} operations.");
            Err(Failure::new(Code::INVALID_LENGTH, message))
        }
    }
}

/// `ordered`, the other way round.
pub(super) fn unordered(arguments: &Arguments<'_>) -> Result<bool, Failure> {
    Ok(!arguments.strict_bool("ordered")?.unwrap_or(true))
}

/// An update's document or pipeline.
pub(super) fn modifications(arguments: &Arguments<'_>, name: &str) -> Result<Option<UpdateModifications>, Failure> {
    match arguments.given(name) {
        None => Ok(None),
        Some(RawBsonRef::Document(document)) => Ok(Some(UpdateModifications::Document(document.to_owned()))),
        Some(RawBsonRef::Array(stages)) => {
            let stages = reply::items(stages).map(|stage| {
                let refused =
                    || Failure::new(Code::TYPE_MISMATCH, "Each element of the 'pipeline' array must be an object");
                stage.as_document().map(ToOwned::to_owned).ok_or_else(refused)
            });
            Ok(Some(UpdateModifications::Pipeline(stages.collect::<Result<_, _>>()?)))
        }
        Some(_) => Err(Failure::new(Code::FAILED_TO_PARSE, "Update argument must be either an object or an array")),
    }
}

/// Finishes a reply: the statements that failed, and those that had been done before.
fn finish(mut document: RawDocumentBuf, errors: &[WriteError], retried: &[i32]) -> RawDocumentBuf {
    if !errors.is_empty() {
        let mut shown = RawArrayBuf::new();
        for WriteError { index, error } in errors {
            let mut entry = rawdoc! {
                "index": i32::try_from(*index).unwrap_or(i32::MAX), "code": error.code().0, "errmsg": error.to_string(),
            };
            reply::append_all(&mut entry, &failure::details(error));
            shown.push(entry);
        }
        document.append(cstr!("writeErrors"), shown);
    }
    append_retried(&mut document, retried);
    document
}

/// Adds the statements that had been done before.
pub(super) fn append_retried(document: &mut RawDocumentBuf, retried: &[i32]) {
    if !retried.is_empty() {
        let mut ids = RawArrayBuf::new();
        retried.iter().for_each(|id| ids.push(*id));
        document.append(cstr!("retriedStmtIds"), ids);
    }
}

/// What only a replica set says: when the write was, and in whose term.
pub(super) fn times(call: &Call<'_>) -> RawDocumentBuf {
    rawdoc! {
        "electionId": super::super::topology::Topology::election_id(),
        "opTime": { "ts": call.face.topology.tick(), "t": super::super::topology::TERM },
    }
}

pub(super) fn insert(call: &Call<'_>) -> Result<Outcome, Failure> {
    let namespace = call.namespace()?;
    let arguments = call.arguments();
    let insert = Insert {
        documents: documents(call, &arguments, "documents")?,
        unordered: unordered(&arguments)?,
        bypass_document_validation: arguments.bool("bypassDocumentValidation")?,
        retry: call.retry(&arguments)?,
    };
    arguments.ignore(&["bypassEmptyTsReplacement"]);
    arguments.finish()?;
    check_count(insert.documents.len())?;
    let inserted = call.face.docdb.insert(&namespace, insert)?;
    let mut document = rawdoc! { "n": reply::count(inserted.inserted) };
    reply::append_all(&mut document, &times(call));
    Ok(finish(document, &inserted.errors, &inserted.retried).into())
}

fn parse_update_statement(path: &str, statement: &RawDocumentBuf) -> Result<UpdateStatement, Failure> {
    let arguments = Arguments::of(path.to_owned(), statement);
    let statement = UpdateStatement {
        filter: arguments.required("q", arguments.owned("q")?)?,
        update: arguments.required("u", modifications(&arguments, "u")?)?,
        constants: arguments.owned("c")?,
        multi: arguments.bool("multi")?,
        upsert: arguments.bool("upsert")?,
        array_filters: arguments.documents("arrayFilters")?.unwrap_or_default(),
        sort: arguments.owned("sort")?,
        hint: read::hint(&arguments)?,
        collation: arguments.owned("collation")?,
    };
    arguments.ignore(&["upsertSupplied", "sampleId", "allowShardKeyUpdatesWithoutFullShardKeyInQuery"]);
    arguments.finish()?;
    Ok(statement)
}

pub(super) fn parse_update(
    arguments: &Arguments<'_>,
    statements: &[RawDocumentBuf],
    retry: Option<Retry>,
    max_time: Option<Duration>,
) -> Result<Update, Failure> {
    let path = format!("{}.updates", arguments.path());
    let update = Update {
        statements: statements
            .iter()
            .map(|statement| parse_update_statement(&path, statement))
            .collect::<Result<_, _>>()?,
        unordered: unordered(arguments)?,
        bypass_document_validation: arguments.bool("bypassDocumentValidation")?,
        variables: arguments.owned("let")?,
        retry,
        max_time,
    };
    arguments.ignore(&["bypassEmptyTsReplacement", "legacyRuntimeConstants", "isTimeseriesNamespace"]);
    arguments.finish()?;
    check_count(update.statements.len())?;
    Ok(update)
}

pub(super) fn update(call: &Call<'_>) -> Result<Outcome, Failure> {
    let namespace = call.namespace()?;
    let arguments = call.arguments();
    let statements = documents(call, &arguments, "updates")?;
    let update = parse_update(&arguments, &statements, call.retry(&arguments)?, call.max_time)?;
    let updated = call.face.docdb.update(&namespace, &update)?;
    let upserted_count = u64::try_from(updated.upserted.len()).unwrap_or(u64::MAX);
    let mut document = rawdoc! { "n": reply::count(updated.matched.saturating_add(upserted_count)) };
    reply::append_all(&mut document, &times(call));
    if !updated.upserted.is_empty() {
        let mut upserted = RawArrayBuf::new();
        for one in &updated.upserted {
            upserted.push(rawdoc! { "index": i32::try_from(one.index).unwrap_or(i32::MAX), "_id": one.id.clone() });
        }
        document.append(cstr!("upserted"), upserted);
    }
    document.append(cstr!("nModified"), reply::count(updated.modified));
    Ok(finish(document, &updated.errors, &updated.retried).into())
}

fn parse_delete_statement(path: &str, statement: &RawDocumentBuf) -> Result<DeleteStatement, Failure> {
    let arguments = Arguments::of(path.to_owned(), statement);
    let limit = arguments.required("limit", arguments.integer("limit")?)?;
    let multi = match limit {
        0 => true,
        1 => false,
        other => {
            let message = format!("The limit field in delete objects must be 0 or 1. Got {other}");
            return Err(Failure::new(Code::FAILED_TO_PARSE, message));
        }
    };
    let statement = DeleteStatement {
        filter: arguments.required("q", arguments.owned("q")?)?,
        multi,
        hint: read::hint(&arguments)?,
        collation: arguments.owned("collation")?,
    };
    arguments.ignore(&["sampleId"]);
    arguments.finish()?;
    Ok(statement)
}

pub(super) fn parse_delete(
    arguments: &Arguments<'_>,
    statements: &[RawDocumentBuf],
    retry: Option<Retry>,
    max_time: Option<Duration>,
) -> Result<Delete, Failure> {
    let path = format!("{}.deletes", arguments.path());
    let delete = Delete {
        statements: statements
            .iter()
            .map(|statement| parse_delete_statement(&path, statement))
            .collect::<Result<_, _>>()?,
        unordered: unordered(arguments)?,
        variables: arguments.owned("let")?,
        retry,
        max_time,
    };
    arguments.ignore(&["bypassDocumentValidation", "legacyRuntimeConstants", "isTimeseriesNamespace"]);
    arguments.finish()?;
    check_count(delete.statements.len())?;
    Ok(delete)
}

pub(super) fn delete(call: &Call<'_>) -> Result<Outcome, Failure> {
    let namespace = call.namespace()?;
    let arguments = call.arguments();
    let statements = documents(call, &arguments, "deletes")?;
    let delete = parse_delete(&arguments, &statements, call.retry(&arguments)?, call.max_time)?;
    let deleted = call.face.docdb.delete(&namespace, &delete)?;
    let mut document = rawdoc! { "n": reply::count(deleted.deleted) };
    reply::append_all(&mut document, &times(call));
    Ok(finish(document, &deleted.errors, &deleted.retried).into())
}
