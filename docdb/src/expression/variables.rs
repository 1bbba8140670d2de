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
        if let Some(value) = self.within.constant() {
            return Ok(Value::Ref(value));
        }
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
