//! `$replaceRoot` and `$replaceWith`.

use std::sync::Arc;

use bson::RawBsonRef;

use crate::{
    aggregation::{
        Row, Rows, Scope,
        rows::{EachRow, each},
        stage::{Stage, Stages, one, options::Options},
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::Execution,
    expression::{Env, Expression},
    value::type_name,
};

/// Puts in the place of each document what an expression makes of it.
#[derive(Debug)]
struct ReplaceRoot(Expression);

pub(super) fn parse(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    let RawBsonRef::Document(document) = value else {
        return refuse(Code::FAILED_TO_PARSE, "the $replaceRoot specification must be an object");
    };
    Options::new("$replaceRoot", document, &["newRoot"])?;
    match crate::value::field(document, "newRoot") {
        Some(root) => parse_with(root, scope),
        None => refuse(Code::MISSING_FIELD, "BSON field '$replaceRoot.newRoot' is missing but a required field"),
    }
}

pub(super) fn parse_with(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    one(ReplaceRoot(Expression::parse(value, scope.context)?))
}

impl Stage for ReplaceRoot {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        each(self, input, context)
    }
}

impl EachRow for ReplaceRoot {
    fn each(&self, row: Row, context: &Context, _: &mut Execution<'_>) -> Result<Option<Row>> {
        let root = self.0.evaluate(&Env::new(context, &row.doc, &row.metadata))?;
        let doc = match root.get() {
            Some(RawBsonRef::Document(document)) => document.into(),
            other => {
                return refuse(
                    Code(40228),
                    format!(
                        "'newRoot' expression must evaluate to an object, but resulting value was of type {}",
                        other.map_or("missing", type_name)
                    ),
                );
            }
        };
        drop(root);
        Ok(Some(Row { doc, ..row }))
    }
}
