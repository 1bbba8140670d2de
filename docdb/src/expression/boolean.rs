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

#[cfg(test)]
mod tests {
    use bson::{Bson, bson, doc};

    use crate::expression::testing::{check, fails, yields};

    #[test]
    fn arguments_are_taken_for_true_or_false() {
        check(
            &doc! { "zero": 0, "text": "", "list": [] },
            [
                yields(doc! { "$and": [] }, true),
                yields(doc! { "$or": [] }, false),
                yields(doc! { "$and": [1, "$text", "$list"] }, true),
                yields(doc! { "$and": [1, "$zero"] }, false),
                yields(doc! { "$and": "$zero" }, false),
                yields(doc! { "$or": ["$missing", "$zero", Bson::Null] }, false),
                yields(doc! { "$or": ["$missing", "$list"] }, true),
                yields(doc! { "$not": ["$missing"] }, true),
                yields(doc! { "$not": "$text" }, false),
                yields(doc! { "$not": [[false]] }, false),
                fails(doc! { "$not": [] }, 16020),
                fails(doc! { "$not": [true, true] }, 16020),
            ],
        );
    }

    #[test]
    fn what_decides_ends_the_evaluation() {
        check(
            &doc! { "yes": true, "no": false, "text": "x" },
            [
                yields(doc! { "$or": ["$yes", { "$size": "$text" }] }, true),
                yields(doc! { "$and": ["$no", { "$size": "$text" }] }, false),
                fails(doc! { "$or": ["$no", { "$size": "$text" }] }, 17124),
                // What is constant is evaluated at parsing.
                fails(doc! { "$or": ["$yes", { "$size": "x" }] }, 17124),
                yields(bson!({ "$not": [{ "$and": [] }] }), false),
            ],
        );
    }
}
