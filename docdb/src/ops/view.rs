//! Views: what stands behind a name.

use std::sync::Arc;

use bson::RawDocument;
use millpond_engine::Read;

use crate::{
    aggregation::Pipeline,
    catalog::Collection,
    context::Context,
    error::{Code, Result, refuse},
    model::Namespace,
    store::Store,
};

/// How many views may stand on each other.
///
/// Source: <https://www.mongodb.com/docs/manual/core/views/>.
const MAX_DEPTH: usize = 20;

/// A collection, and the stages of the views above it.
pub(crate) struct Resolved {
    pub(crate) namespace: Namespace,
    /// The collection, if it exists.
    pub(crate) collection: Option<Arc<Collection>>,
    /// The stages of all views on the way, if there are any.
    pub(crate) pipeline: Option<Pipeline>,
}

/// Finds the collection under a name, and what views make of it. `context` is the operation's; a view has a collation of its
/// own, which the operation's must be.
pub(crate) fn resolve(
    store: &Store,
    reader: &mut impl Read,
    namespace: &Namespace,
    context: &Context,
) -> Result<Resolved> {
    let mut namespace = namespace.clone();
    let mut pipeline: Option<Pipeline> = None;
    for _ in 0..=MAX_DEPTH {
        let collection = store.collection(reader, &namespace)?;
        let Some(view) = collection.as_ref().and_then(|collection| collection.view.as_ref()) else {
            return Ok(Resolved { namespace, collection, pipeline });
        };
        let stages: Vec<&RawDocument> = view.pipeline.iter().map(|stage| &**stage).collect();
        let first = Pipeline::parse(&stages, context)?;
        pipeline = Some(match pipeline {
            Some(later) => later.after(&first, context)?,
            None => first,
        });
        namespace = Namespace::new(namespace.database(), &view.on)?;
    }
    refuse(Code::VIEW_DEPTH_LIMIT_EXCEEDED, format!("View depth exceeds limit {MAX_DEPTH}"))
}

/// Refuses a view that would stand on itself, or on too many others.
///
/// # Errors
/// [`Code::GRAPH_CONTAINS_CYCLE`], [`Code::VIEW_DEPTH_LIMIT_EXCEEDED`].
pub(crate) fn check_cycle(store: &Store, reader: &mut impl Read, view: &Namespace, on: &str) -> Result<()> {
    let mut below = Namespace::new(view.database(), on)?;
    for _ in 0..MAX_DEPTH {
        if below == *view {
            return refuse(Code::GRAPH_CONTAINS_CYCLE, format!("View cycle detected: {view} stands on itself"));
        }
        let collection = store.collection(reader, &below)?;
        let Some(next) = collection.as_ref().and_then(|collection| collection.view.as_ref()) else { return Ok(()) };
        below = Namespace::new(view.database(), &next.on)?;
    }
    refuse(Code::VIEW_DEPTH_LIMIT_EXCEEDED, format!("View depth exceeds limit {MAX_DEPTH}"))
}
