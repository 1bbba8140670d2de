//! How operators are given their arguments: by position or by name, counted and checked the same way in every family.

use std::ops::RangeInclusive;

use bson::{RawArray, RawBson, RawBsonRef, RawDocument};

use crate::{
    context::Metadata,
    error::{Code, Error, Result, refuse},
    expression::{Dependencies, Env, Evaluate, Expression, Names, literal},
    value::{Value, as_whole_i64, empty, fields, items, type_name},
};

/// What an operator of one argument does.
pub(crate) type One = for<'v> fn(Value<'v>, &Env<'_>) -> Result<Value<'v>>;

/// What an operator of as many arguments does.
pub(crate) type Fixed<const N: usize> = for<'v> fn([Value<'v>; N], &Env<'_>) -> Result<Value<'v>>;

/// What an operator of any number of arguments does.
pub(crate) type Many = for<'v> fn(Vec<Value<'v>>, &Env<'_>) -> Result<Value<'v>>;

/// Parses an operator that takes one argument, which `[x]` may stand for.
pub(crate) fn unary(
    operator: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
    apply: One,
) -> Result<Expression> {
    let argument = one(operator, value, names)?;
    let constant = argument.constant().is_some();
    finish(Unary { operator, argument, apply }, constant, names)
}

/// Parses an operator that takes exactly `N` arguments.
pub(crate) fn fixed<const N: usize>(
    operator: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
    apply: Fixed<N>,
) -> Result<Expression> {
    let arguments = exactly::<N>(operator, value, names)?;
    let constant = all_constant(&arguments);
    finish(FixedArity { operator, arguments, apply }, constant, names)
}

/// Parses an operator that takes some numbers of arguments; `0..=usize::MAX` is any.
pub(crate) fn variadic(
    operator: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
    counts: RangeInclusive<usize>,
    apply: Many,
) -> Result<Expression> {
    let arguments = between(operator, value, names, counts)?;
    let constant = all_constant(&arguments);
    finish(Variadic { operator, arguments, apply }, constant, names)
}

/// The one argument, which `[x]` may stand for.
///
/// # Errors
/// 16020 for another number of arguments.
pub(crate) fn one(operator: &str, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let [argument] = exactly(operator, value, names)?;
    Ok(argument)
}

/// Exactly `N` arguments.
///
/// # Errors
/// 16020 for another number of arguments.
pub(crate) fn exactly<const N: usize>(
    operator: &str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
) -> Result<[Expression; N]> {
    let given = positional(value);
    let count = given.len();
    let wrong = || {
        Error::new(Code(16020), format!("Expression {operator} takes exactly {N} arguments. {count} were passed in."))
    };
    if count != N {
        return Err(wrong());
    }
    parse_all(&given, names)?.try_into().map_err(|_| wrong())
}

/// As many arguments as `counts` says.
///
/// # Errors
/// 28667 for another number of arguments.
pub(crate) fn between(
    operator: &str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
    counts: RangeInclusive<usize>,
) -> Result<Vec<Expression>> {
    let given = positional(value);
    if !counts.contains(&given.len()) {
        let (least, most, count) = (counts.start(), counts.end(), given.len());
        return refuse(
            Code(28667),
            format!(
                "Expression {operator} takes at least {least} arguments, and at most {most}, but {count} were passed in."
            ),
        );
    }
    parse_all(&given, names)
}

/// The values that are arguments by position: an array's items, or else the one value.
pub(crate) fn positional(value: RawBsonRef<'_>) -> Vec<RawBsonRef<'_>> {
    match value {
        RawBsonRef::Array(array) => items(array).collect(),
        value => vec![value],
    }
}

fn parse_all(values: &[RawBsonRef<'_>], names: &Names<'_>) -> Result<Vec<Expression>> {
    values.iter().map(|value| Expression::parse_within(*value, names)).collect()
}

/// Whether the values of all arguments are known now.
pub(crate) fn all_constant<'e>(arguments: impl IntoIterator<Item = &'e Expression>) -> bool {
    arguments.into_iter().all(|argument| argument.constant().is_some())
}

/// The expression of an operator whose arguments are parsed. Where all of them are constant, it is evaluated now, once:
/// what it refuses is refused at parsing.
pub(crate) fn finish(evaluate: impl Evaluate + 'static, constant: bool, names: &Names<'_>) -> Result<Expression> {
    let expression = Expression::new(evaluate);
    if !constant {
        return Ok(expression);
    }
    let metadata = Metadata::default();
    let value = expression.evaluate(&Env::new(names.context, empty(), &metadata)).map(Value::into_owned);
    match value {
        Ok(Some(value)) => Ok(literal::constant(value)),
        // Nothing at all is no constant.
        Ok(None) => Ok(expression),
        Err(_) if names.is_conditional() => Ok(expression),
        Err(error) => Err(error),
    }
}

/// Arguments given by name: the fields of an object.
pub(crate) struct Named<'v> {
    operator: &'static str,
    given: Vec<(&'v str, RawBsonRef<'v>)>,
}

