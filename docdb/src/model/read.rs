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
pub struct Find {
    /// What documents must match; the empty one takes all.
    pub filter: RawDocumentBuf,
    /// Which fields are shown.
    pub projection: Option<RawDocumentBuf>,
    /// The order.
    pub sort: Option<RawDocumentBuf>,
    /// How many documents are left out in front.
    pub skip: u64,
    /// At most so many documents; 0 is no limit.
    pub limit: u64,
    /// Which index to use.
    pub hint: Option<Hint>,
    /// The least index key, inclusive; needs a hint.
    pub min: Option<RawDocumentBuf>,
    /// The end of the index keys, exclusive; needs a hint.
    pub max: Option<RawDocumentBuf>,
    /// How strings are compared, in the place of the collection's collation.
    pub collation: Option<RawDocumentBuf>,
    /// `let`: variables, to be used as `$$name`, with constant expressions.
    pub variables: Option<RawDocumentBuf>,
    /// Show the index keys by which documents were found in the place of documents.
    pub return_key: bool,
    /// Add `$recordId`, the place in the collection.
    pub show_record_id: bool,
    /// A sort may hold more than 100 MiB. There is no disk to use instead: it is held in memory.
    pub allow_disk_use: bool,
    /// Whether the cursor stays open at the end of a capped collection.
    pub tailable: Tailable,
    /// Refuse with [`Code::MAX_TIME_MS_EXPIRED`](crate::Code::MAX_TIME_MS_EXPIRED) after so long.
    pub max_time: Option<Duration>,
}

/// An `aggregate`.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/aggregate/>.
#[derive(Debug, Clone, Default)]
pub struct Aggregate {
    /// The stages, at most 1,000.
    pub pipeline: Vec<RawDocumentBuf>,
    /// How strings are compared, in the place of the collection's collation.
    pub collation: Option<RawDocumentBuf>,
    /// `let`: variables, to be used as `$$name`, with constant expressions.
    pub variables: Option<RawDocumentBuf>,
    /// Which index to use for the first stages.
    pub hint: Option<Hint>,
    /// A stage may hold more than 100 MiB. There is no disk to use instead: it is held in memory.
    pub allow_disk_use: bool,
    /// `$out` and `$merge` write what the validator would refuse.
    pub bypass_document_validation: bool,
    /// Refuse with [`Code::MAX_TIME_MS_EXPIRED`](crate::Code::MAX_TIME_MS_EXPIRED) after so long; `None` and zero are no limit.
    pub max_time: Option<Duration>,
}

/// A `count`.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/count/>.
#[derive(Debug, Clone, Default)]
pub struct Count {
    /// What documents must match; the empty one counts all, without reading them.
    pub filter: RawDocumentBuf,
    /// How many documents are not counted.
    pub skip: u64,
    /// At most so many; 0 is no limit.
    pub limit: u64,
    /// Which index to use.
    pub hint: Option<Hint>,
    /// How strings are compared, in the place of the collection's collation.
    pub collation: Option<RawDocumentBuf>,
    /// Refuse with [`Code::MAX_TIME_MS_EXPIRED`](crate::Code::MAX_TIME_MS_EXPIRED) after so long; `None` and zero are no limit.
    pub max_time: Option<Duration>,
}

/// A `distinct`.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/distinct/>.
#[derive(Debug, Clone, Default)]
pub struct Distinct {
    /// The field, as a path with dots.
    pub key: String,
    /// What documents must match.
    pub filter: RawDocumentBuf,
    /// Which index to use.
    pub hint: Option<Hint>,
    /// Which strings are the same, in the place of the collection's collation.
    pub collation: Option<RawDocumentBuf>,
    /// Refuse with [`Code::MAX_TIME_MS_EXPIRED`](crate::Code::MAX_TIME_MS_EXPIRED) after so long; `None` and zero are no limit.
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
