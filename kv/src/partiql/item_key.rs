//! The one item that a statement names: equalities on the attributes of the primary key, and what else the condition says.

use crate::expression::{Comparator, Condition, Node, Term};
use crate::key::has_type;
use crate::table::TableRecord;
use crate::value::{AttributeValue, Item};

/// What a condition says of the primary key of a table.
#[derive(Debug)]
pub(super) struct ItemKey {
    /// The first value of each key attribute that has an equality.
    pub(super) key: Item,
    /// The conditions besides these.
    pub(super) rest: Vec<Node>,
    /// A key attribute with two values.
    pub(super) contradicted: Option<String>,
}

impl ItemKey {
    /// With `reads_lists`, `IN` with one value is an equality too, as it is to reads.
    pub(super) fn of(table: &TableRecord, condition: Option<&Condition>, reads_lists: bool) -> ItemKey {
        let mut found = ItemKey { key: Item::new(), rest: Vec::new(), contradicted: None };
        let nodes = match condition.map(|condition| &condition.root) {
            None => &[],
            Some(Node::And(nodes)) => nodes.as_slice(),
            Some(only) => std::slice::from_ref(only),
        };
        for node in nodes {
            match equality(node, reads_lists).filter(|(name, _)| table.keys.names().any(|key| key == *name)) {
                Some((name, value)) => found.add(name, value, node),
                None => found.rest.push(node.clone()),
            }
        }
        found
    }

    fn add(&mut self, name: &str, value: &AttributeValue, node: &Node) {
        match self.key.get(name) {
            None => {
                self.key.insert(name.to_owned(), value.clone());
            }
            Some(first) if first == value => {}
            Some(_) => {
                self.contradicted.get_or_insert_with(|| name.to_owned());
                self.rest.push(node.clone());
            }
        }
    }

    /// Whether each key attribute has a value.
    pub(super) fn is_whole(&self, table: &TableRecord) -> bool {
        self.key.len() == table.keys.names().count()
    }

    /// Whether each key attribute has a value, and the condition says nothing else.
    pub(super) fn is_all(&self, table: &TableRecord) -> bool {
        self.is_whole(table) && self.rest.is_empty()
    }

    /// The key attribute whose value has another type than it.
    pub(super) fn mismatch<'t>(&self, table: &'t TableRecord) -> Option<&'t str> {
        let mut attributes = table.keys.attributes();
        let found = attributes.find(|attribute| {
            self.key.get(&attribute.name).is_some_and(|value| !has_type(value, attribute.attribute_type))
        });
        found.map(|attribute| attribute.name.as_str())
    }
}

fn equality(node: &Node, reads_lists: bool) -> Option<(&str, &AttributeValue)> {
    let (name, value) = match node {
        Node::Compare { comparator: Comparator::Equal, left, right } => match (left, right) {
            (Term::Path(path), Term::Value(value)) | (Term::Value(value), Term::Path(path)) => (path, value),
            _ => return None,
        },
        Node::In { operand: Term::Path(path), list } if reads_lists => match list.as_slice() {
            [Term::Value(value)] => (path, value),
            _ => return None,
        },
        _ => return None,
    };
    (!name.is_nested()).then(|| (name.head(), &**value))
}
