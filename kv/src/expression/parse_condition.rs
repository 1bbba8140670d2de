//! The grammar of condition, filter and key condition expressions.
//!
//! A parenthesis may open a condition or an operand, and only what follows it tells which: `(a) = :v`, `(a = :v)`,
//! `(size(a)) > :v`. The reader takes whatever stands inside and decides afterwards, so that no text is read twice.

use super::ast::{Call, Comparator, ConditionNode, Operand};
use super::error::Fault;
use super::lexer::{Cursor, TokenKind};
use super::parse::{Grammar, check_names, each_call, open};

const GRAMMAR: Grammar = Grammar { keywords: &["BETWEEN", "IN", "AND", "OR", "NOT"] };

/// Functions that are conditions by themselves.
const CONDITION_FUNCTIONS: [&str; 5] =
    ["attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains"];

/// Functions of update expressions.
pub(crate) const UPDATE_FUNCTIONS: [&str; 2] = ["if_not_exists", "list_append"];

/// Whether `function` may be used in a condition, in whatever place.
pub(crate) fn is_condition_function(function: &str) -> bool {
    function == "size" || CONDITION_FUNCTIONS.contains(&function)
}

/// Reads a condition and makes the checks that need no names and values.
pub(crate) fn parse(text: &str) -> Result<ConditionNode, Fault> {
    let mut cursor = open(text)?;
    let node = read(&mut cursor)?;
    cursor.check_operators()?;
    check_function_names(&node)?;
    check_function_places(&node)?;
    each_operand(&node, &mut check_names)?;
    Ok(node)
}

/// Something read, not yet known to be used as a condition or as an operand.
enum Term {
    Condition(ConditionNode),
    Operand(Operand),
}

impl Term {
    /// As a condition: a lone operand is one only if it is a call.
    fn condition(self, cursor: &Cursor<'_>) -> Result<ConditionNode, Fault> {
        match self {
            Self::Condition(node) => Ok(node),
            Self::Operand(Operand::Call(call)) => Ok(ConditionNode::Call(call)),
            Self::Operand(_) => Err(cursor.syntax_error()),
        }
    }
}

/// What has been read of one parenthesis, or of the whole expression.
#[derive(Default)]
struct Group {
    /// Operands of `OR` that are complete.
    any: Vec<ConditionNode>,
    /// Operands of the current `AND` that are complete.
    all: Vec<ConditionNode>,
    /// `NOT`s before the term being read.
    negations: usize,
}

impl Group {
    fn is_bare(&self) -> bool {
        self.any.is_empty() && self.all.is_empty() && self.negations == 0
    }

    /// Adds a complete operand of `AND`.
    fn conjoin(&mut self, node: ConditionNode) {
        // One or two nodes mean the same as the whole chain of `NOT`s, and keep the tree shallow.
        let nodes = match std::mem::take(&mut self.negations) {
            0 => 0,
            negations => 2 - negations % 2,
        };
        self.all.push((0..nodes).fold(node, |node, _| ConditionNode::Not(Box::new(node))));
    }

    /// Turns the operands of `AND` so far into one operand of `OR`.
    fn disjoin(&mut self) {
        let all = std::mem::take(&mut self.all);
        self.any.push(joined(all, ConditionNode::And));
    }

    fn finish(mut self, last: ConditionNode) -> ConditionNode {
        self.conjoin(last);
        self.disjoin();
        joined(self.any, ConditionNode::Or)
    }
}

fn joined(mut nodes: Vec<ConditionNode>, join: fn(Vec<ConditionNode>) -> ConditionNode) -> ConditionNode {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        Some(last) => {
            nodes.push(last);
            join(nodes)
        }
        None => join(nodes),
    }
}

/// Reads the whole expression. Open parentheses are kept in a list and not on the stack, so depth costs no frames.
fn read(cursor: &mut Cursor<'_>) -> Result<ConditionNode, Fault> {
    let mut outer: Vec<Group> = Vec::new();
    let mut group = Group::default();
    loop {
        while cursor.take_keyword("NOT") {
            cursor.count_operator();
            group.negations += 1;
        }
        if cursor.take_symbol("(") {
            outer.push(std::mem::take(&mut group));
            continue;
        }
        let left = GRAMMAR.bare_operand(cursor)?;
        let mut term = comparison(cursor, left)?;
        // Whether a parenthesis is the outermost thing of the term: another one straight around it is redundant.
        let mut parenthesized = false;
        while cursor.is_symbol(")") {
            let Some(enclosing) = outer.pop() else {
                return Err(cursor.syntax_error());
            };
            let closed = std::mem::replace(&mut group, enclosing);
            let redundant = parenthesized && closed.is_bare();
            if !closed.is_bare() {
                term = Term::Condition(closed.finish(term.condition(cursor)?));
            }
            cursor.expect_symbol(")")?;
            if redundant {
                return Err(Fault::RedundantParentheses);
            }
            (term, parenthesized) = after_parenthesis(cursor, term)?;
        }
        let is_or = cursor.is_keyword("OR");
        if !is_or && !cursor.is_keyword("AND") {
            let node = term.condition(cursor)?;
            cursor.expect_end()?;
            return if outer.is_empty() { Ok(group.finish(node)) } else { Err(cursor.syntax_error()) };
        }
        group.conjoin(term.condition(cursor)?);
        cursor.take();
        cursor.count_operator();
        if is_or {
            group.disjoin();
        }
    }
}

