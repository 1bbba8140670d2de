//! `create`, and collections that come with their first document.

use std::sync::Arc;

use bson::{RawArrayBuf, RawBsonRef, RawDocumentBuf, Uuid};
use millpond_engine::Transaction;

use crate::{
    aggregation::Pipeline,
    catalog::{Collection, CollectionRow},
    collation::Collation,
    error::{Code, Result, refuse},
    filter::Filter,
    index::{self, IndexRow},
    model::{CreateCollection, Insert, Namespace, ValidationAction, ValidationLevel},
    ops::{self, Runner, batches::is_too_large, insert, view},
    record,
    store::Store,
    value::{Doc, DocumentBuilder, field, same_document, values_equal},
};

/// The collection or view under a name; made if there is none.
pub(crate) fn ensure(store: &Store, tx: &mut Transaction, namespace: &Namespace) -> Result<Arc<Collection>> {
    if let Some(collection) = store.collection(tx, namespace)? {
        return Ok(collection);
    }
    make(store, tx, namespace, RawDocumentBuf::new())?;
    match store.collection(tx, namespace)? {
        Some(collection) => Ok(collection),
        None => Err(crate::catalog::not_found(namespace)),
    }
}

/// Writes the row of a new collection or view.
fn make(store: &Store, tx: &mut Transaction, namespace: &Namespace, options: RawDocumentBuf) -> Result<()> {
    let id = store.new_id(tx)?;
    let mut row = CollectionRow::new(id, Uuid::new(), options);
    let view = field(&row.options, "viewOn").is_some();
    let clustered = field(&row.options, "clusteredIndex").is_some();
    if !view && !clustered {
        let collation = field(&row.options, "collation").and_then(|value| value.as_document());
        let collation = collation.map(Collation::parse).transpose()?.flatten();
        let definition = id_index();
        row.indexes.push(IndexRow {
            id: store.new_id(tx)?.cast_signed(),
            definition: index::parse(&definition, collation.as_ref())?,
            multikey: vec![false],
            truncated: false,
            building: false,
        });
    }
    store.put_collection(tx, namespace, &row)
}

fn id_index() -> RawDocumentBuf {
    let mut key = DocumentBuilder::new();
    key.append("_id", RawBsonRef::Int32(1));
    let mut definition = DocumentBuilder::new();
    definition.append("key", RawBsonRef::Document(&key.finish()));
    definition.append("name", RawBsonRef::String("_id_"));
    definition.finish()
}

/// Makes a collection or a view. One that is there and is the same is no error.
///
/// # Errors
/// [`Code::NAMESPACE_EXISTS`], [`Code::INVALID_OPTIONS`], and those of validators, collations and pipelines.
pub(crate) fn create(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    create: &CreateCollection,
) -> Result<()> {
    let options = options(store, namespace, create)?;
    runner.transact(|tx| {
        if let Some(existing) = store.collection(tx, namespace)? {
            if same_document(&existing.row.options, &options) {
                return Ok(());
            }
            return refuse(
                Code::NAMESPACE_EXISTS,
                format!("namespace {namespace} already exists, but with different options: {:?}", existing.row.options),
            );
        }
        if let Some(view) = &create.view {
            view::check_cycle(store, tx, namespace, &view.on)?;
        }
        make(store, tx, namespace, options.clone())
    })
}

