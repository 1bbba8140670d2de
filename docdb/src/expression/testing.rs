//! Evaluating expressions in tests.
#![allow(clippy::unwrap_used)]

use bson::{Bson, Document, RawDocumentBuf, doc};

use crate::{
    context::{Context, Metadata},
    error::Result,
    expression::{Env, Expression},
};

/// The value of an expression on a document, or `None` if it has none.
pub(super) fn evaluate(expression: Bson, document: Document) -> Result<Option<Bson>> {
    let wrapped = RawDocumentBuf::try_from(&doc! { "e": expression }).unwrap();
    let document = RawDocumentBuf::try_from(&document).unwrap();
    let context = Context::new(millpond_engine::Timestamp::from_millis(1_700_000_000_000));
    let metadata = Metadata::default();
    let expression = Expression::parse(wrapped.get("e").unwrap().unwrap(), &context)?;
    let value = expression.evaluate(&Env::new(&context, &document, &metadata))?;
    Ok(value.into_owned().map(|value| Bson::try_from(value).unwrap()))
}

/// What an operator yields for arguments: written in the expression, and once more as fields of the document, which is
/// the way in which nothing can be known before.
pub(super) fn apply(operator: &str, arguments: impl Into<Bson>) -> Result<Bson, i32> {
    let arguments = arguments.into();
    let literal = evaluate(Bson::Document(doc! { operator: arguments.clone() }), doc! {});
    let literal = literal.map(|value| value.unwrap_or(Bson::Undefined)).map_err(|error| error.code().0);
    let mut document = doc! {};
    let field = |name: String, value: &Bson, document: &mut Document| match value {
        // Nested expressions and missing fields stay as they are.
        Bson::Document(nested) if nested.keys().any(|name| name.starts_with('$')) => value.clone(),
        Bson::String(text) if text.starts_with('$') => value.clone(),
        value => {
            document.insert(name.clone(), value.clone());
            Bson::String(format!("${name}"))
        }
    };
    let by_fields = match &arguments {
        Bson::Array(items) => {
            let items = items.iter().enumerate();
            Bson::Array(items.map(|(index, item)| field(format!("f{index}"), item, &mut document)).collect())
        }
        Bson::Document(named) => {
            let named = named.iter().enumerate();
            Bson::Document(
                named
                    .map(|(index, (name, value))| (name.clone(), field(format!("f{index}"), value, &mut document)))
                    .collect(),
            )
        }
        other => field("f".to_owned(), other, &mut document),
    };
    let dynamic = evaluate(Bson::Document(doc! { operator: by_fields }), document);
    let dynamic = dynamic.map(|value| value.unwrap_or(Bson::Undefined)).map_err(|error| error.code().0);
    assert_eq!(literal, dynamic, "{operator} of {arguments} is the same with fields");
    literal
}
