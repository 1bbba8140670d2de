//! Collections, views and indexes, as they are made and listed.

use bson::RawDocumentBuf;

/// The bounds of a capped collection, which drops its oldest documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capped {
    /// The most bytes of documents.
    pub size_bytes: u64,
    /// The most documents; 0 is no bound.
    pub max_documents: u64,
}

/// Which writes are validated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ValidationLevel {
    /// None.
    Off,
    /// All.
    #[default]
    Strict,
    /// Inserts, and updates of documents that were valid.
    Moderate,
}

/// What becomes of a document that is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ValidationAction {
    /// It is refused.
    #[default]
    Error,
    /// It is written, and the log says so.
    Warn,
}

/// A collection's validator.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Validation {
    /// A filter that documents must match; an empty one takes the validator away.
    pub validator: Option<RawDocumentBuf>,
    /// Which writes are validated.
    pub level: Option<ValidationLevel>,
    /// What becomes of documents that are not valid.
    pub action: Option<ValidationAction>,
}

/// What a view shows.
#[derive(Debug, Clone, PartialEq)]
pub struct ViewDefinition {
    /// The collection or view underneath, in the same database.
    pub on: String,
    /// The stages.
    pub pipeline: Vec<RawDocumentBuf>,
}

/// A `create`.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/create/>.
#[derive(Debug, Clone, Default)]
pub struct CreateCollection {
    /// The bounds of a collection that drops its oldest documents.
    pub capped: Option<Capped>,
    /// What the view shows, if it is to be a view.
    pub view: Option<ViewDefinition>,
    /// `clusteredIndex`: `{ key: { _id: 1 }, unique: true, name: … }`.
    pub clustered_index: Option<RawDocumentBuf>,
    /// Of a clustered collection: documents are deleted so long after their `_id`, a date.
    pub expire_after_seconds: Option<i64>,
    /// What documents must be like.
    pub validation: Validation,
    /// How strings are compared, where an operation does not say it.
    pub collation: Option<RawDocumentBuf>,
    /// `changeStreamPreAndPostImages.enabled`: kept and shown.
    pub change_stream_pre_and_post_images: Option<bool>,
    /// `idIndex`, `storageEngine`, `indexOptionDefaults`, `timeseries` and others that are only kept and shown.
    pub other: Option<RawDocumentBuf>,
}

/// A change of one index by `collMod`.
#[derive(Debug, Clone)]
pub struct IndexChange {
    /// Which index.
    pub index: IndexSelection,
    /// The new TTL, in seconds after the date in its field.
    pub expire_after_seconds: Option<i64>,
    /// Whether no query uses it from now on.
    pub hidden: Option<bool>,
    /// Whether new duplicates are refused from now on.
    pub prepare_unique: Option<bool>,
    /// Make it unique, which [`prepare_unique`](IndexChange::prepare_unique) has to come before.
    pub unique: bool,
}

/// A `collMod`.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/collMod/>.
#[derive(Debug, Clone, Default)]
pub struct ModifyCollection {
    /// A change of one index.
    pub index: Option<IndexChange>,
    /// What documents must be like from now on.
    pub validation: Validation,
    /// What the view shows from now on.
    pub view: Option<ViewDefinition>,
    /// The new bound of a capped collection, in bytes of documents.
    pub capped_size: Option<u64>,
    /// The new bound of a capped collection, in documents; 0 is no bound.
    pub capped_max: Option<u64>,
    /// Of a clustered collection; `None` within turns it off.
    pub expire_after_seconds: Option<Option<i64>>,
    /// `changeStreamPreAndPostImages.enabled`: kept and shown.
    pub change_stream_pre_and_post_images: Option<bool>,
    /// Check only, change nothing.
    pub dry_run: bool,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollectionKind {
    /// A collection.
    Collection,
    /// A view.
    View,
}

/// A collection as `listCollections` shows it.
#[derive(Debug, Clone)]
pub struct CollectionInfo {
    /// Its name within the database.
    pub name: String,
    /// What it is.
    pub kind: CollectionKind,
    /// `options`, as they were given.
    pub options: RawDocumentBuf,
    /// `info.uuid`; views have none.
    pub uuid: Option<bson::Uuid>,
    /// `idIndex`; views and clustered collections have none.
    pub id_index: Option<RawDocumentBuf>,
}

/// A database as `listDatabases` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseInfo {
    /// Its name.
    pub name: String,
    /// The bytes of its documents.
    pub size_bytes: u64,
    /// Whether it has no collections with documents.
    pub empty: bool,
}

/// An index as `listIndexes` shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexInfo {
    /// Its name.
    pub name: String,
    /// `{ v: 2, key: …, name: …, … }`.
    pub definition: RawDocumentBuf,
}

/// Which indexes are meant.
#[derive(Debug, Clone, PartialEq)]
pub enum IndexSelection {
    /// The one of this name; `*` are all but that of `_id`.
    Name(String),
    /// Those of these names.
    Names(Vec<String>),
    /// The one with this key pattern.
    Keys(RawDocumentBuf),
}

/// The answer to `createIndexes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreateIndexes {
    /// How many there were.
    pub before: usize,
    /// How many there are.
    pub after: usize,
    /// Whether the collection was made by it.
    pub created_collection: bool,
}

/// Counts and sizes of a collection.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/collStats/>.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CollectionStatistics {
    /// How many documents.
    pub documents: u64,
    /// The bytes of the documents as BSON.
    pub size_bytes: u64,
    /// Its bounds, if it is capped.
    pub capped: Option<Capped>,
    /// Each index's name, and the bytes of its keys, roughly.
    pub indexes: Vec<(String, u64)>,
}

impl Default for Capped {
    fn default() -> Self {
        Capped { size_bytes: 4096, max_documents: 0 }
    }
}

/// Counts and sizes of a database.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/dbStats/>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DatabaseStatistics {
    /// How many collections.
    pub collections: u64,
    /// How many views.
    pub views: u64,
    /// How many documents in all collections.
    pub documents: u64,
    /// The bytes of the documents as BSON.
    pub size_bytes: u64,
    /// How many indexes.
    pub indexes: u64,
    /// The bytes of the keys of indexes, roughly.
    pub index_size_bytes: u64,
}

/// What `validate` found.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/validate/>.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Validated {
    /// How many documents there are.
    pub documents: u64,
    /// How many of them are no documents, or do not match the validator.
    pub invalid_documents: u64,
    /// Each index's name, and how many keys it has.
    pub keys_per_index: Vec<(String, u64)>,
    /// What is wrong; empty if all is well.
    pub errors: Vec<String>,
}
