//! The stages of pipelines, and the table of them.

mod add_fields;
mod bucket;
mod bucket_auto;
pub(super) mod count;
mod facet;
pub(crate) mod geo_near;
mod granularity;
mod graph_lookup;
mod group;
pub(super) mod limit;
mod lookup;
pub(super) mod match_stage;
mod merge;
mod options;
pub(crate) mod output;
mod project;
mod redact;
mod replace_root;
mod sample;
mod skip;
pub(super) mod sort;
mod sort_by_count;
pub(crate) mod source;
mod union_with;
mod unsupported;
mod unwind;
mod variables;

#[cfg(test)]
mod tests;

use std::{fmt::Debug, sync::Arc};

use bson::RawBsonRef;

use crate::{
    aggregation::{Output, Rows, Scope, Source, Within, accumulator::Accumulate},
    context::Context,
    error::{Code, Result, refuse},
};

/// The stages that do what one stage of a pipeline says.
type Stages = Vec<Arc<dyn Stage>>;

/// How a stage is parsed: from the value beside its name.
type Parse = fn(RawBsonRef<'_>, &Scope<'_>) -> Result<Stages>;

/// A field that an accumulator makes.
type Field = (Box<str>, Arc<dyn Accumulate>);

/// A kind of stage: its name, how it is parsed, and where it may stand.
pub(super) struct Kind {
    /// With its `$`.
    pub(super) name: &'static str,
    pub(super) parse: Parse,
    pub(super) place: Place,
    /// Whether a `$facet` may have it in its pipelines.
    pub(super) in_facet: bool,
}

impl Kind {
    const fn new(name: &'static str, parse: Parse) -> Kind {
        Kind { name, parse, place: Place::Any, in_facet: true }
    }

    /// A stage that documents come from.
    const fn first(mut self) -> Kind {
        self.place = Place::First;
        self.in_facet = false;
        self
    }

    /// A stage that documents are written by.
    const fn last(mut self) -> Kind {
        self.place = Place::Last;
        self.in_facet = false;
        self
    }

    const fn not_in_facet(mut self) -> Kind {
        self.in_facet = false;
        self
    }
}

/// All stages.
const STAGES: &[Kind] = &[
    Kind::new("$addFields", add_fields::parse_add_fields),
    Kind::new("$bucket", bucket::parse),
    Kind::new("$bucketAuto", bucket_auto::parse),
    Kind::new("$collStats", source::parse_coll_stats).first(),
    Kind::new("$count", count::parse),
    Kind::new("$documents", source::parse_documents).first(),
    Kind::new("$facet", facet::parse).not_in_facet(),
    Kind::new("$geoNear", geo_near::parse).first(),
    Kind::new("$graphLookup", graph_lookup::parse),
    Kind::new("$group", group::parse),
    Kind::new("$indexStats", source::parse_index_stats).first(),
    Kind::new("$limit", limit::parse),
    Kind::new("$lookup", lookup::parse),
    Kind::new("$match", match_stage::parse),
    Kind::new("$merge", merge::parse).last(),
    Kind::new("$out", output::parse_out).last(),
    Kind::new("$project", project::parse),
    Kind::new("$redact", redact::parse),
    Kind::new("$replaceRoot", replace_root::parse),
    Kind::new("$replaceWith", replace_root::parse_with),
    Kind::new("$sample", sample::parse),
    Kind::new("$set", add_fields::parse_set),
    Kind::new("$skip", skip::parse),
    Kind::new("$sort", sort::parse),
    Kind::new("$sortByCount", sort_by_count::parse),
    Kind::new("$unionWith", union_with::parse),
    Kind::new("$unset", project::parse_unset),
    Kind::new("$unwind", unwind::parse),
];

/// The kind of stage of a name.
pub(super) fn find(name: &str, within: Within) -> Result<&'static Kind> {
    match STAGES.iter().find(|kind| kind.name == name) {
        Some(kind) => Ok(kind),
        None => unsupported::refuse_stage(name, within),
    }
}

/// Where in a pipeline a stage may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Any,
    First,
    Last,
}

impl Place {
    pub(super) fn check(self, name: &str, is_first: bool, is_last: bool) -> Result<()> {
        match self {
            Place::First if !is_first && name == "$geoNear" => {
                refuse(Code(40603), "$geoNear was not the first stage in the pipeline")
            }
            Place::First if !is_first => {
                refuse(Code(40602), format!("{name} is only valid as the first stage in a pipeline"))
            }
            Place::Last if !is_last => {
                refuse(Code(40601), format!("{name} can only be the final stage in the pipeline"))
            }
            _ => Ok(()),
        }
    }
}

/// A parsed stage. It does not change; each run of its pipeline opens it anew.
pub(crate) trait Stage: Send + Sync + Debug {
    /// Runs the stage on documents. The context is that of the run: the values of its variables may differ from run to run.
    fn open(self: Arc<Self>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows>;

    /// What others have to know of it.
    fn view(&self) -> View<'_> {
        View::Other
    }
}

/// What a pipeline knows of its stages.
pub(crate) enum View<'s> {
    Match(&'s match_stage::Match),
    Sort(&'s sort::Sort),
    Skip(u64),
    Limit(u64),
    Source(&'s Source),
    Output(&'s Output),
    Other,
}

/// What a stage that is done by one parses to.
fn one(stage: impl Stage + 'static) -> Result<Stages> {
    Ok(vec![Arc::new(stage)])
}
