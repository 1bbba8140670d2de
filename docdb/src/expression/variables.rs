//! `$let`.

use bson::RawBsonRef;

use crate::{
    error::{Code, Result, refuse},
    expression::{
        Dependencies, Env, Evaluate, Expression, Names, Operator, arguments::Named, bounds::check_variable,
        path::check_variable_name,
    },
    value::{Value, as_document, fields},
};

pub(super) const OPERATORS: &[Operator] = &[Operator { name: "$let", parse }];

#[derive(Debug)]
struct Let {
    values: Vec<Expression>,
    within: Expression,
}

fn parse(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let named = Named::of("$let", value, &["vars", "in"], Code(16874), Code(16875))?;
    let variables = named.raw_required("vars", Code(16876))?;
    let within = named.raw_required("in", Code(16877))?;
    let variables = match variables {
        RawBsonRef::Document(document) => document,
        // The server reads an array as an object whose names are indexes, which are no names of variables.
        RawBsonRef::Array(array) => as_document(array),
        _ => return refuse(Code(10065), "invalid parameter: expected an object (vars)"),
    };
    let mut defined = Vec::new();
    let mut values = Vec::new();
    for (name, value) in fields(variables) {
        check_variable_name(name)?;
        defined.push(name);
        // The variables do not see each other.
        values.push(Expression::parse_within(value, names)?);
    }
    let within = names.with(&defined, |names| Expression::parse_within(within, names))?;
    Ok(Expression::new(Let { values, within }))
}

impl Evaluate for Let {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let mut values = Vec::with_capacity(self.values.len());
        for value in &self.values {
            let value = value.evaluate(env)?;
            check_variable(&value)?;
            values.push(value);
        }
        let result = env.with_all(&values, |env| Ok(self.within.evaluate(env)?.into_owned()))?;
        Ok(result.map_or(Value::Missing, Value::Owned))
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all(&self.values);
        self.within.dependencies(found);
    }
}

#[cfg(test)]
mod tests {
    use bson::{bson, doc};

    use crate::expression::testing::{check, fails, missing, yields};

    #[test]
    fn variables_are_seen_within() {
        check(
            &doc! { "a": { "b": 1 }, "b": 2 },
            [
                yields(doc! { "$let": { "vars": { "x": "$a", "y": 5 }, "in": ["$$x.b", "$$y"] } }, bson!([1, 5])),
                yields(doc! { "$let": { "vars": {}, "in": "$b" } }, 2),
                yields(doc! { "$let": { "vars": { "CURRENT": "$a" }, "in": "$b" } }, 1),
                yields(doc! { "$let": { "vars": { "CURRENT": "$a" }, "in": "$$ROOT.b" } }, 2),
                yields(
                    doc! { "$let": { "vars": { "x": 1 }, "in": {
                        "$let": { "vars": { "x": 2, "y": "$$x" }, "in": ["$$x", "$$y"] },
                    } } },
                    bson!([2, 1]),
                ),
                missing(doc! { "$let": { "vars": { "x": "$none" }, "in": "$$x" } }),
                missing(doc! { "$let": { "vars": { "x": null }, "in": "$$x.a" } }),
            ],
        );
    }

    #[test]
    fn malformed_lets_are_refused() {
        let naming = |name: &str| doc! { "$let": { "vars": { name: 1 }, "in": 1 } };
        check(
            &doc! {},
            [
                fails(doc! { "$let": 1 }, 16874),
                fails(doc! { "$let": [] }, 16874),
                fails(doc! { "$let": { "vars": {}, "in": 1, "also": 1 } }, 16875),
                fails(doc! { "$let": { "in": 1 } }, 16876),
                fails(doc! { "$let": { "vars": {} } }, 16877),
                fails(doc! { "$let": { "vars": 1, "in": 1 } }, 10065),
                fails(doc! { "$let": { "vars": [1], "in": 1 } }, 9),
                fails(doc! { "$let": { "vars": { "a": 1, "b": "$$a" }, "in": 1 } }, 17276),
                fails(naming(""), 9),
                fails(naming("ROOT"), 9),
                fails(naming("NOW"), 9),
                fails(naming("Abc"), 9),
                fails(naming("_a"), 9),
                fails(naming("1a"), 9),
                fails(naming("a.b"), 9),
                fails(naming("a-b"), 9),
                yields(naming("éa_1"), 1),
            ],
        );
    }

    #[test]
    fn values_do_not_grow_without_end() {
        let mut expression = bson!("$$x");
        for _ in 0..40 {
            expression = bson!({ "$let": { "vars": { "x": { "$concatArrays": ["$$x", "$$x"] } }, "in": expression } });
        }
        let expression = doc! { "$let": { "vars": { "x": "$list" }, "in": expression } };
        check(&doc! { "list": [1, 2, 3] }, [fails(expression, 10334)]);
    }
}
