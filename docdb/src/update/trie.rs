//! The paths of an update as a tree with operators at its leaves: two operators cannot change the same place.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, btree_map::Entry},
};

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
    pub(super) children: BTreeMap<Name, Node>,
    /// `$`.
    pub(super) positional: Option<Box<Node>>,
}

/// Items of an array by `$[]` and `$[identifier]`.
#[derive(Debug, Default)]
pub(super) struct Each {
    /// By identifier; all items have the empty one.
    pub(super) children: BTreeMap<Box<str>, Node>,
}

/// A name in the order of [`order`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(pub(super) Box<str>);

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        order(&self.0, &other.0)
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
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
    let fresh = match next {
        None => None,
        Some(next) if identifier(next).is_some() => Some(Node::Each(Each::default())),
        Some(_) => Some(Node::Branch(Branch::default())),
    };
    let child = match (place, identifier(part)) {
        (Place::Branch(branch), None) if *part == "$" => match (&mut branch.positional, fresh) {
            (Some(_), None) => return Err(depth),
            (empty @ None, None) => {
                *empty = Some(Box::new(node));
                return Ok(());
            }
            (positional, Some(fresh)) => positional.get_or_insert_with(|| Box::new(fresh)).as_mut(),
        },
        (Place::Branch(branch), None) => match (branch.children.entry(Name((*part).into())), fresh) {
            (Entry::Occupied(_), None) => return Err(depth),
            (Entry::Vacant(entry), None) => {
                entry.insert(node);
                return Ok(());
            }
            (entry, Some(fresh)) => entry.or_insert(fresh),
        },
        (Place::Each(each), Some(identifier)) => match (each.children.entry(identifier.into()), fresh) {
            (Entry::Occupied(_), None) => return Err(depth),
            (Entry::Vacant(entry), None) => {
                entry.insert(node);
                return Ok(());
            }
            (entry, Some(fresh)) => entry.or_insert(fresh),
        },
        (Place::Branch(_), Some(_)) | (Place::Each(_), None) => return Err(depth.saturating_sub(1)),
    };
    match child {
        Node::Branch(branch) => insert(Place::Branch(branch), parts, depth + 1, node),
        Node::Each(each) => insert(Place::Each(each), parts, depth + 1, node),
        Node::Leaf(_) | Node::Source => Err(depth),
    }
}
