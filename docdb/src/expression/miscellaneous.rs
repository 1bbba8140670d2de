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

#[cfg(test)]
mod tests {

    use bson::{Bson, bson, doc};

    use crate::expression::testing::{check, check_types, fails, nullish, yields};

    #[test]
    fn sizes_and_parts_are_told() {
        let timestamp = Bson::Timestamp(bson::Timestamp { time: u32::MAX, increment: 7 });
        check(
            &doc! { "t": "né", "o": { "a": 1 }, "ts": timestamp },
            [
                yields(doc! { "$binarySize": "$t" }, 3),
                yields(doc! { "$binarySize": "" }, 0),
                yields(doc! { "$bsonSize": "$o" }, 12),
                yields(doc! { "$bsonSize": {} }, 5),
                yields(doc! { "$bsonSize": "$none" }, Bson::Null),
                yields(doc! { "$tsSecond": "$ts" }, i64::from(u32::MAX)),
                yields(doc! { "$tsIncrement": "$ts" }, 7_i64),
                yields(doc! { "$toHashedIndexKey": 42 }, -944_302_157_085_130_861_i64),
                yields(doc! { "$toHashedIndexKey": "$none" }, 2_338_878_944_348_059_895_i64),
                fails(doc! { "$bsonSize": [1, 2] }, 16020),
            ],
        );
        let text = |value: &Bson| nullish(value) || matches!(value, Bson::String(_) | Bson::Binary(_));
        check_types("$binarySize", text, 51276);
        check_types("$bsonSize", |value| nullish(value) || matches!(value, Bson::Document(_)), 31393);
        check_types("$tsSecond", |value| nullish(value) || matches!(value, Bson::Timestamp(_)), 5_687_301);
        check_types("$tsIncrement", |value| nullish(value) || matches!(value, Bson::Timestamp(_)), 5_687_302);
        check_types("$toHashedIndexKey", |_| true, None);
    }

    #[test]
    fn javascript_is_refused() {
        check(
            &doc! {},
            [
                fails(doc! { "$function": 1 }, 31260),
                fails(doc! { "$function": {} }, 31261),
                fails(doc! { "$function": { "body": "f" } }, 31262),
                fails(doc! { "$function": { "body": "f", "args": [] } }, 31418),
                fails(doc! { "$function": { "body": "f", "args": [], "lang": "py" } }, 31419),
                fails(doc! { "$function": { "body": "f", "args": 1, "lang": "js" } }, 31266),
                fails(doc! { "$function": { "body": "f", "args": [bson!("$a")], "lang": "js" } }, 31264),
            ],
        );
    }
}
