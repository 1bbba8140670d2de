//! `$redact`.

use std::sync::Arc;

use bson::{RawArray, RawArrayBuf, RawBson, RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    aggregation::{
        Row, Rows, Scope,
        rows::{EachRow, each},
        stage::{Stage, Stages, one, variables},
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::Execution,
    expression::{Env, Expression, Names},
    value::{ArrayBuilder, DocumentBuilder, Value, fields, items},
};

/// The values that the expression chooses among, as variables.
const CHOICES: [(&str, &str); 3] = [("DESCEND", "descend"), ("PRUNE", "prune"), ("KEEP", "keep")];

/// Leaves out parts of documents, as an expression on each part says.
#[derive(Debug)]
struct Redact(Expression);

pub(super) fn parse(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    let context = with_choices(scope.context);
    let expression = Names::new(&context).with(&["CURRENT"], |names| Expression::parse_within(value, names))?;
    one(Redact(expression))
}

fn with_choices(context: &Context) -> Context {
    let values = CHOICES.map(|(name, value)| (Box::from(name), RawBson::String(value.to_owned())));
    variables::with(context, CHOICES.iter().map(|(name, _)| *name), values)
}

impl Stage for Redact {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        each(self, input, &with_choices(context))
    }
}

impl EachRow for Redact {
    fn each(&self, row: Row, context: &Context, _: &mut Execution<'_>) -> Result<Option<Row>> {
        let redacted = self.document(&row.doc, &Env::new(context, &row.doc, &row.metadata))?;
        Ok(redacted.map(|document| Row { doc: document.into(), metadata: row.metadata }))
    }
}

impl Redact {
    /// What is left of a document; `None` if nothing is.
    fn document(&self, document: &RawDocument, env: &Env<'_>) -> Result<Option<RawDocumentBuf>> {
        let current = Value::Ref(RawBsonRef::Document(document));
        let choice = env.with(current, |env| Ok(self.0.evaluate(env)?.into_owned()))?;
        match choice.as_ref().map(RawBson::as_raw_bson_ref) {
            Some(RawBsonRef::String("keep")) => Ok(Some(document.to_owned())),
            Some(RawBsonRef::String("prune")) => Ok(None),
            Some(RawBsonRef::String("descend")) => {
                let mut left = DocumentBuilder::new();
                for (name, value) in fields(document) {
                    if let Some(value) = self.value(value, env)? {
                        left.append_owned(name, &value);
                    }
                }
                Ok(Some(left.finish()))
            }
            _ => refuse(Code(17053), "$redact must return one of $$DESCEND, $$PRUNE or $$KEEP"),
        }
    }

    fn value(&self, value: RawBsonRef<'_>, env: &Env<'_>) -> Result<Option<RawBson>> {
        match value {
            RawBsonRef::Document(document) => Ok(self.document(document, env)?.map(RawBson::Document)),
            RawBsonRef::Array(array) => Ok(Some(RawBson::Array(self.array(array, env)?))),
            value => Ok(Some(value.into())),
        }
    }

    fn array(&self, array: &RawArray, env: &Env<'_>) -> Result<RawArrayBuf> {
        let mut left = ArrayBuilder::new();
        for item in items(array) {
            if let Some(item) = self.value(item, env)? {
                left.push(item.as_raw_bson_ref());
            }
        }
        Ok(left.finish())
    }
}
