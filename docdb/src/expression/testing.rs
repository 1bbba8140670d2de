//! Tables of expressions with what they yield.

use bson::{Bson, Document, RawDocumentBuf, bson, doc};
use millpond_engine::Timestamp;

use crate::{
    context::{Context, Metadata},
    expression::{Env, Expression},
    value::{field, validate},
};

/// What an expression yields: a value, nothing at all, or the code of an error.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Yields {
    Value(Bson),
    Missing,
    Code(i32),
}

impl From<Bson> for Yields {
    fn from(value: Bson) -> Self {
        Yields::Value(value)
    }
}

pub(crate) fn context() -> Context {
    Context::new(Timestamp::from_millis(1_700_000_000_000))
}

/// Parses an expression and evaluates it on a document.
pub(crate) fn evaluate(expression: impl Into<Bson>, document: &Document) -> Yields {
    evaluate_in(expression, document, &context())
}

/// As [`evaluate`], with a context of the test's own.
pub(crate) fn evaluate_in(expression: impl Into<Bson>, document: &Document, context: &Context) -> Yields {
    let wrapped = RawDocumentBuf::try_from(&doc! { "e": expression.into() }).unwrap();
    validate(&wrapped).unwrap();
    let root = RawDocumentBuf::try_from(document).unwrap();
    let metadata = Metadata::default();
    let yielded = Expression::parse(field(&wrapped, "e").unwrap(), context)
        .and_then(|parsed| Ok(parsed.evaluate(&Env::new(context, &root, &metadata))?.into_owned()));
    match yielded {
        Ok(Some(value)) => Yields::Value(value.try_into().unwrap()),
        Ok(None) => Yields::Missing,
        Err(error) => Yields::Code(error.code().0),
    }
}

/// Checks a table of expressions on one document.
pub(crate) fn check(document: &Document, table: impl IntoIterator<Item = (Bson, Yields)>) {
    for (expression, expected) in table {
        let found = evaluate(expression.clone(), document);
        // Debug shows types, and makes NaN equal to itself.
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{expression}");
    }
}

/// A table's row of a value.
pub(crate) fn yields(expression: impl Into<Bson>, value: impl Into<Bson>) -> (Bson, Yields) {
    (expression.into(), Yields::Value(value.into()))
}

/// A table's row of nothing.
pub(crate) fn missing(expression: impl Into<Bson>) -> (Bson, Yields) {
    (expression.into(), Yields::Missing)
}

/// A table's row of an error.
pub(crate) fn fails(expression: impl Into<Bson>, code: i32) -> (Bson, Yields) {
    (expression.into(), Yields::Code(code))
}

/// One value of each type.
pub(crate) fn one_of_each_type() -> Vec<Bson> {
    let decimal = |text: &str| Bson::Decimal128(text.parse().unwrap());
    vec![
        bson!(1),
        bson!(1_i64),
        bson!(1.5),
        decimal("1.5"),
        bson!("text"),
        bson!({ "a": 1 }),
        bson!([1, 2]),
        Bson::Binary(bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: vec![1] }),
        Bson::ObjectId(bson::oid::ObjectId::from_bytes([1; 12])),
        bson!(true),
        Bson::DateTime(bson::DateTime::from_millis(1)),
        Bson::Null,
        Bson::Undefined,
        Bson::RegularExpression(bson::Regex { pattern: "a".try_into().unwrap(), options: "".try_into().unwrap() }),
        Bson::JavaScriptCode("x".into()),
        Bson::Symbol("s".into()),
        Bson::Timestamp(bson::Timestamp { time: 1, increment: 2 }),
        Bson::MinKey,
        Bson::MaxKey,
    ]
}

/// Checks an operator of one argument with a value of each type: what `accepts` is no error, others have the code.
pub(crate) fn check_types(operator: &str, accepts: fn(&Bson) -> bool, code: impl Into<Option<i32>>) {
    let code = code.into();
    for value in one_of_each_type() {
        let found = evaluate(doc! { operator: "$v" }, &doc! { "v": value.clone() });
        let refused = matches!(found, Yields::Code(_));
        assert_eq!(refused, !accepts(&value), "{operator} of {value:?} yields {found:?}");
        if let (Yields::Code(found), Some(code)) = (&found, code) {
            assert_eq!(*found, code, "{operator} of {value:?}");
        }
    }
}

/// Whether a value is null, or undefined.
pub(crate) fn nullish(value: &Bson) -> bool {
    matches!(value, Bson::Null | Bson::Undefined)
}

/// What an operator yields for arguments: as they are written in the expression, and once more as fields of the document,
/// so that nothing is known before. Both must be the same.
pub(crate) fn apply(operator: &str, arguments: impl Into<Bson>) -> Result<Bson, i32> {
    let arguments = arguments.into();
    let as_result = |yielded| match yielded {
        Yields::Value(value) => Ok(value),
        Yields::Missing => Ok(Bson::Undefined),
        Yields::Code(code) => Err(code),
    };
    let written = as_result(evaluate(doc! { operator: arguments.clone() }, &doc! {}));
    let mut document = doc! {};
    let mut field = |index: usize, value: &Bson| match value {
        Bson::String(text) if text.starts_with('$') => value.clone(),
        value => {
            let name = format!("f{index}");
            document.insert(name.clone(), value.clone());
            Bson::String(format!("${name}"))
        }
    };
    let by_fields = match &arguments {
        Bson::Array(items) => Bson::Array(items.iter().enumerate().map(|(index, item)| field(index, item)).collect()),
        Bson::Document(named) => {
            let named = named.iter().enumerate();
            Bson::Document(named.map(|(index, (name, value))| (name.clone(), field(index, value))).collect())
        }
        other => field(0, other),
    };
    let read = as_result(evaluate(doc! { operator: by_fields }, &document));
    assert_eq!(written, read, "{operator} of {arguments} is the same with fields");
    written
}
