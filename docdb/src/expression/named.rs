//! Operators whose arguments are given by name and evaluated one by one, as far as the result asks for them.

use bson::RawBsonRef;

use crate::{
    error::{Code, Result},
    expression::{
        Dependencies, Env, Evaluate, Expression, Names,
        arguments::{Named, all_constant, finish},
    },
    value::Value,
};

/// The arguments of an operator in the order in which it declares them.
pub(crate) type Arguments<const N: usize> = [Option<Expression>; N];

/// What an operator does with them.
pub(crate) type Apply<const N: usize> = for<'a> fn(&'a Arguments<N>, &Env<'a>) -> Result<Value<'a>>;

/// What an operator accepts by name.
pub(crate) struct Signature<const N: usize> {
    pub(crate) operator: &'static str,
    /// Each name, with the code for its absence where it must be given.
    pub(crate) fields: [(&'static str, Option<Code>); N],
    /// The code for arguments that are no object.
    pub(crate) not_object: Code,
    /// The code for a name that is none of `fields`.
    pub(crate) unknown: Code,
}

impl<const N: usize> Signature<N> {
    /// Parses the arguments.
    pub(crate) fn arguments(&self, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Arguments<N>> {
        let known = self.fields.map(|(name, _)| name);
        let given = Named::of(self.operator, value, &known, self.not_object, self.unknown)?;
        let mut arguments = [const { None }; N];
        for (argument, (name, missing)) in arguments.iter_mut().zip(self.fields) {
            *argument = match missing {
                Some(missing) => Some(given.required(name, missing, names)?),
                None => given.optional(name, names)?,
            };
        }
        Ok(arguments)
    }

    /// Parses the operator.
    pub(crate) fn parse(self, value: RawBsonRef<'_>, names: &Names<'_>, apply: Apply<N>) -> Result<Expression> {
        let arguments = self.arguments(value, names)?;
        call(self.operator, arguments, names, apply)
    }
}

/// The expression of an operator whose arguments are parsed.
pub(crate) fn call<const N: usize>(
    operator: &'static str,
    arguments: Arguments<N>,
    names: &Names<'_>,
    apply: Apply<N>,
) -> Result<Expression> {
    let constant = all_constant(arguments.iter().flatten());
    finish(Call { operator, arguments, apply }, constant, names)
}

/// The value of an argument; nothing where it is not given.
pub(crate) fn value<'a>(argument: &'a Option<Expression>, env: &Env<'a>) -> Result<Value<'a>> {
    argument.as_ref().map_or(Ok(Value::Missing), |argument| argument.evaluate(env))
}

struct Call<const N: usize> {
    operator: &'static str,
    arguments: Arguments<N>,
    apply: Apply<N>,
}

impl<const N: usize> Evaluate for Call<N> {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        (self.apply)(&self.arguments, env)
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all(self.arguments.iter().flatten());
    }
}

impl<const N: usize> std::fmt::Debug for Call<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple(self.operator).field(&self.arguments).finish()
    }
}
