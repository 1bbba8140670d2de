//! `$cond`, `$ifNull`, `$switch`.

use bson::RawBsonRef;

use crate::{
    error::{Code, Error, Result, refuse},
    expression::{
        Dependencies, Env, Evaluate, Expression, Names, Operator,
        arguments::{Named, all_constant, exactly, finish, positional},
        truth::truthy,
    },
    value::{Value, items, type_name},
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator { name: "$cond", parse: parse_cond },
    Operator { name: "$ifNull", parse: parse_if_null },
    Operator { name: "$switch", parse: parse_switch },
];

#[derive(Debug)]
struct Cond([Expression; 3]);

fn parse_cond(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let parts = if matches!(value, RawBsonRef::Document(_)) {
        let named = Named::of("$cond", value, &["if", "then", "else"], Code(17080), Code(17083))?;
        [
            named.required("if", Code(17080), names)?,
            named.required("then", Code(17081), names)?,
            named.required("else", Code(17082), names)?,
        ]
    } else {
        exactly("$cond", value, names)?
    };
    let constant = all_constant(&parts);
    finish(Cond(parts), constant, names)
}

impl Evaluate for Cond {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let [condition, then, otherwise] = &self.0;
        if truthy(condition.evaluate(env)?.get()) { then.evaluate(env) } else { otherwise.evaluate(env) }
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all(&self.0);
    }
}

#[derive(Debug)]
struct IfNull(Vec<Expression>);

fn parse_if_null(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let given = positional(value);
    if given.len() < 2 {
        return refuse(Code(1_257_300), format!("$ifNull needs at least two arguments, had: {}", given.len()));
    }
    let parts: Vec<_> = given.into_iter().map(|part| Expression::parse_within(part, names)).collect::<Result<_>>()?;
    let constant = all_constant(&parts);
    finish(IfNull(parts), constant, names)
}

impl Evaluate for IfNull {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let mut last = Value::Missing;
        for part in &self.0 {
            last = part.evaluate(env)?;
            if !last.is_nullish() {
                break;
            }
        }
        Ok(last)
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all(&self.0);
    }
}

#[derive(Debug)]
struct Switch {
    branches: Vec<[Expression; 2]>,
    default: Option<Expression>,
}

fn parse_switch(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let named = Named::of("$switch", value, &["branches", "default"], Code(40060), Code(40067))?;
    let mut branches = Vec::new();
    // What comes after a case that is always true is never evaluated.
    let mut certain = false;
    if let Some(given) = named.raw("branches") {
        let RawBsonRef::Array(given) = given else {
            let found = type_name(given);
            return refuse(Code(40061), format!("$switch expected an array for 'branches', found: {found}"));
        };
        for branch in items(given) {
            let within = if certain { names.conditionally() } else { *names };
            let named = Named::of("$switch", branch, &["case", "then"], Code(40062), Code(40063))?;
            let case = named.raw_required("case", Code(40064))?;
            let then = named.raw_required("then", Code(40065))?;
            let case = Expression::parse_within(case, &within)?;
            let known = case.constant().map(|value| truthy(Some(value)));
            let within = if known == Some(false) { names.conditionally() } else { within };
            let then = Expression::parse_within(then, &within)?;
            certain |= known == Some(true);
            branches.push([case, then]);
        }
    }
    if branches.is_empty() {
        return refuse(Code(40068), "$switch requires at least one branch.");
    }
    let default = named.optional("default", names)?;
    let never = |[case, _]: &[Expression; 2]| case.constant().is_some_and(|value| !truthy(Some(value)));
    if default.is_none() && branches.iter().all(never) {
        return refuse(
            Code(40069),
            "Cannot execute a switch statement where all the cases evaluate to false without a default.",
        );
    }
    let constant = all_constant(branches.iter().flatten().chain(&default));
    finish(Switch { branches, default }, constant, names)
}

impl Evaluate for Switch {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        for [case, then] in &self.branches {
            if truthy(case.evaluate(env)?.get()) {
                return then.evaluate(env);
            }
        }
        let none = || {
            Error::new(
                Code(40066),
                "$switch could not find a matching branch for an input, and no default was specified.",
            )
        };
        self.default.as_ref().ok_or_else(none)?.evaluate(env)
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all(self.branches.iter().flatten().chain(&self.default));
    }
}

