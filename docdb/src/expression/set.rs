//! Operators on arrays as sets: what is in them, not how often or in which order.

use bson::{RawArray, RawBson, RawBsonRef};

use crate::{
    error::{Code, Result, refuse},
    expression::{
        Env, Expression, Names, Operator,
        arguments::{array_of, boolean, fixed, null, positional, type_of, unary, variadic},
        bounds::check_size,
        truth::truthy,
    },
    value::{ArrayBuilder, Comparator, Value, items, type_name},
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "$allElementsTrue",
        parse: |value, names| unary("$allElementsTrue", value, names, all_elements_true),
    },
    Operator {
        name: "$anyElementTrue",
        parse: |value, names| unary("$anyElementTrue", value, names, any_element_true),
    },
    Operator { name: "$setDifference", parse: |value, names| fixed("$setDifference", value, names, set_difference) },
    Operator { name: "$setEquals", parse: parse_set_equals },
    Operator {
        name: "$setIntersection",
        parse: |value, names| variadic("$setIntersection", value, names, 0..=usize::MAX, set_intersection),
    },
    Operator { name: "$setIsSubset", parse: |value, names| fixed("$setIsSubset", value, names, set_is_subset) },
    Operator {
        name: "$setUnion",
        parse: |value, names| variadic("$setUnion", value, names, 0..=usize::MAX, set_union),
    },
];

fn any_element_true<'v>(array: Value<'v>, _: &Env<'_>) -> Result<Value<'v>> {
    let array = required(&array, 17041, "$anyElementTrue's argument must be an array, but is")?;
    Ok(boolean(items(array).any(|item| truthy(Some(item)))))
}

fn all_elements_true<'v>(array: Value<'v>, _: &Env<'_>) -> Result<Value<'v>> {
    let array = required(&array, 17040, "$allElementsTrue's argument must be an array, but is")?;
    Ok(boolean(items(array).all(|item| truthy(Some(item)))))
}

fn required<'r>(value: &'r Value<'_>, code: i32, what: &str) -> Result<&'r RawArray> {
    match array_of(value) {
        Some(array) => Ok(array),
        None => refuse(Code(code), format!("{what} {}", type_of(value))),
    }
}

/// Values in order, each once: of several that are the same, the first.
struct Set<'a> {
    values: Vec<RawBsonRef<'a>>,
    comparator: Comparator<'a>,
}

impl<'a> Set<'a> {
    fn of(array: &'a RawArray, comparator: Comparator<'a>) -> Self {
        Self::from_values(items(array).collect(), comparator)
    }

    fn from_values(mut values: Vec<RawBsonRef<'a>>, comparator: Comparator<'a>) -> Self {
        values.sort_by(|a, b| comparator.compare(*a, *b));
        values.dedup_by(|later, earlier| comparator.equal(*later, *earlier));
        Set { values, comparator }
    }

    fn contains(&self, value: RawBsonRef<'_>) -> bool {
        self.values.binary_search_by(|known| self.comparator.compare(*known, value)).is_ok()
    }

    fn is_subset(&self, other: &Set<'_>) -> bool {
        self.values.iter().all(|value| other.contains(*value))
    }
}

fn array_from<'v>(values: Vec<RawBsonRef<'_>>) -> Value<'v> {
    let mut array = ArrayBuilder::new();
    for value in values {
        array.push(value);
    }
    RawBson::Array(array.finish()).into()
}

fn set_difference<'v>([left, right]: [Value<'v>; 2], env: &Env<'_>) -> Result<Value<'v>> {
    if left.is_nullish() || right.is_nullish() {
        return Ok(null());
    }
    let what = "both operands of $setDifference must be arrays. One argument is of type:";
    let left = required(&left, 17048, what)?;
    let right = Set::of(required(&right, 17049, what)?, env.comparator());
    // What is left stays in its order, each value where it is first.
    let mut numbered: Vec<_> = items(left).enumerate().filter(|(_, value)| !right.contains(*value)).collect();
    let comparator = env.comparator();
    numbered.sort_by(|(_, a), (_, b)| comparator.compare(*a, *b));
    numbered.dedup_by(|(_, later), (_, earlier)| comparator.equal(*later, *earlier));
    numbered.sort_by_key(|(index, _)| *index);
    Ok(array_from(numbered.into_iter().map(|(_, value)| value).collect()))
}

