//! Variables that a stage defines for the pipelines or expressions within it.

use bson::{RawBson, RawDocument};

use crate::{
    context::Context,
    error::Result,
    expression::{Env, Expression, path::check_variable_name},
    value::fields,
};

/// The variables of a `let`.
#[derive(Debug, Default)]
pub(super) struct Let(Vec<(Box<str>, Expression)>);

impl Let {
    /// Parses a `let`, whose expressions do not see each other's variables.
    pub(super) fn parse(document: &RawDocument, context: &Context) -> Result<Let> {
        let variable = |(name, value)| {
            check_variable_name(name)?;
            Ok((name.into(), Expression::parse(value, context)?))
        };
        Ok(Let(fields(document).map(variable).collect::<Result<_>>()?))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }

    /// The context in which what uses the variables is parsed.
    pub(super) fn declared(&self, context: &Context) -> Context {
        with(context, self.names(), self.names().map(|name| (name.into(), RawBson::Null)))
    }

    /// The context in which what uses the variables runs, with their values for one document. Those that are missing are
    /// not there.
    pub(super) fn bound(&self, env: &Env<'_>) -> Result<Context> {
        if self.0.is_empty() {
            return Ok(env.context.clone());
        }
        let mut values = Vec::new();
        for (name, expression) in &self.0 {
            if let Some(value) = expression.evaluate(env)?.into_owned() {
                values.push((name.clone(), value));
            }
        }
        Ok(with(env.context, self.names(), values))
    }
}

/// A context with other values for some variables.
pub(super) fn with<'n>(
    context: &Context,
    names: impl Iterator<Item = &'n str>,
    values: impl IntoIterator<Item = (Box<str>, RawBson)>,
) -> Context {
    let hidden: Vec<&str> = names.collect();
    let outer = context.variables.iter().filter(|(name, _)| !hidden.contains(&&**name)).cloned();
    Context { variables: outer.chain(values).collect(), ..context.clone() }
}