#[cfg(test)]
mod tests {
    use bson::{Bson, bson, doc};

    use crate::expression::testing::{check, fails, missing, yields};

    #[test]
    fn cond_chooses_one_of_two() {
        check(
            &doc! { "yes": true, "text": "x" },
            [
                yields(doc! { "$cond": ["$yes", 1, 2] }, 1),
                yields(doc! { "$cond": ["$no", 1, 2] }, 2),
                yields(doc! { "$cond": { "then": 1, "else": 2, "if": "$yes" } }, 1),
                yields(doc! { "$cond": ["$yes", 1, { "$size": "$text" }] }, 1),
                missing(doc! { "$cond": ["$yes", "$$REMOVE", 1] }),
                fails(doc! { "$cond": [1, 2] }, 16020),
                fails(doc! { "$cond": [1, 2, 3, 4] }, 16020),
                fails(doc! { "$cond": 1 }, 16020),
                fails(doc! { "$cond": {} }, 17080),
                fails(doc! { "$cond": { "if": 1, "else": 2 } }, 17081),
                fails(doc! { "$cond": { "if": 1, "then": 2 } }, 17082),
                fails(doc! { "$cond": { "if": 1, "then": 2, "else": 3, "also": 4 } }, 17083),
            ],
        );
    }

    #[test]
    fn if_null_takes_the_first_that_is_there() {
        check(
            &doc! { "a": 1, "n": null, "u": Bson::Undefined, "text": "x" },
            [
                yields(doc! { "$ifNull": ["$n", "$missing", "$u", "$a", "$b"] }, 1),
                yields(doc! { "$ifNull": ["$a", { "$size": "$text" }] }, 1),
                fails(doc! { "$ifNull": ["$a", { "$size": "x" }] }, 17124),
                yields(doc! { "$ifNull": ["$missing", null] }, Bson::Null),
                missing(doc! { "$ifNull": ["$n", "$missing"] }),
                fails(doc! { "$ifNull": [1] }, 1_257_300),
                fails(doc! { "$ifNull": 1 }, 1_257_300),
                fails(doc! { "$ifNull": [] }, 1_257_300),
            ],
        );
    }

    #[test]
    fn switch_takes_the_first_case_that_is_true() {
        let branch = |case: Bson, then: Bson| bson!({ "case": case, "then": then });
        let wrong = || bson!({ "$size": "x" });
        check(
            &doc! { "yes": true },
            [
                yields(doc! { "$switch": { "branches": [branch(bson!("$yes"), bson!(1))] } }, 1),
                yields(doc! { "$switch": { "branches": [branch(bson!("$no"), bson!(1))], "default": 2 } }, 2),
                fails(doc! { "$switch": { "branches": [branch(bson!("$no"), bson!(1))] } }, 40066),
                fails(doc! { "$switch": { "branches": [branch(bson!(false), bson!(1))] } }, 40069),
                yields(
                    doc! { "$switch": { "branches": [
                        branch(bson!(false), wrong()), branch(bson!(true), bson!(1)), branch(wrong(), wrong()),
                    ] } },
                    1,
                ),
                fails(doc! { "$switch": 1 }, 40060),
                fails(doc! { "$switch": { "branches": 1 } }, 40061),
                fails(doc! { "$switch": { "branches": [1] } }, 40062),
                fails(doc! { "$switch": { "branches": [{ "case": 1, "then": 1, "also": 1 }] } }, 40063),
                fails(doc! { "$switch": { "branches": [{ "then": 1 }] } }, 40064),
                fails(doc! { "$switch": { "branches": [{ "case": 1 }] } }, 40065),
                fails(doc! { "$switch": { "branches": [], "also": 1 } }, 40067),
                fails(doc! { "$switch": { "branches": [], "default": 1 } }, 40068),
                fails(doc! { "$switch": {} }, 40068),
            ],
        );
    }
}
