//! Document paths, of names and positions in lists.

use super::ast::{self, Expr, Step};
use super::fault::{self, Result};
use crate::expression::{Fault, MAX_PATH_LEVELS, Path, PathElement};

/// Reads a path.
///
/// # Errors
/// A step that is no name and no position, or more than 32 of them.
pub(super) fn read(written: &ast::Path) -> Result<Path> {
    if written.steps.len() >= MAX_PATH_LEVELS {
        return Err(fault::of(Fault::PathTooDeep(written.steps.len() + 1)));
    }
    let root = Path::name(std::sync::Arc::clone(&written.root));
    written.steps.iter().try_fold(root, |path, step| Ok(path.then(element(step)?)))
}

/// What a `SELECT` calls the value at a path: its last name, and the positions after that.
pub(super) fn column(path: &Path) -> String {
    let mut column = path.head().to_owned();
    for element in path.rest() {
        match element {
            PathElement::Name(name) => column = name.to_string(),
            PathElement::Index(index) => column.push_str(&format!("[{index}]")),
        }
    }
    column
}

fn element(step: &Step) -> Result<PathElement> {
    match step {
        Step::Name(name) => Ok(PathElement::Name(std::sync::Arc::clone(name))),
        Step::Index(node) => match &node.expr {
            Expr::Number(text) => index(text, node).map(PathElement::Index),
            _ => Err(fault::at("Unexpected path component", node.at)),
        },
        Step::Wildcard(at) => Err(fault::at("Unexpected path component", *at)),
    }
}

/// A position is an integer of 32 bits, and not negative.
fn index(text: &str, node: &ast::Node) -> Result<usize> {
    let whole = text.strip_prefix('-').filter(|rest| rest.bytes().all(|byte| byte == b'0')).unwrap_or(text);
    let found = whole.parse::<i32>().ok().and_then(|index| usize::try_from(index).ok());
    found.ok_or_else(|| {
        fault::at(format_args!("List index is not within the allowable range; index: [{text}]"), node.at)
    })
}
