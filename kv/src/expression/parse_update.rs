//! The grammar of update expressions.

use super::ast::{Action, Call, Operand, Section, SetValue, UpdateTree};
use super::error::Fault;
use super::lexer::{Cursor, TokenKind};
use super::parse::{Grammar, check_names, check_path_names, each_call, open};
use super::parse_condition::{UPDATE_FUNCTIONS, is_condition_function};

const GRAMMAR: Grammar = Grammar { keywords: &["SET", "REMOVE", "ADD", "DELETE"] };

/// Reads an update and makes the checks that need no names and values.
pub(crate) fn parse(text: &str) -> Result<UpdateTree, Fault> {
    let mut cursor = open(text)?;
    let mut sections = vec![section(&mut cursor)?];
    while cursor.kind() != TokenKind::End {
        sections.push(section(&mut cursor)?);
    }
    cursor.check_operators()?;
    let tree = UpdateTree(sections);
    check_reserved(&tree)?;
    check_functions(&tree)?;
    check_sections(&tree)?;
    Ok(tree)
}

fn section(cursor: &mut Cursor<'_>) -> Result<(Section, Vec<Action>), Fault> {
    let Some(section) = Section::ALL.into_iter().find(|section| cursor.take_keyword(section.keyword())) else {
        return Err(cursor.syntax_error());
    };
    let mut actions = vec![action(cursor, section)?];
    while cursor.take_symbol(",") {
        actions.push(action(cursor, section)?);
    }
    Ok((section, actions))
}

fn action(cursor: &mut Cursor<'_>, section: Section) -> Result<Action, Fault> {
    let path = GRAMMAR.path(cursor)?;
    match section {
        Section::Set => {
            cursor.expect_symbol("=")?;
            Ok(Action::Set(path, set_value(cursor)?))
        }
        Section::Remove => Ok(Action::Remove(path)),
        Section::Add => Ok(Action::Add(path, value_reference(cursor)?)),
        Section::Delete => Ok(Action::Delete(path, value_reference(cursor)?)),
    }
}

fn value_reference(cursor: &mut Cursor<'_>) -> Result<String, Fault> {
    if cursor.kind() == TokenKind::Value { Ok(cursor.take().to_owned()) } else { Err(cursor.syntax_error()) }
}

/// The right side of `=`: an operand or a sum, and the whole may stand in parentheses.
fn set_value(cursor: &mut Cursor<'_>) -> Result<SetValue, Fault> {
    if !cursor.take_symbol("(") {
        let left = GRAMMAR.operand(cursor)?;
        return sum(cursor, left);
    }
    // As in a condition, what follows tells whether the parenthesis holds the sum or only its left operand.
    let doubled = cursor.is_symbol("(");
    let first = GRAMMAR.operand(cursor)?;
    let value = sum(cursor, first)?;
    cursor.expect_symbol(")")?;
    match value {
        SetValue::Operand(_) if doubled => Err(Fault::RedundantParentheses),
        SetValue::Operand(operand) => sum(cursor, operand),
        sum => Ok(sum),
    }
}

fn sum(cursor: &mut Cursor<'_>, left: Operand) -> Result<SetValue, Fault> {
    let make: fn(Operand, Operand) -> SetValue = if cursor.take_symbol("+") {
        SetValue::Plus
    } else if cursor.take_symbol("-") {
        SetValue::Minus
    } else {
        return Ok(SetValue::Operand(left));
    };
    cursor.count_operator();
    Ok(make(left, GRAMMAR.operand(cursor)?))
}

fn actions(tree: &UpdateTree) -> impl Iterator<Item = &Action> {
    tree.0.iter().flat_map(|(_, actions)| actions)
}

impl SetValue {
    /// The operands, from left to right.
    pub(crate) fn operands(&self) -> impl Iterator<Item = &Operand> {
        let (first, second) = match self {
            Self::Operand(operand) => (operand, None),
            Self::Plus(left, right) | Self::Minus(left, right) => (left, Some(right)),
        };
        std::iter::once(first).chain(second)
    }
}

fn check_reserved(tree: &UpdateTree) -> Result<(), Fault> {
    actions(tree).try_for_each(|action| match action {
        Action::Set(path, value) => {
            check_path_names(path)?;
            value.operands().try_for_each(check_names)
        }
        Action::Remove(path) | Action::Add(path, _) | Action::Delete(path, _) => check_path_names(path),
    })
}

fn check_functions(tree: &UpdateTree) -> Result<(), Fault> {
    let mut check = |call: &Call| match call.function.as_str() {
        function if UPDATE_FUNCTIONS.contains(&function) => Ok(()),
        function if is_condition_function(function) => Err(Fault::ConditionFunctionInUpdate(function.to_owned())),
        function => Err(Fault::UnknownFunction(function.to_owned())),
    };
    actions(tree).try_for_each(|action| match action {
        Action::Set(_, value) => value.operands().try_for_each(|operand| each_call(operand, &mut check)),
        _ => Ok(()),
    })
}

fn check_sections(tree: &UpdateTree) -> Result<(), Fault> {
    for (position, (section, _)) in tree.0.iter().enumerate() {
        if tree.0.iter().take(position).any(|(earlier, _)| earlier == section) {
            return Err(Fault::RepeatedSection(section.keyword()));
        }
    }
    Ok(())
}