/// Checks what is asked for, and puts it into the form that is kept and shown.
fn options(store: &Arc<Store>, namespace: &Namespace, create: &CreateCollection) -> Result<RawDocumentBuf> {
    let mut kept = DocumentBuilder::new();
    let context = ops::context(store, None, create.collation.as_deref(), None)?;
    if let Some(view) = &create.view {
        if create.clustered_index.is_some() {
            return refuse(Code(6_026_500), "The 'clusteredIndex' option is not supported with views");
        }
        if create.capped.is_some() || create.clustered_index.is_some() || create.validation.validator.is_some() {
            return refuse(Code::INVALID_OPTIONS, "options of collections are not for views");
        }
        Namespace::new(namespace.database(), &view.on)?;
        let stages: Vec<&bson::RawDocument> = view.pipeline.iter().map(|stage| &**stage).collect();
        check_view_pipeline(&Pipeline::parse(&stages, &context)?)?;
        kept.append("viewOn", RawBsonRef::String(&view.on));
        let mut pipeline = RawArrayBuf::new();
        for stage in &view.pipeline {
            pipeline.push(RawBsonRef::Document(stage));
        }
        kept.append("pipeline", RawBsonRef::Array(&pipeline));
    }
    if let Some(capped) = create.capped {
        if capped.size_bytes == 0 {
            return refuse(Code::INVALID_OPTIONS, "the 'size' field is required when 'capped' is true");
        }
        // The server rounds sizes up to 256 bytes.
        let size = capped.size_bytes.max(256).next_multiple_of(256);
        kept.append("capped", RawBsonRef::Boolean(true));
        kept.append("size", number(size));
        if capped.max_documents > 0 {
            kept.append("max", number(capped.max_documents));
        }
        if create.clustered_index.is_some() {
            return refuse(Code(6_049_200), "a clustered collection cannot be capped");
        }
    }
    if let Some(clustered) = &create.clustered_index {
        kept.append("clusteredIndex", RawBsonRef::Document(&clustered_index(clustered)?));
    }
    if let Some(seconds) = create.expire_after_seconds {
        if create.clustered_index.is_none() {
            return refuse(
                Code::INVALID_OPTIONS,
                "'expireAfterSeconds' is only supported on time-series collections or when the 'clusteredIndex' option is specified",
            );
        }
        kept.append("expireAfterSeconds", RawBsonRef::Int64(seconds));
    }
    let validation = &create.validation;
    if let Some(validator) = &validation.validator {
        check_validator(namespace, validator, &context)?;
        kept.append("validator", RawBsonRef::Document(validator));
    }
    if validation.validator.is_some() || validation.level.is_some() {
        kept.append("validationLevel", RawBsonRef::String(level_name(validation.level.unwrap_or_default())));
    }
    if validation.validator.is_some() || validation.action.is_some() {
        kept.append("validationAction", RawBsonRef::String(action_name(validation.action.unwrap_or_default())));
    }
    if let Some(collation) = &context.collation {
        kept.append("collation", RawBsonRef::Document(&collation.document()));
    }
    if let Some(enabled) = create.change_stream_pre_and_post_images {
        let mut images = DocumentBuilder::new();
        images.append("enabled", RawBsonRef::Boolean(enabled));
        kept.append("changeStreamPreAndPostImages", RawBsonRef::Document(&images.finish()));
    }
    if let Some(other) = &create.other {
        kept.append_all(other);
    }
    Ok(kept.finish())
}

/// Whether a pipeline may be a view's.
pub(crate) fn check_view_pipeline(pipeline: &Pipeline) -> Result<()> {
    if pipeline.output().is_some() {
        return refuse(
            Code::OPTION_NOT_SUPPORTED_ON_VIEW,
            "The aggregation stage $out or $merge cannot be used in a view definition",
        );
    }
    Ok(())
}

/// Whether a filter may be a validator.
pub(crate) fn check_validator(
    namespace: &Namespace,
    validator: &bson::RawDocument,
    context: &crate::context::Context,
) -> Result<()> {
    if matches!(namespace.database(), "admin" | "local" | "config") {
        return refuse(
            Code::INVALID_OPTIONS,
            format!("Document validators are not allowed on collections in the {} database", namespace.database()),
        );
    }
    Filter::parse_unindexed(validator, context)?;
    Ok(())
}

pub(crate) fn level_name(level: ValidationLevel) -> &'static str {
    match level {
        ValidationLevel::Off => "off",
        ValidationLevel::Strict => "strict",
        ValidationLevel::Moderate => "moderate",
    }
}

