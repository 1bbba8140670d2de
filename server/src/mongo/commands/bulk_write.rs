//! `bulkWrite`: statements on several collections.

use bson::{RawDocument, RawDocumentBuf, raw::cstr, rawdoc};
use millpond::docdb::{
    BulkWrite, BulkWriteReply, BulkWriteStatement, Code, DeleteStatement, Error, Namespace, UpdateStatement,
};

use super::super::{
    arguments::Arguments,
    call::{Call, Outcome},
    cursors::Cursor,
    failure::{self, Failure},
    reply,
};
use super::{cursor, read, write};

pub(super) fn bulk_write(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let in_body_or_beside = |name: &str| match call.command.sequence(name) {
        Some(documents) => Ok(documents.map(ToOwned::to_owned).collect()),
        None => arguments.required(name, arguments.documents(name)?),
    };
    let namespaces: Vec<RawDocumentBuf> = in_body_or_beside("nsInfo")?;
    let operations: Vec<RawDocumentBuf> = in_body_or_beside("ops")?;
    write::check_count(operations.len())?;
    let namespaces = namespaces.iter().map(|info| namespace(info)).collect::<Result<Vec<_>, _>>()?;
    let statements = operations.iter().map(|operation| statement(operation, &namespaces)).collect::<Result<_, _>>()?;
    let errors_only = arguments.bool("errorsOnly")?;
    let bulk = BulkWrite {
        statements,
        unordered: write::unordered(&arguments)?,
        bypass_document_validation: arguments.bool("bypassDocumentValidation")?,
        variables: arguments.owned("let")?,
        retry: call.retry(&arguments)?,
        max_time: call.max_time,
    };
    let batch_size = arguments.has("cursor").then(|| cursor::batch_size(&arguments)).transpose()?;
    arguments.ignore(&["bypassEmptyTsReplacement"]);
    arguments.finish()?;

    let done = call.face.docdb.bulk_write(&bulk)?;
    let (shown, mut document) = show(&bulk.statements, &done, errors_only);
    let cursor = Cursor::listed("admin.$cmd.bulkWrite".to_owned(), shown);
    let batch = cursor::first_batch(call, cursor, batch_size.unwrap_or(u64::MAX), false)?;
    document.append(cstr!("cursor"), batch);
    reply::append_all(&mut document, &write::times(call));
    write::append_retried(&mut document, &done.retried);
    Ok(document.into())
}

fn namespace(info: &RawDocument) -> Result<Namespace, Failure> {
    let arguments = Arguments::of("bulkWrite.nsInfo".to_owned(), info);
    let full = arguments.required("ns", arguments.text("ns")?)?;
    arguments.ignore(&["collectionUUID", "encryptionInformation", "isTimeseriesNamespace"]);
    arguments.finish()?;
    let (database, collection) = full.split_once('.').unwrap_or((full, ""));
    Ok(Namespace::new(database, collection)?)
}

fn statement(operation: &RawDocument, namespaces: &[Namespace]) -> Result<BulkWriteStatement, Failure> {
    let kind = reply::fields(operation).next().map_or("", |(name, _)| name);
    let arguments = Arguments::of("bulkWrite.ops".to_owned(), operation);
    let place = match kind {
        "insert" | "update" | "delete" => arguments.required(kind, arguments.integer(kind)?)?,
        other => {
            let message = format!("Unrecognized or missing operation type in 'ops': {other:?}");
            return Err(Failure::new(Code::FAILED_TO_PARSE, message));
        }
    };
    let namespace = usize::try_from(place).ok().and_then(|place| namespaces.get(place)).cloned();
    let namespace = namespace.ok_or_else(|| {
        Failure::new(Code::BAD_VALUE, format!("BulkWrite ops entry {operation:?} has an invalid nsInfo index."))
    })?;
    let statement = match kind {
        "insert" => {
            let document = arguments.required("document", arguments.owned("document")?)?;
            BulkWriteStatement::Insert { namespace, document }
        }
        "update" => {
            let update = UpdateStatement {
                filter: arguments.required("filter", arguments.owned("filter")?)?,
                update: arguments.required("updateMods", write::modifications(&arguments, "updateMods")?)?,
                constants: arguments.owned("constants")?,
                multi: arguments.bool("multi")?,
                upsert: arguments.bool("upsert")?,
                array_filters: arguments.documents("arrayFilters")?.unwrap_or_default(),
                sort: arguments.owned("sort")?,
                hint: read::hint(&arguments)?,
                collation: arguments.owned("collation")?,
            };
            arguments.ignore(&["upsertSupplied", "sampleId"]);
            BulkWriteStatement::Update { namespace, update }
        }
        _ => {
            let delete = DeleteStatement {
                filter: arguments.required("filter", arguments.owned("filter")?)?,
                multi: arguments.bool("multi")?,
                hint: read::hint(&arguments)?,
                collation: arguments.owned("collation")?,
            };
            arguments.ignore(&["sampleId"]);
            BulkWriteStatement::Delete { namespace, delete }
        }
    };
    arguments.finish()?;
    Ok(statement)
}

/// Counts of what was done.
#[derive(Debug, Default)]
struct Sums {
    errors: u64,
    inserted: u64,
    matched: u64,
    modified: u64,
    upserted: u64,
    deleted: u64,
}

/// The results as documents, and their sums.
fn show(
    statements: &[BulkWriteStatement],
    done: &BulkWriteReply,
    errors_only: bool,
) -> (Vec<RawDocumentBuf>, RawDocumentBuf) {
    let mut sums = Sums::default();
    let mut shown = Vec::new();
    for (index, (statement, result)) in statements.iter().zip(&done.results).enumerate() {
        let index = i32::try_from(index).unwrap_or(i32::MAX);
        match result {
            Err(error) => {
                sums.errors += 1;
                shown.push(show_error(index, error, statement));
            }
            Ok(result) => {
                let n = if result.upserted.is_some() { 1 } else { result.n };
                let mut document = rawdoc! { "ok": 1.0, "idx": index, "n": reply::count(n) };
                match statement {
                    BulkWriteStatement::Insert { .. } => sums.inserted += n,
                    BulkWriteStatement::Delete { .. } => sums.deleted += n,
                    BulkWriteStatement::Update { .. } => {
                        let modified = result.modified.unwrap_or(0);
                        document.append(cstr!("nModified"), reply::count(modified));
                        sums.modified += modified;
                        match &result.upserted {
                            Some(id) => {
                                document.append(cstr!("upserted"), rawdoc! { "_id": id.clone() });
                                sums.upserted += 1;
                            }
                            None => sums.matched += n,
                        }
                    }
                }
                if !errors_only {
                    shown.push(document);
                }
            }
        }
    }
    let sums = rawdoc! {
        "nErrors": reply::count(sums.errors), "nInserted": reply::count(sums.inserted),
        "nMatched": reply::count(sums.matched), "nModified": reply::count(sums.modified),
        "nUpserted": reply::count(sums.upserted), "nDeleted": reply::count(sums.deleted),
    };
    (shown, sums)
}

fn show_error(index: i32, error: &Error, statement: &BulkWriteStatement) -> RawDocumentBuf {
    let mut document = rawdoc! {
        "ok": 0.0, "idx": index, "code": error.code().0, "errmsg": error.to_string(), "n": 0,
    };
    if matches!(statement, BulkWriteStatement::Update { .. }) {
        document.append(cstr!("nModified"), 0);
    }
    reply::append_all(&mut document, &failure::details(error));
    document
}
