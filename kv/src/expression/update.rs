//! Update expressions with their names and values put in, and the checks that need those.
//!
//! The service reports the first fault of the first of these sorts: undefined names, undefined values, overlapping
//! paths, conflicting paths, types of `ADD` and `DELETE` operands, operands of functions and sums.

use std::sync::{Arc, LazyLock};

use super::Kind;
use super::ast::{Action, Call, Operand, SetValue, UpdateTree};
use super::cache::Cache;
use super::error::{ExpressionError, Fault};
use super::parse_update::parse;
use super::path::Path;
use super::projection::check_clashes;
use super::substitutions::Substitutions;
use crate::value::AttributeValue;

static CACHE: LazyLock<Cache<UpdateTree>> = LazyLock::new(Cache::new);

/// An update, ready to apply to items.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Update {
    /// Section by section as written.
    pub(crate) sections: Vec<Vec<Change>>,
    /// Whether it was given as `AttributeUpdates`, whose faults have other texts.
    pub(crate) is_legacy: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    Set(Path, Source),
    Remove(Path),
    Add(Path, Arc<AttributeValue>),
    Delete(Path, Arc<AttributeValue>),
}

impl Change {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Set(path, _) | Self::Remove(path) | Self::Add(path, _) | Self::Delete(path, _) => path,
        }
    }
}

/// Where a `SET` takes its value from; always the item as it was before the update.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    Value(Arc<AttributeValue>),
    Path(Path),
    IfNotExists(Path, Box<Source>),
    ListAppend(Box<Source>, Box<Source>),
    Plus(Box<Source>, Box<Source>),
    Minus(Box<Source>, Box<Source>),
}

/// Reads an `UpdateExpression`.
///
/// # Errors
/// A fault in the text, an undefined name or value, paths that overlap or conflict, or operands a section or a function
/// does not take.
pub(crate) fn update(text: &str, substitutions: &mut Substitutions<'_>) -> Result<Update, ExpressionError> {
    read(text, substitutions).map_err(|fault| fault.in_parameter(Kind::Update))
}

fn read(text: &str, substitutions: &mut Substitutions<'_>) -> Result<Update, Fault> {
    let written = CACHE.get_or_parse(text, parse)?;
    let mut binder = Binder { substitutions, value: None, section: None, function: None };
    let mut sections = Vec::with_capacity(written.0.len());
    for (_, actions) in &written.0 {
        sections.push(actions.iter().map(|action| binder.change(action)).collect::<Result<Vec<_>, _>>()?);
    }
    let Binder { value, section, function, .. } = binder;
    value.map_or(Ok(()), Err)?;
    check_clashes(&sections.iter().flatten().map(|change| change.path().clone()).collect::<Vec<_>>())?;
    section.or(function).map_or(Ok(()), Err)?;
    Ok(Update { sections, is_legacy: false })
}

impl Update {
    pub(crate) fn of_changes(changes: Vec<Change>) -> Self {
        Update { sections: vec![changes], is_legacy: false }
    }

    pub(crate) fn of_actions(changes: Vec<Change>) -> Self {
        Update { sections: vec![changes], is_legacy: true }
    }

    pub(crate) fn changes(&self) -> impl DoubleEndedIterator<Item = &Change> {
        self.sections.iter().flatten()
    }

    /// Whether it can only take something away, so that it does not make an item that is missing.
    pub(crate) fn only_removes(&self) -> bool {
        self.changes().all(|change| matches!(change, Change::Remove(_) | Change::Delete(..)))
    }

    /// The names of the top-level attributes the update writes to, in the order written; a name may repeat.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &str> {
        self.changes().map(|change| change.path().head())
    }
}

/// Puts names and values in. An undefined name is returned at once, as it comes before all else; the first fault of each
/// later sort is kept until the whole expression has been seen.
struct Binder<'s, 'a> {
    substitutions: &'s mut Substitutions<'a>,
    value: Option<Fault>,
    section: Option<Fault>,
    function: Option<Fault>,
}

impl Binder<'_, '_> {
    fn change(&mut self, action: &Action) -> Result<Change, Fault> {
        Ok(match action {
            Action::Set(path, value) => Change::Set(self.substitutions.path(path)?, self.set_value(value)?),
            Action::Remove(path) => Change::Remove(self.substitutions.path(path)?),
            Action::Add(path, placeholder) => {
                let path = self.substitutions.path(path)?;
                let value = self.section_value("ADD", &["N", "SS", "NS", "BS"], placeholder);
                Change::Add(path, value)
            }
            Action::Delete(path, placeholder) => {
                let path = self.substitutions.path(path)?;
                let value = self.section_value("DELETE", &["SS", "NS", "BS"], placeholder);
                Change::Delete(path, value)
            }
        })
    }

