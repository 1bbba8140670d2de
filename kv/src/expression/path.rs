//! Document paths: where in an item an expression reads or writes.

use std::sync::Arc;

use crate::value::{AttributeValue, Item};

/// Levels a document path may have.
pub(crate) const MAX_PATH_LEVELS: usize = 32;

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum PathElement {
    /// A name: of a top-level attribute, or of a member of a map.
    Name(Arc<str>),
    /// A zero-based position in a list.
    Index(usize),
}

/// A document path such as `a.b[1]`, with every `#name` replaced. The first element is a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Path {
    head: Arc<str>,
    rest: Vec<PathElement>,
}

impl Path {
    /// The path of the top-level attribute `name`.
    pub(crate) fn name(name: impl Into<Arc<str>>) -> Self {
        Self { head: name.into(), rest: Vec::new() }
    }

    /// This path with one more element.
    #[must_use]
    pub(crate) fn then(mut self, element: PathElement) -> Self {
        self.rest.push(element);
        self
    }

    /// The name of the top-level attribute.
    pub(crate) fn head(&self) -> &str {
        &self.head
    }

    /// The elements below the top-level attribute.
    pub(crate) fn rest(&self) -> &[PathElement] {
        &self.rest
    }

    /// Whether the path looks inside a top-level attribute.
    pub(crate) fn is_nested(&self) -> bool {
        !self.rest.is_empty()
    }

    /// The value at this path; `None` where a step is absent or of another shape.
    pub(crate) fn get<'i>(&self, item: &'i Item) -> Option<&'i AttributeValue> {
        self.rest.iter().try_fold(item.get(&*self.head)?, |value, element| step(value, element))
    }

    /// The path of the value that holds the last element, and that element; `None` for a top-level attribute.
    pub(crate) fn split_last(&self) -> Option<(Self, &PathElement)> {
        let (last, above) = self.rest.split_last()?;
        Some((Self { head: self.head.clone(), rest: above.to_vec() }, last))
    }

    /// As [`Path::get`], to change the value.
    pub(crate) fn get_mut<'i>(&self, item: &'i mut Item) -> Option<&'i mut AttributeValue> {
        self.rest.iter().try_fold(item.get_mut(&*self.head)?, |value, element| match (value, element) {
            (AttributeValue::M(map), PathElement::Name(name)) => map.get_mut(&**name),
            (AttributeValue::L(list), PathElement::Index(index)) => list.get_mut(*index),
            _ => None,
        })
    }

    /// The form the service's messages use: `[a, b, [1]]`.
    pub(crate) fn bracketed(&self) -> String {
        let rest = self.rest.iter().map(|element| match element {
            PathElement::Name(name) => format!(", {name}"),
            PathElement::Index(index) => format!(", [{index}]"),
        });
        format!("[{}{}]", self.head, rest.collect::<String>())
    }
}

fn step<'v>(value: &'v AttributeValue, element: &PathElement) -> Option<&'v AttributeValue> {
    match (value, element) {
        (AttributeValue::M(map), PathElement::Name(name)) => map.get(&**name),
        (AttributeValue::L(list), PathElement::Index(index)) => list.get(*index),
        _ => None,
    }
}

/// How two paths of one expression stand in each other's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clash {
    /// One is the other or lies inside it.
    Overlap,
    /// They use one value as a map and as a list.
    Conflict,
}

/// Whether `one` and `two` may not appear in the same update or projection.
pub(crate) fn clash(one: &Path, two: &Path) -> Option<Clash> {
    if one.head != two.head {
        return None;
    }
    for pair in one.rest.iter().zip(&two.rest) {
        match pair {
            (PathElement::Name(_), PathElement::Index(_)) | (PathElement::Index(_), PathElement::Name(_)) => {
                return Some(Clash::Conflict);
            }
            (first, second) if first != second => return None,
            _ => {}
        }
    }
    Some(Clash::Overlap)
}
