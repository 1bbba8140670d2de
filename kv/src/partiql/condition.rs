//! `WHERE` as a condition on items: the same that filters and conditions of other operations are.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-functions.html>,
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-operators.html>

use std::sync::Arc;

use super::ast::{self, Expr};
use super::fault::{self, Result};
use super::literal;
use super::path;
use crate::Error;
use crate::expression::{Comparator, Condition, Fault, Node, Path, Term, between, compare, function, one_of};
use crate::value::AttributeValue;

/// Functions that are conditions.
const FUNCTIONS: [&str; 5] = ["attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains"];

/// Reads a condition.
///
/// # Errors
/// It is none, or an operator or a function does not take its operands.
pub(super) fn condition(node: &ast::Node, parameters: &[AttributeValue]) -> Result<Condition> {
    let mut binder = Binder { parameters, paths: Vec::new() };
    let root = binder.node(node)?;
    Ok(Condition::of(root, binder.paths))
}

struct Binder<'a> {
    parameters: &'a [AttributeValue],
    paths: Vec<Path>,
}

impl Binder<'_> {
    /// Recursion is as deep as the statement's nesting and operators.
    fn node(&mut self, node: &ast::Node) -> Result<Node> {
        match &node.expr {
            Expr::And(all) => all.iter().map(|node| self.node(node)).collect::<Result<_>>().map(flat_and),
            Expr::Or(all) => all.iter().map(|node| self.node(node)).collect::<Result<_>>().map(Node::Or),
            Expr::Not(node) => Ok(Node::Not(Box::new(self.node(node)?))),
            Expr::Compare(symbol, left, right) => self.compare(symbol, left, right),
            Expr::Between(operand, low, high) => {
                let (operand, low, high) = (self.term(operand)?, self.term(low)?, self.term(high)?);
                between(operand, low, high).map_err(fault::of)
            }
            Expr::In(operand, list) => self.one_of(operand, list),
            Expr::Is(operand, name) => self.is(operand, name),
            Expr::Call(name, operands) => self.call(node, name, operands),
            Expr::Plus(..) => Err(unsupported_operator("+")),
            Expr::Minus(..) => Err(unsupported_operator("-")),
            Expr::Unsupported(symbol) => Err(unsupported_operator(symbol)),
            other => Err(Error::validation(format!("Unsupported operation: {}", other.kind()))),
        }
    }

    fn compare(&mut self, symbol: &str, left: &ast::Node, right: &ast::Node) -> Result<Node> {
        let comparator = Comparator::from_symbol(symbol).ok_or_else(|| unsupported_operator(symbol))?;
        compare(comparator, self.term(left)?, self.term(right)?).map_err(fault::of)
    }

    fn one_of(&mut self, operand: &ast::Node, list: &ast::Node) -> Result<Node> {
        let operand = self.term(operand)?;
        let Expr::List(list) = &list.expr else {
            let found = match self.term(list)? {
                Term::Value(value) => value.type_name(),
                _ => "M",
            };
            return Err(fault::of(Fault::OperandType { function: "IN".to_owned(), found }));
        };
        let list = list.iter().map(|node| self.term(node)).collect::<Result<_>>()?;
        one_of(operand, list).map_err(fault::of)
    }

    /// `IS` asks for a type; the names are PartiQL's.
    fn is(&mut self, operand: &ast::Node, name: &str) -> Result<Node> {
        let Term::Path(path) = self.term(operand)? else {
            return Err(fault::of(Fault::PathRequired("IS".to_owned())));
        };
        let types: &[&str] = match name {
            "missing" => return Ok(Node::NotExists(path)),
            "null" => &["NULL"],
            "bool" | "boolean" => &["BOOL"],
            "string" | "char" | "character" | "character varying" | "varchar" | "symbol" => &["S"],
            "blob" | "clob" => &["B"],
            "list" => &["L"],
            "struct" | "tuple" => &["M"],
            "bag" => &["SS", "NS", "BS"],
            "date" | "time" | "timestamp" | "sexp" => return Err(Error::validation("Unsupported operation: IsType")),
            _ => &["N"],
        };
        let has_type = |name: &&str| Node::HasType(path.clone(), (*name).to_owned());
        Ok(match types {
            [only] => has_type(only),
            several => Node::Or(several.iter().map(has_type).collect()),
        })
    }

    fn call(&mut self, node: &ast::Node, name: &str, operands: &[ast::Node]) -> Result<Node> {
        if !FUNCTIONS.contains(&name) {
            return Err(fault::at(format_args!("Unrecognized function: {name}"), node.at));
        }
        let operands = operands.iter().map(|node| self.term(node)).collect::<Result<_>>()?;
        function(name, operands).map_err(fault::of)
    }

    fn term(&mut self, node: &ast::Node) -> Result<Term> {
        match &node.expr {
            Expr::Path(written) => {
                let path = path::read(written)?;
                self.paths.push(path.clone());
                Ok(Term::Path(path))
            }
            Expr::Call(name, operands) if name == "size" => {
                let [operand] = operands.as_slice() else {
                    let count = operands.len();
                    return Err(fault::of(Fault::OperandCount { function: name.clone(), count }));
                };
                Ok(Term::Size(Box::new(self.term(operand)?)))
            }
            Expr::And(_)
            | Expr::Or(_)
            | Expr::Not(_)
            | Expr::Compare(..)
            | Expr::Between(..)
            | Expr::In(..)
            | Expr::Is(..)
            | Expr::Call(..) => Ok(Term::Truth(Box::new(self.node(node)?))),
            Expr::Plus(..) => Err(unsupported_operator("+")),
            Expr::Minus(..) => Err(unsupported_operator("-")),
            Expr::Unsupported(symbol) => Err(unsupported_operator(symbol)),
            _ => Ok(Term::Value(Arc::new(literal::value(node, self.parameters)?))),
        }
    }
}

fn unsupported_operator(symbol: &str) -> Error {
    Error::validation(format!("Unsupported operator in Condition Expression. Operator: {symbol}"))
}

/// `AND` in parentheses within an `AND` is part of it, so that the conditions on keys are found in one place.
fn flat_and(nodes: Vec<Node>) -> Node {
    let mut all = Vec::with_capacity(nodes.len());
    for node in nodes {
        match node {
            Node::And(inner) => all.extend(inner),
            other => all.push(other),
        }
    }
    Node::And(all)
}
