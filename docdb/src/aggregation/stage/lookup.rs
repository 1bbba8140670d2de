//! `$lookup`.

use std::sync::Arc;

use bson::{RawArrayBuf, RawBson, RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    aggregation::{
        Pipeline, Row, Rows, Scope, Within, nested, rows,
        stage::{Stage, Stages, match_stage::Match, one, options::Options, variables::Let},
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::{CollectionName, Execution},
    expression::{Env, path::parse_path},
    sort::MEMORY_BYTES,
    value::{ArrayBuilder, DocumentBuilder, Path, fields, items},
};

/// Joins documents of another collection to each document, as an array.
#[derive(Debug)]
struct Lookup {
    /// None where the pipeline brings its own documents.
    from: Option<CollectionName>,
    join: Option<Join>,
    variables: Let,
    pipeline: Arc<Pipeline>,
    /// Whether nothing of a document is used to find what is joined to it.
    is_same_for_all: bool,
    into: Path,
}

#[derive(Debug)]
struct Join {
    local: Path,
    foreign: Path,
}

pub(super) fn parse(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    let RawBsonRef::Document(document) = value else {
        return refuse(Code::FAILED_TO_PARSE, "the $lookup stage specification must be an object");
    };
    let known = ["from", "localField", "foreignField", "let", "pipeline", "as"];
    let options = Options::new("$lookup", document, &known)?;
    let into = parse_path(options.required("as", options.string("as")?)?)?;
    let variables = match options.document("let")? {
        Some(variables) => Let::parse(variables, scope.context)?,
        None => Let::default(),
    };
    let pipeline = options.array("pipeline")?;
    if pipeline.is_none() && options.get("let").is_some() {
        return refuse(Code::FAILED_TO_PARSE, "$lookup with a 'let' argument must also specify 'pipeline'");
    }
    let join = match (options.string("localField")?, options.string("foreignField")?) {
        (Some(local), Some(foreign)) => Some(Join { local: parse_path(local)?, foreign: parse_path(foreign)? }),
        (None, None) if pipeline.is_some() => None,
        (None, None) => {
            return refuse(
                Code::FAILED_TO_PARSE,
                "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified",
            );
        }
        _ => {
            return refuse(
                Code::FAILED_TO_PARSE,
                "$lookup requires both or neither of 'localField' and 'foreignField' to be specified",
            );
        }
    };
    let declared = variables.declared(scope.context);
    let inner = scope.inner(Within::Lookup, &declared)?;
    let pipeline = match pipeline {
        Some(stages) => Pipeline::parse_array(stages, &inner)?,
        None => Pipeline::of(Vec::new()),
    };
    let from = parse_from(options.get("from"), &pipeline)?;
    let is_same_for_all = join.is_none() && variables.is_empty() && !options.get("pipeline").is_some_and(is_random);
    one(Lookup { from, join, variables, pipeline: Arc::new(pipeline), is_same_for_all, into })
}

/// The collection to join with; none where the pipeline begins with `$documents`.
fn parse_from(value: Option<RawBsonRef<'_>>, pipeline: &Pipeline) -> Result<Option<CollectionName>> {
    match value {
        Some(RawBsonRef::String(name)) => collection(name).map(Some),
        Some(RawBsonRef::Document(_)) => refuse(
            Code::FAILED_TO_PARSE,
            "$lookup with syntax {from: {db:<>, coll:<>},..} is not supported for this database",
        ),
        Some(_) => refuse(Code::FAILED_TO_PARSE, "$lookup 'from' field must be a string"),
        None if pipeline.brings_documents() => Ok(None),
        None => refuse(Code::FAILED_TO_PARSE, "must specify 'pipeline' when 'from' is empty"),
    }
}

/// The name of a collection of the same database.
///
/// # Errors
/// [`Code::INVALID_NAMESPACE`].
pub(super) fn collection(name: &str) -> Result<CollectionName> {
    if name.is_empty() || name.starts_with('.') || name.contains('\0') || name.contains('$') {
        return refuse(Code::INVALID_NAMESPACE, format!("Invalid namespace specified: '{name}'"));
    }
    Ok(CollectionName { database: None, collection: name.into() })
}

impl Stage for Lookup {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        Box::new(Joining { stage: self, input, context: context.clone(), same: None })
    }
}

