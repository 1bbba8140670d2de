//! What a pipeline sees of the collections around it.

use std::sync::Arc;

use bson::{RawDocument, RawDocumentBuf};

use crate::{
    aggregation::{Pipeline, Rows, Statistics},
    context::Context,
    error::{Code, Error, Result, refuse},
    exec::{self, Scene},
    execution::{Change, CollectionName, Collections, Execution, Reader, UniqueIndex},
    filter::Filter,
    model::Namespace,
    ops::{self, Runner, create, insert, view::resolve},
    plan::{Query, choose},
    record,
    store::Store,
    value::{Doc, Path},
};

/// The database that a pipeline runs in.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) store: Arc<Store>,
    pub(crate) database: Box<str>,
    /// The collection that the command names.
    pub(crate) collection: Option<Box<str>>,
    pub(crate) bypass_document_validation: bool,
}

impl Surroundings {
    pub(crate) fn new(store: &Arc<Store>, namespace: &Namespace) -> Surroundings {
        Surroundings {
            store: Arc::clone(store),
            database: namespace.database().into(),
            collection: Some(namespace.collection().into()),
            bypass_document_validation: false,
        }
    }

    fn namespace(&self, name: &CollectionName) -> Result<Namespace> {
        Namespace::new(name.database.as_deref().unwrap_or(&self.database), &name.collection)
    }

    fn execution<'e>(&'e self, reader: &'e mut Reader<'_>) -> Execution<'e> {
        ops::execution(reader, self, None)
    }
}

impl Collections for Surroundings {
    fn open(
        &self,
        reader: &mut Reader<'_>,
        from: &CollectionName,
        pipeline: &Arc<Pipeline>,
        context: &Context,
    ) -> Result<Box<dyn Rows>> {
        let namespace = self.namespace(from)?;
        let resolved = resolve(&self.store, reader, &namespace, context)?;
        let mut execution = self.execution(reader);
        let context = Arc::new(context.clone());
        let collection = resolved.collection.as_ref();
        match &resolved.pipeline {
            Some(view) => {
                let whole = pipeline.after(view, &context)?;
                ops::aggregate::on_collection(&self.store, collection, &whole, None, &context, &mut execution)
            }
            None => ops::aggregate::on_collection(&self.store, collection, pipeline, None, &context, &mut execution),
        }
    }

    fn statistics(&self, reader: &mut Reader<'_>, of: &Statistics, _: &Context) -> Result<Vec<RawDocumentBuf>> {
        let Some(collection) = &self.collection else {
            return refuse(Code::INVALID_NAMESPACE, "the stage needs a collection");
        };
        ops::statistics::stage(&self.store, reader, &Namespace::new(&self.database, collection)?, of)
    }

    fn unique_index(
        &self,
        reader: &mut Reader<'_>,
        of: &CollectionName,
        fields: &[Path],
        context: &Context,
    ) -> Result<Option<UniqueIndex>> {
        let namespace = self.namespace(of)?;
        if matches!(fields, [only] if only.as_str() == "_id") {
            return Ok(Some(UniqueIndex { sparse: false }));
        }
        let Some(collection) = self.store.collection(reader, &namespace)? else { return Ok(None) };
        let found = collection.usable_indexes().find(|index| {
            index.unique
                && index.partial.is_none()
                && index.fields.len() == fields.len()
                && fields.iter().all(|path| index.fields.iter().any(|field| field.path == *path))
                && index.collation.as_ref() == context.collation.as_deref()
        });
        Ok(found.map(|index| UniqueIndex { sparse: index.sparse }))
    }

    fn change(
        &self,
        reader: &mut Reader<'_>,
        of: &CollectionName,
        filter: &RawDocument,
        context: &Context,
        decide: &mut dyn FnMut(Option<&RawDocument>) -> Result<Change>,
    ) -> Result<()> {
        let namespace = self.namespace(of)?;
        let filter = Filter::parse(filter, context)?;
        let context = Arc::new(context.clone());
        let mut runner = match reader {
            Reader::Snapshot(_) => Runner::Own(&self.store.engine),
            Reader::Transaction(tx) => Runner::Joined(tx),
        };
        runner.transact(|tx| {
            let collection = create::ensure(&self.store, tx, &namespace)?;
            ops::refuse_view(&collection, "it cannot be written to")?;
            let scene = Scene {
                store: Arc::clone(&self.store),
                collection: Some(Arc::clone(&collection)),
                context: Arc::clone(&context),
            };
            let query = Query::new(filter.clone(), Arc::clone(&context));
            let found = {
                let mut reader = Reader::Transaction(tx);
                let mut execution = self.execution(&mut reader);
                let chosen = choose(Some(&collection), &query, &self.store, &mut execution)?;
                let mut exec = exec::open(&chosen.plan, &scene, true);
                exec::next(&mut *exec, &mut execution)?
            };
            let document = found.as_ref().and_then(|member| member.doc.clone());
            match (decide(document.as_ref().map(Doc::raw))?, found.and_then(|member| member.record), document) {
                (Change::Keep, ..) => Ok(()),
                (Change::Insert(new), ..) => {
                    let new = record::prepare(new, &context)?;
                    insert::one(&self.store, tx, &collection, &new, self.bypass_document_validation, &context)?;
                    Ok(())
                }
                (Change::Replace(new), Some(record), Some(old)) => {
                    record::check(&new)?;
                    if !self.bypass_document_validation {
                        record::validate(&collection, &new, Some(&old), &context)?;
                    }
                    self.store.replace_record(tx, &collection, &record, &old, &new, &context)
                }
                (Change::Replace(_), ..) => Err(Error::new(Code::INTERNAL_ERROR, "nothing to replace")),
            }
        })
    }

    fn swap(&self, reader: &mut Reader<'_>, of: &CollectionName, documents: Vec<Doc>) -> Result<()> {
        let namespace = self.namespace(of)?;
        let mut runner = match reader {
            Reader::Snapshot(_) => Runner::Own(&self.store.engine),
            Reader::Transaction(tx) => Runner::Joined(tx),
        };
        create::replace_content(&self.store, &mut runner, &namespace, &documents, self.bypass_document_validation)
    }
}
