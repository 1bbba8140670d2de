//! `$and`, `$or`, `$not`.

use bson::RawBsonRef;

use crate::{
    error::Result,
    expression::{
        Dependencies, Env, Evaluate, Expression, Names, Operator,
        arguments::{all_constant, between, boolean, finish, unary},
        truth::truthy,
    },
    value::Value,
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator { name: "$and", parse: |value, names| parse("$and", false, value, names) },
    Operator { name: "$or", parse: |value, names| parse("$or", true, value, names) },
    Operator {
        name: "$not",
        parse: |value, names| unary("$not", value, names, |value, _| Ok(boolean(!truthy(value.get())))),
    },
];

/// Arguments are evaluated until one decides.
#[derive(Debug)]
struct Junction {
    decides: bool,
    arguments: Vec<Expression>,
}

fn parse(operator: &'static str, decides: bool, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let arguments = between(operator, value, names, 0..=usize::MAX)?;
    let constant = all_constant(&arguments);
    finish(Junction { decides, arguments }, constant, names)
}

impl Evaluate for Junction {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        for argument in &self.arguments {
            if truthy(argument.evaluate(env)?.get()) == self.decides {
                return Ok(boolean(self.decides));
            }
        }
        Ok(boolean(!self.decides))
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all(&self.arguments);
    }
}
