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
