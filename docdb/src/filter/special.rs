//! Where `$near` and `$text` may stand, which an index has to answer.

use crate::{
    error::{Code, Result, refuse},
    filter::tree::Node,
};

/// Refuses a tree in which they stand where no index can answer them.
pub(super) fn check(root: &Node) -> Result<()> {
    let is_near = |node: &Node| matches!(node, Node::Near { .. });
    let is_text = |node: &Node| matches!(node, Node::Text(_));
    let (near, text) = (root.count(&is_near), root.count(&is_text));
    let in_nor = |node: &Node| matches!(node, Node::Nor(_)) && node.count(&is_text) > 0;
    let reason = if near > 1 {
        "Too many geoNear expressions"
    } else if near > top(root, is_near) {
        "geo $near must be top-level expr"
    } else if text > 1 {
        "Too many text expressions"
    } else if root.count(&in_nor) > 0 {
        "text expression not allowed in nor"
    } else if near > 0 && text > 0 {
        "text and geoNear not allowed in same query"
    } else {
        return Ok(());
    };
    refuse(Code::BAD_VALUE, reason)
}

fn top(root: &Node, is: impl Fn(&Node) -> bool) -> usize {
    match root {
        Node::And(all) => all.iter().filter(|node| is(node)).count(),
        node => usize::from(is(node)),
    }
}
