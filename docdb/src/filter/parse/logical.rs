//! `$and`, `$or`, `$nor`.

use bson::RawBsonRef;

use super::{Parser, all, single};
use crate::{
    error::{Code, Result, refuse},
    filter::tree::Node,
    value::items,
};

impl Parser<'_> {
    pub(super) fn logical(self, name: &str, value: RawBsonRef<'_>) -> Result<Node> {
        let RawBsonRef::Array(array) = value else {
            return refuse(Code::BAD_VALUE, format!("{name} must be an array"));
        };
        let mut nodes = Vec::new();
        for item in items(array) {
            let RawBsonRef::Document(document) = item else {
                return refuse(Code::BAD_VALUE, format!("{name} argument's entries must be objects"));
            };
            nodes.push(self.document(document)?);
        }
        if nodes.is_empty() {
            return refuse(Code::BAD_VALUE, "$and/$or/$nor must be a nonempty array");
        }
        Ok(match name {
            "$and" => all(nodes),
            "$or" => single(any(nodes), Node::Or),
            _ => Node::Nor(any(nodes)),
        })
    }
}

/// The parts of a disjunction, without needless levels.
fn any(nodes: Vec<Node>) -> Vec<Node> {
    let mut flat = Vec::with_capacity(nodes.len());
    for node in nodes {
        match node {
            Node::Or(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    flat
}