/// What follows a closing parenthesis may go on with the term in it: `(a).b`, `(a) = :v`. Also tells whether nothing did.
fn after_parenthesis(cursor: &mut Cursor<'_>, term: Term) -> Result<(Term, bool), Fault> {
    let Term::Operand(mut operand) = term else {
        return Ok((term, true));
    };
    let mut extended = false;
    if let Operand::Path(path) = &mut operand {
        let steps = path.0.len();
        GRAMMAR.more_steps(cursor, &mut path.0)?;
        extended = path.0.len() > steps;
    }
    let term = comparison(cursor, operand)?;
    let parenthesized = !extended && matches!(term, Term::Operand(_));
    Ok((term, parenthesized))
}

/// What may follow a left operand.
fn comparison(cursor: &mut Cursor<'_>, left: Operand) -> Result<Term, Fault> {
    let comparator = match cursor.kind() {
        TokenKind::Symbol(symbol) => Comparator::from_symbol(symbol),
        _ => None,
    };
    if let Some(comparator) = comparator {
        cursor.take();
        cursor.count_operator();
        let right = GRAMMAR.operand(cursor)?;
        return Ok(Term::Condition(ConditionNode::Compare { comparator, left, right }));
    }
    if cursor.take_keyword("BETWEEN") {
        cursor.count_operator();
        let low = GRAMMAR.operand(cursor)?;
        if !cursor.take_keyword("AND") {
            return Err(cursor.syntax_error());
        }
        let high = GRAMMAR.operand(cursor)?;
        return Ok(Term::Condition(ConditionNode::Between { operand: left, low, high }));
    }
    if cursor.take_keyword("IN") {
        cursor.count_operator();
        let list = GRAMMAR.operand_list(cursor)?;
        return Ok(Term::Condition(ConditionNode::In { operand: left, list }));
    }
    Ok(Term::Operand(left))
}

/// Calls `visit` on the operands of every comparison and on the operands of every function that is a condition.
fn each_operand(node: &ConditionNode, visit: &mut dyn FnMut(&Operand) -> Result<(), Fault>) -> Result<(), Fault> {
    match node {
        ConditionNode::Or(nodes) | ConditionNode::And(nodes) => {
            nodes.iter().try_for_each(|node| each_operand(node, visit))
        }
        ConditionNode::Not(node) => each_operand(node, visit),
        ConditionNode::Compare { left, right, .. } => [left, right].into_iter().try_for_each(visit),
        ConditionNode::Between { operand, low, high } => [operand, low, high].into_iter().try_for_each(visit),
        ConditionNode::In { operand, list } => std::iter::once(operand).chain(list).try_for_each(visit),
        ConditionNode::Call(call) => call.operands.iter().try_for_each(visit),
    }
}

fn each_condition_call(node: &ConditionNode, visit: &mut dyn FnMut(&Call) -> Result<(), Fault>) -> Result<(), Fault> {
    match node {
        ConditionNode::Or(nodes) | ConditionNode::And(nodes) => {
            nodes.iter().try_for_each(|node| each_condition_call(node, visit))
        }
        ConditionNode::Not(node) => each_condition_call(node, visit),
        ConditionNode::Call(call) => visit(call),
        _ => Ok(()),
    }
}

fn check_function_names(node: &ConditionNode) -> Result<(), Fault> {
    let mut check = |call: &Call| match call.function.as_str() {
        function if is_condition_function(function) => Ok(()),
        function if UPDATE_FUNCTIONS.contains(&function) => Err(Fault::UpdateFunctionInCondition(function.to_owned())),
        function => Err(Fault::UnknownFunction(function.to_owned())),
    };
    each_condition_call(node, &mut check)?;
    each_operand(node, &mut |operand| each_call(operand, &mut check))
}

/// `size` stands for a number, so it is an operand; every other function is a condition.
fn check_function_places(node: &ConditionNode) -> Result<(), Fault> {
    let misused = |call: &Call| Err(Fault::MisusedFunction(call.function.clone()));
    each_operand(node, &mut |operand| {
        each_call(operand, &mut |call| {
            if call.function == "size" { Ok(()) } else { misused(call) }
        })
    })?;
    each_condition_call(node, &mut |call| {
        if call.function == "size" { misused(call) } else { Ok(()) }
    })
}
