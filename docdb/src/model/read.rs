//! What reading commands are asked.

use std::time::Duration;

use bson::RawDocumentBuf;

/// Which index to use.
#[derive(Debug, Clone, PartialEq)]
pub enum Hint {
    /// The one of this name.
    Name(String),
    /// The one with this key pattern; `{ $natural: 1 }` and `{ $natural: -1 }` read the collection in its own order.
    Keys(RawDocumentBuf),
}

/// Whether a cursor on a capped collection stays open at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tailable {
    /// It ends there.
    #[default]
    No,
    /// It stays open: later reads find what has come since.
    Yes,
    /// It stays open, and reading waits a while for more.
    AwaitData,
}

/// A `find`.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/find/>.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct Find {
    pub filter: RawDocumentBuf,
    pub projection: Option<RawDocumentBuf>,
    pub sort: Option<RawDocumentBuf>,
    pub skip: u64,
    /// At most so many documents; 0 is no limit.
    pub limit: u64,
    pub hint: Option<Hint>,
    /// The least index key, inclusive; needs a hint.
    pub min: Option<RawDocumentBuf>,
    /// The end of the index keys, exclusive; needs a hint.
    pub max: Option<RawDocumentBuf>,
    pub collation: Option<RawDocumentBuf>,
    /// `let`.
    pub variables: Option<RawDocumentBuf>,
    pub return_key: bool,
    pub show_record_id: bool,
    pub allow_disk_use: bool,
    pub tailable: Tailable,
    /// Refuse with [`Code::MAX_TIME_MS_EXPIRED`](crate::Code::MAX_TIME_MS_EXPIRED) after so long.
    pub max_time: Option<Duration>,
}

/// An `aggregate`.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/aggregate/>.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct Aggregate {
    pub pipeline: Vec<RawDocumentBuf>,
    pub collation: Option<RawDocumentBuf>,
    /// `let`.
    pub variables: Option<RawDocumentBuf>,
    pub hint: Option<Hint>,
    pub allow_disk_use: bool,
    pub bypass_document_validation: bool,
    pub max_time: Option<Duration>,
}

/// A `count`.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct Count {
    pub filter: RawDocumentBuf,
    pub skip: u64,
    /// At most so many; 0 is no limit.
    pub limit: u64,
    pub hint: Option<Hint>,
    pub collation: Option<RawDocumentBuf>,
    pub max_time: Option<Duration>,
}

/// A `distinct`.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct Distinct {
    pub key: String,
    pub filter: RawDocumentBuf,
    pub hint: Option<Hint>,
    pub collation: Option<RawDocumentBuf>,
    pub max_time: Option<Duration>,
}

/// How much an explanation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Verbosity {
    /// The plan.
    QueryPlanner,
    /// The plan, and what running it took.
    ExecutionStats,
    /// The same of the plans that were not chosen.
    #[default]
    AllPlansExecution,
}
