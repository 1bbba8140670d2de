//! Inserts.

use std::collections::HashMap;

use bson::{Bson, RawDocumentBuf};

use crate::{
    action::{Pending, runs, setters},
    context::Context,
    docdb::Docdb,
    error::{Error, InsertManyError, Result},
    model,
    ops::{self, Runner},
    record,
    typed::{InsertManyResult, InsertOneResult, Name},
    value::field,
};

/// An insert of one document: [`Collection::insert_one`](crate::Collection::insert_one).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct InsertOne<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: &'a Name,
    pub(crate) pending: Pending<model::Insert>,
}

impl InsertOne<'_> {
    setters! {
        /// Write what the validator would refuse.
        bypass_document_validation: bool => bypass_document_validation;
    }

    runs!(InsertOneResult);

    fn execute(self, runner: &mut Runner<'_>) -> Result<InsertOneResult> {
        let (mut ids, errors) = insert(self.docdb, self.name, self.pending.finish()?, runner)?;
        match errors.into_iter().next() {
            Some(failed) => Err(failed.error),
            None => Ok(InsertOneResult { inserted_id: ids.remove(&0).unwrap_or(Bson::Null) }),
        }
    }
}

/// An insert of many documents: [`Collection::insert_many`](crate::Collection::insert_many).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct InsertMany<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: &'a Name,
    pub(crate) pending: Pending<model::Insert>,
}

impl InsertMany<'_> {
    setters! {
        /// Write what the validator would refuse.
        bypass_document_validation: bool => bypass_document_validation;
    }

    /// Whether to stop at the first document that is refused: the default.
    pub fn ordered(mut self, value: bool) -> Self {
        self.pending.set(Ok::<_, Error>(!value), |command, value| command.unordered = value);
        self
    }

    runs!(InsertManyResult);

    fn execute(self, runner: &mut Runner<'_>) -> Result<InsertManyResult> {
        let (inserted_ids, write_errors) = insert(self.docdb, self.name, self.pending.finish()?, runner)?;
        if write_errors.is_empty() {
            return Ok(InsertManyResult { inserted_ids });
        }
        Err(Error::InsertMany(Box::new(InsertManyError { inserted_ids, write_errors })))
    }
}

/// Gives the documents their `_id`s and inserts them. Answers with the ids of those that are in, and why the others are not.
fn insert(
    docdb: &Docdb,
    name: &Name,
    mut insert: model::Insert,
    runner: &mut Runner<'_>,
) -> Result<(HashMap<usize, Bson>, Vec<model::WriteError>)> {
    let context = Context::new(docdb.store.engine.clock().now());
    let mut ids = HashMap::new();
    for (index, document) in insert.documents.iter_mut().enumerate() {
        ids.insert(index, identify(document, &context)?);
    }
    let unordered = insert.unordered;
    let reply = ops::insert::insert(&docdb.store, runner, &name.namespace()?, insert)?;
    match reply.errors.first() {
        Some(first) if !unordered => ids.retain(|index, _| *index < first.index),
        _ => ids.retain(|index, _| !reply.errors.iter().any(|error| error.index == *index)),
    }
    Ok((ids, reply.errors))
}

/// The document's `_id`; a new one, if it has none.
pub(crate) fn identify(document: &mut RawDocumentBuf, context: &Context) -> Result<Bson> {
    if field(document, "_id").is_none() {
        *document = record::with_id_first(document, context);
    }
    Ok(match field(document, "_id") {
        Some(id) => Bson::try_from(id)?,
        None => Bson::Null,
    })
}
