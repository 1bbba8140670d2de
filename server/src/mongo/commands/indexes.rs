//! `createIndexes`, `dropIndexes`, `listIndexes`, `reIndex`.

use bson::{RawBsonRef, raw::cstr, rawdoc};
use millpond::docdb::{Code, IndexSelection};

use super::super::{
    arguments,
    call::{Call, Outcome},
    cursors::Cursor,
    failure::Failure,
    reply,
};
use super::cursor;

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

pub(super) fn create(call: &Call<'_>) -> Result<Outcome, Failure> {
    let namespace = call.namespace()?;
    let arguments = call.arguments();
    let indexes = arguments.required("indexes", arguments.documents("indexes")?)?;
    arguments.ignore(&["commitQuorum", "ignoreUnknownIndexOptions", "isTimeseriesNamespace", "v"]);
    arguments.finish()?;
    if indexes.is_empty() {
        return Err(Failure::new(Code::BAD_VALUE, "Must specify at least one index to create"));
    }
    let created = call.face.docdb.create_indexes(&namespace, &indexes)?;
    let mut document = rawdoc! { "numIndexesBefore": number(created.before), "numIndexesAfter": number(created.after) };
    if created.created_collection {
        document.append(cstr!("createdCollectionAutomatically"), true);
    }
    match created.before == created.after {
        true => document.append(cstr!("note"), "all indexes already exist"),
        false => document.append(cstr!("commitQuorum"), "votingMembers"),
    }
    Ok(document.into())
}

pub(super) fn drop(call: &Call<'_>) -> Result<Outcome, Failure> {
    let namespace = call.namespace()?;
    let arguments = call.arguments();
    let selection = match arguments.required("index", arguments.any("index"))? {
        RawBsonRef::String(name) => IndexSelection::Name(name.to_owned()),
        RawBsonRef::Document(keys) => IndexSelection::Keys(keys.to_owned()),
        RawBsonRef::Array(names) => {
            let names = reply::items(names).enumerate().map(|(place, name)| {
                let path = format!("dropIndexes.index.{place}");
                name.as_str().map(ToOwned::to_owned).ok_or_else(|| arguments::wrong_type(&path, name, &["string"]))
            });
            IndexSelection::Names(names.collect::<Result<_, _>>()?)
        }
        other => return Err(arguments.wrong_type("index", other, &["string", "object", "array"])),
    };
    arguments.ignore(&["collectionUUID", "isTimeseriesNamespace"]);
    arguments.finish()?;
    let before = call.face.docdb.drop_indexes(&namespace, &selection)?;
    let mut document = rawdoc! { "nIndexesWas": number(before) };
    if selection == IndexSelection::Name("*".to_owned()) {
        document.append(cstr!("msg"), "non-_id indexes dropped for collection");
    }
    Ok(document.into())
}

pub(super) fn list(call: &Call<'_>) -> Result<Outcome, Failure> {
    let namespace = call.namespace()?;
    let arguments = call.arguments();
    let batch_size = arguments.has("cursor").then(|| cursor::batch_size(&arguments)).transpose()?;
    arguments.ignore(&["includeBuildUUIDs", "includeIndexBuildInfo", "isTimeseriesNamespace"]);
    arguments.finish()?;
    let indexes = call.face.docdb.list_indexes(&namespace)?;
    let cursor = Cursor::listed(namespace.to_string(), indexes.into_iter().map(|index| index.definition));
    Ok(rawdoc! { "cursor": cursor::first_batch(call, cursor, batch_size.unwrap_or(u64::MAX), false)? }.into())
}

/// Indexes are always as they should be.
pub(super) fn rebuild(call: &Call<'_>) -> Result<Outcome, Failure> {
    let indexes = call.face.docdb.list_indexes(&call.namespace()?)?;
    let mut shown = bson::RawArrayBuf::new();
    indexes.iter().for_each(|index| shown.push(&*index.definition));
    let count = number(indexes.len());
    Ok(rawdoc! { "nIndexesWas": count, "nIndexes": count, "indexes": shown }.into())
}
