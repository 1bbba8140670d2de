//! A few items: `$firstN`, `$lastN`, `$maxN`, `$minN`.

use bson::{RawBson, RawBsonRef};

use crate::{
    error::{Code, Result, refuse},
    expression::{
        Dependencies, Env, Evaluate, Expression, Names, Operator,
        arguments::{Named, all_constant, array_of, finish, type_of},
    },
    value::{ArrayBuilder, Number, Value, as_whole_i64, items},
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator { name: "$firstN", parse: |value, names| parse("$firstN", Which::First, value, names) },
    Operator { name: "$lastN", parse: |value, names| parse("$lastN", Which::Last, value, names) },
    Operator { name: "$maxN", parse: |value, names| parse("$maxN", Which::Greatest, value, names) },
    Operator { name: "$minN", parse: |value, names| parse("$minN", Which::Least, value, names) },
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    First,
    Last,
    Greatest,
    Least,
}

#[derive(Debug)]
struct Few {
    which: Which,
    n: Expression,
    input: Expression,
}

fn parse(operator: &'static str, which: Which, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let not_object = if matches!(which, Which::First | Which::Last) { 5_787_801 } else { 5_787_900 };
    let named = Named::of(operator, value, &["n", "input"], Code(not_object), Code(5_787_901))?;
    let n = named.required("n", Code(5_787_906), names)?;
    let input = named.required("input", Code(5_787_907), names)?;
    let constant = all_constant([&n, &input]);
    finish(Few { which, n, input }, constant, names)
}

/// The number of items that `n` asks for.
pub(crate) fn checked_n(n: &Value<'_>) -> Result<usize> {
    let Some((value, number)) = n.get().and_then(|value| Some((value, Number::of(value)?))) else {
        return refuse(Code(5_787_902), format!("Value for 'n' must be of integral type, but found {}", type_of(n)));
    };
    let Some(whole) = as_whole_i64(value) else {
        // What is beyond 64 bits cannot even be cut to a whole number.
        let fits = |bound: i64| number.compare(Number::Int64(bound));
        let code = if fits(i64::MAX).is_gt() || fits(i64::MIN).is_lt() { 31109 } else { 5_787_903 };
        return refuse(Code(code), format!("Value for 'n' must be of integral type, but found {number:?}"));
    };
    if whole <= 0 {
        return refuse(Code(5_787_908), format!("'n' must be greater than 0, found {whole}"));
    }
    Ok(usize::try_from(whole).unwrap_or(usize::MAX))
}

impl Evaluate for Few {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let n = checked_n(&self.n.evaluate(env)?)?;
        let input = self.input.evaluate(env)?;
        let Some(array) = array_of(&input) else {
            return refuse(Code(5_788_200), "Input must be an array");
        };
        let mut all: Vec<RawBsonRef<'_>> = items(array).collect();
        let comparator = env.comparator();
        match self.which {
            Which::First => {}
            Which::Last => {
                all.drain(..all.len().saturating_sub(n));
            }
            Which::Greatest | Which::Least => {
                all.retain(|item| !matches!(item, RawBsonRef::Null | RawBsonRef::Undefined));
                all.sort_by(|a, b| comparator.compare(*a, *b));
                if self.which == Which::Greatest {
                    all.reverse();
                }
            }
        }
        let mut few = ArrayBuilder::new();
        for item in all.into_iter().take(n) {
            few.push(item);
        }
        Ok(RawBson::Array(few.finish()).into())
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all([&self.n, &self.input]);
    }
}

#[cfg(test)]
mod tests {

    use bson::{Bson, bson, doc};

    use crate::expression::testing::{check, fails, yields};

    #[test]
    fn a_few_items_are_taken() {
        let take = |operator: &str, n: Bson| doc! { operator: { "n": n, "input": "$a" } };
        let mut table = vec![
            yields(take("$firstN", bson!(2)), bson!([3, null])),
            yields(take("$lastN", bson!(2)), bson!([2, "x"])),
            yields(take("$maxN", bson!(2)), bson!(["x", 3])),
            yields(take("$minN", bson!(2)), bson!([1, 2])),
            yields(take("$minN", bson!(9.0)), bson!([1, 2, 3, "x"])),
            yields(take("$firstN", bson!(i64::MAX)), bson!([3, null, 1, 2, "x"])),
            fails(doc! { "$firstN": [1] }, 5_787_801),
            fails(doc! { "$maxN": 1 }, 5_787_900),
        ];
        for operator in ["$firstN", "$lastN", "$maxN", "$minN"] {
            table.extend([
                fails(take(operator, bson!("1")), 5_787_902),
                fails(take(operator, Bson::Null), 5_787_902),
                fails(take(operator, bson!(1.5)), 5_787_903),
                fails(take(operator, bson!(1e300)), 31109),
                fails(take(operator, bson!(0)), 5_787_908),
                fails(take(operator, bson!(-1)), 5_787_908),
                fails(doc! { operator: { "n": 1, "input": "$none" } }, 5_788_200),
                fails(doc! { operator: { "n": 1, "input": 1 } }, 5_788_200),
                fails(doc! { operator: { "n": 1, "input": [], "also": 1 } }, 5_787_901),
                fails(doc! { operator: { "input": [] } }, 5_787_906),
                fails(doc! { operator: { "n": 1 } }, 5_787_907),
            ]);
        }
        check(&doc! { "a": [3, null, 1, 2, "x"] }, table);
    }
}
