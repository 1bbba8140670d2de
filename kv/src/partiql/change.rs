//! `SET` and `REMOVE` as an update of items: the same that an update expression is.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.update.html>

use std::sync::Arc;

use super::ast::{self, Expr, Node};
use super::fault::{self, Result};
use super::{literal, path};
use crate::Error;
use crate::expression::{Change, Fault, Path, Source, Update, check_clashes};
use crate::value::AttributeValue;

/// Reads the changes of an `UPDATE`.
///
/// # Errors
/// Paths that stand in each other's way, or operands that a function or an operator does not take.
pub(super) fn update(written: &[ast::Change], parameters: &[AttributeValue]) -> Result<Update> {
    let binder = Binder { parameters };
    let changes = written.iter().map(|change| binder.change(change)).collect::<Result<Vec<_>>>()?;
    let paths: Vec<Path> = changes.iter().map(|change| change.path().clone()).collect();
    check_clashes(&paths).map_err(fault::of)?;
    Ok(Update::of_changes(changes))
}

struct Binder<'a> {
    parameters: &'a [AttributeValue],
}

impl Binder<'_> {
    fn change(&self, change: &ast::Change) -> Result<Change> {
        let (target, node) = match change {
            ast::Change::Remove(target) => return Ok(Change::Remove(path::read(target)?)),
            ast::Change::Set(target, node) => (path::read(target)?, node),
        };
        match &node.expr {
            Expr::Call(name, operands) if name == "set_add" => {
                Ok(Change::Add(target.clone(), self.members(&target, "SET_ADD", node, operands)?))
            }
            Expr::Call(name, operands) if name == "set_delete" => {
                Ok(Change::Delete(target.clone(), self.members(&target, "SET_DELETE", node, operands)?))
            }
            _ => Ok(Change::Set(target, self.source(node)?)),
        }
    }

    /// What is put into a set or taken out of it; the function's first operand repeats what is assigned to.
    fn members(&self, target: &Path, name: &str, call: &Node, operands: &[Node]) -> Result<Arc<AttributeValue>> {
        let [first, second] = operands else {
            return Err(fault::at(format_args!("{name} must have exactly two arguments"), call.at));
        };
        let is_target = match &first.expr {
            Expr::Path(written) => path::read(written)? == *target,
            _ => false,
        };
        if !is_target {
            let message = format_args!("The first argument to {name} must equal the assignment value");
            return Err(fault::at(message, call.at));
        }
        let is_value = !matches!(&second.expr, Expr::Path(_) | Expr::Call(..));
        let value = if is_value { literal::value(second, self.parameters)? } else { AttributeValue::Null };
        match value {
            set @ (AttributeValue::Ss(_) | AttributeValue::Ns(_) | AttributeValue::Bs(_)) => Ok(Arc::new(set)),
            _ => {
                let message = format_args!("The second argument to {name} must be a value with type SET");
                Err(fault::at(message, first.at))
            }
        }
    }

    fn source(&self, node: &Node) -> Result<Source> {
        match &node.expr {
            Expr::Path(written) => path::read(written).map(Source::Path),
            Expr::Plus(left, right) => {
                let (left, right) = self.operands("+", "N", left, right)?;
                Ok(Source::Plus(left, right))
            }
            Expr::Minus(left, right) => {
                let (left, right) = self.operands("-", "N", left, right)?;
                Ok(Source::Minus(left, right))
            }
            Expr::Call(name, operands) if name == "list_append" => match operands.as_slice() {
                [first, second] => {
                    let (first, second) = self.operands(name, "L", first, second)?;
                    Ok(Source::ListAppend(first, second))
                }
                _ => Err(fault::of(Fault::OperandCount { function: name.clone(), count: operands.len() })),
            },
            Expr::Call(name, _) => Err(fault::at(format_args!("Unrecognized function: {name}"), node.at)),
            Expr::Unsupported(symbol) => {
                Err(Error::validation(format!("Unsupported operator in Update Expression. Operator: {symbol}")))
            }
            _ => Ok(Source::Value(Arc::new(literal::value(node, self.parameters)?))),
        }
    }

    /// Two operands, none of which may be a value of another type.
    fn operands(
        &self,
        function: &str,
        allowed: &str,
        first: &Node,
        second: &Node,
    ) -> Result<(Box<Source>, Box<Source>)> {
        let (first, second) = (self.source(first)?, self.source(second)?);
        let wrong = [&first, &second].into_iter().find_map(|source| match source {
            Source::Value(value) if value.type_name() != allowed => Some(value.type_name()),
            _ => None,
        });
        match wrong {
            Some(found) => Err(fault::of(Fault::OperandType { function: function.to_owned(), found })),
            None => Ok((Box::new(first), Box::new(second))),
        }
    }
}
