//! What an expression can see: at parsing the names of variables, at evaluation their values and the document.

use bson::RawDocument;

use crate::{
    context::{Context, Metadata},
    error::{Code, Result, refuse},
    value::{Comparator, Value},
};

/// How deep expressions may be nested within each other.
const MAX_DEPTH: usize = 200;

/// The names that an expression may use, innermost first.
#[derive(Clone, Copy)]
pub(crate) struct Names<'n> {
    pub(crate) context: &'n Context,
    /// The variables defined by the innermost expression around that defines any, as `$map` defines `this`.
    local: Option<&'n Local<'n>>,
    depth: usize,
    conditional: bool,
    clock: bool,
}

struct Local<'n> {
    names: &'n [&'n str],
    outer: Option<&'n Local<'n>>,
}

impl<'n> Names<'n> {
    pub(crate) fn new(context: &'n Context) -> Self {
        Names { context, local: None, depth: 0, conditional: false, clock: true }
    }

    /// The names one level deeper.
    ///
    /// # Errors
    /// [`Code::OVERFLOW`] where expressions are nested too deep.
    pub(crate) fn deeper(&self) -> Result<Names<'n>> {
        if self.depth >= MAX_DEPTH {
            return refuse(Code::OVERFLOW, "expressions are nested too deep");
        }
        Ok(Names { depth: self.depth + 1, ..*self })
    }

    /// The same where the expression may turn out not to be evaluated at all: constants that it would refuse are no error
    /// at parsing.
    pub(crate) fn conditionally(&self) -> Names<'n> {
        Names { conditional: true, ..*self }
    }

    pub(crate) fn is_conditional(&self) -> bool {
        self.conditional
    }

    /// The same where the variables of the operation's time are not known yet.
    pub(crate) fn without_clock(&self) -> Names<'n> {
        Names { clock: false, ..*self }
    }

    pub(crate) fn has_clock(&self) -> bool {
        self.clock
    }

    /// Runs `parse` where `names` are defined as well, the last one innermost. At evaluation [`Env::with`] or
    /// [`Env::with_all`] must bind values to them in the same order.
    pub(crate) fn with<T>(&self, names: &[&str], parse: impl FnOnce(&Names<'_>) -> Result<T>) -> Result<T> {
        let local = Local { names, outer: self.local };
        parse(&Names { local: Some(&local), ..*self })
    }

    /// How many variables out the one of this name is, if an expression around defines it.
    pub(crate) fn local(&self, name: &str) -> Option<usize> {
        let mut local = self.local;
        let mut distance = 0;
        while let Some(variables) = local {
            if let Some(position) = variables.names.iter().rev().position(|known| *known == name) {
                return Some(distance + position);
            }
            (local, distance) = (variables.outer, distance + variables.names.len());
        }
        None
    }
}

/// What an expression is evaluated on.
#[derive(Clone, Copy)]
pub(crate) struct Env<'a> {
    pub(crate) context: &'a Context,
    /// `$$ROOT`, and `$$CURRENT` unless that is bound.
    pub(crate) root: &'a RawDocument,
    pub(crate) metadata: &'a Metadata,
    bound: Option<&'a Bound<'a>>,
}

/// Variables with their values.
struct Bound<'a> {
    values: &'a [Value<'a>],
    outer: Option<&'a Bound<'a>>,
}

impl<'a> Env<'a> {
    pub(crate) fn new(context: &'a Context, root: &'a RawDocument, metadata: &'a Metadata) -> Self {
        Env { context, root, metadata, bound: None }
    }

    /// The order of values under the operation's collation.
    pub(crate) fn comparator(&self) -> Comparator<'a> {
        Comparator::new(self.context.collation.as_deref())
    }

    /// The value of a variable of an expression around, `distance` variables out.
    pub(crate) fn local(&self, mut distance: usize) -> Value<'a> {
        let mut bound = self.bound;
        while let Some(variables) = bound {
            if let Some(value) = variables.values.iter().rev().nth(distance) {
                return match value {
                    Value::Owned(value) => Value::Ref(value.as_raw_bson_ref()),
                    Value::Ref(value) => Value::Ref(*value),
                    Value::Missing => Value::Missing,
                };
            }
            (bound, distance) = (variables.outer, distance - variables.values.len());
        }
        Value::Missing
    }

    /// Evaluates where one more variable is bound. What comes out cannot borrow from the variable: what is made of it is
    /// made within `evaluate`.
    pub(crate) fn with<T>(&self, value: Value<'_>, evaluate: impl FnOnce(&Env<'_>) -> Result<T>) -> Result<T> {
        self.with_all(&[value], evaluate)
    }

    /// Evaluates where some more variables are bound, the last one innermost.
    pub(crate) fn with_all<T>(&self, values: &[Value<'_>], evaluate: impl FnOnce(&Env<'_>) -> Result<T>) -> Result<T> {
        self.context.check_deadline()?;
        let bound = Bound { values, outer: self.bound };
        evaluate(&Env { context: self.context, root: self.root, metadata: self.metadata, bound: Some(&bound) })
    }
}
