//! `$rename`: a value is taken from one path and put at another. Neither may lead through an array.

use bson::{RawBsonRef, RawDocument};

use crate::{
    error::{Code, Result, refuse},
    update::{modifier::show, tree::Tree, trie},
    value::{field, item, type_name},
};

/// One renaming.
#[derive(Debug)]
pub(super) struct Rename {
    source: Box<str>,
    target: Box<str>,
}

impl Rename {
    pub(super) fn parse(source: &str, target: RawBsonRef<'_>) -> Result<Rename> {
        let RawBsonRef::String(target) = target else {
            let message = format!("The 'to' field for $rename must be a string: {source}: {}", show(target));
            return refuse(Code::BAD_VALUE, message);
        };
        if target.contains('\0') {
            return refuse(Code::BAD_VALUE, "The 'to' field for $rename cannot contain an embedded null byte");
        }
        if source == target {
            let message = format!("The source and target field for $rename must differ: {source}: \"{target}\"");
            return refuse(Code::BAD_VALUE, message);
        }
        let below = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.starts_with('.'));
        if below(source, target) || below(target, source) {
            let message =
                format!("The source and target field for $rename must not be on the same path: {source}: \"{target}\"");
            return refuse(Code::BAD_VALUE, message);
        }
        let dynamic = |path: &str| path.split('.').any(|part| part == "$" || trie::identifier(part).is_some());
        if dynamic(source) {
            return refuse(Code::BAD_VALUE, format!("The source field for $rename may not be dynamic: {source}"));
        }
        if dynamic(target) {
            return refuse(Code::BAD_VALUE, format!("The destination field for $rename may not be dynamic: {target}"));
        }
        trie::parts(source)?;
        trie::parts(target)?;
        Ok(Rename { source: source.into(), target: target.into() })
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// The value that is moved, if there is one.
    pub(super) fn find<'a>(&self, document: &'a RawDocument) -> Result<Option<RawBsonRef<'a>>> {
        let mut value = RawBsonRef::Document(document);
        let mut in_array = false;
        for part in self.source.split('.') {
            let next = match (value, trie::index(part)) {
                (RawBsonRef::Document(document), _) => field(document, part),
                (RawBsonRef::Array(array), Some(index)) => {
                    in_array = true;
                    item(array, index)
                }
                (other, _) => {
                    let message = format!(
                        "cannot use the part ({part} of {}) to traverse the element of type {}",
                        self.source,
                        type_name(other)
                    );
                    return refuse(Code::PATH_NOT_VIABLE, message);
                }
            };
            match next {
                Some(next) => value = next,
                None => return Ok(None),
            }
        }
        if in_array {
            let message = format!("The source field cannot be an array element, '{}'", self.source);
            return refuse(Code::BAD_VALUE, message);
        }
        self.check_target(document)?;
        Ok(Some(value))
    }

    fn check_target(&self, document: &RawDocument) -> Result<()> {
        let mut value = RawBsonRef::Document(document);
        for part in self.target.split('.') {
            value = match value {
                RawBsonRef::Document(document) => match field(document, part) {
                    Some(value) => value,
                    None => return Ok(()),
                },
                RawBsonRef::Array(_) => {
                    let message = format!("The destination field cannot be an array element, '{}'", self.target);
                    return refuse(Code::BAD_VALUE, message);
                }
                _ => return Ok(()),
            };
        }
        Ok(())
    }

    /// Takes the value away from where it was.
    pub(super) fn remove_source(&self, tree: &mut Tree<'_>) {
        let mut place = tree;
        let mut parts = self.source.split('.').peekable();
        while let Some(part) = parts.next() {
            place.open();
            let Tree::Document(fields) = place else { return };
            let Some(index) = fields.iter().position(|(name, _)| name == part) else { return };
            if parts.peek().is_none() {
                fields.remove(index);
                return;
            }
            let Some((_, child)) = fields.get_mut(index) else { return };
            place = child;
        }
    }
}
