//! Stages that the server has and this crate does not.

use crate::{
    aggregation::Within,
    error::{Code, Result, refuse},
};

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

/// Those of them that may stand in a `$facet`.
const IN_FACET: &[&str] = &["$densify", "$fill", "$setWindowFields"];

pub(super) fn refuse_stage<T>(name: &str, within: Within) -> Result<T> {
    if KNOWN.contains(&name) {
        if within == Within::Facet && !IN_FACET.contains(&name) {
            return refuse(Code(40600), format!("{name} is not allowed to be used within a $facet stage"));
        }
        return refuse(Code::COMMAND_NOT_SUPPORTED, format!("the stage {name} is not supported"));
    }
    refuse(Code(40324), format!("Unrecognized pipeline stage name: '{name}'"))
}
