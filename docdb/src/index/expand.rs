//! The values that a document has under several paths at once: arrays on the way give several.

use bson::{RawArray, RawBsonRef, RawDocument};

use crate::{
    error::{Code, Result, refuse},
    value::{Part, Path, item, items},
};

/// The most keys that one document may have in one index.
pub(crate) const MAX_KEYS: usize = 100_000;

/// The values under some paths, and which of the paths went through an array.
#[derive(Debug, Default)]
pub(crate) struct Expanded<'a> {
    /// One value for each path in each; `None` where there is nothing.
    pub(crate) tuples: Vec<Vec<Option<RawBsonRef<'a>>>>,
    pub(crate) multikey: Vec<bool>,
}

/// How far one path has been followed.
#[derive(Clone, Copy)]
enum State<'a, 'p> {
    Done(Option<RawBsonRef<'a>>),
    /// Within a document, with what is left of the path.
    Open(&'a RawDocument, &'p [Part]),
    /// At an array, with what is left of the path.
    Array(&'a RawArray, &'p [Part]),
}

/// Follows all paths into a document.
///
/// # Errors
/// [`Code::CANNOT_INDEX_PARALLEL_ARRAYS`] where two paths meet different arrays; 16746 where a number is an index as well as a
/// name.
pub(crate) fn expand<'a>(document: &'a RawDocument, paths: &[&Path]) -> Result<Expanded<'a>> {
    let mut expanded = Expanded { tuples: Vec::new(), multikey: vec![false; paths.len()] };
    let states = paths.iter().map(|path| State::Open(document, path.parts())).collect();
    step(states, paths, &mut expanded)?;
    Ok(expanded)
}

