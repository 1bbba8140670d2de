//! Walks a document along the paths of an update. Where two paths of the update turn out to mean the same place, by `$`
//! or by `$[…]`, what is below both of them is done there.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use bson::{RawBson, RawBsonRef};

use crate::{
    error::{Code, Result, refuse},
    update::{
        array_filters::ArrayFilters,
        modifier::{At, Blocked, Change, Scope, show},
        tree::{Tree, too_large},
        trie::{Branch, Each, Leaf, Name, Node, index, order},
    },
    value::MAX_DOCUMENT_BYTES,
};

/// How many nulls may be put before an item that is added far behind the end of an array.
const MAX_PADDING: usize = 1_500_000;

/// What became of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Kept,
    Changed,
    Remove,
}

/// What all nodes at one place are.
enum Nodes<'a> {
    Leaf(&'a Leaf),
    Branches(Vec<&'a Branch>),
    Each(Vec<&'a Each>),
    Nothing,
}

/// Names with what is to be done below each.
type Children<'a> = Vec<(Cow<'a, str>, Vec<&'a Node>)>;

/// Where the fields of a document are: by hash, where many are looked for among many.
struct Positions<'a>(HashMap<Cow<'a, str>, usize>);

impl<'a> Positions<'a> {
    fn new(fields: &[(Cow<'a, str>, Tree<'a>)], looked_for: usize) -> Self {
        const MANY: usize = 16;
        if looked_for < MANY || fields.len() < MANY {
            return Positions(HashMap::new());
        }
        // Of two fields of one name the first one counts.
        let positions = fields.iter().enumerate().rev();
        Positions(positions.map(|(position, (name, _))| (name.clone(), position)).collect())
    }

    fn find(&self, fields: &[(Cow<'_, str>, Tree<'_>)], name: &str) -> Option<usize> {
        if self.0.is_empty() { fields.iter().position(|(known, _)| known == name) } else { self.0.get(name).copied() }
    }
}

pub(super) struct Walk<'s, 'a> {
    pub(super) scope: &'s Scope<'a>,
    pub(super) filters: &'a ArrayFilters,
    /// Where the walk is.
    path: Vec<Cow<'a, str>>,
    /// How many nulls were put before items so far.
    padded: usize,
}

impl<'s, 'a> Walk<'s, 'a> {
    pub(super) fn new(scope: &'s Scope<'a>, filters: &'a ArrayFilters) -> Self {
        Walk { scope, filters, path: Vec::new(), padded: 0 }
    }

    /// Changes the whole document.
    pub(super) fn root(&mut self, branch: &'a Branch, tree: &mut Tree<'a>) -> Result<Outcome> {
        self.branches(&[branch], tree)
    }

    fn sort_out(&self, nodes: &[&'a Node]) -> Result<Nodes<'a>> {
        let conflict = || {
            refuse(
                Code::CONFLICTING_UPDATE_OPERATORS,
                format!("Update created a conflict at '{}'", self.path.join(".")),
            )
        };
        let (mut branches, mut each) = (Vec::new(), Vec::new());
        for node in nodes {
            match node {
                Node::Branch(branch) => branches.push(branch),
                Node::Each(node) => each.push(node),
                Node::Leaf(_) | Node::Source if nodes.len() > 1 => return conflict(),
                Node::Leaf(leaf) if leaf.only_on_insert && !self.scope.inserting => return Ok(Nodes::Nothing),
                Node::Leaf(leaf) => return Ok(Nodes::Leaf(leaf)),
                Node::Source => return Ok(Nodes::Nothing),
            }
        }
        match (branches.is_empty(), each.is_empty()) {
            (false, true) => Ok(Nodes::Branches(branches)),
            (true, false) => Ok(Nodes::Each(each)),
            (true, true) => Ok(Nodes::Nothing),
            (false, false) => conflict(),
        }
    }

    /// Changes a value that is there.
    fn existing(&mut self, nodes: &[&'a Node], place: &mut Tree<'a>) -> Result<Outcome> {
        match self.sort_out(nodes)? {
            Nodes::Nothing => Ok(Outcome::Kept),
            Nodes::Leaf(leaf) => self.leaf(leaf, place),
            Nodes::Branches(branches) => self.branches(&branches, place),
            Nodes::Each(each) => self.each(&each, place),
        }
    }

    fn leaf(&self, leaf: &'a Leaf, place: &mut Tree<'a>) -> Result<Outcome> {
        let change = place.with_raw(|value| -> Result<Change<'a>> {
            match leaf.modifier.existing(value, self.scope, At(&self.path))? {
                Change::Set(new) if new.get().is_some_and(|new| identical(new, value)) => Ok(Change::Keep),
                change => Ok(change),
            }
        })?;
        match change {
            Change::Keep => Ok(Outcome::Kept),
            Change::Remove => Ok(Outcome::Remove),
            Change::Set(value) => match Tree::of_value(value) {
                Some(new) => {
                    *place = new;
                    Ok(Outcome::Changed)
                }
                None => Ok(Outcome::Kept),
            },
        }
    }

    fn branches(&mut self, branches: &[&'a Branch], place: &mut Tree<'a>) -> Result<Outcome> {
        let children = self.children(branches)?;
        if !place.is_document() && !place.is_array() {
            for (name, nodes) in children {
                self.blocked(&name, &nodes, place)?;
            }
            return Ok(Outcome::Kept);
        }
        place.open();
        let changed = match place {
            Tree::Document(fields) => self.fields(children, fields)?,
            Tree::Array(_) => self.items(children, place)?,
            Tree::Was(_) | Tree::Ref(_) | Tree::Owned(_) => false,
        };
        Ok(if changed { Outcome::Changed } else { Outcome::Kept })
    }

    /// The names of all branches in their order, with what is to be done below each.
    fn children(&self, branches: &[&'a Branch]) -> Result<Children<'a>> {
        if let [branch] = branches
            && branch.positional.is_none()
        {
            return Ok(branch.children.iter().map(|(name, node)| (Cow::Borrowed(&*name.0), vec![node])).collect());
        }
        let mut positional: Vec<&'a Node> = branches.iter().filter_map(|branch| branch.positional.as_deref()).collect();
        let position = match (&self.scope.position, positional.is_empty()) {
            (position, true) => position.clone().unwrap_or_default(),
            (Some(position), false) => position.clone(),
            (None, false) => {
                return refuse(
                    Code::BAD_VALUE,
                    "The positional operator did not find the match needed from the query.",
                );
            }
        };
        let mut merged: BTreeMap<&'a Name, Vec<&'a Node>> = BTreeMap::new();
        for (name, node) in branches.iter().flat_map(|branch| &branch.children) {
            let nodes = merged.entry(name).or_default();
            nodes.push(node);
            if *name.0 == *position {
                nodes.append(&mut positional);
            }
        }
        let mut all: Children<'a> = merged.into_iter().map(|(name, nodes)| (Cow::Borrowed(&*name.0), nodes)).collect();
        if !positional.is_empty() {
            let index = all.partition_point(|(name, _)| order(name, &position).is_lt());
            all.insert(index, (Cow::Owned(position), positional));
        }
        Ok(all)
    }

    /// Changes fields of an open document, and adds those that are not there. Whether anything changed.
    fn fields(&mut self, children: Children<'a>, fields: &mut Vec<(Cow<'a, str>, Tree<'a>)>) -> Result<bool> {
        let positions = Positions::new(fields, children.len());
        let mut changed = false;
        let mut removed = Vec::new();
        for (name, nodes) in children {
            let found = positions.find(fields, &name);
            self.path.push(name.clone());
            match found.and_then(|position| Some((position, fields.get_mut(position)?))) {
                Some((position, (_, value))) => match self.existing(&nodes, value)? {
                    Outcome::Kept => {}
                    Outcome::Changed => changed = true,
                    Outcome::Remove => removed.push(position),
                },
                None => {
                    if let Some(value) = self.create(&nodes)? {
                        fields.push((name, value));
                        changed = true;
                    }
                }
            }
            self.path.pop();
        }
        if !removed.is_empty() {
            changed = true;
            removed.sort_unstable();
            let mut position = 0;
            fields.retain(|_| {
                position += 1;
                removed.binary_search(&(position - 1)).is_err()
            });
        }
        Ok(changed)
    }

    /// Changes items of an open array by their indexes. Whether anything changed.
    fn items(&mut self, children: Children<'a>, place: &mut Tree<'a>) -> Result<bool> {
        let mut changed = false;
        for (name, nodes) in children {
            let (Some(index), Tree::Array(items)) = (index(&name), &mut *place) else {
                self.blocked(&name, &nodes, place)?;
                continue;
            };
            self.path.push(name);
            match items.get_mut(index) {
                Some(item) => match self.existing(&nodes, item)? {
                    Outcome::Kept => {}
                    Outcome::Changed => changed = true,
                    Outcome::Remove => {
                        *item = Tree::Ref(RawBsonRef::Null);
                        changed = true;
                    }
                },
                None => {
                    if let Some(value) = self.create(&nodes)? {
                        pad(items, index, &mut self.padded)?;
                        items.push(value);
                        changed = true;
                    }
                }
            }
            self.path.pop();
        }
        Ok(changed)
    }

    fn each(&mut self, each: &[&'a Each], place: &mut Tree<'a>) -> Result<Outcome> {
        if !place.is_array() {
            let message = format!("Cannot apply array updates to non-array element {}", self.shown(place));
            return refuse(Code::BAD_VALUE, message);
        }
        place.open();
        let Tree::Array(items) = place else { return Ok(Outcome::Kept) };
        let mut outcome = Outcome::Kept;
        for (index, item) in items.iter_mut().enumerate() {
            let mut nodes = Vec::new();
            for (identifier, node) in each.iter().flat_map(|each| &each.children) {
                if item.with_raw(|value| self.filters.matches(identifier, value, self.scope.context))? {
                    nodes.push(node);
                }
            }
            if nodes.is_empty() {
                continue;
            }
            self.path.push(Cow::Owned(index.to_string()));
            match self.existing(&nodes, item)? {
                Outcome::Kept => {}
                Outcome::Changed => outcome = Outcome::Changed,
                Outcome::Remove => {
                    *item = Tree::Ref(RawBsonRef::Null);
                    outcome = Outcome::Changed;
                }
            }
            self.path.pop();
        }
        Ok(outcome)
    }

    /// What is created where nothing is.
    fn create(&mut self, nodes: &[&'a Node]) -> Result<Option<Tree<'a>>> {
        match self.sort_out(nodes)? {
            Nodes::Nothing => Ok(None),
            Nodes::Leaf(leaf) => Ok(Tree::of_value(leaf.modifier.missing(self.scope)?)),
            Nodes::Each(_) => {
                let message = format!(
                    "The path '{}' must exist in the document in order to apply array updates.",
                    self.path.join(".")
                );
                refuse(Code::BAD_VALUE, message)
            }
            Nodes::Branches(branches) => {
                let mut fields = Vec::new();
                for (name, nodes) in self.children(&branches)? {
                    self.path.push(name.clone());
                    if let Some(value) = self.create(&nodes)? {
                        fields.push((name, value));
                    }
                    self.path.pop();
                }
                Ok(if fields.is_empty() { None } else { Some(Tree::Document(fields)) })
            }
        }
    }

    /// Refuses what would have to create or to look for something where nothing can be.
    fn blocked(&mut self, name: &str, nodes: &[&'a Node], place: &Tree<'a>) -> Result<()> {
        match self.sort_out(nodes)? {
            Nodes::Nothing => Ok(()),
            Nodes::Leaf(leaf) => match leaf.modifier.blocked(self.scope) {
                Blocked::Ignore => Ok(()),
                Blocked::Create => {
                    let message = format!("Cannot create field '{name}' in element {}", self.shown(place));
                    refuse(Code::PATH_NOT_VIABLE, message)
                }
                Blocked::Traverse => {
                    let message = format!(
                        "Cannot use the part ({name}) of ({}.{name}) to traverse the element ({})",
                        self.path.join("."),
                        self.shown(place)
                    );
                    refuse(Code::PATH_NOT_VIABLE, message)
                }
            },
            Nodes::Each(_) => {
                let message = format!(
                    "The path '{}.{name}' must exist in the document in order to apply array updates.",
                    self.path.join(".")
                );
                refuse(Code::BAD_VALUE, message)
            }
            Nodes::Branches(branches) => {
                for (_, nodes) in self.children(&branches)? {
                    self.blocked(name, &nodes, place)?;
                }
                Ok(())
            }
        }
    }

    fn shown(&self, place: &Tree<'_>) -> String {
        format!("{{{}: {}}}", At(&self.path).name(), place.with_raw(show))
    }
}

/// Whether two values are the same byte for byte.
fn identical(a: RawBsonRef<'_>, b: RawBsonRef<'_>) -> bool {
    match (a, b) {
        (RawBsonRef::Double(a), RawBsonRef::Double(b)) => a.to_bits() == b.to_bits(),
        (RawBsonRef::Document(a), RawBsonRef::Document(b)) => a.as_bytes() == b.as_bytes(),
        (RawBsonRef::Array(a), RawBsonRef::Array(b)) => a.as_bytes() == b.as_bytes(),
        (a, b) => a == b,
    }
}

fn pad(items: &mut Vec<Tree<'_>>, index: usize, padded: &mut usize) -> Result<()> {
    let missing = index.saturating_sub(items.len());
    if missing > MAX_PADDING {
        return refuse(Code::CANNOT_BACKFILL_ARRAY, format!("can't backfill more than {MAX_PADDING} elements"));
    }
    *padded += missing;
    // An item takes at least three bytes, and with a number of several digits more: so many never fit into a document.
    if *padded > MAX_DOCUMENT_BYTES / 3 {
        return too_large();
    }
    items.extend(std::iter::repeat_with(|| Tree::Owned(RawBson::Null)).take(missing));
    Ok(())
}
