//! The keys of a document for a list of paths, looking into arrays.

use bson::{RawArray, RawBsonRef, RawDocument};

use crate::{
    error::{Code, Result, refuse},
    value::{Part, Path, field, item, items},
};

/// How far one path has come.
#[derive(Debug, Clone, Copy)]
enum Place<'a> {
    /// At a value, with the rest of the path still to go.
    At(RawBsonRef<'a>, &'a [Part]),
    /// At the value that the path leads to.
    Found(RawBsonRef<'a>),
}

/// The value that a path leads to; none where it leads to or through an array, and [`for_each_key`] has to look.
pub(super) fn plain<'a>(document: &'a RawDocument, path: &Path) -> Option<RawBsonRef<'a>> {
    let mut value = RawBsonRef::Document(document);
    for part in path.parts() {
        value = match value {
            RawBsonRef::Document(document) => match field(document, &part.name) {
                Some(value) => value,
                None => return Some(RawBsonRef::Null),
            },
            RawBsonRef::Array(_) => return None,
            _ => return Some(RawBsonRef::Null),
        };
    }
    (!matches!(value, RawBsonRef::Array(_))).then_some(value)
}

/// Calls `found` with every combination of values that the paths lead to: one where there are no arrays, one for each
/// item of the array that they lead through. Arrays within arrays are values. What is missing is null, an empty array is
/// undefined.
///
/// # Errors
/// [`Code::BAD_VALUE`] where two paths lead through different arrays; 16746 where a number in a path may be an index as
/// well as a name.
pub(crate) fn for_each_key<'a>(
    document: &'a RawDocument,
    paths: &'a [Path],
    mut found: impl FnMut(&[RawBsonRef<'a>]),
) -> Result<()> {
    let places = paths.iter().map(|path| Place::At(RawBsonRef::Document(document), path.parts())).collect();
    let mut values = Vec::with_capacity(paths.len());
    expand(places, &mut values, &mut found)
}

fn expand<'a>(
    mut places: Vec<Place<'a>>,
    values: &mut Vec<RawBsonRef<'a>>,
    found: &mut impl FnMut(&[RawBsonRef<'a>]),
) -> Result<()> {
    let mut through: Option<&'a RawArray> = None;
    for place in &mut places {
        *place = walk(*place)?;
        let Place::At(RawBsonRef::Array(array), _) = *place else { continue };
        match through {
            Some(other) if !std::ptr::eq(other.as_bytes(), array.as_bytes()) => {
                return refuse(Code::BAD_VALUE, "cannot sort with keys that are parallel arrays");
            }
            _ => through = Some(array),
        }
    }
    let Some(array) = through else {
        values.clear();
        values.extend(places.iter().map(|place| match place {
            Place::Found(value) | Place::At(value, _) => *value,
        }));
        found(values);
        return Ok(());
    };
    let mut empty = true;
    for value in items(array) {
        empty = false;
        expand(places.iter().map(|place| enter(*place, Some(value))).collect(), values, found)?;
    }
    if empty {
        expand(places.iter().map(|place| enter(*place, None)).collect(), values, found)?;
    }
    Ok(())
}

/// A path that has come to the array, at one of its items; `None` for an array without any.
fn enter<'a>(place: Place<'a>, value: Option<RawBsonRef<'a>>) -> Place<'a> {
    match (place, value) {
        (Place::Found(_), _) => place,
        (Place::At(_, []), value) => Place::Found(value.unwrap_or(RawBsonRef::Undefined)),
        (Place::At(_, rest), Some(RawBsonRef::Document(document))) => Place::At(RawBsonRef::Document(document), rest),
        (Place::At(..), _) => Place::Found(RawBsonRef::Null),
    }
}

/// Follows a path to its end, or to an array whose items count.
fn walk(place: Place<'_>) -> Result<Place<'_>> {
    let Place::At(mut value, mut rest) = place else { return Ok(place) };
    loop {
        match (value, rest) {
            (RawBsonRef::Array(_), []) => return Ok(Place::At(value, rest)),
            (value, []) => return Ok(Place::Found(value)),
            (RawBsonRef::Document(document), [part, others @ ..]) => match field(document, &part.name) {
                Some(inner) => (value, rest) = (inner, others),
                None => return Ok(Place::Found(RawBsonRef::Null)),
            },
            (RawBsonRef::Array(array), [part, others @ ..]) => match index(array, part)? {
                Some(inner) => (value, rest) = (inner, others),
                None => return Ok(Place::At(value, rest)),
            },
            _ => return Ok(Place::Found(RawBsonRef::Null)),
        }
    }
}

/// The item that a part of a path means, if it is an index of the array.
fn index<'a>(array: &'a RawArray, part: &Part) -> Result<Option<RawBsonRef<'a>>> {
    let Some(position) = part.index.and_then(|index| usize::try_from(index).ok()) else { return Ok(None) };
    let Some(value) = item(array, position) else { return Ok(None) };
    let named = |value| matches!(value, RawBsonRef::Document(document) if field(document, &part.name).is_some());
    if items(array).any(named) {
        return refuse(Code(16746), format!("Ambiguous field name found in array: {}", part.name));
    }
    Ok(Some(value))
}
