//! The paths of an update as a tree with operators at its leaves: two operators cannot change the same place.

use std::cmp::Ordering;

use crate::{
    error::{Code, Result, refuse},
    update::modifier::Modifier,
};

/// What is to be done at a place of the document and below it.
#[derive(Debug)]
pub(super) enum Node {
    Leaf(Leaf),
    Branch(Branch),
    Each(Each),
    /// The source of a `$rename`: nothing else may change it.
    Source,
}

/// One operator at its path.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) modifier: Box<dyn Modifier>,
    /// `$setOnInsert`.
    pub(super) only_on_insert: bool,
}

/// Fields of a document, or items of an array by their index.
#[derive(Debug, Default)]
pub(super) struct Branch {
    /// In the order of [`order`].
    pub(super) children: Vec<(Box<str>, Node)>,
    /// `$`.
    pub(super) positional: Option<Box<Node>>,
}

/// Items of an array by `$[]` and `$[identifier]`.
#[derive(Debug, Default)]
pub(super) struct Each {
    /// By identifier; all items have the empty one.
    pub(super) children: Vec<(Box<str>, Node)>,
}

/// The order in which the children of a place are changed, and so the order in which new fields are added: names by
/// their bytes, numbers by their value.
pub(super) fn order(a: &str, b: &str) -> Ordering {
    if is_index(a) && is_index(b) { a.len().cmp(&b.len()).then_with(|| a.cmp(b)) } else { a.cmp(b) }
}

fn is_index(name: &str) -> bool {
    name == "0" || (!name.is_empty() && !name.starts_with('0') && name.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The index of an array that a name means.
pub(super) fn index(name: &str) -> Option<usize> {
    if is_index(name) { name.parse().ok() } else { None }
}

/// The identifier within `$[…]`, which may be empty.
pub(super) fn identifier(part: &str) -> Option<&str> {
    part.strip_prefix("$[")?.strip_suffix(']')
}

/// Splits a path and checks what holds for the paths of all operators.
pub(super) fn parts(path: &str) -> Result<Vec<&str>> {
    if path.is_empty() {
        return refuse(Code::EMPTY_FIELD_NAME, "An empty update path is not valid.");
    }
    let parts: Vec<&str> = path.split('.').collect();
    if parts.iter().any(|part| part.is_empty()) {
        let message = format!("The update path '{path}' contains an empty field name, which is not allowed.");
        return refuse(Code::EMPTY_FIELD_NAME, message);
    }
    if parts.len() > 200 {
        return refuse(Code::OVERFLOW, "FieldPath is too long");
    }
    if parts.first() == Some(&"$") {
        let message = format!("Cannot have positional (i.e. '$') element in the first position in path '{path}'");
        return refuse(Code::BAD_VALUE, message);
    }
    if parts.first().is_some_and(|part| identifier(part).is_some()) {
        let message = format!(
            "Cannot have array filter identifier (i.e. '$[<id>]') element in the first position in path '{path}'"
        );
        return refuse(Code::BAD_VALUE, message);
    }
    if parts.iter().filter(|part| **part == "$").count() > 1 {
        return refuse(Code::BAD_VALUE, format!("Too many positional (i.e. '$') elements found in path '{path}'"));
    }
    Ok(parts)
}

impl Branch {
    /// Adds an operator at a path.
    ///
    /// # Errors
    /// [`Code::CONFLICTING_UPDATE_OPERATORS`] where another one is on the way, below, or at the place.
    pub(super) fn insert(&mut self, path: &str, node: Node) -> Result<()> {
        let parts = parts(path)?;
        insert(Place::Branch(self), &parts, 0, node).or_else(|depth| {
            let at = parts.get(..=depth).unwrap_or_default().join(".");
            let message = format!("Updating the path '{path}' would create a conflict at '{at}'");
            refuse(Code::CONFLICTING_UPDATE_OPERATORS, message)
        })
    }
}

enum Place<'n> {
    Branch(&'n mut Branch),
    Each(&'n mut Each),
}

/// Fails with the number of the part at which there is a conflict.
fn insert(place: Place<'_>, parts: &[&str], depth: usize, node: Node) -> std::result::Result<(), usize> {
    let Some(part) = parts.get(depth) else { return Err(depth) };
    let next = parts.get(depth + 1);
    let fresh = |node: Node| match next {
        None => (node, None),
        Some(next) if identifier(next).is_some() => (Node::Each(Each::default()), Some(node)),
        Some(_) => (Node::Branch(Branch::default()), Some(node)),
    };
    let child = match (place, identifier(part)) {
        (Place::Branch(branch), None) if *part == "$" => match &mut branch.positional {
            Some(child) => child.as_mut(),
            none => {
                let (child, rest) = fresh(node);
                return descend(none.insert(Box::new(child)), rest, parts, depth);
            }
        },
        (Place::Branch(branch), None) => match branch.children.binary_search_by(|(name, _)| order(name, part)) {
            Ok(found) => match branch.children.get_mut(found) {
                Some((_, child)) => child,
                None => return Err(depth),
            },
            Err(index) => {
                let (child, rest) = fresh(node);
                branch.children.insert(index, ((*part).into(), child));
                return match branch.children.get_mut(index) {
                    Some((_, child)) => descend(child, rest, parts, depth),
                    None => Err(depth),
                };
            }
        },
        (Place::Each(each), Some(identifier)) => {
            match each.children.iter().position(|(known, _)| **known == *identifier) {
                Some(found) => match each.children.get_mut(found) {
                    Some((_, child)) => child,
                    None => return Err(depth),
                },
                None => {
                    let (child, rest) = fresh(node);
                    each.children.push((identifier.into(), child));
                    return match each.children.last_mut() {
                        Some((_, child)) => descend(child, rest, parts, depth),
                        None => Err(depth),
                    };
                }
            }
        }
        (Place::Branch(_), Some(_)) | (Place::Each(_), None) => return Err(depth.saturating_sub(1)),
    };
    if next.is_none() {
        return Err(depth);
    }
    descend(child, Some(node), parts, depth)
}

fn descend(child: &mut Node, node: Option<Node>, parts: &[&str], depth: usize) -> std::result::Result<(), usize> {
    let Some(node) = node else { return Ok(()) };
    match child {
        Node::Branch(branch) => insert(Place::Branch(branch), parts, depth + 1, node),
        Node::Each(each) => insert(Place::Each(each), parts, depth + 1, node),
        Node::Leaf(_) | Node::Source => Err(depth),
    }
}
