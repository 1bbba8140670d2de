//! The paths of a projection as a tree.

use std::collections::HashMap;

use crate::{
    error::{Code, Result, refuse},
    expression::Expression,
    projection::{elem_match::ElemMatch, slice::Slice},
    value::Path,
};

/// What is done with a field.
#[derive(Debug)]
pub(super) enum Node {
    Keep,
    Drop,
    Compute(Expression),
    Slice(Slice),
    ElemMatch(ElemMatch),
    Branch(Branch),
}

impl Node {
    /// Whether it makes a value where there was none.
    fn is_computed(&self) -> bool {
        match self {
            Node::Compute(_) | Node::ElemMatch(_) => true,
            Node::Branch(branch) => branch.is_computed,
            Node::Keep | Node::Drop | Node::Slice(_) => false,
        }
    }
}

/// Fields in the order of the specification.
#[derive(Debug, Default)]
pub(super) struct Branch {
    fields: Vec<(Box<str>, Node)>,
    /// Where each is, once there are many.
    index: HashMap<Box<str>, usize>,
    is_computed: bool,
}

/// From so many fields on, they are found by their hash.
const MANY: usize = 12;

/// Two paths of a specification that exclude each other.
pub(super) enum Collision {
    /// The path continues one that is there.
    Below {
        /// The part at which the other one ends.
        depth: usize,
    },
    /// The path is there already, or others continue it.
    At,
}

impl Branch {
    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub(super) fn is_computed(&self) -> bool {
        self.is_computed
    }

    pub(super) fn fields(&self) -> &[(Box<str>, Node)] {
        &self.fields
    }

    /// The number of a field.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        if self.fields.len() < MANY {
            self.fields.iter().position(|(known, _)| **known == *name)
        } else {
            self.index.get(name).copied()
        }
    }

    pub(super) fn get(&self, position: usize) -> Option<&Node> {
        self.fields.get(position).map(|(_, node)| node)
    }

    /// Adds what is done at a path.
    pub(super) fn insert(&mut self, path: &Path, node: Node) -> std::result::Result<(), Collision> {
        let names: Vec<&str> = path.parts().iter().map(|part| &*part.name).collect();
        self.insert_below(&names, 0, node)
    }

    fn insert_below(&mut self, names: &[&str], depth: usize, node: Node) -> std::result::Result<(), Collision> {
        let Some(name) = names.get(depth) else { return Err(Collision::At) };
        let is_last = depth + 1 == names.len();
        self.is_computed |= node.is_computed();
        match self.position(name).and_then(|found| self.fields.get_mut(found)) {
            Some(_) if is_last => Err(Collision::At),
            Some((_, Node::Branch(branch))) => branch.insert_below(names, depth + 1, node),
            Some(_) => Err(Collision::Below { depth }),
            None if is_last => {
                self.push(name, node);
                Ok(())
            }
            None => {
                let mut branch = Branch::default();
                branch.insert_below(names, depth + 1, node)?;
                self.push(name, Node::Branch(branch));
                Ok(())
            }
        }
    }

    pub(super) fn push(&mut self, name: &str, node: Node) {
        self.is_computed |= node.is_computed();
        self.index.insert(name.into(), self.fields.len());
        self.fields.push((name.into(), node));
    }

    /// Adds the paths that are kept; `None` if anything else is done.
    pub(super) fn kept_paths(&self, above: Option<&Path>, paths: &mut Vec<Path>) -> Option<()> {
        for (name, node) in &self.fields {
            let own = Path::parse(name).ok()?;
            let path = above.map_or_else(|| own.clone(), |above| above.join(&own));
            match node {
                Node::Keep => paths.push(path),
                Node::Drop if above.is_none() && **name == *"_id" => {}
                Node::Branch(branch) => branch.kept_paths(Some(&path), paths)?,
                Node::Drop | Node::Compute(_) | Node::Slice(_) | Node::ElemMatch(_) => return None,
            }
        }
        Some(())
    }
}

/// Nested specifications repeat the path above them at each level: that is bounded.
const MAX_PATH_BYTES: usize = 64 << 10;

/// Takes a path apart and refuses names that cannot be in one.
pub(super) fn parse_path(text: &str) -> Result<Path> {
    if text.is_empty() {
        return refuse(Code(40352), "FieldPath cannot be constructed with empty string");
    }
    if text.ends_with('.') {
        return refuse(Code(40353), "FieldPath must not end with a '.'.");
    }
    if text.len() > MAX_PATH_BYTES {
        return refuse(Code::OVERFLOW, "FieldPath is too long");
    }
    let path = Path::parse(text)?;
    for part in path.parts() {
        if part.name.is_empty() {
            return refuse(Code(15998), "FieldPath field names may not be empty strings.");
        }
        if part.name.starts_with('$') {
            let message = "FieldPath field names may not start with '$'. Consider using $getField or $setField.";
            return refuse(Code(16410), message);
        }
    }
    Ok(path)
}

/// Adds what is done at a path, or refuses it as projections do.
pub(super) fn insert(root: &mut Branch, path: &Path, node: Node) -> Result<()> {
    root.insert(path, node).or_else(|collision| match collision {
        Collision::Below { depth } => {
            let rest: Vec<&str> = path.parts().iter().skip(depth + 1).map(|part| &*part.name).collect();
            refuse(Code(31249), format!("Path collision at {path} remaining portion {}", rest.join(".")))
        }
        Collision::At => refuse(Code(31250), format!("Path collision at {path}")),
    })
}
