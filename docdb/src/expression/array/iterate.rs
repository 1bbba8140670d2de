//! Expressions evaluated for each item: `$filter`, `$map`, `$reduce`.

use bson::{RawBson, RawBsonRef};

use super::wrong_type;
use crate::{
    error::{Code, Result, refuse},
    expression::{
        Dependencies, Env, Evaluate, Expression, Names, Operator,
        arguments::{Named, array_of, null, type_of, whole_int},
        bounds::{check_size, check_variable},
        path::check_variable_name,
        truth::truthy,
    },
    value::{ArrayBuilder, Value, items},
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator { name: "$filter", parse: parse_filter },
    Operator { name: "$map", parse: parse_map },
    Operator { name: "$reduce", parse: parse_reduce },
];

/// The name that an item has within: what `as` says, or `this`.
fn item_name<'v>(named: &Named<'v>) -> Result<&'v str> {
    let name = match named.raw("as") {
        None => "this",
        Some(RawBsonRef::String(name)) => name,
        // The server takes what is no string for an empty one.
        Some(_) => "",
    };
    check_variable_name(name)?;
    Ok(name)
}

#[derive(Debug)]
struct Filter {
    input: Expression,
    condition: Expression,
    limit: Option<Expression>,
}

fn parse_filter(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let named = Named::of("$filter", value, &["input", "as", "cond", "limit"], Code(28646), Code(28647))?;
    let input = named.required("input", Code(28648), names)?;
    let condition = named.raw_required("cond", Code(28650))?;
    let name = item_name(&named)?;
    let condition = names.with(&[name], |names| Expression::parse_within(condition, names))?;
    let limit = named.optional("limit", names)?;
    Ok(Expression::new(Filter { input, condition, limit }))
}

impl Evaluate for Filter {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let input = self.input.evaluate(env)?;
        if input.is_nullish() {
            return Ok(null());
        }
        let Some(array) = array_of(&input) else {
            return wrong_type(28651, "input to $filter must be an array", &input);
        };
        let limit = self.limit.as_ref().map_or(Ok(Value::Missing), |limit| limit.evaluate(env))?;
        let limit = if limit.is_nullish() { i32::MAX } else { checked_limit(&limit)? };
        let mut left = ArrayBuilder::new();
        let mut count = 0;
        for item in items(array) {
            if env.with(Value::Ref(item), |env| Ok(truthy(self.condition.evaluate(env)?.get())))? {
                left.push(item);
                count += 1;
                if count >= limit {
                    break;
                }
            }
        }
        Ok(RawBson::Array(left.finish()).into())
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all([&self.input, &self.condition].into_iter().chain(&self.limit));
    }
}

fn checked_limit(limit: &Value<'_>) -> Result<i32> {
    let Some(number) = limit.get().and_then(whole_int) else {
        return refuse(
            Code(327_391),
            format!("$filter: limit must be represented as a 32-bit integral value: {}", type_of(limit)),
        );
    };
    if number <= 0 {
        return refuse(Code(327_392), format!("$filter: limit must be greater than 0: {number}"));
    }
    Ok(number)
}

#[derive(Debug)]
struct Map {
    input: Expression,
    each: Expression,
}

fn parse_map(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let named = Named::of("$map", value, &["input", "as", "in"], Code(16878), Code(16879))?;
    let input = named.required("input", Code(16880), names)?;
    let each = named.raw_required("in", Code(16882))?;
    let name = item_name(&named)?;
    let each = names.with(&[name], |names| Expression::parse_within(each, names))?;
    Ok(Expression::new(Map { input, each }))
}

impl Evaluate for Map {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let input = self.input.evaluate(env)?;
        if input.is_nullish() {
            return Ok(null());
        }
        let Some(array) = array_of(&input) else {
            return wrong_type(16883, "input to $map must be an array", &input);
        };
        let mut made = ArrayBuilder::new();
        for item in items(array) {
            env.with(Value::Ref(item), |env| {
                made.push(self.each.evaluate(env)?.get().unwrap_or(RawBsonRef::Null));
                check_size("$map", made.len_bytes())
            })?;
        }
        Ok(RawBson::Array(made.finish()).into())
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all([&self.input, &self.each]);
    }
}

#[derive(Debug)]
struct Reduce {
    input: Expression,
    initial: Expression,
    each: Expression,
}

fn parse_reduce(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let named = Named::of("$reduce", value, &["input", "initialValue", "in"], Code(40075), Code(40076))?;
    let input = named.required("input", Code(40077), names)?;
    let initial = named.required("initialValue", Code(40078), names)?;
    let each = named.raw_required("in", Code(40079))?;
    let each = names.with(&["this", "value"], |names| Expression::parse_within(each, names))?;
    Ok(Expression::new(Reduce { input, initial, each }))
}

impl Evaluate for Reduce {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let input = self.input.evaluate(env)?;
        if input.is_nullish() {
            return Ok(null());
        }
        let Some(array) = array_of(&input) else {
            return refuse(
                Code(40080),
                format!("$reduce requires that 'input' be an array, found: {}", type_of(&input)),
            );
        };
        let mut accumulated = self.initial.evaluate(env)?;
        for item in items(array) {
            check_variable(&accumulated)?;
            accumulated = env
                .with_all(&[Value::Ref(item), accumulated], |env| Ok(self.each.evaluate(env)?.into_owned()))?
                .map_or(Value::Missing, Value::Owned);
        }
        Ok(accumulated)
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all([&self.input, &self.initial, &self.each]);
    }
}

