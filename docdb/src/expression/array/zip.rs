//! `$zip`.

use bson::{RawBson, RawBsonRef};

use crate::{
    error::{Code, Result, refuse},
    expression::{
        Dependencies, Env, Evaluate, Expression, Names, Operator,
        arguments::{Named, all_constant, array_of, finish, null, type_of},
        bounds::check_size,
    },
    value::{ArrayBuilder, Value, items, type_name},
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[Operator { name: "$zip", parse }];

#[derive(Debug)]
struct Zip {
    inputs: Vec<Expression>,
    longest: bool,
    defaults: Vec<Expression>,
}

fn parse(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let named = Named::of("$zip", value, &["inputs", "defaults", "useLongestLength"], Code(34460), Code(34464))?;
    let list = |name, code| match named.raw(name) {
        None => Ok(Vec::new()),
        Some(RawBsonRef::Array(given)) => {
            items(given).map(|item| Expression::parse_within(item, names)).collect::<Result<Vec<_>>>()
        }
        Some(other) => refuse(code, format!("{name} must be an array of expressions, found {}", type_name(other))),
    };
    let inputs = list("inputs", Code(34461))?;
    let defaults = list("defaults", Code(34462))?;
    let longest = match named.raw("useLongestLength") {
        None => false,
        Some(RawBsonRef::Boolean(longest)) => longest,
        Some(other) => {
            return refuse(Code(34463), format!("useLongestLength must be a bool, found {}", type_name(other)));
        }
    };
    if inputs.is_empty() {
        return refuse(Code(34465), "$zip requires at least one input array");
    }
    if !defaults.is_empty() && !longest {
        return refuse(Code(34466), "cannot specify defaults unless useLongestLength is true");
    }
    if !defaults.is_empty() && defaults.len() != inputs.len() {
        return refuse(Code(34467), "defaults and inputs must have the same length");
    }
    let constant = all_constant(inputs.iter().chain(&defaults));
    finish(Zip { inputs, longest, defaults }, constant, names)
}

impl Evaluate for Zip {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let inputs = self.inputs.iter().map(|input| input.evaluate(env)).collect::<Result<Vec<_>>>()?;
        let mut columns = Vec::with_capacity(inputs.len());
        for input in &inputs {
            if input.is_nullish() {
                return Ok(null());
            }
            let Some(array) = array_of(input) else {
                return refuse(Code(34468), format!("$zip found a non-array expression in input: {}", type_of(input)));
            };
            columns.push(items(array).collect::<Vec<_>>());
        }
        let lengths = columns.iter().map(Vec::len);
        let length = if self.longest { lengths.max() } else { lengths.min() }.unwrap_or(0);
        let mut defaults = Vec::new();
        if self.longest {
            defaults = self.defaults.iter().map(|default| default.evaluate(env)).collect::<Result<_>>()?;
        }
        let mut rows = ArrayBuilder::new();
        for index in 0..length {
            let mut row = ArrayBuilder::new();
            for (position, column) in columns.iter().enumerate() {
                let default = || defaults.get(position).and_then(Value::get).unwrap_or(RawBsonRef::Null);
                row.push(column.get(index).copied().unwrap_or_else(default));
            }
            rows.push(RawBsonRef::Array(&row.finish()));
            check_size("$zip", rows.len_bytes())?;
        }
        Ok(RawBson::Array(rows.finish()).into())
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all(self.inputs.iter().chain(&self.defaults));
    }
}
