//! Records: writing, replacing and deleting a document together with its keys in all indexes.

use std::{cmp::Ordering, sync::Arc};

use bson::{Bson, Document, RawBsonRef, RawDocument, RawDocumentBuf};
use millpond_engine::Transaction;

use crate::{
    catalog::Collection,
    context::Context,
    error::{Code, DuplicateKey, Error, Result, refuse},
    index::{Entry, Index, Keys, RecordId, Stored, encode::encode, entry_key, keys},
    model::{ValidationAction, ValidationLevel},
    store::{Store, document_key},
    update::with_times,
    value::{DocumentBuilder, MAX_DEPTH, MAX_DOCUMENT_BYTES, depth, field, fields, same_document},
};

/// Brings a new document into the form that is stored: `_id` first, made if it is not there; the time for
/// empty timestamps.
///
/// # Errors
/// [`Code::BSON_OBJECT_TOO_LARGE`], [`Code::OVERFLOW`] for nesting over 100 levels, [`Code::BAD_VALUE`] and
/// [`Code::INVALID_ID_FIELD`] for an `_id` that cannot be one.
pub(crate) fn prepare(document: RawDocumentBuf, context: &Context) -> Result<RawDocumentBuf> {
    check_size(&document)?;
    let first_is_id = fields(&document).next().is_some_and(|(name, _)| name == "_id");
    let document = if first_is_id { document } else { with_id_first(&document, context) };
    check(&document)?;
    Ok(with_times(document, context))
}

/// The same document with its `_id` in front; a new one, if it has none.
pub(crate) fn with_id_first(document: &RawDocument, context: &Context) -> RawDocumentBuf {
    let mut built = DocumentBuilder::new();
    match field(document, "_id") {
        Some(id) => built.append("_id", id),
        None => built.append("_id", RawBsonRef::ObjectId(context.new_id())),
    }
    let mut seen = false;
    for (name, value) in fields(document) {
        if name == "_id" && !seen {
            seen = true;
        } else {
            built.append(name, value);
        }
    }
    built.finish()
}

fn check_size(document: &RawDocument) -> Result<()> {
    let size = document.as_bytes().len();
    if size > MAX_DOCUMENT_BYTES {
        return refuse(
            Code::BSON_OBJECT_TOO_LARGE,
            format!("object to insert too large. size in bytes: {size}, max size: {MAX_DOCUMENT_BYTES}"),
        );
    }
    Ok(())
}

