//! `$trim`, `$ltrim`, `$rtrim`.

use bson::RawBsonRef;

use super::made;
use crate::{
    error::{Code, Result, refuse},
    expression::{
        Env, Expression, Names, Operator,
        arguments::{null, type_of},
        named::{Arguments, Signature, value},
    },
    value::Value,
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator {
        name: "$trim",
        parse: |value, names| parse("$trim", value, names, |given, env| trim(given, env, true, true)),
    },
    Operator {
        name: "$ltrim",
        parse: |value, names| parse("$ltrim", value, names, |given, env| trim(given, env, true, false)),
    },
    Operator {
        name: "$rtrim",
        parse: |value, names| parse("$rtrim", value, names, |given, env| trim(given, env, false, true)),
    },
];

/// What is trimmed if nothing is said.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/operator/aggregation/trim/#whitespace-characters>.
fn is_space(char: char) -> bool {
    matches!(char, '\0' | '\t'..='\r' | ' ' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}')
}

fn parse(
    operator: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
    apply: crate::expression::named::Apply<2>,
) -> Result<Expression> {
    let fields = [("input", Some(Code(50695))), ("chars", None)];
    Signature { operator, fields, not_object: Code(50696), unknown: Code(50694) }.parse(value, names, apply)
}

fn trim<'a>([input, chars]: &'a Arguments<2>, env: &Env<'a>, left: bool, right: bool) -> Result<Value<'a>> {
    let input = value(input, env)?;
    if input.is_nullish() {
        return Ok(null());
    }
    let Some(RawBsonRef::String(text)) = input.get() else {
        return refuse(Code(50699), format!("$trim requires its input to be a string, got {}", type_of(&input)));
    };
    let given;
    let set: Option<Vec<char>> = match chars {
        None => None,
        Some(chars) => {
            given = chars.evaluate(env)?;
            match given.get() {
                _ if given.is_nullish() => return Ok(null()),
                Some(RawBsonRef::String(set)) => Some(set.chars().collect()),
                _ => {
                    return refuse(
                        Code(50700),
                        format!("$trim requires 'chars' to be a string, got {}", type_of(&given)),
                    );
                }
            }
        }
    };
    let trimmed = |char: char| set.as_ref().map_or_else(|| is_space(char), |set| set.contains(&char));
    let text = if left { text.trim_start_matches(trimmed) } else { text };
    let text = if right { text.trim_end_matches(trimmed) } else { text };
    made(text.to_owned())
}
