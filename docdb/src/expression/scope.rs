//! What an expression can see: at parsing the names of variables, at evaluation their values and the document.

use bson::RawDocument;

use crate::{
    context::{Context, Metadata},
    error::{Code, Result, refuse},
    value::Value,
};

/// How deep expressions may be nested within each other.
const MAX_DEPTH: usize = 200;

/// The names that an expression may use, innermost first.
#[derive(Clone, Copy)]
pub(crate) struct Names<'n> {
    pub(crate) context: &'n Context,
    /// The innermost variable defined by an expression around, as `$map` defines `this`.
    local: Option<&'n Local<'n>>,
    depth: usize,
    conditional: bool,
}

struct Local<'n> {
    name: &'n str,
    outer: Option<&'n Local<'n>>,
}

impl<'n> Names<'n> {
    pub(crate) fn new(context: &'n Context) -> Self {
        Names { context, local: None, depth: 0, conditional: false }
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

    /// Runs `parse` where `names` are defined as well, the last one innermost. At evaluation [`Env::with`] must bind
    /// values to them in the same order.
    pub(crate) fn with<T>(&self, names: &[&str], parse: impl FnOnce(&Names<'_>) -> Result<T>) -> Result<T> {
        let Some((name, rest)) = names.split_first() else { return parse(self) };
        let local = Local { name, outer: self.local };
        Names { local: Some(&local), ..*self }.with(rest, parse)
    }

    /// How many variables out the one of this name is, if an expression around defines it.
    pub(crate) fn local(&self, name: &str) -> Option<usize> {
        let mut local = self.local;
        let mut distance = 0;
        while let Some(variable) = local {
            if variable.name == name {
                return Some(distance);
            }
            (local, distance) = (variable.outer, distance + 1);
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

/// A variable with its value.
struct Bound<'a> {
    value: Value<'a>,
    outer: Option<&'a Bound<'a>>,
}

impl<'a> Env<'a> {
    pub(crate) fn new(context: &'a Context, root: &'a RawDocument, metadata: &'a Metadata) -> Self {
        Env { context, root, metadata, bound: None }
    }

    /// The value of a variable of an expression around, `distance` variables out.
    pub(crate) fn local(&self, distance: usize) -> Value<'a> {
        let mut bound = self.bound;
        for _ in 0..distance {
            bound = bound.and_then(|variable| variable.outer);
        }
        match bound.map(|variable| &variable.value) {
            Some(Value::Owned(value)) => Value::Ref(value.as_raw_bson_ref()),
            Some(Value::Ref(value)) => Value::Ref(*value),
            Some(Value::Missing) | None => Value::Missing,
        }
    }

    /// Evaluates where one more variable is bound. What comes out cannot borrow from the variable: what is made of it is
    /// made within `evaluate`.
    pub(crate) fn with<T>(&self, value: Value<'_>, evaluate: impl FnOnce(&Env<'_>) -> Result<T>) -> Result<T> {
        let bound = Bound { value, outer: self.bound };
        evaluate(&Env { context: self.context, root: self.root, metadata: self.metadata, bound: Some(&bound) })
    }
}
