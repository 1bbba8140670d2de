//! `findAndModify`.

use std::time::Duration;

use bson::{RawBson, raw::cstr, rawdoc};
use millpond::docdb::{Code, FindAndModify, Modification, Retry};

use super::super::{
    arguments::Arguments,
    call::{Call, Outcome},
    failure::Failure,
};
use super::{read, write};

pub(super) fn parse(
    arguments: &Arguments<'_>,
    retry: Option<Retry>,
    max_time: Option<Duration>,
) -> Result<FindAndModify, Failure> {
    let update = write::modifications(arguments, "update")?;
    let remove = arguments.bool("remove")?;
    let return_new = arguments.bool("new")?;
    let upsert = arguments.bool("upsert")?;
    let array_filters = arguments.documents("arrayFilters")?;
    let refused = |message: &str| Err(Failure::new(Code::FAILED_TO_PARSE, message));
    let modification = match (remove, update) {
        (true, Some(_)) => return refused("Cannot specify both an update and remove=true"),
        (true, None) if upsert => return refused("Cannot specify both upsert=true and remove=true"),
        (true, None) if return_new => {
            return refused(
                "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document",
            );
        }
        (true, None) if array_filters.is_some() => return refused("Cannot specify arrayFilters and remove=true"),
        (true, None) => Modification::Remove,
        (false, None) => return refused("Either an update or remove=true must be specified"),
        (false, Some(update)) => {
            Modification::Update { update, array_filters: array_filters.unwrap_or_default(), upsert, return_new }
        }
    };
    let command = FindAndModify {
        filter: arguments.owned("query")?.unwrap_or_default(),
        sort: arguments.owned("sort")?,
        modification,
        projection: arguments.owned("fields")?,
        hint: read::hint(arguments)?,
        collation: arguments.owned("collation")?,
        variables: arguments.owned("let")?,
        bypass_document_validation: arguments.bool("bypassDocumentValidation")?,
        retry,
        max_time,
    };
    arguments.ignore(&["bypassEmptyTsReplacement", "legacyRuntimeConstants", "sampleId"]);
    arguments.finish()?;
    Ok(command)
}

pub(super) fn find_and_modify(call: &Call<'_>) -> Result<Outcome, Failure> {
    let namespace = call.namespace()?;
    let arguments = call.arguments();
    let command = parse(&arguments, call.retry(&arguments)?, call.max_time)?;
    let done = call.face.docdb.find_and_modify(&namespace, &command)?;
    call.face.topology.tick();
    let count = i32::from(done.found || done.upserted.is_some());
    let mut last = rawdoc! { "n": count };
    if !matches!(command.modification, Modification::Remove) {
        last.append(cstr!("updatedExisting"), done.found && done.upserted.is_none());
    }
    if let Some(id) = &done.upserted {
        last.append(cstr!("upserted"), id.clone());
    }
    let mut document =
        rawdoc! { "lastErrorObject": last, "value": done.value.map_or(RawBson::Null, RawBson::Document) };
    if done.retried {
        let statement = command.retry.and_then(|retry| retry.statements?.first().copied());
        document.append(cstr!("retriedStmtId"), statement.unwrap_or(0));
    }
    Ok(document.into())
}
