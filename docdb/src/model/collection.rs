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
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct Validation {
    pub validator: Option<RawDocumentBuf>,
    pub level: Option<ValidationLevel>,
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
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct CreateCollection {
    pub capped: Option<Capped>,
    pub view: Option<ViewDefinition>,
    /// `clusteredIndex`: `{ key: { _id: 1 }, unique: true, name: … }`.
    pub clustered_index: Option<RawDocumentBuf>,
    /// Of a clustered collection: documents are deleted so long after their `_id`, a date.
    pub expire_after_seconds: Option<i64>,
    pub validation: Validation,
    pub collation: Option<RawDocumentBuf>,
    pub change_stream_pre_and_post_images: Option<bool>,
    /// `idIndex`, `storageEngine`, `indexOptionDefaults`, `timeseries` and others that are only kept and shown.
    pub other: Option<RawDocumentBuf>,
}

/// A change of one index by `collMod`.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct IndexChange {
    pub index: IndexSelection,
    pub expire_after_seconds: Option<i64>,
    pub hidden: Option<bool>,
    pub prepare_unique: Option<bool>,
    pub unique: bool,
}

/// A `collMod`.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/collMod/>.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct ModifyCollection {
    pub index: Option<IndexChange>,
    pub validation: Validation,
    pub view: Option<ViewDefinition>,
    pub capped_size: Option<u64>,
    pub capped_max: Option<u64>,
    /// Of a clustered collection; `None` within turns it off.
    pub expire_after_seconds: Option<Option<i64>>,
    pub change_stream_pre_and_post_images: Option<bool>,
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
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct CollectionStatistics {
    pub documents: u64,
    pub size_bytes: u64,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct DatabaseStatistics {
    pub collections: u64,
    pub views: u64,
    pub documents: u64,
    pub size_bytes: u64,
    pub indexes: u64,
    pub index_size_bytes: u64,
}

/// What `validate` found.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct Validated {
    pub documents: u64,
    pub invalid_documents: u64,
    pub keys_per_index: Vec<(String, u64)>,
    /// What is wrong; empty if all is well.
    pub errors: Vec<String>,
}
