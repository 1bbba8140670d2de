//! Stages that the server has and this crate does not.

use crate::error::{Code, Result, refuse};

/// Names that are refused as what they are.
const KNOWN: &[&str] = &[
    "$backupCursor",
    "$changeStream",
    "$changeStreamSplitLargeEvent",
    "$currentOp",
    "$densify",
    "$fill",
    "$listCatalog",
    "$listClusterCatalog",
    "$listLocalSessions",
    "$listMqlEntities",
    "$listSampledQueries",
    "$listSearchIndexes",
    "$listSessions",
    "$planCacheStats",
    "$queryStats",
    "$querySettings",
    "$rankFusion",
    "$score",
    "$scoreFusion",
    "$search",
    "$searchMeta",
    "$setWindowFields",
    "$shardedDataDistribution",
    "$vectorSearch",
];

pub(super) fn refuse_stage<T>(name: &str) -> Result<T> {
    if KNOWN.contains(&name) {
        return refuse(Code::COMMAND_NOT_SUPPORTED, format!("the stage {name} is not supported"));
    }
    refuse(Code(40324), format!("Unrecognized pipeline stage name: '{name}'"))
}
