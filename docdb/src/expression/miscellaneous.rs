//! `$binarySize`, `$bsonSize`, `$toHashedIndexKey`, `$tsSecond`, `$tsIncrement`, `$function`.

use bson::RawBsonRef;

use crate::{
    error::{Code, Result, refuse},
    expression::{
        Env, Expression, Names, Operator,
        arguments::{Named, document_of, null, type_of, unary},
    },
    value::{Value, hash64, type_name},
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator { name: "$binarySize", parse: |value, names| unary("$binarySize", value, names, binary_size) },
    Operator { name: "$bsonSize", parse: |value, names| unary("$bsonSize", value, names, bson_size) },
    Operator {
        name: "$toHashedIndexKey",
        parse: |value, names| {
            unary("$toHashedIndexKey", value, names, |value, _| {
                Ok(Value::Ref(RawBsonRef::Int64(hash64(value.get().unwrap_or(RawBsonRef::Null)))))
            })
        },
    },
    Operator {
        name: "$tsSecond",
        parse: |value, names| unary("$tsSecond", value, names, |value, _| timestamp("$tsSecond", 5_687_301, &value)),
    },
    Operator {
        name: "$tsIncrement",
        parse: |value, names| {
            unary("$tsIncrement", value, names, |value, _| timestamp("$tsIncrement", 5_687_302, &value))
        },
    },
    Operator { name: "$function", parse: parse_function },
];

fn int(bytes: usize) -> Value<'static> {
    Value::Ref(RawBsonRef::Int32(i32::try_from(bytes).unwrap_or(i32::MAX)))
}

fn binary_size<'v>(value: Value<'v>, _: &Env<'_>) -> Result<Value<'v>> {
    match value.get() {
        None | Some(RawBsonRef::Null | RawBsonRef::Undefined) => Ok(null()),
        Some(RawBsonRef::String(text)) => Ok(int(text.len())),
        Some(RawBsonRef::Binary(binary)) => Ok(int(binary.bytes.len())),
        Some(other) => refuse(
            Code(51276),
            format!("$binarySize requires a string or BinData argument, found: {}", type_name(other)),
        ),
    }
}

fn bson_size<'v>(value: Value<'v>, _: &Env<'_>) -> Result<Value<'v>> {
    if value.is_nullish() {
        return Ok(null());
    }
    match document_of(&value) {
        Some(document) => Ok(int(document.as_bytes().len())),
        None => refuse(Code(31393), format!("$bsonSize requires a document input, found: {}", type_of(&value))),
    }
}

fn timestamp<'v>(operator: &str, code: i32, value: &Value<'_>) -> Result<Value<'v>> {
    match value.get() {
        None | Some(RawBsonRef::Null | RawBsonRef::Undefined) => Ok(null()),
        Some(RawBsonRef::Timestamp(timestamp)) => {
            let part = if operator == "$tsSecond" { timestamp.time } else { timestamp.increment };
            Ok(Value::Ref(RawBsonRef::Int64(i64::from(part))))
        }
        Some(other) => {
            refuse(Code(code), format!("Argument to {operator} must be a timestamp, but is {}", type_name(other)))
        }
    }
}

/// JavaScript is not run here, as on a server that is told not to: well-formed uses are refused as such.
fn parse_function(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let named = Named::of("$function", value, &["body", "args", "lang"], Code(31260), Code(31260))?;
    named.raw_required("body", Code(31261))?;
    let arguments = named.raw_required("args", Code(31262))?;
    let language = named.raw_required("lang", Code(31418))?;
    if !matches!(language, RawBsonRef::String("js")) {
        return refuse(Code(31419), "Currently the only supported language specifier is 'js'.");
    }
    if !matches!(arguments, RawBsonRef::Array(_)) {
        return refuse(Code(31266), "The args field must be of type array");
    }
    Expression::parse_within(arguments, names)?;
    refuse(Code(31264), "Cannot run server-side javascript without the javascript engine enabled")
}
