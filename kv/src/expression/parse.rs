//! What the grammars share: the limits on an expression's text, document paths, operands and function calls.

use super::ast::{Call, Operand, PathRef, Step};
use super::error::Fault;
use super::lexer::{Cursor, TokenKind};
use super::reserved::is_reserved;

/// Bytes of one expression as sent, before names are put in.
const MAX_BYTES: usize = 4096;

/// The largest list index: the service's are 32-bit signed integers.
const MAX_INDEX: usize = 2_147_483_647;

/// The cursor at the start of `text`, once its size is known to be legal.
pub(crate) fn open(text: &str) -> Result<Cursor<'_>, Fault> {
    match text.len() {
        0 => Err(Fault::Empty),
        size if size > MAX_BYTES => Err(Fault::TooLong(size)),
        _ => Ok(Cursor::new(text)),
    }
}

/// A grammar's operand rules.
pub(crate) struct Grammar {
    /// Words that are not names in this grammar.
    pub(crate) keywords: &'static [&'static str],
}

impl Grammar {
    fn is_word(&self, cursor: &Cursor<'_>) -> bool {
        cursor.kind() == TokenKind::Word && !self.keywords.iter().any(|keyword| cursor.is_keyword(keyword))
    }

    fn step(&self, cursor: &mut Cursor<'_>) -> Result<Step, Fault> {
        if self.is_word(cursor) {
            Ok(Step::Literal(cursor.take().into()))
        } else if cursor.kind() == TokenKind::Name {
            Ok(Step::Placeholder(cursor.take().to_owned()))
        } else {
            Err(cursor.syntax_error())
        }
    }

    /// A name and the `.name` and `[index]` steps after it.
    pub(crate) fn path(&self, cursor: &mut Cursor<'_>) -> Result<PathRef, Fault> {
        let mut steps = vec![self.step(cursor)?];
        self.more_steps(cursor, &mut steps)?;
        Ok(PathRef(steps))
    }

    pub(crate) fn more_steps(&self, cursor: &mut Cursor<'_>, steps: &mut Vec<Step>) -> Result<(), Fault> {
        loop {
            if cursor.take_symbol(".") {
                steps.push(self.step(cursor)?);
            } else if cursor.take_symbol("[") {
                if cursor.kind() != TokenKind::Integer {
                    return Err(cursor.syntax_error());
                }
                // An index that is too large is legal grammar: it is refused after the whole text has been read.
                let index = cursor.take().parse().unwrap_or(usize::MAX);
                cursor.expect_symbol("]")?;
                steps.push(Step::Index(index));
            } else {
                return Ok(());
            }
        }
    }

    /// An operand that does not begin with a parenthesis.
    pub(crate) fn bare_operand(&self, cursor: &mut Cursor<'_>) -> Result<Operand, Fault> {
        self.operand_after(cursor, 0)
    }

    /// An operand, which may stand in one pair of parentheses.
    pub(crate) fn operand(&self, cursor: &mut Cursor<'_>) -> Result<Operand, Fault> {
        let opened = opening_parentheses(cursor);
        self.operand_after(cursor, opened)
    }

    /// `(operand, …)`, never empty.
    pub(crate) fn operand_list(&self, cursor: &mut Cursor<'_>) -> Result<Vec<Operand>, Fault> {
        cursor.expect_symbol("(")?;
        let mut operands = vec![self.operand(cursor)?];
        while cursor.take_symbol(",") {
            operands.push(self.operand(cursor)?);
        }
        cursor.expect_symbol(")")?;
        Ok(operands)
    }

    /// An operand after so many opening parentheses. Calls that are open are kept in a list and not on the stack.
    fn operand_after(&self, cursor: &mut Cursor<'_>, mut opened: usize) -> Result<Operand, Fault> {
        let mut open: Vec<OpenCall> = Vec::new();
        loop {
            if cursor.next_kind() == TokenKind::Symbol("(") && self.is_word(cursor) {
                let function = cursor.take().to_owned();
                cursor.expect_symbol("(")?;
                cursor.open_call()?;
                open.push(OpenCall { call: Call { function, operands: Vec::new() }, opened });
                opened = opening_parentheses(cursor);
                continue;
            }
            let mut operand = match cursor.kind() {
                TokenKind::Value => Operand::Value(cursor.take().to_owned()),
                _ => Operand::Path(self.path(cursor)?),
            };
            loop {
                close_parentheses(cursor, opened)?;
                let Some(mut enclosing) = open.pop() else {
                    return Ok(operand);
                };
                enclosing.call.operands.push(operand);
                if cursor.take_symbol(",") {
                    open.push(enclosing);
                    break;
                }
                cursor.expect_symbol(")")?;
                cursor.close_call();
                operand = Operand::Call(enclosing.call);
                opened = enclosing.opened;
            }
            opened = opening_parentheses(cursor);
        }
    }
}

/// A call whose closing parenthesis has not been read.
struct OpenCall {
    call: Call,
    /// Parentheses opened straight before it.
    opened: usize,
}

fn opening_parentheses(cursor: &mut Cursor<'_>) -> usize {
    let mut opened = 0;
    while cursor.take_symbol("(") {
        opened += 1;
    }
    opened
}

/// Closes the parentheses straight around an operand; two that close together are redundant, whatever comes after them.
fn close_parentheses(cursor: &mut Cursor<'_>, opened: usize) -> Result<(), Fault> {
    for _ in 0..opened.min(2) {
        cursor.expect_symbol(")")?;
    }
    if opened > 1 { Err(Fault::RedundantParentheses) } else { Ok(()) }
}

/// Calls `visit` on every call of `operand`, an outer one before those inside it.
pub(crate) fn each_call(operand: &Operand, visit: &mut dyn FnMut(&Call) -> Result<(), Fault>) -> Result<(), Fault> {
    let Operand::Call(call) = operand else { return Ok(()) };
    visit(call)?;
    call.operands.iter().try_for_each(|operand| each_call(operand, visit))
}

/// Refuses reserved words and indexes out of range in the paths of `operand`.
pub(crate) fn check_names(operand: &Operand) -> Result<(), Fault> {
    match operand {
        Operand::Path(path) => check_path_names(path),
        Operand::Value(_) => Ok(()),
        Operand::Call(call) => call.operands.iter().try_for_each(check_names),
    }
}

/// Refuses reserved words and indexes out of range in `path`.
pub(crate) fn check_path_names(path: &PathRef) -> Result<(), Fault> {
    path.0.iter().try_for_each(|step| match step {
        Step::Literal(name) if is_reserved(name) => Err(Fault::ReservedWord(name.to_string())),
        Step::Index(index) if *index > MAX_INDEX => Err(Fault::IndexOutOfRange(index.to_string())),
        _ => Ok(()),
    })
}