impl<'v> Named<'v> {
    /// Takes the arguments apart.
    ///
    /// # Errors
    /// `not_object` where they are no object, `unknown` where a name is none of `known`.
    pub(crate) fn of(
        operator: &'static str,
        value: RawBsonRef<'v>,
        known: &[&str],
        not_object: Code,
        unknown: Code,
    ) -> Result<Self> {
        let RawBsonRef::Document(document) = value else {
            let found = type_name(value);
            return refuse(not_object, format!("{operator} only supports an object as its argument, not {found}"));
        };
        let given: Vec<_> = fields(document).collect();
        if let Some((name, _)) = given.iter().find(|(name, _)| !known.contains(name)) {
            return refuse(unknown, format!("Unrecognized argument to {operator}: {name}"));
        }
        Ok(Named { operator, given })
    }

    /// An argument as it is written.
    pub(crate) fn raw(&self, name: &str) -> Option<RawBsonRef<'v>> {
        self.given.iter().rev().find(|(given, _)| *given == name).map(|(_, value)| *value)
    }

    /// An argument as it is written.
    ///
    /// # Errors
    /// `missing` where it is not given.
    pub(crate) fn raw_required(&self, name: &str, missing: Code) -> Result<RawBsonRef<'v>> {
        let wrong = || Error::new(missing, format!("Missing '{name}' parameter to {}", self.operator));
        self.raw(name).ok_or_else(wrong)
    }

    /// An argument that may be left out.
    pub(crate) fn optional(&self, name: &str, names: &Names<'_>) -> Result<Option<Expression>> {
        self.raw(name).map(|value| Expression::parse_within(value, names)).transpose()
    }

    /// An argument that must be there.
    ///
    /// # Errors
    /// `missing` where it is not given.
    pub(crate) fn required(&self, name: &str, missing: Code, names: &Names<'_>) -> Result<Expression> {
        Expression::parse_within(self.raw_required(name, missing)?, names)
    }
}

struct Unary {
    operator: &'static str,
    argument: Expression,
    apply: One,
}

impl Evaluate for Unary {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        (self.apply)(self.argument.evaluate(env)?, env)
    }

    fn dependencies(&self, found: &mut Dependencies) {
        self.argument.dependencies(found);
    }
}

impl std::fmt::Debug for Unary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple(self.operator).field(&self.argument).finish()
    }
}

struct FixedArity<const N: usize> {
    operator: &'static str,
    arguments: [Expression; N],
    apply: Fixed<N>,
}

impl<const N: usize> Evaluate for FixedArity<N> {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let mut values = [const { Value::Missing }; N];
        for (value, argument) in values.iter_mut().zip(&self.arguments) {
            *value = argument.evaluate(env)?;
        }
        (self.apply)(values, env)
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all(&self.arguments);
    }
}

impl<const N: usize> std::fmt::Debug for FixedArity<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple(self.operator).field(&self.arguments).finish()
    }
}

struct Variadic {
    operator: &'static str,
    arguments: Vec<Expression>,
    apply: Many,
}

impl Evaluate for Variadic {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let values = self.arguments.iter().map(|argument| argument.evaluate(env)).collect::<Result<_>>()?;
        (self.apply)(values, env)
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all(&self.arguments);
    }
}

impl std::fmt::Debug for Variadic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple(self.operator).field(&self.arguments).finish()
    }
}

/// Null, which most operators yield for null.
pub(crate) fn null() -> Value<'static> {
    Value::Ref(RawBsonRef::Null)
}

/// A boolean.
pub(crate) fn boolean(value: bool) -> Value<'static> {
    Value::Ref(RawBsonRef::Boolean(value))
}

/// A string.
pub(crate) fn string(value: impl Into<String>) -> Value<'static> {
    Value::Owned(RawBson::String(value.into()))
}

/// What messages call the type of a value that may not be there.
pub(crate) fn type_of(value: &Value<'_>) -> &'static str {
    value.get().map_or("missing", type_name)
}

/// The array that a value is, if it is one.
pub(crate) fn array_of<'r>(value: &'r Value<'_>) -> Option<&'r RawArray> {
    match value {
        Value::Ref(RawBsonRef::Array(array)) => Some(array),
        Value::Owned(RawBson::Array(array)) => Some(array),
        _ => None,
    }
}

/// The document that a value is, if it is one.
pub(crate) fn document_of<'r>(value: &'r Value<'_>) -> Option<&'r RawDocument> {
    match value {
        Value::Ref(RawBsonRef::Document(document)) => Some(document),
        Value::Owned(RawBson::Document(document)) => Some(document),
        _ => None,
    }
}

/// A part of a value: in place if the value is in place.
pub(crate) fn pick<'v>(
    value: Value<'v>,
    find: impl for<'x> FnOnce(RawBsonRef<'x>) -> Option<RawBsonRef<'x>>,
) -> Value<'v> {
    match value {
        Value::Missing => Value::Missing,
        Value::Ref(value) => find(value).into(),
        Value::Owned(value) => find(value.as_raw_bson_ref()).map_or(Value::Missing, |found| Value::Owned(found.into())),
    }
}

/// The whole number of 32 bits that a value is, whatever its type.
pub(crate) fn whole_int(value: RawBsonRef<'_>) -> Option<i32> {
    i32::try_from(as_whole_i64(value)?).ok()
}
