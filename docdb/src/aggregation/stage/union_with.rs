//! `$unionWith`.

use std::sync::Arc;

use bson::RawBsonRef;

use crate::{
    aggregation::{
        Pipeline, Row, Rows, Scope, Within, rows,
        stage::{Stage, Stages, lookup, one, options::Options},
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::{CollectionName, Execution},
};

/// Yields its documents, and then those of another collection.
#[derive(Debug)]
struct UnionWith {
    /// None where the pipeline brings its own documents.
    collection: Option<CollectionName>,
    pipeline: Arc<Pipeline>,
}

pub(super) fn parse(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    let document = match value {
        RawBsonRef::String(name) => {
            let pipeline = Arc::new(Pipeline::of(Vec::new()));
            return one(UnionWith { collection: Some(lookup::collection(name)?), pipeline });
        }
        RawBsonRef::Document(document) => document,
        _ => {
            return refuse(Code::FAILED_TO_PARSE, "the $unionWith stage specification must be an object or string");
        }
    };
    let options = Options::new("$unionWith", document, &["coll", "pipeline"])?;
    let inner = scope.inner(Within::UnionWith, scope.context)?;
    let pipeline = match options.array("pipeline")? {
        Some(stages) => Pipeline::parse_array(stages, &inner)?,
        None => Pipeline::of(Vec::new()),
    };
    let collection = options.string("coll")?.map(lookup::collection).transpose()?;
    if collection.is_none() && !pipeline.brings_documents() {
        return refuse(
            Code::FAILED_TO_PARSE,
            "$unionWith stage without explicit collection must have a pipeline with $documents as first stage",
        );
    }
    one(UnionWith { collection, pipeline: Arc::new(pipeline) })
}

impl Stage for UnionWith {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        Box::new(United { stage: self, context: context.clone(), rows: input, second: false })
    }
}

struct United {
    stage: Arc<UnionWith>,
    context: Context,
    rows: Box<dyn Rows>,
    /// Whether the documents are those of the other collection already.
    second: bool,
}

impl Rows for United {
    fn next(&mut self, execution: &mut Execution<'_>) -> Result<Option<Row>> {
        if let Some(row) = self.rows.next(execution)? {
            return Ok(Some(row));
        }
        if self.second {
            return Ok(None);
        }
        self.second = true;
        let UnionWith { collection, pipeline } = &*self.stage;
        self.rows = match collection {
            Some(name) => execution.collections.open(&mut execution.reader, name, pipeline, &self.context)?,
            None => pipeline.open(rows::values([]), &self.context),
        };
        self.rows.next(execution)
    }
}
