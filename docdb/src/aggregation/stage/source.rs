//! Stages that documents come from.

use std::sync::Arc;

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    aggregation::{
        Row, Rows, Scope, rows,
        rows::{AllRows, all},
        stage::{Stage, Stages, View, geo_near::GeoNear, one},
    },
    context::{Context, Metadata},
    error::{Code, Result, refuse},
    execution::Execution,
    expression::{Env, Expression},
    value::{empty, fields, items, type_name},
};

/// What a pipeline reads instead of its collection.
#[derive(Debug)]
pub(crate) enum Source {
    /// `$documents`: an expression that makes an array of them.
    Documents(Expression),
    /// `$collStats` and its kin.
    Statistics(Statistics),
    /// `$geoNear`.
    GeoNear(Box<GeoNear>),
}

/// What is asked about a collection.
#[derive(Debug)]
pub(crate) enum Statistics {
    /// `$collStats`, with what it is asked for: `latencyStats`, `storageStats`, `count`, `queryExecStats`.
    Collection(RawDocumentBuf),
    /// `$indexStats`.
    Indexes,
}

pub(super) fn parse_documents(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    one(Source::Documents(Expression::parse(value, scope.context)?))
}

pub(super) fn parse_coll_stats(value: RawBsonRef<'_>, _: &Scope<'_>) -> Result<Stages> {
    let RawBsonRef::Document(document) = value else {
        return refuse(Code(5_447_000), "$collStats must take a nested object but found something else");
    };
    check_coll_stats(document)?;
    one(Source::Statistics(Statistics::Collection(document.to_owned())))
}

fn check_coll_stats(document: &RawDocument) -> Result<()> {
    for (name, value) in fields(document) {
        let RawBsonRef::Document(options) = value else {
            return refuse(
                Code::TYPE_MISMATCH,
                format!(
                    "BSON field '$collStats.{name}' is the wrong type '{}', expected type 'object'",
                    type_name(value)
                ),
            );
        };
        match name {
            "latencyStats" | "storageStats" => {}
            "count" | "queryExecStats" if options.is_empty() => {}
            "count" | "queryExecStats" => {
                return refuse(Code(31170), format!("{name} must be an empty object when specified in $collStats"));
            }
            _ => return refuse(Code::UNKNOWN_FIELD, format!("BSON field '$collStats.{name}' is an unknown field.")),
        }
    }
    Ok(())
}

pub(super) fn parse_index_stats(value: RawBsonRef<'_>, _: &Scope<'_>) -> Result<Stages> {
    match value {
        RawBsonRef::Document(document) if document.is_empty() => one(Source::Statistics(Statistics::Indexes)),
        _ => refuse(Code(28803), "The $indexStats stage specification must be an empty object"),
    }
}

impl Stage for Source {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        all(self, input, context)
    }

    fn view(&self) -> View<'_> {
        View::Source(self)
    }
}

impl AllRows for Source {
    fn all(&self, input: &mut dyn Rows, context: &Context, execution: &mut Execution<'_>) -> Result<Box<dyn Rows>> {
        match self {
            Source::GeoNear(near) => near.all(input, context, execution),
            Source::Documents(expression) => documents(expression, context),
            Source::Statistics(of) => {
                let documents = execution.collections.statistics(&mut execution.reader, of, context)?;
                Ok(rows::values(documents.into_iter().map(Row::new)))
            }
        }
    }
}

fn documents(expression: &Expression, context: &Context) -> Result<Box<dyn Rows>> {
    let metadata = Metadata::default();
    let value = expression.evaluate(&Env::new(context, empty(), &metadata))?;
    let Some(RawBsonRef::Array(array)) = value.get() else {
        return refuse(Code(5_858_203), "$documents must evaluate to an array");
    };
    let mut found = Vec::new();
    for item in items(array) {
        match item {
            RawBsonRef::Document(document) => found.push(Row::new(document)),
            other => {
                return refuse(
                    Code(40228),
                    format!("each item of $documents must be an object, but one is of type {}", type_name(other)),
                );
            }
        }
    }
    Ok(rows::values(found))
}