fn set_is_subset<'v>([left, right]: [Value<'v>; 2], env: &Env<'_>) -> Result<Value<'v>> {
    let what = "both operands of $setIsSubset must be arrays. One argument is of type:";
    let left = required(&left, 17046, what)?;
    let right = Set::of(required(&right, 17042, what)?, env.comparator());
    Ok(boolean(items(left).all(|value| right.contains(value))))
}

fn set_union<'v>(arrays: Vec<Value<'v>>, env: &Env<'_>) -> Result<Value<'v>> {
    if arrays.iter().any(Value::is_nullish) {
        let wrong = arrays.iter().take_while(|array| !array.is_nullish()).find(|array| array_of(array).is_none());
        return wrong.map_or(Ok(null()), |wrong| required(wrong, 17043, UNION).map(|_| null()));
    }
    let mut all = Vec::new();
    let mut bytes = 0;
    for array in &arrays {
        let array = required(array, 17043, UNION)?;
        bytes += array.as_bytes().len();
        check_size("$setUnion", bytes)?;
        all.extend(items(array));
    }
    Ok(array_from(Set::from_values(all, env.comparator()).values))
}

const UNION: &str = "All operands of $setUnion must be arrays. One argument is of type:";

fn set_intersection<'v>(arrays: Vec<Value<'v>>, env: &Env<'_>) -> Result<Value<'v>> {
    let mut common: Option<Vec<RawBsonRef<'_>>> = None;
    for array in &arrays {
        if array.is_nullish() {
            return Ok(null());
        }
        let what = "All operands of $setIntersection must be arrays. One argument is of type:";
        let set = Set::of(required(array, 17047, what)?, env.comparator());
        common = Some(match common {
            None => set.values,
            Some(mut common) => {
                common.retain(|value| set.contains(*value));
                common
            }
        });
    }
    Ok(array_from(common.unwrap_or_default()))
}

fn parse_set_equals(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let given = positional(value);
    if given.len() < 2 {
        return refuse(Code(17045), format!("$setEquals needs at least two arguments had: {}", given.len()));
    }
    for argument in given {
        let argument = Expression::parse_within(argument, names)?;
        if let Some(other) = argument.constant().filter(|constant| !matches!(constant, RawBsonRef::Array(_))) {
            let found = type_name(other);
            return refuse(
                Code(5_887_502),
                format!("All operands of $setEquals must be arrays. One argument is of type: {found}"),
            );
        }
    }
    variadic("$setEquals", value, names, 2..=usize::MAX, set_equals)
}

fn set_equals<'v>(arrays: Vec<Value<'v>>, env: &Env<'_>) -> Result<Value<'v>> {
    let mut first: Option<Set<'_>> = None;
    let mut equal = true;
    for array in &arrays {
        let what = "All operands of $setEquals must be arrays. One argument is of type:";
        let set = Set::of(required(array, 17044, what)?, env.comparator());
        match &first {
            None => first = Some(set),
            Some(first) => equal &= first.values.len() == set.values.len() && first.is_subset(&set),
        }
        if !equal {
            break;
        }
    }
    Ok(boolean(equal))
}

#[cfg(test)]
mod tests {

    use bson::{Bson, bson, doc};

    use crate::expression::testing::{check, check_types, fails, nullish, yields};

