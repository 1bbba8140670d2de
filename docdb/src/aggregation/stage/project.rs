//! `$project` and `$unset`.

use std::sync::Arc;

use bson::{RawBsonRef, RawDocumentBuf};

use crate::{
    aggregation::{
        Row, Rows, Scope,
        rows::{EachRow, each},
        stage::{Stage, Stages, one},
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::Execution,
    projection::Projection,
    value::{Doc, DocumentBuilder, items},
};

/// Makes of each document what a projection says.
#[derive(Debug)]
pub(super) struct Project(pub(super) Projection);

pub(super) fn parse(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    let RawBsonRef::Document(document) = value else {
        return refuse(Code(15969), "$project specification must be an object");
    };
    one(Project(Projection::parse_stage(document, scope.context)?))
}

pub(super) fn parse_unset(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    one(Project(Projection::parse_stage(&exclusion(value)?, scope.context)?))
}

/// The exclusion that an `$unset` is.
fn exclusion(value: RawBsonRef<'_>) -> Result<RawDocumentBuf> {
    let mut document = DocumentBuilder::new();
    match value {
        RawBsonRef::String(path) => document.append(path, 0),
        RawBsonRef::Array(paths) => {
            let mut empty = true;
            for path in items(paths) {
                empty = false;
                match path {
                    RawBsonRef::String(path) => document.append(path, 0),
                    _ => {
                        return refuse(
                            Code(31120),
                            "$unset specification must be a string or an array containing only string values",
                        );
                    }
                }
            }
            if empty {
                return refuse(
                    Code(31119),
                    "$unset specification must be a string or an array with at least one field",
                );
            }
        }
        _ => return refuse(Code(31002), "$unset specification must be a string or an array"),
    }
    Ok(document.finish())
}

impl Stage for Project {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        each(self, input, context)
    }
}

impl EachRow for Project {
    fn each(&self, row: Row, context: &Context, _: &mut Execution<'_>) -> Result<Option<Row>> {
        let doc = Doc::from(self.0.apply(&row.doc, &row.metadata, None, context)?);
        Ok(Some(Row { doc, ..row }))
    }
}
