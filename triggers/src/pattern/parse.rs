//! Reading patterns.

use serde_json::{Map, Value};

use super::{
    Fields, MAX_PATTERN_CHARS, Matcher, Node, Pattern,
    number::{Comparison, Operator},
};

type Object = Map<String, Value>;

impl Pattern {
    /// Compiles a pattern; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Pattern, String> {
        if text.chars().count() > MAX_PATTERN_CHARS {
            return Err(format!("a pattern has at most {MAX_PATTERN_CHARS} characters"));
        }
        // serde_json refuses what is nested more than 128 deep.
        let value: Value = serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
        match value {
            Value::Object(object) => Ok(Pattern { root: fields(object)? }),
            _ => Err("a pattern is a JSON object".into()),
        }
    }
}

fn fields(object: Object) -> Result<Fields, String> {
    if object.is_empty() {
        return Err("an object of a pattern names at least one field".into());
    }
    let mut fields = Fields::default();
    for (name, value) in object {
        match (name.as_str(), value) {
            ("$or", Value::Array(members)) if members.len() > 1 && members.iter().all(Value::is_object) => {
                fields.alternatives.push(alternatives(members)?);
            }
            ("$or", _) => return Err("$or is a list of at least two objects".into()),
            (_, Value::Object(object)) => fields.named.push((name, Node::Object(self::fields(object)?))),
            (_, Value::Array(members)) => {
                let matchers = members.into_iter().map(matcher).collect::<Result<Vec<_>, _>>()?;
                if matchers.is_empty() {
                    return Err(format!("the list of values of {name:?} is empty"));
                }
                fields.named.push((name, Node::Leaf(matchers)));
            }
            (_, other) => return Err(format!("{name:?} is {other}, and has to be an object or a list of values")),
        }
    }
    Ok(fields)
}

fn alternatives(members: Vec<Value>) -> Result<Vec<Fields>, String> {
    let objects = members.into_iter().filter_map(|member| match member {
        Value::Object(object) => Some(object),
        _ => None,
    });
    objects.map(fields).collect()
}

fn matcher(value: Value) -> Result<Matcher, String> {
    match value {
        Value::Object(object) => operator(object),
        Value::Array(_) => Err("a list of values has no list in it".into()),
        value => Ok(Matcher::Equals(value)),
    }
}

/// The one name and value of an object that states an operator.
fn single(object: Object) -> Result<(String, Value), String> {
    let mut members = object.into_iter();
    match (members.next(), members.next()) {
        (Some(member), None) => Ok(member),
        _ => Err("an operator is an object with one name".into()),
    }
}

fn operator(object: Object) -> Result<Matcher, String> {
    let (name, value) = single(object)?;
    match (name.as_str(), value) {
        ("exists", Value::Bool(exists)) => Ok(Matcher::Exists(exists)),
        ("exists", _) => Err("exists is true or false".into()),
        ("anything-but", value) => anything_but(value),
        ("numeric", Value::Array(members)) => numeric(&members),
        ("numeric", _) => Err("numeric is a list of operators and numbers".into()),
        (_, value) => text_operator(&name, value),
    }
}

fn text_operator(name: &str, value: Value) -> Result<Matcher, String> {
    let (value, ignores_case) = match value {
        Value::Object(object) => match single(object)? {
            (inner, value) if inner == "equals-ignore-case" && name != inner => (value, true),
            (inner, _) => return Err(format!("{name} has no operator {inner:?}")),
        },
        value => (value, false),
    };
    let make = match (name, ignores_case) {
        ("prefix", false) => Matcher::Prefix,
        ("prefix", true) => Matcher::PrefixIgnoreCase,
        ("suffix", false) => Matcher::Suffix,
        ("suffix", true) => Matcher::SuffixIgnoreCase,
        ("equals-ignore-case", _) => Matcher::EqualsIgnoreCase,
        _ => return Err(format!("there is no operator {name:?}")),
    };
    match value {
        Value::String(text) if ignores_case || name == "equals-ignore-case" => Ok(make(text.to_lowercase())),
        Value::String(text) => Ok(make(text)),
        other => Err(format!("{name} needs a string, not {other}")),
    }
}

fn anything_but(value: Value) -> Result<Matcher, String> {
    let plain = |value: Value| match value {
        Value::String(_) | Value::Number(_) => Ok(Matcher::Equals(value)),
        other => Err(format!("anything-but takes strings and numbers, not {other}")),
    };
    let excluded = match value {
        Value::Array(members) => members.into_iter().map(plain).collect::<Result<Vec<_>, _>>()?,
        Value::Object(object) => {
            let (name, value) = single(object)?;
            let values = match value {
                Value::Array(members) => members,
                value => vec![value],
            };
            values.into_iter().map(|value| text_operator(&name, value)).collect::<Result<Vec<_>, _>>()?
        }
        value => vec![plain(value)?],
    };
    if excluded.is_empty() {
        Err("anything-but excludes at least one value".into())
    } else {
        Ok(Matcher::AnythingBut(excluded))
    }
}

fn numeric(members: &[Value]) -> Result<Matcher, String> {
    let mut comparisons = Vec::new();
    for pair in members.chunks(2) {
        let [Value::String(operator), bound] = pair else {
            return Err("numeric is a list of operators, each followed by a number".into());
        };
        let operator = Operator::parse(operator).ok_or_else(|| format!("numeric has no operator {operator:?}"))?;
        let bound = bound.as_f64().ok_or_else(|| format!("numeric compares with numbers, not {bound}"))?;
        comparisons.push(Comparison { operator, bound });
    }
    match comparisons.as_slice() {
        [_] => Ok(Matcher::Numeric(comparisons)),
        [lower, upper] if lower.operator.is_lower() && upper.operator.is_upper() => {
            if lower.bound < upper.bound {
                Ok(Matcher::Numeric(comparisons))
            } else {
                Err("the lower bound of a numeric range has to be below the upper one".into())
            }
        }
        _ => Err("numeric is one comparison, or a lower bound and an upper one".into()),
    }
}
