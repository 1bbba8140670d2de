//! Conversions between types: `$convert`, its short forms `$toInt` and so on, `$type`, `$isNumber`.

mod binary;
mod number;
mod target;
#[cfg(test)]
mod tests;
mod text;

use bson::{DateTime, RawBson, RawBsonRef, oid::ObjectId, spec::ElementType};

use crate::{
    error::{Code, Error, Result, refuse},
    expression::{
        Dependencies, Env, Evaluate, Expression, Names, Operator,
        arguments::{Named, boolean, finish, null, positional, string, type_of, unary},
        convert::{
            binary::{ByteOrder, Format},
            target::Target,
        },
        date::parse_date,
        truth::truthy,
    },
    value::{MAX_DOCUMENT_BYTES, Number, Value, type_name},
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator { name: "$convert", parse },
    short("$toBool", |value, names| parse_short("$toBool", value, names, ElementType::Boolean)),
    short("$toDate", |value, names| parse_short("$toDate", value, names, ElementType::DateTime)),
    short("$toDecimal", |value, names| parse_short("$toDecimal", value, names, ElementType::Decimal128)),
    short("$toDouble", |value, names| parse_short("$toDouble", value, names, ElementType::Double)),
    short("$toInt", |value, names| parse_short("$toInt", value, names, ElementType::Int32)),
    short("$toLong", |value, names| parse_short("$toLong", value, names, ElementType::Int64)),
    short("$toObjectId", |value, names| parse_short("$toObjectId", value, names, ElementType::ObjectId)),
    short("$toString", |value, names| parse_short("$toString", value, names, ElementType::String)),
    short("$toUUID", |value, names| parse_short("$toUUID", value, names, ElementType::Binary)),
    Operator {
        name: "$isNumber",
        parse: |value, names| {
            unary("$isNumber", value, names, |value, _| Ok(boolean(value.get().and_then(Number::of).is_some())))
        },
    },
    Operator {
        name: "$type",
        parse: |value, names| unary("$type", value, names, |value, _| Ok(string(type_of(&value)))),
    },
];

const fn short(name: &'static str, parse: fn(RawBsonRef<'_>, &Names<'_>) -> Result<Expression>) -> Operator {
    Operator { name, parse }
}

#[derive(Debug)]
struct Convert {
    input: Expression,
    to: To,
    format: Option<Expression>,
    byte_order: Option<Expression>,
    on_error: Option<Expression>,
    on_null: Option<Expression>,
}

/// What is converted to.
#[derive(Debug)]
enum To {
    /// By a short form, whose format is given.
    Fixed(Target, Option<Format>),
    Expression(Expression),
}

fn parse(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    const KNOWN: [&str; 6] = ["input", "to", "format", "byteOrder", "onError", "onNull"];
    let failed = Code::FAILED_TO_PARSE;
    let named = Named::of("$convert", value, &KNOWN, failed, failed)?;
    let convert = Convert {
        input: named.required("input", failed, names)?,
        to: To::Expression(named.required("to", failed, names)?),
        format: named.optional("format", names)?,
        byte_order: named.optional("byteOrder", names)?,
        on_error: named.optional("onError", names)?,
        on_null: named.optional("onNull", names)?,
    };
    let constant = convert.expressions().all(|argument| argument.constant().is_some());
    finish(convert, constant, names)
}

fn parse_short(
    operator: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
    element: ElementType,
) -> Result<Expression> {
    let given = positional(value);
    let [input] = given.as_slice() else {
        return refuse(Code(50723), format!("{operator} requires a single argument, got {}", given.len()));
    };
    let (subtype, format) = match element {
        ElementType::Binary => (binary::UUID, Some(Format::Uuid)),
        ElementType::String => (0, Some(Format::Auto)),
        _ => (0, None),
    };
    let input = Expression::parse_within(*input, names)?;
    let constant = input.constant().is_some();
    let to = To::Fixed(Target { element: Some(element), subtype }, format);
    finish(Convert { input, to, format: None, byte_order: None, on_error: None, on_null: None }, constant, names)
}

impl Convert {
    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let to = match &self.to {
            To::Expression(to) => Some(to),
            To::Fixed(..) => None,
        };
        let optional = [&self.format, &self.byte_order, &self.on_error, &self.on_null];
        std::iter::once(&self.input).chain(to).chain(optional.into_iter().flatten())
    }
}