fn step<'a, 'p>(states: Vec<State<'a, 'p>>, paths: &[&Path], expanded: &mut Expanded<'a>) -> Result<()> {
    let states: Vec<State<'a, 'p>> = states.into_iter().map(follow).collect::<Result<_>>()?;
    let mut shared: Option<(&'a RawArray, &Path)> = None;
    for ((state, path), multikey) in states.iter().zip(paths).zip(&mut expanded.multikey) {
        let State::Array(array, _) = state else { continue };
        *multikey = true;
        match shared {
            Some((other, first)) if !std::ptr::eq(other.as_bytes(), array.as_bytes()) => {
                return refuse(
                    Code::CANNOT_INDEX_PARALLEL_ARRAYS,
                    format!("cannot index parallel arrays [{}] [{}]", last(path), last(first)),
                );
            }
            _ => shared = Some((array, path)),
        }
    }
    let Some((array, _)) = shared else {
        if expanded.tuples.len() >= MAX_KEYS {
            return refuse(Code::CANNOT_INDEX_PARALLEL_ARRAYS, "too many keys for one document in an index");
        }
        let values = states.iter().map(|state| if let State::Done(value) = state { *value } else { None });
        expanded.tuples.push(values.collect());
        return Ok(());
    };
    if array.is_empty() {
        let states = states.into_iter().map(|state| match state {
            State::Array(_, []) => State::Done(Some(RawBsonRef::Undefined)),
            State::Array(..) => State::Done(None),
            state => state,
        });
        return step(states.collect(), paths, expanded);
    }
    for item in items(array) {
        let states = states.iter().map(|state| match (*state, item) {
            (State::Array(_, []), item) => State::Done(Some(item)),
            (State::Array(_, rest), RawBsonRef::Document(document)) => State::Open(document, rest),
            (State::Array(..), _) => State::Done(None),
            (state, _) => state,
        });
        step(states.collect(), paths, expanded)?;
    }
    Ok(())
}

fn last(path: &Path) -> &str {
    path.parts().last().map_or("", |part| &part.name)
}

/// Follows one path until it ends or meets an array whose items it has to be followed into one by one.
fn follow<'a, 'p>(state: State<'a, 'p>) -> Result<State<'a, 'p>> {
    let State::Open(document, path) = state else { return Ok(state) };
    let Some((part, rest)) = path.split_first() else { return Ok(State::Done(Some(RawBsonRef::Document(document)))) };
    match crate::value::field(document, &part.name) {
        Some(value) => follow_value(value, rest),
        None => Ok(State::Done(None)),
    }
}

fn follow_value<'a, 'p>(value: RawBsonRef<'a>, rest: &'p [Part]) -> Result<State<'a, 'p>> {
    match (value, rest) {
        (RawBsonRef::Document(document), [_, ..]) => follow(State::Open(document, rest)),
        (RawBsonRef::Array(array), [part, below @ ..]) => {
            // A number is an index where no item has a field of that name.
            let Some(index) = part.index else { return Ok(State::Array(array, rest)) };
            match (item(array, index as usize), has_field(array, &part.name)) {
                (Some(_), true) => refuse(
                    Code(16746),
                    format!(
                        "Ambiguous field name found in array (do not use numeric field names in embedded elements in an array), field: '{}'",
                        part.name
                    ),
                ),
                (None, true) => Ok(State::Array(array, rest)),
                (Some(RawBsonRef::Array(inner)), false) if below.is_empty() => Ok(State::Array(inner, below)),
                (Some(value), false) => follow_value(value, below),
                (None, false) => Ok(State::Done(None)),
            }
        }
        (RawBsonRef::Array(array), []) => Ok(State::Array(array, rest)),
        (value, []) => Ok(State::Done(Some(value))),
        _ => Ok(State::Done(None)),
    }
}

fn has_field(array: &RawArray, name: &str) -> bool {
    items(array)
        .any(|item| matches!(item, RawBsonRef::Document(document) if crate::value::field(document, name).is_some()))
}

#[cfg(test)]
mod tests {
    use bson::{Document, RawDocumentBuf, doc};

    use super::expand;
    use crate::{error::Code, value::Path};

    fn tuples(document: Document, paths: &[&str]) -> Result<Vec<String>, Code> {
        let document = RawDocumentBuf::try_from(&document).unwrap();
        let paths: Vec<Path> = paths.iter().map(|path| Path::parse(path).unwrap()).collect();
        let expanded = expand(&document, &paths.iter().collect::<Vec<_>>()).map_err(|error| error.code())?;
        let show = |tuple: &Vec<Option<bson::RawBsonRef<'_>>>| {
            let values: Vec<String> = tuple
                .iter()
                .map(|value| value.map_or("-".to_owned(), |value| bson::Bson::try_from(value).unwrap().to_string()))
                .collect();
            values.join("|")
        };
        Ok(expanded.tuples.iter().map(show).collect())
    }

    #[test]
    fn arrays_give_a_key_for_each_item() {
        for (document, paths, expected) in [
            (doc! { "a": 1 }, &["a"][..], &["1"][..]),
            (doc! {}, &["a"], &["-"]),
            (doc! { "a": [1, 2] }, &["a"], &["1", "2"]),
            (doc! { "a": [] }, &["a"], &["undefined"]),
            (doc! { "a": [] }, &["a.b"], &["-"]),
            (doc! { "a": [[1, 2]] }, &["a"], &["[1, 2]"]),
            (doc! { "a": [{ "b": 1 }, { "b": 2 }, 3] }, &["a.b"], &["1", "2", "-"]),
            (doc! { "a": [{ "b": 1, "c": 2 }, { "b": 3 }] }, &["a.b", "a.c"], &["1|2", "3|-"]),
            (doc! { "a": [1, 2], "b": 7 }, &["a", "b"], &["1|7", "2|7"]),
            (doc! { "a": [5, 6] }, &["a.0"], &["5"]),
            (doc! { "a": [{ "1": 5 }] }, &["a.1"], &["5"]),
            (doc! { "a": [[5, 6], 7] }, &["a.0"], &["5", "6"]),
            (doc! { "a": { "b": [{ "c": [1, 2] }, { "c": 3 }] } }, &["a.b.c"], &["1", "2", "3"]),
        ] {
            assert_eq!(tuples(document.clone(), paths).unwrap(), expected, "{document} {paths:?}");
        }
    }

    #[test]
    fn two_arrays_side_by_side_cannot_be_indexed_together() {
        assert_eq!(tuples(doc! { "a": [1], "b": [2] }, &["a", "b"]), Err(Code::CANNOT_INDEX_PARALLEL_ARRAYS));
        assert!(tuples(doc! { "a": [1], "b": 2 }, &["a", "b"]).is_ok());
    }
}
