//! An update by a pipeline: stages that make a document out of one document.

use bson::{RawBson, RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    context::{Context, Metadata},
    error::{Code, Result, refuse},
    expression::{Env, Expression},
    projection::Projection,
    update::{modifier::show, replacement::id_first},
    value::{fields, type_name},
};

#[derive(Debug)]
pub(crate) struct Pipeline(Vec<Stage>);

#[derive(Debug)]
enum Stage {
    Project(Projection),
    Replace(Expression),
}

impl Pipeline {
    pub(super) fn parse(stages: &[RawDocumentBuf], context: &Context) -> Result<Pipeline> {
        Ok(Pipeline(stages.iter().map(|stage| Stage::parse(stage, context)).collect::<Result<_>>()?))
    }

    pub(super) fn apply(&self, document: &RawDocument, context: &Context) -> Result<RawDocumentBuf> {
        let metadata = Metadata::default();
        let mut current = document.to_owned();
        for stage in &self.0 {
            current = match stage {
                Stage::Project(projection) => projection.apply(&current, &metadata, None, context)?,
                Stage::Replace(expression) => replace(expression, &current, &metadata, context)?,
            };
        }
        // A pipeline that leaves the `_id` out does not take it away.
        Ok(id_first(&current, document))
    }
}

fn replace(
    expression: &Expression,
    document: &RawDocument,
    metadata: &Metadata,
    context: &Context,
) -> Result<RawDocumentBuf> {
    let value = expression.evaluate(&Env::new(context, document, metadata))?.into_owned();
    match value {
        Some(RawBson::Document(document)) => Ok(document),
        other => {
            let other = other.unwrap_or(RawBson::Undefined);
            let message = format!(
                "'newRoot' expression must evaluate to an object, but resulting value was: {}. Type of resulting \
                 value: '{}'.",
                show(other.as_raw_bson_ref()),
                type_name(other.as_raw_bson_ref())
            );
            refuse(Code(40228), message)
        }
    }
}

impl Stage {
    fn parse(stage: &RawDocument, context: &Context) -> Result<Stage> {
        let mut all = fields(stage);
        let (Some((name, value)), None) = (all.next(), all.next()) else {
            return refuse(Code(40323), "A pipeline stage specification object must contain exactly one field.");
        };
        match name {
            "$set" | "$addFields" => match value {
                RawBsonRef::Document(document) => Ok(Stage::Project(Projection::parse_add_fields(document, context)?)),
                other => {
                    let message = format!("{name} specification stage must be an object, got {}", type_name(other));
                    refuse(Code(40272), message)
                }
            },
            "$project" => match value {
                RawBsonRef::Document(document) => Ok(Stage::Project(Projection::parse_stage(document, context)?)),
                _ => refuse(Code(15969), "$project specification must be an object"),
            },
            "$unset" => Ok(Stage::Project(Projection::parse_unset(value, context)?)),
            "$replaceWith" => Ok(Stage::Replace(Expression::parse(value, context)?)),
            "$replaceRoot" => Ok(Stage::Replace(Expression::parse(new_root(value)?, context)?)),
            name if STAGES.contains(&name) => {
                refuse(Code::INVALID_OPTIONS, format!("{name} is not allowed to be used within an update"))
            }
            name => refuse(Code(40324), format!("Unrecognized pipeline stage name: '{name}'")),
        }
    }
}

fn new_root(value: RawBsonRef<'_>) -> Result<RawBsonRef<'_>> {
    let RawBsonRef::Document(options) = value else {
        let message = format!("expected an object as specification for $replaceRoot stage, got {}", type_name(value));
        return refuse(Code(40229), message);
    };
    let mut root = None;
    for (name, value) in fields(options) {
        if name != "newRoot" {
            return refuse(Code::UNKNOWN_FIELD, format!("BSON field '$replaceRoot.{name}' is an unknown field."));
        }
        root = Some(value);
    }
    match root {
        Some(root) => Ok(root),
        None => refuse(Code::MISSING_FIELD, "BSON field '$replaceRoot.newRoot' is missing but a required field"),
    }
}

/// Stages that are there, but not for updates.
const STAGES: &[&str] = &[
    "$match",
    "$group",
    "$sort",
    "$limit",
    "$skip",
    "$unwind",
    "$lookup",
    "$graphLookup",
    "$facet",
    "$bucket",
    "$bucketAuto",
    "$count",
    "$sortByCount",
    "$sample",
    "$geoNear",
    "$out",
    "$merge",
    "$unionWith",
    "$densify",
    "$fill",
    "$setWindowFields",
    "$documents",
    "$redact",
    "$indexStats",
    "$collStats",
    "$planCacheStats",
    "$changeStream",
    "$changeStreamSplitLargeEvent",
    "$currentOp",
    "$listSessions",
    "$listLocalSessions",
    "$search",
    "$searchMeta",
    "$vectorSearch",
    "$rankFusion",
    "$scoreFusion",
    "$queryStats",
];