    /// The value of a placeholder. An undefined one is remembered, and what stands in for it is never applied.
    fn value(&mut self, placeholder: &str) -> Option<Arc<AttributeValue>> {
        match self.substitutions.value(placeholder) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.value.get_or_insert(fault);
                None
            }
        }
    }

    fn section_value(&mut self, section: &'static str, allowed: &[&str], placeholder: &str) -> Arc<AttributeValue> {
        let Some(value) = self.value(placeholder) else {
            return Arc::new(AttributeValue::Null);
        };
        if !allowed.contains(&value.type_name()) {
            self.section.get_or_insert(Fault::SectionOperandType { section, found: long_type_name(&value) });
        }
        value
    }

    fn set_value(&mut self, value: &SetValue) -> Result<Source, Fault> {
        match value {
            SetValue::Operand(operand) => self.source(operand),
            SetValue::Plus(left, right) => {
                let (left, right) = self.numbers("+", left, right)?;
                Ok(Source::Plus(left, right))
            }
            SetValue::Minus(left, right) => {
                let (left, right) = self.numbers("-", left, right)?;
                Ok(Source::Minus(left, right))
            }
        }
    }

    fn numbers(
        &mut self,
        operator: &str,
        left: &Operand,
        right: &Operand,
    ) -> Result<(Box<Source>, Box<Source>), Fault> {
        let (left, right) = (self.source(left)?, self.source(right)?);
        self.check_type(operator, "N", [&left, &right]);
        Ok((Box::new(left), Box::new(right)))
    }

    fn check_type(&mut self, function: &str, allowed: &str, sources: [&Source; 2]) {
        let wrong = sources.into_iter().find_map(|source| match source {
            Source::Value(value) if value.type_name() != allowed => Some(value.type_name()),
            _ => None,
        });
        // A value that is not defined has no type; its own fault comes first.
        if let (Some(found), None) = (wrong, &self.value) {
            self.function.get_or_insert(Fault::OperandType { function: function.to_owned(), found });
        }
    }

    fn source(&mut self, operand: &Operand) -> Result<Source, Fault> {
        match operand {
            Operand::Path(written) => self.substitutions.path(written).map(Source::Path),
            Operand::Value(placeholder) => {
                Ok(Source::Value(self.value(placeholder).unwrap_or_else(|| Arc::new(AttributeValue::Null))))
            }
            Operand::Call(call) => self.call(call),
        }
    }

    fn call(&mut self, call: &Call) -> Result<Source, Fault> {
        let sources = call.operands.iter().map(|operand| self.source(operand)).collect::<Result<Vec<_>, _>>()?;
        let count = sources.len();
        let fault = match <[Source; 2]>::try_from(sources) {
            Err(_) => Fault::OperandCount { function: call.function.clone(), count },
            Ok([first, second]) if call.function == "list_append" => {
                self.check_type("list_append", "L", [&first, &second]);
                return Ok(Source::ListAppend(Box::new(first), Box::new(second)));
            }
            Ok([Source::Path(path), second]) => return Ok(Source::IfNotExists(path, Box::new(second))),
            Ok(_) => Fault::PathRequired(call.function.clone()),
        };
        self.function.get_or_insert(fault);
        // Never applied: the fault is returned when the whole expression has been seen.
        Ok(Source::Value(Arc::new(AttributeValue::Null)))
    }
}

/// The names of types in faults of `ADD` and `DELETE`.
fn long_type_name(value: &AttributeValue) -> &'static str {
    match value {
        AttributeValue::S(_) => "STRING",
        AttributeValue::N(_) => "NUMBER",
        AttributeValue::B(_) => "BINARY",
        AttributeValue::Bool(_) => "BOOLEAN",
        AttributeValue::Null => "NULL",
        AttributeValue::Ss(_) => "STRING_SET",
        AttributeValue::Ns(_) => "NUMBER_SET",
        AttributeValue::Bs(_) => "BINARY_SET",
        AttributeValue::L(_) => "LIST",
        AttributeValue::M(_) => "MAP",
    }
}
