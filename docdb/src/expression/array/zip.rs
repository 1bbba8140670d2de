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

#[cfg(test)]
mod tests {

    use bson::{Bson, bson, doc};

    use crate::expression::testing::{check, fails, yields};

    #[test]
    fn rows_are_made_of_columns() {
        let zip = |inputs: Bson| doc! { "$zip": { "inputs": inputs } };
        let longest = |inputs: Bson| doc! { "$zip": { "inputs": inputs, "useLongestLength": true } };
        check(
            &doc! { "a": [1], "b": [10, 20], "n": null, "text": "x" },
            [
                yields(zip(bson!(["$a", "$b"])), bson!([[1, 10]])),
                yields(zip(bson!(["$b"])), bson!([[10], [20]])),
                yields(zip(bson!([[], "$b"])), bson!([])),
                yields(longest(bson!(["$a", "$b"])), bson!([[1, 10], [null, 20]])),
                yields(
                    doc! { "$zip": { "inputs": ["$a", "$b"], "useLongestLength": true, "defaults": ["d", "e"] } },
                    bson!([[1, 10], ["d", 20]]),
                ),
                yields(zip(bson!(["$a", "$n"])), Bson::Null),
                yields(zip(bson!(["$none", "$a"])), Bson::Null),
                fails(zip(bson!(["$a", "$text"])), 34468),
                fails(doc! { "$zip": 1 }, 34460),
                fails(zip(bson!("x")), 34461),
                fails(doc! { "$zip": { "inputs": ["$a"], "defaults": "x", "useLongestLength": true } }, 34462),
                fails(doc! { "$zip": { "inputs": ["$a"], "useLongestLength": 1 } }, 34463),
                fails(doc! { "$zip": { "inputs": ["$a"], "also": 1 } }, 34464),
                fails(zip(bson!([])), 34465),
                fails(doc! { "$zip": {} }, 34465),
                fails(doc! { "$zip": { "inputs": ["$a"], "defaults": [0] } }, 34466),
                fails(doc! { "$zip": { "inputs": ["$a"], "defaults": [0, 0], "useLongestLength": true } }, 34467),
            ],
        );
    }
}