pub(crate) fn action_name(action: ValidationAction) -> &'static str {
    match action {
        ValidationAction::Error => "error",
        ValidationAction::Warn => "warn",
    }
}

fn number(value: u64) -> RawBsonRef<'static> {
    i32::try_from(value).map_or(RawBsonRef::Int64(value.cast_signed()), RawBsonRef::Int32)
}

fn clustered_index(given: &bson::RawDocument) -> Result<RawDocumentBuf> {
    let key = field(given, "key").and_then(|key| key.as_document());
    let mut wanted = DocumentBuilder::new();
    wanted.append("_id", RawBsonRef::Int32(1));
    let wanted = wanted.finish();
    let is_id = key.is_some_and(|key| values_equal(RawBsonRef::Document(key), RawBsonRef::Document(&wanted)));
    if !is_id {
        return refuse(
            Code::INVALID_INDEX_SPECIFICATION_OPTION,
            "The clusteredIndex option is only supported for key: {_id: 1}",
        );
    }
    if field(given, "unique").and_then(|unique| unique.as_bool()) != Some(true) {
        return refuse(Code(5_979_700), "The clusteredIndex option requires unique: true to be specified");
    }
    let mut kept = DocumentBuilder::new();
    kept.append("v", RawBsonRef::Int32(2));
    kept.append("key", RawBsonRef::Document(&wanted));
    let name = field(given, "name").and_then(|name| name.as_str()).unwrap_or("_id_");
    kept.append("name", RawBsonRef::String(name));
    kept.append("unique", RawBsonRef::Boolean(true));
    Ok(kept.finish())
}

/// Puts other documents in the place of all of a collection's, which keeps its options and indexes: what `$out` does.
pub(crate) fn replace_content(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    documents: &[Doc],
    bypass: bool,
) -> Result<()> {
    let own = matches!(runner, Runner::Own(_));
    let bytes: usize = documents.iter().map(|document| document.as_bytes().len()).sum();
    if own && bytes > STAGED_BYTES {
        return staged::replace(store, runner, namespace, documents, bypass);
    }
    match runner.transact(|tx| replace_at_once(store, tx, namespace, documents, bypass)) {
        Err(error) if own && is_too_large(&error) => staged::replace(store, runner, namespace, documents, bypass),
        done => done,
    }
}

/// Up to so many bytes of documents are put in place in one transaction.
const STAGED_BYTES: usize = 4 << 20;

fn replace_at_once(
    store: &Arc<Store>,
    tx: &mut Transaction,
    namespace: &Namespace,
    documents: &[Doc],
    bypass: bool,
) -> Result<()> {
    let context = ops::context(store, None, None, None)?;
    let row = match replaceable(store, tx, namespace)? {
        Some(existing) => {
            ops::drop::remove(store, tx, namespace, &existing.row)?;
            existing.row.clone()
        }
        None => ensure(store, tx, namespace)?.row.clone(),
    };
    let row = emptied(store, tx, row)?;
    store.put_collection(tx, namespace, &row)?;
    let collection = ensure(store, tx, namespace)?;
    for document in documents {
        let document = record::prepare(document.raw().to_owned(), &context)?;
        insert::one(store, tx, &collection, &document, bypass, &context)?;
    }
    Ok(())
}

/// The collection whose documents are to be replaced, if there is one.
fn replaceable(store: &Store, tx: &mut Transaction, namespace: &Namespace) -> Result<Option<Arc<Collection>>> {
    let Some(existing) = store.collection(tx, namespace)? else { return Ok(None) };
    ops::refuse_view(&existing, "it cannot be written to")?;
    if existing.capped.is_some() {
        return refuse(Code(17152), format!("namespace '{namespace}' is capped so it can't be used for $out"));
    }
    Ok(Some(existing))
}

