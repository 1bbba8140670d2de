//! Where `$near` may stand, which orders what it finds and so cannot be one condition of many.

use crate::{
    error::{Code, Result, refuse},
    filter::tree::Node,
};

/// Refuses a tree in which it does not stand at the top, once.
pub(super) fn check(root: &Node) -> Result<()> {
    let is_near = |node: &Node| matches!(node, Node::Near { .. });
    let near = root.count(&is_near);
    if near > 1 {
        return refuse(Code::BAD_VALUE, "Too many geoNear expressions");
    }
    if near > top(root, is_near) {
        return refuse(Code::BAD_VALUE, "geo $near must be top-level expr");
    }
    Ok(())
}

fn top(root: &Node, is: impl Fn(&Node) -> bool) -> usize {
    match root {
        Node::And(all) => all.iter().filter(|node| is(node)).count(),
        node => usize::from(is(node)),
    }
}
