//! `collMod`.

use std::sync::Arc;

use bson::{RawArrayBuf, RawBson, RawBsonRef, RawDocument, RawDocumentBuf};

use millpond_engine::{RangeRequest, Transaction};

use crate::{
    aggregation::Pipeline,
    catalog::{Collection, CollectionRow, Garbage, not_found},
    error::{Code, Result, refuse},
    index::{Index, Stored, entry_key},
    model::{IndexChange, IndexSelection, ModifyCollection, Namespace},
    ops::{self, Runner, create, view},
    plan::same_keys,
    store::Store,
    value::{DocumentBuilder, field, fields},
};

/// How many entries of an index are written anew at a time.
const BATCH: usize = 1000;

/// Changes options of a collection, a view or an index. Answers with the old and new values of what changed.
pub(crate) fn modify(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    modify: &ModifyCollection,
) -> Result<RawDocumentBuf> {
    runner.transact(|tx| {
        let Some(collection) = store.collection(tx, namespace)? else { return Err(not_found(namespace)) };
        let mut row = collection.row.clone();
        let mut answer = DocumentBuilder::new();
        if let Some(change) = &modify.index {
            ops::refuse_view(&collection, "it has no indexes")?;
            let mut changing = Changing { store, tx, dry_run: modify.dry_run, answer: &mut answer };
            changing.index(&collection, &mut row, change)?;
        }
        if let Some(view) = &modify.view {
            view::check_cycle(store, tx, namespace, &view.on)?;
        }
        let options = changed_options(store, &collection, namespace, modify)?;
        for (name, value) in options {
            row.options = with(&row.options, name, value.as_ref().map(RawBson::as_raw_bson_ref));
        }
        if !modify.dry_run {
            store.put_collection(tx, namespace, &row)?;
        }
        Ok(answer.finish())
    })
}

