//! What there is: `listCollections`, `listDatabases`, `dropDatabase`.

use bson::{RawDocument, RawDocumentBuf, raw::cstr, rawdoc, spec::BinarySubtype};
use millpond::docdb::{Aggregate, Code, CollectionInfo, CollectionKind};

use super::super::{
    arguments, auth,
    call::{Call, Outcome},
    cursors::Cursor,
    failure::Failure,
    reply,
};
use super::cursor;

/// Those documents of a list that a filter matches.
fn matching(
    call: &Call<'_>,
    documents: Vec<RawDocumentBuf>,
    filter: Option<&RawDocument>,
) -> Result<Vec<RawDocumentBuf>, Failure> {
    let Some(filter) = filter.filter(|filter| !filter.is_empty()) else { return Ok(documents) };
    let mut fields = reply::fields(filter);
    // What most drivers ask: whether there is a collection of this name.
    if let (Some(("name", bson::RawBsonRef::String(name))), None) = (fields.next(), fields.next()) {
        return Ok(documents.into_iter().filter(|document| document.get_str("name").ok() == Some(name)).collect());
    }
    let mut list = bson::RawArrayBuf::new();
    documents.iter().for_each(|document| list.push(&**document));
    let pipeline = vec![rawdoc! { "$documents": { "$literal": list } }, rawdoc! { "$match": filter.to_owned() }];
    let aggregate = Aggregate { pipeline, ..Aggregate::default() };
    let found = call.face.docdb.aggregate(call.database, None, &aggregate)?;
    found.map(|document| Ok(document?.raw().to_owned())).collect()
}

fn show(info: &CollectionInfo, name_only: bool) -> RawDocumentBuf {
    let kind = match info.kind {
        CollectionKind::Collection => "collection",
        CollectionKind::View => "view",
    };
    let mut document = rawdoc! { "name": &*info.name, "type": kind };
    if !name_only {
        document.append(cstr!("options"), &*info.options);
        let mut about = rawdoc! { "readOnly": info.kind == CollectionKind::View };
        if let Some(uuid) = info.uuid {
            let uuid = bson::Binary { subtype: BinarySubtype::Uuid, bytes: uuid.bytes().to_vec() };
            about.append(cstr!("uuid"), uuid);
        }
        document.append(cstr!("info"), about);
        if let Some(id_index) = &info.id_index {
            document.append(cstr!("idIndex"), &**id_index);
        }
    }
    document
}

pub(super) fn list_collections(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let filter = arguments.document("filter")?;
    let name_only = arguments.bool("nameOnly")?;
    let batch_size = arguments.has("cursor").then(|| cursor::batch_size(&arguments)).transpose()?;
    arguments.bool("authorizedCollections")?;
    arguments.finish()?;
    let collections = call.face.docdb.list_collections(call.database)?;
    // The filter sees everything, whatever is shown of it.
    let shown =
        collections.iter().map(|info| show(info, name_only && filter.is_none_or(RawDocument::is_empty))).collect();
    let mut shown = matching(call, shown, filter)?;
    if name_only {
        for document in &mut shown {
            let (name, kind) =
                (document.get_str("name").unwrap_or_default(), document.get_str("type").unwrap_or_default());
            *document = rawdoc! { "name": name, "type": kind };
        }
    }
    let cursor = Cursor::listed(format!("{}.$cmd.listCollections", call.database), shown);
    Ok(rawdoc! { "cursor": cursor::first_batch(call, cursor, batch_size.unwrap_or(u64::MAX), false)? }.into())
}

pub(super) fn list_databases(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let filter = arguments.document("filter")?;
    let name_only = arguments.bool("nameOnly")?;
    arguments.ignore(&["authorizedDatabases"]);
    arguments.finish()?;
    let user = call.client.user();
    let mut databases = call.face.docdb.list_databases()?;
    databases.retain(|info| auth::may_list(call.face, user.as_ref(), &info.name));
    let bytes = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let show = |info: &millpond::docdb::DatabaseInfo| {
        rawdoc! { "name": &*info.name, "sizeOnDisk": bytes(info.size_bytes), "empty": info.empty }
    };
    let shown = matching(call, databases.iter().map(show).collect(), filter)?;
    let mut list = bson::RawArrayBuf::new();
    let mut total = 0_i64;
    for document in &shown {
        total = total.saturating_add(document.get_i64("sizeOnDisk").unwrap_or(0));
        match name_only {
            true => list.push(rawdoc! { "name": document.get_str("name").unwrap_or_default() }),
            false => list.push(&**document),
        }
    }
    let mut document = rawdoc! { "databases": list };
    if !name_only {
        document.append(cstr!("totalSize"), total);
        document.append(cstr!("totalSizeMb"), total >> 20);
    }
    Ok(document.into())
}

pub(super) fn drop_database(call: &Call<'_>) -> Result<Outcome, Failure> {
    call.arguments().finish()?;
    if call.target().and_then(arguments::number) != Some(1.0) {
        return Err(Failure::new(Code(5_255_100), "Expected value of 1 for the 'dropDatabase' field"));
    }
    let mut document = RawDocumentBuf::new();
    if call.face.docdb.drop_database(call.database)? {
        document.append(cstr!("dropped"), call.database);
        if call.database == "admin" {
            call.face.users.reload()?;
        }
    }
    Ok(document.into())
}
