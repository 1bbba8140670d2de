//! The planner: how a filter and a sort are answered.
//!
//! A plan is chosen by rules where one way is plainly the best, and by trial where several may be: each runs until one has
//! shown enough, and the one that found most for its work is taken. What was chosen is remembered with the collection, by the
//! query's shape, until the catalog's row of the collection changes.

pub(crate) mod bounds;
pub(crate) mod candidate;
mod choose;
mod cover;
pub(crate) mod explain;
pub(crate) mod interval;
mod residual;
mod shape;
mod special;

use std::sync::Arc;

use bson::{RawBson, RawDocumentBuf};

pub(crate) use candidate::IndexScan;
pub(crate) use choose::{Chosen, choose, same_keys};
pub(crate) use cover::{Cover, MISSING};
pub(crate) use residual::is_exact;
pub(crate) use shape::shape;
pub(crate) use special::{Special, geo_near, ranges as special_ranges};

use crate::{context::Context, filter::Filter, index::RecordId, model::Hint, sort::SortPattern, value::Path};

/// What is asked of one collection.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) filter: Filter,
    pub(crate) sort: Option<Arc<SortPattern>>,
    /// `$natural`: whether it is backwards.
    pub(crate) natural: Option<bool>,
    /// How many documents are wanted at most, those that are skipped included.
    pub(crate) limit: Option<u64>,
    /// The paths that the result is made of, if nothing else is looked at.
    pub(crate) covered: Option<Vec<Path>>,
    pub(crate) hint: Option<Hint>,
    pub(crate) min: Option<RawDocumentBuf>,
    pub(crate) max: Option<RawDocumentBuf>,
    pub(crate) allow_disk_use: bool,
    pub(crate) context: Arc<Context>,
}

impl Query {
    /// A query for whole documents.
    pub(crate) fn new(filter: Filter, context: Arc<Context>) -> Query {
        Query {
            filter,
            sort: None,
            natural: None,
            limit: None,
            covered: None,
            hint: None,
            min: None,
            max: None,
            allow_disk_use: true,
            context,
        }
    }
}

/// One way to find documents.
#[derive(Debug, Clone)]
pub(crate) enum Plan {
    /// There is nothing to be found.
    Eof,
    /// All documents, in the order of their records.
    CollScan { reverse: bool, from: Option<RecordId>, to: Option<RecordId>, filter: Filter },
    /// The one document with this `_id`.
    IdLookup { id: RawBson },
    /// Entries of an index.
    IxScan(IndexScan),
    /// Documents of what is underneath, if they match.
    Fetch { input: Box<Plan>, filter: Option<Filter> },
    /// Entries of an index that say all that is asked for.
    Covered { scan: IndexScan, cover: Cover, filter: Filter },
    /// What any of several finds, each once.
    Or { inputs: Vec<Plan> },
    /// What is underneath, in order.
    Sort { input: Box<Plan>, pattern: Arc<SortPattern>, limit: Option<u64> },
    /// What several scans find that are in order each, in order.
    SortMerge { inputs: Vec<Plan>, pattern: Arc<SortPattern> },
    /// By text or by distance.
    Special(Special),
}

impl Plan {
    /// Whether documents come only after all have been found.
    pub(crate) fn blocks(&self) -> bool {
        match self {
            Plan::Sort { .. } => true,
            Plan::Fetch { input, .. } => input.blocks(),
            Plan::Or { inputs } => inputs.iter().any(Plan::blocks),
            _ => false,
        }
    }

    /// The scans of indexes in it.
    pub(crate) fn scans(&self) -> Vec<&IndexScan> {
        match self {
            Plan::IxScan(scan) | Plan::Covered { scan, .. } => vec![scan],
            Plan::Fetch { input, .. } | Plan::Sort { input, .. } => input.scans(),
            Plan::Or { inputs } | Plan::SortMerge { inputs, .. } => inputs.iter().flat_map(Plan::scans).collect(),
            _ => Vec::new(),
        }
    }
}