struct Joining {
    stage: Arc<Lookup>,
    input: Box<dyn Rows>,
    context: Context,
    /// What is joined to every document, where it is the same for all.
    same: Option<RawArrayBuf>,
}

impl Rows for Joining {
    fn next(&mut self, execution: &mut Execution<'_>) -> Result<Option<Row>> {
        let Some(row) = self.input.next(execution)? else { return Ok(None) };
        let joined = match self.same.take() {
            Some(same) => same,
            None => self.stage.joined(&row, &self.context, execution)?,
        };
        let doc = nested::set(&row.doc, &self.stage.into, RawBsonRef::Array(&joined)).into();
        if self.stage.is_same_for_all {
            self.same = Some(joined);
        }
        Ok(Some(Row { doc, ..row }))
    }
}

impl Lookup {
    /// The documents that are joined to one document.
    fn joined(&self, row: &Row, context: &Context, execution: &mut Execution<'_>) -> Result<RawArrayBuf> {
        let context = self.variables.bound(&Env::new(context, &row.doc, &row.metadata))?;
        let pipeline = match &self.join {
            Some(join) => Arc::new(self.pipeline.behind(join.filter(&row.doc, &context)?)),
            None => Arc::clone(&self.pipeline),
        };
        let mut joined = match &self.from {
            Some(from) => execution.collections.open(&mut execution.reader, from, &pipeline, &context)?,
            None => pipeline.open(rows::values([]), &context),
        };
        let (mut array, mut bytes) = (ArrayBuilder::new(), 0);
        while let Some(row) = joined.next(execution)? {
            bytes += row.doc.bytes().len();
            if bytes > MEMORY_BYTES {
                return refuse(Code(4568), format!("Total size of documents in $lookup exceeds {MEMORY_BYTES} bytes"));
            }
            array.push(RawBsonRef::Document(&row.doc));
        }
        Ok(array.finish())
    }
}

/// Whether a pipeline takes anything at random.
fn is_random(value: RawBsonRef<'_>) -> bool {
    match value {
        RawBsonRef::Document(document) => fields(document)
            .any(|(name, value)| matches!(name, "$sample" | "$rand" | "$sampleRate") || is_random(value)),
        RawBsonRef::Array(array) => items(array).any(is_random),
        RawBsonRef::String(text) => text == "randVal",
        _ => false,
    }
}

impl Join {
    /// What the joined documents of one document match.
    fn filter(&self, document: &RawDocument, context: &Context) -> Result<Arc<dyn Stage>> {
        let mut values = Vec::new();
        nested::visit(RawBsonRef::Document(document), self.local.parts(), &mut |value| values.push(value));
        Ok(Arc::new(Match::parse(any_of(self.foreign.as_str(), &values), context)?))
    }
}

/// The filter for documents that have one of some values at a path; null, and so missing, where there are none.
pub(super) fn any_of(path: &str, values: &[RawBsonRef<'_>]) -> RawDocumentBuf {
    let values = if values.is_empty() { &[RawBsonRef::Null][..] } else { values };
    let mut filter = DocumentBuilder::new();
    let mut array = ArrayBuilder::new();
    // A regular expression in an `$in` matches strings; here it is a value.
    if values.iter().any(|value| matches!(value, RawBsonRef::RegularExpression(_))) {
        for value in values {
            let (mut equal, mut condition) = (DocumentBuilder::new(), DocumentBuilder::new());
            equal.append("$eq", *value);
            condition.append_owned(path, &RawBson::Document(equal.finish()));
            array.push(RawBsonRef::Document(&condition.finish()));
        }
        filter.append_owned("$or", &RawBson::Array(array.finish()));
    } else {
        values.iter().for_each(|value| array.push(*value));
        let mut any = DocumentBuilder::new();
        any.append_owned("$in", &RawBson::Array(array.finish()));
        filter.append_owned(path, &RawBson::Document(any.finish()));
    }
    filter.finish()
}
