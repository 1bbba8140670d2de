//! Filters as `explain` prints them: `parsedQuery`.

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    expression::truth::truthy,
    filter::parse::{is_operators, is_pathless},
    value::{ArrayBuilder, DocumentBuilder, compare, fields, items},
};

/// A filter that has been parsed, written out.
pub(super) fn print(filter: &RawDocument) -> RawDocumentBuf {
    joined("$and", conditions(filter))
}

fn conditions(filter: &RawDocument) -> Vec<RawDocumentBuf> {
    let mut all = Vec::new();
    for (name, value) in fields(filter) {
        match (name, value) {
            ("$comment" | "$alwaysTrue", _) => {}
            ("$and", RawBsonRef::Array(array)) => all.extend(documents(array).flat_map(conditions)),
            ("$or", RawBsonRef::Array(array)) => all.push(joined("$or", documents(array).map(print).collect())),
            ("$nor", RawBsonRef::Array(array)) => all.push(listed("$nor", documents(array).map(print).collect())),
            ("$ref" | "$id" | "$db", value) => all.push(one(name, &*one("$eq", value))),
            (name, value) if name.starts_with('$') => all.push(one(name, value)),
            (path, value) => all.extend(of_field(value).into_iter().map(|condition| one(path, &*condition))),
        }
    }
    all
}

fn documents(array: &bson::RawArray) -> impl Iterator<Item = &RawDocument> {
    items(array).filter_map(|item| match item {
        RawBsonRef::Document(document) => Some(document),
        _ => None,
    })
}

fn one<'a>(name: &str, value: impl Into<RawBsonRef<'a>>) -> RawDocumentBuf {
    let mut document = DocumentBuilder::new();
    document.append(name, value);
    document.finish()
}

/// Conditions in the server's order; a single one stands for itself.
fn joined(operator: &str, mut conditions: Vec<RawDocumentBuf>) -> RawDocumentBuf {
    match conditions.len() {
        0 => RawDocumentBuf::new(),
        1 => conditions.pop().unwrap_or_default(),
        _ => listed(operator, conditions),
    }
}

fn listed(operator: &str, mut conditions: Vec<RawDocumentBuf>) -> RawDocumentBuf {
    conditions.sort_by(|a, b| rank(a).cmp(&rank(b)));
    let mut array = ArrayBuilder::new();
    conditions.iter().for_each(|condition| array.push(&**condition));
    one(operator, &*array.finish())
}

/// Conditions are ordered by their operators, then by their paths.
fn rank(condition: &RawDocument) -> (usize, &str) {
    const ORDER: [&str; 28] = [
        "$and",
        "$or",
        "$elemMatch",
        "$size",
        "$lte",
        "$lt",
        "$eq",
        "$gte",
        "$gt",
        "$regex",
        "$mod",
        "$exists",
        "$in",
        "$bitsAllSet",
        "$bitsAllClear",
        "$bitsAnySet",
        "$bitsAnyClear",
        "$not",
        "$nor",
        "$type",
        "$geoWithin",
        "$geoIntersects",
        "$expr",
        "$alwaysFalse",
        "$near",
        "$nearSphere",
        "$text",
        "$jsonSchema",
    ];
    let Some((name, value)) = fields(condition).next() else { return (0, "") };
    let (operator, path) = match value {
        RawBsonRef::Document(inner) if !name.starts_with('$') => {
            (fields(inner).next().map_or("", |(operator, _)| operator), name)
        }
        _ => (name, ""),
    };
    (ORDER.iter().position(|known| *known == operator).unwrap_or(ORDER.len()), path)
}

/// What is asked of one field, operator by operator.
fn of_field(value: RawBsonRef<'_>) -> Vec<RawDocumentBuf> {
    match (is_operators(value, false), value) {
        (Some(operators), _) => of_operators(operators),
        (None, RawBsonRef::RegularExpression(_)) => vec![regex(value, None)],
        (None, value) => vec![one("$eq", value)],
    }
}

fn of_operators(operators: &RawDocument) -> Vec<RawDocumentBuf> {
    if fields(operators).next().is_some_and(|(name, _)| matches!(name, "$near" | "$nearSphere" | "$geoNear")) {
        return vec![operators.to_owned()];
    }
    let mut all = Vec::new();
    for (name, value) in fields(operators) {
        match (name, value) {
            ("$options", _) => {}
            ("$regex", value) => all.push(regex(value, crate::value::field(operators, "$options"))),
            ("$ne", value) => all.push(not(&one("$eq", value))),
            ("$in", value) => all.push(one("$in", &*sorted(value))),
            ("$nin", value) => all.push(not(&one("$in", &*sorted(value)))),
            ("$exists", value) => {
                let exists = one("$exists", true);
                all.push(if truthy(Some(value)) { exists } else { not(&exists) });
            }
            ("$not", RawBsonRef::Document(inner)) => {
                all.push(not(&merged(inner)));
            }
            ("$not", value) => all.push(not(&regex(value, None))),
            ("$all", RawBsonRef::Array(array)) => {
                for item in items(array) {
                    match item {
                        RawBsonRef::RegularExpression(_) => all.push(regex(item, None)),
                        RawBsonRef::Document(document) if is_operators(item, false).is_some() => {
                            all.extend(of_operators(document));
                        }
                        item => all.push(one("$eq", item)),
                    }
                }
            }
            ("$elemMatch", RawBsonRef::Document(inner)) => {
                let on_values = is_operators(value, true)
                    .and_then(|operators| fields(operators).next())
                    .is_some_and(|(name, _)| !is_pathless(name));
                let filter = if on_values { merged(inner) } else { print(inner) };
                all.push(one("$elemMatch", &*filter));
            }
            (name, value) => all.push(one(name, value)),
        }
    }
    all
}

fn not(condition: &RawDocument) -> RawDocumentBuf {
    one("$not", condition)
}

/// Operators written out side by side; as they were given where one would be there twice.
fn merged(operators: &RawDocument) -> RawDocumentBuf {
    let conditions = of_operators(operators);
    let mut names: Vec<&str> =
        conditions.iter().flat_map(|condition| fields(condition)).map(|(name, _)| name).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        return operators.to_owned();
    }
    let mut document = DocumentBuilder::new();
    conditions.iter().for_each(|condition| document.append_all(condition));
    document.finish()
}

fn regex(value: RawBsonRef<'_>, options: Option<RawBsonRef<'_>>) -> RawDocumentBuf {
    let (pattern, own) = match value {
        RawBsonRef::RegularExpression(value) => (value.pattern.as_str(), value.options.as_str()),
        RawBsonRef::String(pattern) => (pattern, ""),
        _ => ("", ""),
    };
    let options = match options {
        Some(RawBsonRef::String(options)) => options,
        _ => own,
    };
    let mut document = DocumentBuilder::new();
    document.append("$regex", pattern);
    if !options.is_empty() {
        document.append("$options", options);
    }
    document.finish()
}

fn sorted(values: RawBsonRef<'_>) -> bson::RawArrayBuf {
    let mut result = ArrayBuilder::new();
    if let RawBsonRef::Array(array) = values {
        let mut all: Vec<RawBsonRef<'_>> = items(array).collect();
        all.sort_by(|a, b| compare(*a, *b));
        all.dedup_by(|a, b| compare(*a, *b).is_eq());
        all.into_iter().for_each(|value| result.push(value));
    }
    result.finish()
}
