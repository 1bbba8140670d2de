//! Fields within documents, found and set by paths that do not look into arrays: `$unwind`'s, and the `as` of joins.

use bson::{RawBson, RawBsonRef, RawDocument, RawDocumentBuf};

use crate::value::{DocumentBuilder, Part, Path, field, fields, item, items};

/// The value that a path leads to through documents.
pub(super) fn get<'a>(document: &'a RawDocument, path: &Path) -> Option<RawBsonRef<'a>> {
    let (first, rest) = path.parts().split_first()?;
    rest.iter().try_fold(field(document, &first.name)?, |value, part| match value {
        RawBsonRef::Document(document) => field(document, &part.name),
        _ => None,
    })
}

/// A document with another value at a path. Documents are made on the way, in place of whatever else is there.
pub(super) fn set(document: &RawDocument, path: &Path, value: RawBsonRef<'_>) -> RawDocumentBuf {
    replace(document, path.parts(), Some(value))
}

/// A document without what a path leads to.
pub(super) fn remove(document: &RawDocument, path: &Path) -> RawDocumentBuf {
    replace(document, path.parts(), None)
}

fn replace(document: &RawDocument, parts: &[Part], value: Option<RawBsonRef<'_>>) -> RawDocumentBuf {
    let mut result = DocumentBuilder::new();
    let Some((part, rest)) = parts.split_first() else { return document.to_owned() };
    let mut found = false;
    for (name, old) in fields(document) {
        if name != &*part.name || found {
            result.append(name, old);
            continue;
        }
        found = true;
        match (old, rest, value) {
            (_, [], None) => {}
            (_, [], Some(value)) => result.append(name, value),
            (RawBsonRef::Document(inner), rest, value) => {
                result.append_owned(name, &RawBson::Document(replace(inner, rest, value)));
            }
            (old, _, None) => result.append(name, old),
            (_, rest, Some(value)) => {
                result.append_owned(name, &RawBson::Document(replace(crate::value::empty(), rest, Some(value))));
            }
        }
    }
    if !found && let Some(value) = value {
        match rest {
            [] => result.append(&part.name, value),
            rest => {
                let inner = replace(crate::value::empty(), rest, Some(value));
                result.append_owned(&part.name, &RawBson::Document(inner));
            }
        }
    }
    result.finish()
}

/// Visits the values that a path leads to, looking into arrays at each step; of an array at its end, the items.
pub(super) fn visit<'a>(value: RawBsonRef<'a>, parts: &[Part], found: &mut impl FnMut(RawBsonRef<'a>)) {
    match (value, parts) {
        (RawBsonRef::Array(array), []) => items(array).for_each(found),
        (value, []) => found(value),
        (RawBsonRef::Document(document), [part, rest @ ..]) => {
            if let Some(value) = field(document, &part.name) {
                visit(value, rest, found);
            }
        }
        (RawBsonRef::Array(array), [part, rest @ ..]) => {
            if let Some(item) = part.index.and_then(|index| item(array, index as usize)) {
                visit(item, rest, found);
            }
            for item in items(array).filter(|item| matches!(item, RawBsonRef::Document(_))) {
                visit(item, parts, found);
            }
        }
        _ => {}
    }
}

/// Visits the values that a path leads to, looking into arrays on the way but not at its end.
pub(super) fn leaves<'a>(value: RawBsonRef<'a>, parts: &[Part], found: &mut impl FnMut(RawBsonRef<'a>)) {
    match (value, parts) {
        (value, []) => found(value),
        (RawBsonRef::Document(document), [part, rest @ ..]) => {
            if let Some(value) = field(document, &part.name) {
                leaves(value, rest, found);
            }
        }
        (RawBsonRef::Array(array), parts) => {
            for item in items(array).filter(|item| matches!(item, RawBsonRef::Document(_))) {
                leaves(item, parts, found);
            }
        }
        _ => {}
    }
}
