//! What an upsert takes out of its filter: the fields that it says are equal to something.

use std::borrow::Cow;

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    context::Context,
    error::{Code, Result, refuse},
    update::{check, replacement::id_first, tree::Tree},
    value::{DocumentBuilder, field, fields, items},
};

/// A path and what it is equal to.
type Equality<'f> = (&'f str, RawBsonRef<'f>);

/// The document of all equalities of a filter.
pub(super) fn equalities(filter: &RawDocument) -> Result<RawDocumentBuf> {
    let mut found = Vec::new();
    collect(filter, &mut found)?;
    // By components, so that what is below a path follows it.
    found.sort_by(|(a, _), (b, _)| a.split('.').cmp(b.split('.')));
    for ((path, _), (other, _)) in found.iter().zip(found.iter().skip(1)) {
        if is_at_or_below(other, path) {
            let message = if other == path {
                format!("cannot infer query fields to set, path '{path}' is matched twice")
            } else {
                format!("cannot infer query fields to set, both paths '{path}' and '{other}' are matched")
            };
            return refuse(Code::NOT_SINGLE_VALUE_FIELD, message);
        }
    }
    found.sort_by_key(|(path, _)| *path);
    let mut root = Vec::new();
    for (path, value) in found {
        put(&mut root, path, value);
    }
    Tree::Document(root).finish()
}

fn is_at_or_below(path: &str, other: &str) -> bool {
    path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn put<'f>(fields: &mut Vec<(Cow<'f, str>, Tree<'f>)>, path: &'f str, value: RawBsonRef<'f>) {
    let Some((name, rest)) = path.split_once('.') else {
        fields.push((Cow::Borrowed(path), Tree::Ref(value)));
        return;
    };
    // Paths come in their order: those below one name come together.
    if fields.last().is_none_or(|(known, _)| known != name) {
        fields.push((Cow::Borrowed(name), Tree::Document(Vec::new())));
    }
    if let Some((_, Tree::Document(within))) = fields.last_mut() {
        put(within, rest, value);
    }
}

/// Only the `_id` of a filter: a replacement takes nothing else.
pub(super) fn equal_id(filter: &RawDocument) -> Result<RawDocumentBuf> {
    let mut found = Vec::new();
    collect(filter, &mut found)?;
    let mut document = DocumentBuilder::new();
    let mut has_id = false;
    for (path, value) in found.into_iter().filter(|(path, _)| is_at_or_below(path, "_id")) {
        if path != "_id" {
            return refuse(Code(111), "cannot infer query fields to set, path '_id' is partially matched");
        }
        if has_id {
            let message = "cannot infer query fields to set, path '_id' is matched twice";
            return refuse(Code::NOT_SINGLE_VALUE_FIELD, message);
        }
        has_id = true;
        document.append(path, value);
    }
    Ok(document.finish())
}

fn collect<'f>(filter: &'f RawDocument, found: &mut Vec<Equality<'f>>) -> Result<()> {
    for (name, value) in fields(filter) {
        match (name, value) {
            ("$and", RawBsonRef::Array(branches)) => {
                for branch in items(branches) {
                    if let RawBsonRef::Document(branch) = branch {
                        collect(branch, found)?;
                    }
                }
            }
            ("$or", RawBsonRef::Array(branches)) => {
                if let Some(RawBsonRef::Document(branch)) = only(items(branches)) {
                    collect(branch, found)?;
                }
            }
            (name, _) if name.starts_with('$') => {}
            (path, RawBsonRef::Document(condition)) if is_condition(condition) => {
                if path.split('.').count() > 200 {
                    return refuse(Code::OVERFLOW, "FieldPath is too long");
                }
                collect_condition(path, condition, found);
            }
            (_, RawBsonRef::RegularExpression(_)) => {}
            (path, _) if path.split('.').count() > 200 => return refuse(Code::OVERFLOW, "FieldPath is too long"),
            (path, value) => found.push((path, value)),
        }
    }
    Ok(())
}

fn collect_condition<'f>(path: &'f str, condition: &'f RawDocument, found: &mut Vec<Equality<'f>>) {
    for (operator, operand) in fields(condition) {
        match (operator, operand) {
            ("$eq", value) => found.push((path, value)),
            ("$in", RawBsonRef::Array(values)) => {
                found.extend(only(items(values)).filter(is_plain).map(|value| (path, value)));
            }
            ("$all", RawBsonRef::Array(values)) => {
                found.extend(items(values).filter(is_plain).map(|value| (path, value)))
            }
            _ => {}
        }
    }
}

/// A value that stands for itself.
fn is_plain(value: &RawBsonRef<'_>) -> bool {
    match value {
        RawBsonRef::RegularExpression(_) => false,
        RawBsonRef::Document(document) => field(document, "$elemMatch").is_none(),
        _ => true,
    }
}

/// Whether a document beside a path is one of operators, not a value.
fn is_condition(document: &RawDocument) -> bool {
    fields(document).next().is_some_and(|(name, _)| name.starts_with('$') && !matches!(name, "$ref" | "$id" | "$db"))
}

fn only<T>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next();
    if values.next().is_some() { None } else { first }
}

/// The document to insert with its `_id` first: that of the filter, or a new one.
pub(super) fn with_id_first(document: RawDocumentBuf, base: &RawDocument, context: &Context) -> Result<RawDocumentBuf> {
    check::same_id(base, &document)?;
    if field(&document, "_id").is_some() {
        return Ok(id_first(&document, base));
    }
    let mut result = DocumentBuilder::new();
    result.append("_id", RawBsonRef::ObjectId(context.new_id()));
    result.append_all(&document);
    Ok(result.finish())
}