type Changes = Vec<(&'static str, Option<RawBson>)>;

fn changed_options(
    store: &Arc<Store>,
    collection: &Collection,
    namespace: &Namespace,
    modify: &ModifyCollection,
) -> Result<Changes> {
    let context = ops::context(store, Some(collection), None, None)?;
    let mut changes = Changes::new();
    let validation = &modify.validation;
    if let Some(validator) = &validation.validator {
        ops::refuse_view(collection, "it has no validator")?;
        create::check_validator(namespace, validator, &context)?;
        let kept = (!validator.is_empty()).then(|| RawBson::Document(validator.clone()));
        changes.push(("validator", kept));
    }
    let level = validation.level.or_else(|| validation.validator.as_ref().map(|_| collection.validation_level));
    let action = validation.action.or_else(|| validation.validator.as_ref().map(|_| collection.validation_action));
    if let Some(level) = level {
        changes.push(("validationLevel", Some(RawBson::String(create::level_name(level).to_owned()))));
    }
    if let Some(action) = action {
        changes.push(("validationAction", Some(RawBson::String(create::action_name(action).to_owned()))));
    }
    if let Some(view) = &modify.view {
        if collection.view.is_none() {
            return refuse(Code::INVALID_OPTIONS, "'viewOn' and 'pipeline' cannot be set on a collection");
        }
        let stages: Vec<&RawDocument> = view.pipeline.iter().map(|stage| &**stage).collect();
        Namespace::new(namespace.database(), &view.on)?;
        create::check_view_pipeline(&Pipeline::parse(&stages, &context)?)?;
        let mut pipeline = RawArrayBuf::new();
        for stage in &view.pipeline {
            pipeline.push(RawBsonRef::Document(stage));
        }
        changes.push(("viewOn", Some(RawBson::String(view.on.clone()))));
        changes.push(("pipeline", Some(RawBson::Array(pipeline))));
    }
    if modify.capped_size.is_some() || modify.capped_max.is_some() {
        if collection.capped.is_none() {
            return refuse(Code::INVALID_OPTIONS, "Collection must be capped.");
        }
        let number = |value: u64| Some(RawBson::Int64(value.cast_signed()));
        changes.extend(modify.capped_size.map(|size| ("size", number(size))));
        changes.extend(modify.capped_max.map(|max| ("max", number(max))));
    }
    if let Some(seconds) = modify.expire_after_seconds {
        if !collection.clustered {
            return refuse(
                Code::INVALID_OPTIONS,
                "'expireAfterSeconds' is only supported on clustered and time-series collections",
            );
        }
        changes.push(("expireAfterSeconds", seconds.map(RawBson::Int64)));
    }
    if let Some(enabled) = modify.change_stream_pre_and_post_images {
        let mut images = DocumentBuilder::new();
        images.append("enabled", RawBsonRef::Boolean(enabled));
        changes.push(("changeStreamPreAndPostImages", Some(RawBson::Document(images.finish()))));
    }
    Ok(changes)
}

/// An index that is being changed.
struct Changing<'c, 't> {
    store: &'c Store,
    tx: &'t mut Transaction,
    dry_run: bool,
    answer: &'c mut DocumentBuilder,
}

impl Changing<'_, '_> {
    fn index(&mut self, collection: &Collection, row: &mut CollectionRow, change: &IndexChange) -> Result<()> {
        let found = collection.indexes.iter().find(|index| match &change.index {
            IndexSelection::Name(name) => *index.name == **name,
            IndexSelection::Names(names) => names.iter().any(|name| *index.name == **name),
            IndexSelection::Keys(keys) => same_keys(&index.key_pattern, keys),
        });
        let clustered = field(&collection.row.options, "clusteredIndex").and_then(|index| index.as_document());
        if let (Some(clustered), IndexSelection::Name(name), Some(true)) = (clustered, &change.index, change.hidden)
            && field(clustered, "name") == Some(RawBsonRef::String(name))
        {
            return refuse(Code(6_011_800), "The clusteredIndex cannot be hidden");
        }
        let Some(index) = found else {
            return refuse(
                Code::INDEX_NOT_FOUND,
                format!("cannot find index {:?} for ns {}", change.index, collection.namespace),
            );
        };
        let mut definition = index.row.definition.clone();
        if let Some(seconds) = change.expire_after_seconds {
            if !(0..=i64::from(i32::MAX)).contains(&seconds) {
                return refuse(
                    Code::INVALID_OPTIONS,
                    "TTL index 'expireAfterSeconds' option must be within an acceptable range",
                );
            }
            if index.fields.len() != 1 || index.is_id() {
                return refuse(
                    Code::INVALID_OPTIONS,
                    "TTL indexes are single-field indexes, compound indexes do not support TTL",
                );
            }
            if let Some(old) = index.expire_after_seconds {
                self.answer.append("expireAfterSeconds_old", RawBsonRef::Int64(old));
            }
            self.answer.append("expireAfterSeconds_new", RawBsonRef::Int64(seconds));
            definition = with(
                &definition,
                "expireAfterSeconds",
                Some(RawBsonRef::Int32(i32::try_from(seconds).unwrap_or(i32::MAX))),
            );
        }
        if let Some(hidden) = change.hidden {
            if index.is_id() {
                return refuse(Code::BAD_VALUE, "can't hide _id index");
            }
            if hidden != index.hidden {
                self.answer.append("hidden_old", RawBsonRef::Boolean(index.hidden));
                self.answer.append("hidden_new", RawBsonRef::Boolean(hidden));
            }
            definition = with(&definition, "hidden", hidden.then_some(RawBsonRef::Boolean(true)));
        }
        if let Some(prepare) = change.prepare_unique {
            definition = with(&definition, "prepareUnique", prepare.then_some(RawBsonRef::Boolean(true)));
            self.answer.append("prepareUnique_old", RawBsonRef::Boolean(index.prepare_unique));
            self.answer.append("prepareUnique_new", RawBsonRef::Boolean(prepare));
        }
        if change.unique && !index.unique {
            return self.make_unique(row, index, &definition);
        }
        replace(row, index.row.id, definition);
        Ok(())
    }

    /// Turns an index into a unique one, which stores its entries under other keys: they are checked and written anew.
    fn make_unique(&mut self, row: &mut CollectionRow, index: &Index, definition: &RawDocument) -> Result<()> {
        if !index.prepare_unique {
            return refuse(
                Code::INVALID_OPTIONS,
                format!(
                    "Cannot make index unique with 'prepareUnique=false': run collMod to set it first ({})",
                    index.name
                ),
            );
        }
        let id = self.store.new_id(self.tx)?;
        let mut request = RangeRequest::prefix(&index.id.to_be_bytes()).limit(BATCH).limit_bytes(4 << 20);
        let mut last = Vec::new();
        loop {
            let page = self.tx.range(&self.store.entries, &request)?;
            for (key, value) in page.entries {
                let record = Stored::decode(&value).map_or(0, |stored| stored.record.0.len());
                let components = key.get(8..key.len().saturating_sub(record)).unwrap_or_default();
                if last == components {
                    return refuse(
                        Code(359),
                        "Cannot convert the index to unique. Please resolve conflicting documents before running collMod again.",
                    );
                }
                last = components.to_vec();
                if !self.dry_run {
                    self.tx.put(&self.store.entries, entry_key(id, components, None), value)?;
                }
            }
            match page.resume {
                Some(resume) => request = request.resume_after(&resume),
                None => break,
            }
        }
        let definition = with(&with(definition, "prepareUnique", None), "unique", Some(RawBsonRef::Boolean(true)));
        if !self.dry_run {
            self.store.put_garbage(self.tx, index.id, Garbage::Entries)?;
        }
        for entry in row.indexes.iter_mut().filter(|entry| entry.id == index.row.id) {
            entry.definition.clone_from(&definition);
            entry.id = id.cast_signed();
        }
        self.answer.append("unique_new", RawBsonRef::Boolean(true));
        Ok(())
    }
}

fn replace(row: &mut CollectionRow, id: i64, definition: RawDocumentBuf) {
    for index in row.indexes.iter_mut().filter(|index| index.id == id) {
        index.definition.clone_from(&definition);
    }
}

/// A document with one field set, in its place if it is there, or taken out.
fn with(document: &RawDocument, name: &str, value: Option<RawBsonRef<'_>>) -> RawDocumentBuf {
    let mut changed = DocumentBuilder::new();
    for (other, old) in fields(document) {
        match value {
            Some(value) if other == name => changed.append(other, value),
            None if other == name => {}
            _ => changed.append(other, old),
        }
    }
    if let (None, Some(value)) = (field(document, name), value) {
        changed.append(name, value);
    }
    changed.finish()
}
