//! Wildcard indexes: a key for each path of a document, with the path in it.

use bson::{RawBsonRef, RawDocument};

use crate::{
    error::{Code, Result, refuse},
    expression::truth::truthy,
    value::{Part, Path, fields, items},
};

/// Which paths a wildcard index covers: `wildcardProjection`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Projection {
    /// Only these, or, if `exclude`, all but these. `_id` is left out unless it is asked for.
    paths: Vec<Path>,
    exclude: bool,
    id: Option<bool>,
}

impl Projection {
    pub(crate) fn parse(document: Option<&RawDocument>) -> Result<Projection> {
        let mut projection = Projection { exclude: true, ..Projection::default() };
        let Some(document) = document else { return Ok(projection) };
        if document.is_empty() {
            return refuse(Code::FAILED_TO_PARSE, "The 'wildcardProjection' field can't be an empty object");
        }
        let mut included = None;
        for (name, value) in fields(document) {
            let include = truthy(Some(value));
            if name == "_id" {
                projection.id = Some(include);
                continue;
            }
            if included.is_some_and(|included| included != include) {
                return refuse(Code(31253), "Cannot mix inclusion and exclusion in a wildcardProjection");
            }
            included = Some(include);
            projection.paths.push(Path::parse(name)?);
        }
        projection.exclude = !included.unwrap_or(projection.id == Some(true) && projection.paths.is_empty());
        Ok(projection)
    }

    /// Whether a path has keys in the index.
    pub(crate) fn covers(&self, path: &str) -> bool {
        let Ok(path) = Path::parse(path) else { return false };
        if path.head() == "_id" {
            return self.id == Some(true);
        }
        let named = self.paths.iter().any(|named| path.starts_with(named));
        if self.exclude { !named } else { named || (self.paths.is_empty() && self.id.is_none()) }
    }
}

/// All paths below `prefix` with their values, and whether there was an array on the way.
pub(crate) fn paths<'a>(
    document: &'a RawDocument,
    prefix: &Path,
    projection: &Projection,
) -> (Vec<(String, RawBsonRef<'a>)>, bool) {
    let mut walk = Walk { projection, found: Vec::new(), multikey: false };
    let parts = if prefix.as_str().is_empty() { &[] } else { prefix.parts() };
    walk.lead(prefix.as_str(), RawBsonRef::Document(document), parts);
    (walk.found, walk.multikey)
}

struct Walk<'a, 'p> {
    projection: &'p Projection,
    found: Vec<(String, RawBsonRef<'a>)>,
    multikey: bool,
}

impl<'a> Walk<'a, '_> {
    /// Follows the prefix, through arrays too.
    fn lead(&mut self, prefix: &str, value: RawBsonRef<'a>, parts: &[Part]) {
        match (parts.split_first(), value) {
            (None, value) => self.value(prefix, value, true),
            (Some((part, rest)), RawBsonRef::Document(document)) => {
                if let Some(value) = crate::value::field(document, &part.name) {
                    self.lead(prefix, value, rest);
                }
            }
            (Some(_), RawBsonRef::Array(array)) => {
                self.multikey = true;
                items(array)
                    .filter(|item| matches!(item, RawBsonRef::Document(_)))
                    .for_each(|item| self.lead(prefix, item, parts));
            }
            _ => {}
        }
    }

    fn value(&mut self, path: &str, value: RawBsonRef<'a>, at_start: bool) {
        match value {
            RawBsonRef::Document(document) if at_start || !document.is_empty() => {
                for (name, value) in fields(document) {
                    let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                    self.value(&path, value, false);
                }
            }
            RawBsonRef::Array(array) => {
                self.multikey = true;
                if array.is_empty() {
                    self.leaf(path, RawBsonRef::Undefined);
                }
                for item in items(array) {
                    match item {
                        // Arrays directly within arrays are values.
                        RawBsonRef::Array(_) => self.leaf(path, item),
                        item => self.value(path, item, false),
                    }
                }
            }
            value => self.leaf(path, value),
        }
    }

    fn leaf(&mut self, path: &str, value: RawBsonRef<'a>) {
        if self.projection.covers(path) {
            self.found.push((path.to_owned(), value));
        }
    }
}
