//! Keys of the special kinds.

use std::borrow::Cow;

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};

pub(crate) use crate::value::hash64;
use crate::{
    error::Result,
    geo::{index2d, index2dsphere},
    text::TextIndexSpec,
    value::{DocumentBuilder, Part, Path, empty, field, fields, item, items},
};

/// The text of an index.
#[derive(Debug)]
pub(crate) struct Text(TextIndexSpec);

impl Text {
    /// Reads an index's definition.
    ///
    /// # Errors
    /// [`Code::CANNOT_CREATE_INDEX`](crate::Code::CANNOT_CREATE_INDEX).
    pub(crate) fn parse(definition: &RawDocument) -> Result<Text> {
        let key = field(definition, "key").and_then(|key| key.as_document()).unwrap_or(empty());
        TextIndexSpec::parse(key, definition).map(Text)
    }

    pub(crate) fn spec(&self) -> &TextIndexSpec {
        &self.0
    }

    /// The words of a document with their scores.
    ///
    /// # Errors
    /// As [`TextIndexSpec::keys`].
    pub(crate) fn keys(&self, document: &RawDocument) -> Result<Vec<(String, f64)>> {
        self.0.keys(document)
    }

    /// Appends the options of the definition, with what it left to the defaults.
    pub(crate) fn append_options(&self, definition: &mut DocumentBuilder) {
        let mut weights = DocumentBuilder::new();
        for (name, weight) in self.0.weights() {
            #[allow(clippy::cast_possible_truncation, reason = "weights are below 1e9")]
            let whole = weight as i32;
            // Weights are whole numbers as a rule, and are shown as such.
            let is_whole = f64::from(whole).total_cmp(&weight).is_eq();
            weights.append(name, if is_whole { RawBsonRef::Int32(whole) } else { RawBsonRef::Double(weight) });
        }
        definition.append("weights", RawBsonRef::Document(&weights.finish()));
        definition.append("default_language", RawBsonRef::String(self.0.default_language().name()));
        definition.append("language_override", RawBsonRef::String(self.0.language_override()));
        definition.append("textIndexVersion", RawBsonRef::Int32(3));
    }
}

/// The key of a text index as it was asked for first, if it is given as `listIndexes` shows it: with `_fts` and `_ftsx` for
/// the fields of the weights. Restored dumps and copied indexes have it so.
pub(crate) fn plain_text_key<'k>(key: &'k RawDocument, definition: &'k RawDocument) -> Cow<'k, RawDocument> {
    let Some(weights) = field(definition, "weights").and_then(|weights| weights.as_document()) else {
        return Cow::Borrowed(key);
    };
    if field(key, "_fts") != Some(RawBsonRef::String("text")) {
        return Cow::Borrowed(key);
    }
    let mut plain = DocumentBuilder::new();
    for (name, value) in fields(key) {
        match name {
            "_fts" => fields(weights).for_each(|(name, _)| plain.append(name, RawBsonRef::String("text"))),
            "_ftsx" => {}
            _ => plain.append(name, value),
        }
    }
    Cow::Owned(plain.finish())
}

/// An index's definition as `listIndexes` shows it: in a text index's key pattern, one pair of names stands for all texts, whose
/// fields are in the weights.
pub(crate) fn shown(definition: &RawDocument) -> RawDocumentBuf {
    let is_text = |value: RawBsonRef<'_>| value == RawBsonRef::String("text");
    let mut shown = DocumentBuilder::new();
    for (option, value) in fields(definition) {
        let key = value.as_document().filter(|key| option == "key" && fields(key).any(|(_, value)| is_text(value)));
        let Some(key) = key else {
            shown.append(option, value);
            continue;
        };
        let mut pattern = DocumentBuilder::new();
        let mut has_text = false;
        for (name, value) in fields(key) {
            if !is_text(value) {
                if name != "_ftsx" {
                    pattern.append(name, value);
                }
            } else if !std::mem::replace(&mut has_text, true) {
                pattern.append("_fts", value);
                pattern.append("_ftsx", RawBsonRef::Int32(1));
            }
        }
        shown.append(option, RawBsonRef::Document(&pattern.finish()));
    }
    shown.finish()
}

/// The grid of a `2d` index.
#[derive(Debug)]
pub(crate) struct Grid(index2d::Grid);

impl Grid {
    /// Reads an index's definition.
    ///
    /// # Errors
    /// [`Code::INVALID_OPTIONS`](crate::Code::INVALID_OPTIONS).
    pub(crate) fn parse(definition: &RawDocument) -> Result<Grid> {
        index2d::Grid::parse(definition).map(Grid)
    }

