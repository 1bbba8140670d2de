//! Walking a path through a document as queries do: into documents by name, through arrays by their items and by index.

use bson::{RawArray, RawBsonRef, RawDocument};

use crate::{
    error::Result,
    value::{Part, as_document, field, items},
};

/// What becomes of an array at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaf {
    /// Its items are shown one by one, then itself.
    Items,
    /// It is shown as it is.
    Whole,
}

/// Shows `visit` each value that a path leads to, `None` for one that is not there, with the index of the outermost
/// array's item that the way went through. It ends at the first `true`.
pub(super) fn document<'d, F>(
    document: &'d RawDocument,
    parts: &[Part],
    leaf: Leaf,
    outer: Option<u32>,
    visit: &mut F,
) -> Result<bool>
where
    F: FnMut(Option<RawBsonRef<'d>>, Option<u32>) -> Result<bool>,
{
    let mut document = document;
    let mut parts = parts;
    while let Some((part, rest)) = parts.split_first() {
        match (field(document, &part.name), rest.is_empty()) {
            (Some(RawBsonRef::Array(array)), true) if leaf == Leaf::Items => {
                for (index, item) in (0..).zip(items(array)) {
                    if visit(Some(item), outer.or(Some(index)))? {
                        return Ok(true);
                    }
                }
                return visit(Some(RawBsonRef::Array(array)), outer);
            }
            (Some(value), true) => return visit(Some(value), outer),
            (Some(RawBsonRef::Document(inner)), false) => (document, parts) = (inner, rest),
            (Some(RawBsonRef::Array(inner)), false) => return array(inner, rest, leaf, outer, visit),
            (_, _) => return visit(None, outer),
        }
    }
    visit(Some(RawBsonRef::Document(document)), outer)
}

/// The rest of a path within an array: in each item that is a document, and, where the next component is an index, in
/// the item that has it. The item at the end of an index is shown as it is, even if it is an array.
fn array<'d, F>(array: &'d RawArray, parts: &[Part], leaf: Leaf, outer: Option<u32>, visit: &mut F) -> Result<bool>
where
    F: FnMut(Option<RawBsonRef<'d>>, Option<u32>) -> Result<bool>,
{
    let Some((part, rest)) = parts.split_first() else { return Ok(false) };
    for (index, item) in (0..).zip(items(array)) {
        if let RawBsonRef::Document(inner) = item
            && document(inner, parts, leaf, outer.or(Some(index)), visit)?
        {
            return Ok(true);
        }
        if part.index != Some(index) {
            continue;
        }
        let found = match item {
            item if rest.is_empty() => visit(Some(item), outer)?,
            RawBsonRef::Document(inner) => document(inner, rest, leaf, outer, visit)?,
            RawBsonRef::Array(inner) => self::array(inner, rest, leaf, outer, visit)?,
            _ => false,
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An item of an array as the document that a filter on it sees: arrays have their indexes for names.
pub(super) fn item_document(item: RawBsonRef<'_>) -> Option<&RawDocument> {
    match item {
        RawBsonRef::Document(document) => Some(document),
        RawBsonRef::Array(array) => Some(as_document(array)),
        _ => None,
    }
}