#[cfg(test)]
mod tests {

    use bson::{Bson, bson, doc};

    use crate::expression::testing::{check, fails, yields};

    #[test]
    fn filter_keeps_what_the_condition_is_true_of() {
        let limited = |limit: Bson| doc! { "$filter": { "input": "$a", "cond": true, "limit": limit } };
        let mut table = vec![
            yields(doc! { "$filter": { "input": "$a", "cond": { "$gt": ["$$this", 1] } } }, bson!([2, 3])),
            yields(doc! { "$filter": { "input": "$a", "as": "x", "cond": { "$gt": ["$$x", "$m"] } } }, bson!([3])),
            yields(doc! { "$filter": { "input": "$none", "cond": true } }, Bson::Null),
            yields(limited(bson!(2)), bson!([1, 2])),
            yields(limited(bson!(2.0)), bson!([1, 2])),
            yields(limited(bson!(9)), bson!([1, 2, 3])),
            yields(limited(Bson::Null), bson!([1, 2, 3])),
            fails(limited(bson!("1")), 327_391),
            fails(limited(bson!(1.5)), 327_391),
            fails(limited(bson!(f64::NAN)), 327_391),
            fails(limited(bson!(0)), 327_392),
            fails(limited(bson!(-1_i64)), 327_392),
            fails(doc! { "$filter": 1 }, 28646),
            fails(doc! { "$filter": { "also": 1 } }, 28647),
            fails(doc! { "$filter": { "cond": 1 } }, 28648),
            fails(doc! { "$filter": { "input": [] } }, 28650),
            fails(doc! { "$filter": { "input": "$m", "cond": 1 } }, 28651),
            fails(doc! { "$filter": { "input": [], "as": "x", "cond": "$$this" } }, 17276),
        ];
        for name in [bson!(1), Bson::Null, bson!(""), bson!("ROOT"), bson!("A"), bson!("a.b")] {
            table.push(fails(doc! { "$filter": { "input": [], "as": name.clone(), "cond": 1 } }, 9));
            table.push(fails(doc! { "$map": { "input": [], "as": name, "in": 1 } }, 9));
        }
        check(&doc! { "a": [1, 2, 3], "m": 2 }, table);
    }

    #[test]
    fn map_makes_one_item_of_each() {
        check(
            &doc! { "a": [1, { "b": 2 }], "m": 2 },
            [
                yields(doc! { "$map": { "input": "$a", "in": ["$$this", "$m"] } }, bson!([[1, 2], [{ "b": 2 }, 2]])),
                yields(doc! { "$map": { "input": "$a", "as": "x", "in": "$$x.b" } }, bson!([null, 2])),
                yields(
                    doc! { "$map": { "input": [[1, 2], [3]], "as": "o", "in": {
                        "$map": { "input": "$$o", "in": ["$$this", { "$size": "$$o" }] },
                    } } },
                    bson!([[[1, 2], [2, 2]], [[3, 1]]]),
                ),
                yields(doc! { "$map": { "input": "$none", "in": 1 } }, Bson::Null),
                fails(doc! { "$map": 1 }, 16878),
                fails(doc! { "$map": { "also": 1 } }, 16879),
                fails(doc! { "$map": { "in": 1 } }, 16880),
                fails(doc! { "$map": { "input": 1 } }, 16882),
                fails(doc! { "$map": { "input": "$m", "in": 1 } }, 16883),
            ],
        );
    }

    #[test]
    fn reduce_folds_items_into_one_value() {
        let grow = doc! { "$reduce": { "input": { "$range": [0, 300] }, "initialValue": [], "in": ["$$value"] } };
        let double = doc! { "$reduce": {
            "input": { "$range": [0, 300] }, "initialValue": [1], "in": { "$concatArrays": ["$$value", "$$value"] },
        } };
        check(
            &doc! { "a": [[1], [2, 3]], "m": 2 },
            [
                yields(
                    doc! { "$reduce": {
                        "input": "$a", "initialValue": [], "in": { "$concatArrays": ["$$value", "$$this"] },
                    } },
                    bson!([1, 2, 3]),
                ),
                yields(doc! { "$reduce": { "input": [], "initialValue": "$m", "in": 1 } }, 2),
                yields(doc! { "$reduce": { "input": null, "initialValue": 1, "in": 1 } }, Bson::Null),
                fails(doc! { "$reduce": 1 }, 40075),
                fails(doc! { "$reduce": { "also": 1 } }, 40076),
                fails(doc! { "$reduce": { "initialValue": 1, "in": 1 } }, 40077),
                fails(doc! { "$reduce": { "input": [], "in": 1 } }, 40078),
                fails(doc! { "$reduce": { "input": [], "initialValue": 1 } }, 40079),
                fails(doc! { "$reduce": { "input": "$m", "initialValue": 1, "in": 1 } }, 40080),
                fails(grow, 15),
                fails(double, 10334),
            ],
        );
    }
}