/// Whether a document may be stored.
pub(crate) fn check(document: &RawDocument) -> Result<()> {
    check_size(document)?;
    if depth(document, MAX_DEPTH)? > MAX_DEPTH {
        return refuse(Code::OVERFLOW, "Document exceeds maximum nested object depth: 100");
    }
    let names = document.iter_elements().map_while(std::result::Result::ok);
    if names.filter(|element| element.key().as_str() == "_id").count() > 1 {
        return refuse(Code::BAD_VALUE, "can't have multiple _id fields in one document");
    }
    match field(document, "_id") {
        Some(RawBsonRef::Array(_)) => refuse(Code::INVALID_ID_FIELD, "The '_id' value cannot be of type array"),
        Some(RawBsonRef::RegularExpression(_)) => {
            refuse(Code::INVALID_ID_FIELD, "The '_id' value cannot be of type regex")
        }
        Some(RawBsonRef::Undefined) => refuse(Code::INVALID_ID_FIELD, "The '_id' value cannot be of type undefined"),
        Some(RawBsonRef::Document(id)) => match fields(id).find(|(name, _)| name.starts_with('$')) {
            Some((name, _)) => refuse(
                Code::DOLLAR_PREFIXED_FIELD_NAME,
                format!("_id fields may not contain '$'-prefixed fields: {name} is not valid for storage."),
            ),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Whether the collection's validator lets a document in. `before` is what it replaces.
pub(crate) fn validate(
    collection: &Collection,
    document: &RawDocument,
    before: Option<&RawDocument>,
    context: &Context,
) -> Result<()> {
    let Some(validator) = &collection.validator else { return Ok(()) };
    let context = &context.clone().with_collation(collection.collation.clone());
    let lenient = match (collection.validation_level, before) {
        (ValidationLevel::Off, _) => true,
        (ValidationLevel::Moderate, Some(before)) => !validator.matches(before, context)?,
        _ => false,
    };
    if lenient || validator.matches(document, context)? {
        return Ok(());
    }
    let mut details = DocumentBuilder::new();
    details.append("failingDocumentId", field(document, "_id").unwrap_or(RawBsonRef::Null));
    details.append("details", RawBsonRef::Document(&validator.explain_failure(document, context).unwrap_or_default()));
    let details = details.finish();
    match collection.validation_action {
        ValidationAction::Error => Err(Error::DocumentValidationFailure { details: Box::new(details) }),
        ValidationAction::Warn => {
            tracing::warn!(namespace = %collection.namespace, ?details, "a document does not pass the validator");
            Ok(())
        }
    }
}

impl Store {
    /// Writes a new document, which [`prepare`] has seen.
    ///
    /// # Errors
    /// [`Error::DuplicateKey`], those of keys that cannot be made, and of the engine. Nothing has been written then.
    pub(crate) fn insert_record(
        &self,
        tx: &mut Transaction,
        collection: &Arc<Collection>,
        document: &RawDocument,
        context: &Context,
    ) -> Result<RecordId> {
        let record = if collection.clustered {
            let record = clustered_record(collection, document)?;
            if self.document(tx, collection.id, &record)?.is_some() {
                return Err(duplicate_clustered(collection, document));
            }
            record
        } else {
            self.next_record(&mut self.engine.latest(), collection.id)?
        };
        let mut all = Vec::with_capacity(collection.indexes.len());
        for index in &collection.indexes {
            let keys = keys(index, document, context)?;
            self.check_unique(tx, collection, index, &keys.entries, &record)?;
            all.push(keys);
        }
        for (index, keys) in collection.indexes.iter().zip(&all) {
            let several = keys.entries.len() > 1;
            for entry in &keys.entries {
                self.put_entry(tx, index, entry, &record, several)?;
            }
            self.mark(tx, collection, index, keys)?;
        }
        tx.put(&self.documents, document_key(collection.id, &record), document.as_bytes().to_vec())?;
        self.count(tx, collection.id, 1, size(document))?;
        Ok(record)
    }

    /// Puts a document in the place of another one.
    ///
    /// # Errors
    /// As [`insert_record`](Store::insert_record).
    pub(crate) fn replace_record(
        &self,
        tx: &mut Transaction,
        collection: &Arc<Collection>,
        record: &RecordId,
        before: &RawDocument,
        after: &RawDocument,
        context: &Context,
    ) -> Result<()> {
        if same_document(before, after) {
            return Ok(());
        }
        let mut changes = Vec::new();
        for index in &collection.indexes {
            if index.is_id() || same_keys(index, before, after) {
                continue;
            }
            let (old, new) = (keys(index, before, context)?, keys(index, after, context)?);
            let (several_before, several) = (old.entries.len() > 1, new.entries.len() > 1);
            let (gone, come) = difference(old.entries, &new.entries, several_before != several);
            self.check_unique(tx, collection, index, &come, record)?;
            changes.push((index, gone, come, several, new));
        }
        for (index, gone, come, several, new) in changes {
            for entry in &gone {
                self.delete_entry(tx, index, entry, record)?;
            }
            for entry in &come {
                self.put_entry(tx, index, entry, record, several)?;
            }
            self.mark(tx, collection, index, &new)?;
        }
        tx.put(&self.documents, document_key(collection.id, record), after.as_bytes().to_vec())?;
        self.count(tx, collection.id, 0, size(after) - size(before))
    }

    /// Deletes a document.
    ///
    /// # Errors
    /// Those of the engine.
    pub(crate) fn delete_record(
        &self,
        tx: &mut Transaction,
        collection: &Collection,
        record: &RecordId,
        document: &RawDocument,
        context: &Context,
    ) -> Result<()> {
        for index in &collection.indexes {
            for entry in &keys(index, document, context)?.entries {
                self.delete_entry(tx, index, entry, record)?;
            }
        }
        tx.delete(&self.documents, document_key(collection.id, record))?;
        self.count(tx, collection.id, -1, -size(document))
    }

    /// Refuses keys that another record has in a unique index.
    pub(crate) fn check_unique(
        &self,
        tx: &mut Transaction,
        collection: &Collection,
        index: &Index,
        entries: &[Entry],
        record: &RecordId,
    ) -> Result<()> {
        if !index.unique && !index.prepare_unique {
            return Ok(());
        }
        for entry in entries {
            let taken = if index.unique {
                let key = entry_key(index.id, &entry.components, None);
                tx.get(&self.entries, &key)?
                    .and_then(|value| Stored::decode(&value))
                    .is_some_and(|it| it.record != *record)
            } else {
                let prefix = entry_key(index.id, &entry.components, None);
                let page = tx.range(&self.entries, &millpond_engine::RangeRequest::prefix(&prefix).limit(2))?;
                page.entries.iter().any(|(_, value)| Stored::decode(value).is_some_and(|it| it.record != *record))
            };
            if taken {
                return Err(duplicate(collection, index, entry));
            }
        }
        Ok(())
    }

    pub(crate) fn put_entry(
        &self,
        tx: &mut Transaction,
        index: &Index,
        entry: &Entry,
        record: &RecordId,
        several: bool,
    ) -> Result<()> {
        let key = entry_key(index.id, &entry.components, (!index.unique).then_some(record));
        let values = (!several && index.keeps_values(entry)).then_some(&*entry.values);
        Ok(tx.put(&self.entries, key, Stored::encode(record, values))?)
    }

    pub(crate) fn delete_entry(
        &self,
        tx: &mut Transaction,
        index: &Index,
        entry: &Entry,
        record: &RecordId,
    ) -> Result<()> {
        let key = entry_key(index.id, &entry.components, (!index.unique).then_some(record));
        Ok(tx.delete(&self.entries, key)?)
    }

    /// Notes in the catalog what the planner has to know of an index: that it has arrays, that keys were cut.
    pub(crate) fn mark(&self, tx: &mut Transaction, collection: &Collection, index: &Index, keys: &Keys) -> Result<()> {
        let known = |row: &crate::index::IndexRow| {
            let flags = keys.multikey.iter().zip(row.multikey.iter().chain(std::iter::repeat(&false)));
            flags.into_iter().all(|(new, old)| *old || !new) && (row.truncated || !keys.truncated)
        };
        if known(&index.row) {
            return Ok(());
        }
        let Some(current) = self.collection(tx, &collection.namespace)? else { return Ok(()) };
        let mut row = current.row.clone();
        let Some(entry) = row.indexes.iter_mut().find(|row| row.id == index.row.id) else { return Ok(()) };
        if known(entry) {
            return Ok(());
        }
        entry.multikey.resize(keys.multikey.len(), false);
        for (old, new) in entry.multikey.iter_mut().zip(&keys.multikey) {
            *old |= new;
        }
        entry.truncated |= keys.truncated;
        self.put_collection(tx, &collection.namespace, &row)
    }
}

impl Index {
    /// Whether entries hold the values of their keys: for covered queries, and the scores of texts.
    fn keeps_values(&self, entry: &Entry) -> bool {
        const MOST: usize = 1024;
        entry.values.as_bytes().len() <= MOST
    }
}

/// Whether two documents have the same keys in an index for certain: nothing is different that keys are made of.
fn same_keys(index: &Index, before: &RawDocument, after: &RawDocument) -> bool {
    let same = |name| match (field(before, name), field(after, name)) {
        (None, None) => true,
        // 0.0 and -0.0 are equal and have one key, but keys keep the values beside them.
        (Some(RawBsonRef::Double(a)), Some(RawBsonRef::Double(b))) => a.to_bits() == b.to_bits(),
        (Some(a), Some(b)) => a == b,
        _ => false,
    };
    index.is_plain() && index.partial.is_none() && index.fields.iter().all(|field| same(field.path.head()))
}

/// What is in one list of keys and not in the other. All of both, where their values are to be written anew.
fn difference(old: Vec<Entry>, new: &[Entry], anew: bool) -> (Vec<Entry>, Vec<Entry>) {
    if anew {
        return (old, new.to_vec());
    }
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    let (mut left, mut right) = (old.into_iter().peekable(), new.iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return (gone, come),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.components.cmp(&b.components),
        };
        match order {
            Ordering::Less => gone.extend(left.next()),
            Ordering::Greater => come.extend(right.next().cloned()),
            Ordering::Equal => {
                // The same key of another type, as 1 and 1.0 are: its values are written again.
                if let (Some(a), Some(b)) = (left.next(), right.next())
                    && a.values.as_bytes() != b.values.as_bytes()
                {
                    come.push(b.clone());
                }
            }
        }
    }
}

fn size(document: &RawDocument) -> i64 {
    i64::try_from(document.as_bytes().len()).unwrap_or(i64::MAX)
}

/// The record of a document in a clustered collection.
pub(crate) fn clustered_record(collection: &Collection, document: &RawDocument) -> Result<RecordId> {
    let id = field(document, "_id").unwrap_or(RawBsonRef::Null);
    clustered_record_of(collection, id)
}

/// The record of an `_id` in a clustered collection.
pub(crate) fn clustered_record_of(collection: &Collection, id: RawBsonRef<'_>) -> Result<RecordId> {
    let mut components = Vec::with_capacity(16);
    encode(&mut components, id, collection.collation.as_deref());
    if components.len() > crate::index::MAX_KEY_BYTES {
        return refuse(Code::BAD_VALUE, "the _id of a clustered collection is too large");
    }
    Ok(RecordId(components.into()))
}

fn duplicate_clustered(collection: &Collection, document: &RawDocument) -> Error {
    let mut key_value = Document::new();
    if let Some(id) = field(document, "_id") {
        key_value.insert("_id", Bson::try_from(id).unwrap_or(Bson::Null));
    }
    Error::DuplicateKey(Box::new(DuplicateKey {
        namespace: collection.namespace.to_string(),
        index: "_id_".to_owned(),
        key_pattern: bson::doc! { "_id": 1 },
        key_value,
        collation: None,
    }))
}

pub(crate) fn duplicate(collection: &Collection, index: &Index, entry: &Entry) -> Error {
    let mut key_value = Document::new();
    for ((name, _), (_, value)) in fields(&index.key_pattern).zip(fields(&entry.values)) {
        let shown = match (value, &index.collation) {
            (RawBsonRef::String(text), Some(collation)) => {
                let hexadecimal: String = collation.sort_key(text).iter().map(|byte| format!("{byte:02x}")).collect();
                Bson::String(format!("0x{hexadecimal}"))
            }
            (value, _) => Bson::try_from(value).unwrap_or(Bson::Null),
        };
        key_value.insert(name, shown);
    }
    Error::DuplicateKey(Box::new(DuplicateKey {
        namespace: collection.namespace.to_string(),
        index: index.name.to_string(),
        key_pattern: Document::try_from(&*index.key_pattern).unwrap_or_default(),
        key_value,
        collation: index.collation.as_ref().and_then(|collation| Document::try_from(&*collation.document()).ok()),
    }))
}
