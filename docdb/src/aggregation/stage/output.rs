//! Stages that documents are written by, and the names of the collections that they write to.

use std::sync::Arc;

use bson::{RawBson, RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    aggregation::{
        Rows, Scope,
        rows::{self, AllRows, all},
        stage::{Stage, Stages, View, merge::Merge, one, options::Options},
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::{CollectionName, Execution},
    value::{Doc, DocumentBuilder, field, fields},
};

/// Where a pipeline writes to. Such a pipeline yields no documents: reading its end writes them.
#[derive(Debug)]
pub(crate) enum Output {
    /// `$out`: the documents become all that the collection has.
    Out(CollectionName),
    /// `$merge`.
    Merge(Merge),
}

impl Output {
    /// The collection that is written to.
    #[cfg(test)]
    pub(crate) fn target(&self) -> &CollectionName {
        match self {
            Output::Out(target) => target,
            Output::Merge(merge) => merge.target(),
        }
    }
}

pub(super) fn parse_out(value: RawBsonRef<'_>, _: &Scope<'_>) -> Result<Stages> {
    let (database, collection) = match value {
        RawBsonRef::String(name) => (None, name),
        RawBsonRef::Document(document) => {
            let options = Options::new("$out", document, &["db", "coll", "timeseries"])?;
            let database = options.required("db", options.string("db")?)?;
            let collection = options.required("coll", options.string("coll")?)?;
            if options.document("timeseries")?.is_some() {
                return refuse(Code::COMMAND_NOT_SUPPORTED, "$out to a time series collection is not supported");
            }
            (Some(database), collection)
        }
        other => {
            return refuse(Code(16990), format!("$out only supports a string or object argument, but found {other:?}"));
        }
    };
    if database.is_some_and(is_reserved) {
        return refuse(Code(31321), "Can't $out to internal database");
    }
    let target = target(database, collection)?;
    if collection.starts_with("system.") {
        return refuse(Code(17385), format!("Can't $out to special collection: {collection}"));
    }
    one(Output::Out(target))
}

/// Whether a database is the server's own.
pub(super) fn is_reserved(database: &str) -> bool {
    matches!(database, "admin" | "config" | "local")
}

/// The collection of a name.
///
/// # Errors
/// [`Code::INVALID_NAMESPACE`] for names that no collection can have, [`Code::ILLEGAL_OPERATION`] for those that cannot be
/// written to.
pub(super) fn target(database: Option<&str>, collection: &str) -> Result<CollectionName> {
    if database.is_some_and(|name| name.is_empty() || name.contains(['.', '/', '\\', ' ', '\0', '$', '"'])) {
        return refuse(Code::INVALID_NAMESPACE, "Invalid namespace specified: the name of the database is not valid");
    }
    if collection.is_empty() || collection.starts_with('.') || collection.contains('\0') {
        return refuse(Code::INVALID_NAMESPACE, format!("Invalid namespace specified: '{collection}'"));
    }
    if collection.starts_with('$') || database.map_or(1, str::len) + 1 + collection.len() > 255 {
        return refuse(Code::ILLEGAL_OPERATION, format!("the collection '{collection}' cannot be written to"));
    }
    Ok(CollectionName { database: database.map(Into::into), collection: collection.into() })
}

/// A document as it is stored: with an `_id`, which comes first.
pub(super) fn with_id(document: &RawDocument, context: &Context) -> RawDocumentBuf {
    let mut stored = DocumentBuilder::new();
    match field(document, "_id") {
        Some(id) => stored.append("_id", id),
        None => stored.append_owned("_id", &RawBson::ObjectId(context.new_id())),
    }
    fields(document).filter(|(name, _)| *name != "_id").for_each(|(name, value)| stored.append(name, value));
    stored.finish()
}

impl Stage for Output {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        all(self, input, context)
    }

    fn view(&self) -> View<'_> {
        View::Output(self)
    }
}

impl AllRows for Output {
    fn all(&self, input: &mut dyn Rows, context: &Context, execution: &mut Execution<'_>) -> Result<Box<dyn Rows>> {
        match self {
            Output::Merge(merge) => merge.run(input, context, execution)?,
            Output::Out(target) => {
                let mut documents = Vec::new();
                while let Some(row) = input.next(execution)? {
                    documents.push(Doc::from(with_id(&row.doc, context)));
                }
                execution.collections.swap(&mut execution.reader, target, documents)?;
            }
        }
        Ok(rows::values([]))
    }
}
