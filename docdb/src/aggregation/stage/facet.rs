//! `$facet`.

use std::sync::Arc;

use bson::{RawBson, RawBsonRef};

use crate::{
    aggregation::{
        Pipeline, Row, Rows, Scope, Within,
        rows::{self, AllRows, all},
        stage::{Stage, Stages, group::bounded, one},
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::Execution,
    expression::path::check_field_name,
    sort::MEMORY_BYTES,
    value::{ArrayBuilder, DocumentBuilder, fields, items},
};

/// Runs several pipelines on the same documents, into one document.
#[derive(Debug)]
struct Facet(Vec<(Box<str>, Pipeline)>);

pub(super) fn parse(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    let document = match value {
        RawBsonRef::Document(document) if !document.is_empty() => document,
        _ => return refuse(Code(40169), "the $facet specification must be a non-empty object"),
    };
    let inner = scope.inner(Within::Facet, scope.context)?;
    let mut facets = Vec::new();
    for (name, value) in fields(document) {
        check_field_name(name)?;
        let RawBsonRef::Array(stages) = value else {
            return refuse(Code(40170), format!("arguments to $facet must be arrays, {name} is not"));
        };
        if items(stages).any(|stage| !matches!(stage, RawBsonRef::Document(_))) {
            return refuse(Code(40171), format!("elements of arrays in $facet spec must be non-empty objects, {name}"));
        }
        facets.push((name.into(), Pipeline::parse_array(stages, &inner)?));
    }
    one(Facet(facets))
}

impl Stage for Facet {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        all(self, input, context)
    }
}

impl AllRows for Facet {
    fn all(&self, input: &mut dyn Rows, context: &Context, execution: &mut Execution<'_>) -> Result<Box<dyn Rows>> {
        let (mut shared, mut bytes) = (Vec::new(), 0);
        while let Some(row) = input.next(execution)? {
            bytes += size_of::<Row>() + row.doc.bytes().len();
            if bytes > MEMORY_BYTES && !execution.allow_disk_use {
                return refuse(Code::QUERY_EXCEEDED_MEMORY_LIMIT, "$facet holds more than 100 MiB of documents");
            }
            shared.push(row);
        }
        let shared: Arc<[Row]> = shared.into();
        let mut document = DocumentBuilder::new();
        for (name, pipeline) in &self.0 {
            let mut rows = pipeline.open(Box::new(Shared { rows: Arc::clone(&shared), next: 0 }), context);
            let (mut array, mut bytes) = (ArrayBuilder::new(), 0);
            while let Some(row) = rows.next(execution)? {
                bytes += row.doc.bytes().len();
                if bytes > MEMORY_BYTES {
                    return refuse(
                        Code::BSON_OBJECT_TOO_LARGE,
                        format!("the array of the facet {name} is larger than {MEMORY_BYTES} bytes"),
                    );
                }
                array.push(RawBsonRef::Document(&row.doc));
            }
            document.append_owned(name, &RawBson::Array(array.finish()));
        }
        Ok(rows::values([Row::new(bounded(document)?)]))
    }
}

/// The documents that all facets read.
struct Shared {
    rows: Arc<[Row]>,
    next: usize,
}

impl Rows for Shared {
    fn next(&mut self, _: &mut Execution<'_>) -> Result<Option<Row>> {
        let row = self.rows.get(self.next).cloned();
        self.next += usize::from(row.is_some());
        Ok(row)
    }
}