    #[test]
    fn sets_have_each_value_once() {
        check(
            &doc! { "a": [3, 1, 1, 2], "b": [2, 4], "n": null, "t": "t" },
            [
                yields(doc! { "$setUnion": ["$a", "$b"] }, bson!([1, 2, 3, 4])),
                yields(doc! { "$setUnion": [] }, bson!([])),
                yields(doc! { "$setUnion": ["$a", "$n"] }, Bson::Null),
                fails(doc! { "$setUnion": ["$a", "$t"] }, 17043),
                yields(doc! { "$setIntersection": ["$a", "$b"] }, bson!([2])),
                yields(doc! { "$setIntersection": ["$a"] }, bson!([1, 2, 3])),
                yields(doc! { "$setIntersection": [[1], [1.0]] }, bson!([1])),
                yields(doc! { "$setIntersection": [] }, bson!([])),
                yields(doc! { "$setIntersection": ["$a", "$none"] }, Bson::Null),
                fails(doc! { "$setIntersection": ["$a", "$t"] }, 17047),
                yields(doc! { "$setDifference": ["$a", "$b"] }, bson!([3, 1])),
                yields(doc! { "$setDifference": ["$a", "$n"] }, Bson::Null),
                fails(doc! { "$setDifference": ["$t", "$a"] }, 17048),
                fails(doc! { "$setDifference": ["$a", "$t"] }, 17049),
                fails(doc! { "$setDifference": ["$a"] }, 16020),
            ],
        );
        check_types("$setUnion", |value| nullish(value) || matches!(value, Bson::Array(_)), 17043);
        check_types("$setIntersection", |value| nullish(value) || matches!(value, Bson::Array(_)), 17047);
    }

    #[test]
    fn sets_are_compared() {
        check(
            &doc! { "a": [1, 2, 2], "b": [2, 1], "n": null, "t": "t" },
            [
                yields(doc! { "$setEquals": ["$a", "$b"] }, true),
                yields(doc! { "$setEquals": ["$a", "$b", [1, 2.0]] }, true),
                yields(doc! { "$setEquals": ["$a", [[1, 2]]] }, false),
                yields(doc! { "$setEquals": ["$a", []] }, false),
                fails(doc! { "$setEquals": ["$a", "$n"] }, 17044),
                fails(doc! { "$setEquals": ["$none", "$a"] }, 17044),
                fails(doc! { "$setEquals": ["$a", null] }, 5_887_502),
                fails(doc! { "$setEquals": ["$a", { "x": 1 }] }, 5_887_502),
                fails(doc! { "$setEquals": ["$a"] }, 17045),
                fails(doc! { "$setEquals": [] }, 17045),
                fails(doc! { "$setEquals": 1 }, 17045),
                yields(doc! { "$setIsSubset": ["$b", "$a"] }, true),
                yields(doc! { "$setIsSubset": [[1, 3], "$a"] }, false),
                yields(doc! { "$setIsSubset": [[], []] }, true),
                fails(doc! { "$setIsSubset": ["$n", "$a"] }, 17046),
                fails(doc! { "$setIsSubset": ["$a", "$none"] }, 17042),
            ],
        );
    }

    #[test]
    fn elements_are_taken_for_true_or_false() {
        check(
            &doc! { "a": [1, "", [0]], "b": [0, false, null] },
            [
                yields(doc! { "$allElementsTrue": "$a" }, true),
                yields(doc! { "$allElementsTrue": [[1, 0]] }, false),
                yields(doc! { "$allElementsTrue": [[]] }, true),
                yields(doc! { "$anyElementTrue": "$b" }, false),
                yields(doc! { "$anyElementTrue": [[0, 1]] }, true),
                yields(doc! { "$anyElementTrue": [[]] }, false),
                fails(doc! { "$anyElementTrue": "$none" }, 17041),
                fails(doc! { "$allElementsTrue": [1, 2] }, 16020),
            ],
        );
        check_types("$allElementsTrue", |value| matches!(value, Bson::Array(_)), 17040);
        check_types("$anyElementTrue", |value| matches!(value, Bson::Array(_)), 17041);
    }
}