impl Evaluate for Convert {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let (target, format) = match &self.to {
            To::Fixed(target, format) => (Some(*target), *format),
            To::Expression(to) => {
                let format = self.format.as_ref().map(|format| Format::of(&format.evaluate(env)?)).transpose()?;
                (Target::of(&to.evaluate(env)?)?, format.flatten())
            }
        };
        let byte_order = match &self.byte_order {
            Some(order) => ByteOrder::of(&order.evaluate(env)?)?,
            None => ByteOrder::Little,
        };
        let input = self.input.evaluate(env)?;
        let Some(value) = input.get().filter(|_| !input.is_nullish()) else {
            return match &self.on_null {
                Some(on_null) => on_null.evaluate(env),
                None => Ok(null()),
            };
        };
        let Some(target) = target else { return Ok(null()) };
        match (convert(value, target, format, byte_order), &self.on_error) {
            (Ok(converted), _) => Ok(Value::Owned(converted)),
            (Err(error), Some(on_error)) if error.code() != binary::MISSING_FORMAT => on_error.evaluate(env),
            (Err(error), _) => Err(error),
        }
    }

    fn dependencies(&self, found: &mut Dependencies) {
        for expression in self.expressions() {
            expression.dependencies(found);
        }
    }
}

/// The error of a conversion that does not work.
fn failure(reason: impl std::fmt::Display) -> Error {
    Error::new(Code::CONVERSION_FAILURE, format!("{reason} in $convert with no onError value"))
}

fn unsupported<T>(value: RawBsonRef<'_>, target: Target) -> Result<T> {
    Err(failure(format!("Unsupported conversion from {} to {}", type_name(value), target.name())))
}

/// Converts a value that is not null.
fn convert(value: RawBsonRef<'_>, target: Target, format: Option<Format>, order: ByteOrder) -> Result<RawBson> {
    if let RawBsonRef::String(text) = value
        && text.len() >= MAX_DOCUMENT_BYTES
    {
        return refuse(Code(16493), "the string is too long to be converted");
    }
    match target.element {
        Some(ElementType::Boolean) => Ok(RawBson::Boolean(truthy(Some(value)))),
        Some(ElementType::Double) => number::to_double(value, target, order).map(RawBson::Double),
        Some(ElementType::Int32) => number::to_int(value, target, order).map(RawBson::Int32),
        Some(ElementType::Int64) => number::to_long(value, target, order).map(RawBson::Int64),
        Some(ElementType::Decimal128) => number::to_decimal(value, target).map(RawBson::Decimal128),
        Some(ElementType::DateTime) => to_date(value, target),
        Some(ElementType::ObjectId) => to_object_id(value, target),
        Some(ElementType::String) => text::to_string(value, target, format).map(RawBson::String),
        Some(ElementType::Binary) => binary::to_binary(value, target, format, order),
        _ => unsupported(value, target),
    }
}

fn to_date(value: RawBsonRef<'_>, target: Target) -> Result<RawBson> {
    let millis = match value {
        RawBsonRef::DateTime(date) => date.timestamp_millis(),
        RawBsonRef::Int64(millis) => millis,
        RawBsonRef::Double(_) | RawBsonRef::Decimal128(_) => number::whole(value)?,
        RawBsonRef::String(text) => parse_date(text)?,
        // The seconds of an id have a sign here, those of a timestamp none.
        RawBsonRef::ObjectId(id) => {
            let [a, b, c, d, ..] = id.bytes();
            i64::from(i32::from_be_bytes([a, b, c, d])) * 1000
        }
        RawBsonRef::Timestamp(stamp) => i64::from(stamp.time) * 1000,
        value => return unsupported(value, target),
    };
    Ok(RawBson::DateTime(DateTime::from_millis(millis)))
}

fn to_object_id(value: RawBsonRef<'_>, target: Target) -> Result<RawBson> {
    match value {
        RawBsonRef::ObjectId(id) => Ok(RawBson::ObjectId(id)),
        RawBsonRef::String(text) => match ObjectId::parse_str(text) {
            Ok(id) => Ok(RawBson::ObjectId(id)),
            Err(_) => Err(failure(format!("Failed to parse objectId '{}'", text::shown(text)))),
        },
        value => unsupported(value, target),
    }
}