/// The row of a collection like another one that has no documents yet. Its indexes are complete: there is nothing to build.
fn emptied(store: &Store, tx: &mut Transaction, mut row: CollectionRow) -> Result<CollectionRow> {
    row.id = store.new_id(tx)?.cast_signed();
    for index in &mut row.indexes {
        index.id = store.new_id(tx)?.cast_signed();
        index.building = false;
    }
    Ok(row)
}

/// Whether a collection is one that is being filled to be put in the place of another.
pub(crate) fn is_staging(namespace: &Namespace) -> bool {
    namespace.collection().starts_with(staged::PREFIX)
}

/// Replacing more than fits into one transaction: a collection of another name is filled, some documents at a time, and put
/// in the place of the old one at once.
mod staged {
    use super::*;

    pub(super) const PREFIX: &str = "tmp.agg_out.";
    const BATCH: usize = 500;

    pub(super) fn replace(
        store: &Arc<Store>,
        runner: &mut Runner<'_>,
        namespace: &Namespace,
        documents: &[Doc],
        bypass: bool,
    ) -> Result<()> {
        let staging = Namespace::new(namespace.database(), &format!("{PREFIX}{}", Uuid::new()))?;
        let mut unfinished = store.unfinished();
        let before = runner.transact(|tx| {
            let before = replaceable(store, tx, namespace)?.map(|existing| existing.row.clone());
            let row = match &before {
                Some(row) => emptied(store, tx, row.clone())?,
                None => ensure(store, tx, &staging)?.row.clone(),
            };
            unfinished.add(row.id.cast_unsigned());
            store.put_collection(tx, &staging, &row)?;
            Ok(before)
        })?;
        let filled = fill(store, runner, &staging, documents, bypass);
        let done =
            filled.and_then(|()| runner.transact(|tx| put_in_place(store, tx, namespace, &staging, before.as_ref())));
        if done.is_err() {
            ops::drop::drop_collection(store, runner, &staging)?;
        }
        done
    }

    fn fill(
        store: &Arc<Store>,
        runner: &mut Runner<'_>,
        staging: &Namespace,
        documents: &[Doc],
        bypass: bool,
    ) -> Result<()> {
        for batch in documents.chunks(BATCH) {
            let batch = Insert {
                documents: batch.iter().map(|document| document.raw().to_owned()).collect(),
                bypass_document_validation: bypass,
                ..Insert::default()
            };
            if let Some(refused) = insert::insert(store, runner, staging, batch)?.errors.into_iter().next() {
                return Err(refused.error);
            }
        }
        Ok(())
    }

    fn put_in_place(
        store: &Arc<Store>,
        tx: &mut Transaction,
        namespace: &Namespace,
        staging: &Namespace,
        before: Option<&CollectionRow>,
    ) -> Result<()> {
        let Some(filled) = store.collection(tx, staging)? else { return Err(crate::catalog::not_found(staging)) };
        let now = replaceable(store, tx, namespace)?;
        let indexes = |row: &CollectionRow| row.indexes.iter().map(|index| index.id).collect::<Vec<_>>();
        let same = match (before, &now) {
            (Some(before), Some(now)) => {
                before.id == now.row.id
                    && same_document(&before.options, &now.row.options)
                    && indexes(before) == indexes(&now.row)
            }
            (None, None) => true,
            _ => false,
        };
        if !same {
            return refuse(Code(28769), format!("the collection {namespace} changed while $out was processed"));
        }
        let mut row = filled.row.clone();
        if let Some(now) = now {
            row.uuid = now.row.uuid;
            ops::drop::remove(store, tx, namespace, &now.row)?;
        }
        store.delete_collection_row(tx, staging)?;
        store.put_collection(tx, namespace, &row)?;
        let (store, staging) = (Arc::clone(store), staging.clone());
        tx.on_commit(move || store.forget(&staging));
        Ok(())
    }
}