    pub(crate) fn grid(&self) -> &index2d::Grid {
        &self.0
    }

    /// The cells of the points under a path.
    ///
    /// # Errors
    /// As [`index2d::Grid::keys`].
    pub(crate) fn keys(&self, document: &RawDocument, path: &Path) -> Result<Vec<u64>> {
        cells(document, path, |value| self.0.keys(value))
    }
}

/// The cells of the geometries under a path.
///
/// # Errors
/// As [`index2dsphere::keys`].
pub(crate) fn sphere_keys(document: &RawDocument, path: &Path) -> Result<Vec<u64>> {
    cells(document, path, index2dsphere::keys)
}

/// The values under a path as these indexes see them.
pub(crate) fn values_under<'a>(document: &'a RawDocument, path: &Path) -> Vec<RawBsonRef<'a>> {
    let mut values = Vec::new();
    collect(document, path.parts(), &mut values);
    values
}

fn cells(document: &RawDocument, path: &Path, keys: impl Fn(RawBsonRef<'_>) -> Result<Vec<u64>>) -> Result<Vec<u64>> {
    let mut cells = Vec::new();
    for value in values_under(document, path) {
        cells.extend(keys(value)?);
    }
    cells.sort_unstable();
    cells.dedup();
    Ok(cells)
}

/// The values under a path: of all items of arrays on the way, while an array at the end is a value itself.
fn collect<'a>(document: &'a RawDocument, parts: &[Part], values: &mut Vec<RawBsonRef<'a>>) {
    let Some((part, rest)) = parts.split_first() else { return };
    match (field(document, &part.name), rest) {
        (Some(value), []) => values.push(value),
        (Some(RawBsonRef::Document(inner)), rest) => collect(inner, rest, values),
        (Some(RawBsonRef::Array(array)), [next, after @ ..]) => {
            let named = next.index.and_then(|index| item(array, usize::try_from(index).ok()?));
            match (named, after) {
                (Some(value), []) => values.push(value),
                (Some(RawBsonRef::Document(inner)), after) => collect(inner, after, values),
                _ => {
                    let documents = items(array).filter_map(|item| item.as_document());
                    documents.for_each(|inner| collect(inner, rest, values));
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use bson::{doc, rawdoc};

    use super::*;

    #[test]
    fn geometries_are_found_through_arrays_of_documents() {
        let point = || rawdoc! { "type": "Point", "coordinates": [1, 2] };
        let legacy = || rawdoc! { "x": 3, "y": 4 };
        for (document, path, expected) in [
            (rawdoc! { "a": point() }, "a", 1),
            (rawdoc! { "a": { "b": point() } }, "a.b", 1),
            (rawdoc! { "a": [{ "b": point() }, { "b": legacy() }, { "c": 1 }] }, "a.b", 2),
            (rawdoc! { "a": [point(), 5] }, "a.0", 1),
            (rawdoc! { "a": [1, 2] }, "a", 1),
            (rawdoc! { "b": 1 }, "a", 0),
            (rawdoc! { "a": null }, "a", 0),
        ] {
            assert_eq!(sphere_keys(&document, &Path::parse(path).unwrap()).unwrap().len(), expected, "{document:?}");
        }
    }

    #[test]
    fn a_text_index_shows_the_defaults_it_has() {
        let text = Text::parse(&rawdoc! { "key": { "b": "text", "a": "text" }, "weights": { "a": 2.5 } }).unwrap();
        let mut options = DocumentBuilder::new();
        text.append_options(&mut options);
        let shown = bson::Document::try_from(options.finish()).unwrap();
        let expected = doc! {
            "weights": { "a": 2.5, "b": 1 }, "default_language": "english", "language_override": "language", "textIndexVersion": 3,
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn texts_stand_for_themselves_in_the_key_pattern_that_is_shown() {
        for (key, expected) in [
            (
                rawdoc! { "a": 1, "t": "text", "u": "text", "b": -1 },
                rawdoc! { "a": 1, "_fts": "text", "_ftsx": 1, "b": -1 },
            ),
            (rawdoc! { "_fts": "text", "_ftsx": 1 }, rawdoc! { "_fts": "text", "_ftsx": 1 }),
            (rawdoc! { "a": 1, "g": "2dsphere" }, rawdoc! { "a": 1, "g": "2dsphere" }),
        ] {
            assert_eq!(
                shown(&rawdoc! { "v": 2, "key": key, "name": "n" }),
                rawdoc! { "v": 2, "key": expected, "name": "n" }
            );
        }
    }
}
