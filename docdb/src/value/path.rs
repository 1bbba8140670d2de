//! Dotted paths.

use crate::error::{Code, Result, refuse};

/// A dotted path, taken apart once: `a.0.b`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Path {
    text: Box<str>,
    parts: Box<[Part]>,
}

/// One component of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Part {
    pub(crate) name: Box<str>,
    /// The index of an array that it may mean as well: `0`, `17`, but not `01`.
    pub(crate) index: Option<u32>,
}

/// How many components a path may have: no document is nested deeper.
pub(crate) const MAX_PARTS: usize = 200;

impl Path {
    /// Takes a path apart. Empty components are names like others here; who refuses them says how.
    ///
    /// # Errors
    /// [`Code::OVERFLOW`] for one with more than 200 components.
    pub(crate) fn parse(text: &str) -> Result<Path> {
        let parts: Box<[Part]> = text.split('.').take(MAX_PARTS + 1).map(Part::new).collect();
        if parts.len() > MAX_PARTS {
            return refuse(Code::OVERFLOW, "FieldPath is too long");
        }
        Ok(Path { text: text.into(), parts })
    }

    /// The path without components: the value itself.
    pub(crate) fn root() -> Path {
        Path { text: "".into(), parts: Box::new([]) }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The first component.
    pub(crate) fn head(&self) -> &str {
        self.parts.first().map_or("", |part| &part.name)
    }

    /// Whether this path is `other` or leads to something within it.
    pub(crate) fn starts_with(&self, other: &Path) -> bool {
        self.parts.starts_with(&other.parts)
    }

    /// The path that continues this one.
    pub(crate) fn join(&self, rest: &Path) -> Path {
        if rest.parts.is_empty() {
            return self.clone();
        }
        if self.parts.is_empty() {
            return rest.clone();
        }
        let parts = self.parts.iter().chain(rest.parts.iter()).cloned().collect();
        Path { text: format!("{}.{}", self.text, rest.text).into(), parts }
    }
}

impl Part {
    fn new(name: &str) -> Part {
        let canonical = name == "0" || (!name.starts_with('0') && name.bytes().all(|byte| byte.is_ascii_digit()));
        Part { name: name.into(), index: if canonical { name.parse().ok() } else { None } }
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
