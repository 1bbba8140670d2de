//! `$inc`, `$mul`, `$min`, `$max`, `$bit`.

use std::cmp::Ordering;

use bson::{RawBson, RawBsonRef};

use crate::{
    context::Context,
    error::{Code, Result, refuse},
    update::modifier::{At, Change, Modifier, Scope, show},
    value::{Comparator, Number, Value, fields, type_name},
};

/// `$inc` and `$mul`.
#[derive(Debug)]
pub(super) struct Arithmetic {
    name: &'static str,
    compute: fn(Number, Number) -> Option<Number>,
    operand: Number,
    /// What is put where there is no number.
    initial: RawBson,
}

impl Arithmetic {
    pub(super) fn parse_inc(path: &str, value: RawBsonRef<'_>) -> Result<Box<dyn Modifier>> {
        let operand = operand("increment", path, value)?;
        Ok(Box::new(Arithmetic { name: "$inc", compute: Number::checked_add, operand, initial: value.into() }))
    }

    pub(super) fn parse_mul(path: &str, value: RawBsonRef<'_>) -> Result<Box<dyn Modifier>> {
        let operand = operand("multiply", path, value)?;
        let initial = match operand {
            Number::Int32(_) => RawBson::Int32(0),
            Number::Int64(_) => RawBson::Int64(0),
            Number::Double(_) => RawBson::Double(0.0),
            Number::Decimal(_) => Number::Decimal(0_i64.into()).into_bson(),
        };
        Ok(Box::new(Arithmetic { name: "$mul", compute: Number::checked_multiply, operand, initial }))
    }
}

fn operand(verb: &str, path: &str, value: RawBsonRef<'_>) -> Result<Number> {
    match Number::of(value) {
        Some(number) => Ok(number),
        None => {
            let message = format!("Cannot {verb} with non-numeric argument: {{{path}: {}}}", show(value));
            refuse(Code::TYPE_MISMATCH, message)
        }
    }
}

impl Modifier for Arithmetic {
    fn existing<'a>(&'a self, value: RawBsonRef<'_>, scope: &Scope<'a>, at: At<'_>) -> Result<Change<'a>> {
        let Some(number) = Number::of(value) else {
            let message = format!(
                "Cannot apply {} to a value of non-numeric type. {} has the field '{}' of non-numeric type {}",
                self.name,
                scope.id(),
                at.name(),
                type_name(value)
            );
            return refuse(Code::TYPE_MISMATCH, message);
        };
        match (self.compute)(number, self.operand) {
            Some(result) => Ok(Change::Set(result.into_bson().into())),
            None => {
                let message = format!(
                    "Failed to apply {} operations to current value ({}) for document {}",
                    self.name,
                    show(value),
                    scope.id()
                );
                refuse(Code::BAD_VALUE, message)
            }
        }
    }

    fn missing<'a>(&'a self, _: &Scope<'a>) -> Result<Value<'a>> {
        Ok(Value::Ref(self.initial.as_raw_bson_ref()))
    }
}

/// `$min` and `$max`.
#[derive(Debug)]
pub(super) struct Limit {
    value: RawBson,
    /// How the value has to compare to the one that is there to replace it.
    replaces: Ordering,
}

impl Limit {
    pub(super) fn min(value: RawBsonRef<'_>) -> Limit {
        Limit { value: value.into(), replaces: Ordering::Less }
    }

    pub(super) fn max(value: RawBsonRef<'_>) -> Limit {
        Limit { value: value.into(), replaces: Ordering::Greater }
    }
}

impl Modifier for Limit {
    fn existing<'a>(&'a self, value: RawBsonRef<'_>, scope: &Scope<'a>, _: At<'_>) -> Result<Change<'a>> {
        let limit = self.value.as_raw_bson_ref();
        let order = Comparator::new(scope.context.collation.as_deref()).compare(limit, value);
        Ok(if order == self.replaces { Change::Set(Value::Ref(limit)) } else { Change::Keep })
    }

    fn missing<'a>(&'a self, _: &Scope<'a>) -> Result<Value<'a>> {
        Ok(Value::Ref(self.value.as_raw_bson_ref()))
    }
}

/// `$bit`: operations one after the other.
#[derive(Debug)]
pub(super) struct Bit(Vec<(Operation, Number)>);

#[derive(Debug, Clone, Copy)]
enum Operation {
    And,
    Or,
    Xor,
}

impl Bit {
    pub(super) fn parse(path: &str, value: RawBsonRef<'_>, _: &Context) -> Result<Box<dyn Modifier>> {
        let RawBsonRef::Document(document) = value else {
            let message = format!(
                "The $bit modifier is not compatible with a {}. You must pass in an embedded document: \
                 {{$bit: {{field: {{and/or/xor: #}}}}",
                type_name(value)
            );
            return refuse(Code::BAD_VALUE, message);
        };
        let mut operations = Vec::new();
        for (name, operand) in fields(document) {
            let operation = match name {
                "and" => Operation::And,
                "or" => Operation::Or,
                "xor" => Operation::Xor,
                name => {
                    let message = format!(
                        "The $bit modifier only supports 'and', 'or', and 'xor', not '{name}' which is an unknown \
                         operator: {{{name}: {}}}",
                        show(operand)
                    );
                    return refuse(Code::BAD_VALUE, message);
                }
            };
            let (RawBsonRef::Int32(_) | RawBsonRef::Int64(_), Some(number)) = (operand, Number::of(operand)) else {
                let message = format!(
                    "The $bit modifier field must be an Integer(32/64 bit); a '{}' is not supported here: {{{name}: {}}}",
                    type_name(operand),
                    show(operand)
                );
                return refuse(Code::BAD_VALUE, message);
            };
            operations.push((operation, number));
        }
        if operations.is_empty() {
            let message = format!(
                "You must pass in at least one bitwise operation. The format is: {{$bit: {{field: {{and/or/xor: #}}}} \
                 (for '{path}')"
            );
            return refuse(Code::FAILED_TO_PARSE, message);
        }
        Ok(Box::new(Bit(operations)))
    }

    fn compute(&self, value: Number) -> RawBson {
        self.0.iter().fold(value, |value, (operation, operand)| combine(*operation, value, *operand)).into_bson()
    }
}

fn combine(operation: Operation, value: Number, operand: Number) -> Number {
    let whole = |number: Number| match number {
        Number::Int32(value) => i64::from(value),
        Number::Int64(value) => value,
        Number::Double(_) | Number::Decimal(_) => 0,
    };
    let (a, b) = (whole(value), whole(operand));
    let result = match operation {
        Operation::And => a & b,
        Operation::Or => a | b,
        Operation::Xor => a ^ b,
    };
    match (value, operand, i32::try_from(result)) {
        (Number::Int32(_), Number::Int32(_), Ok(small)) => Number::Int32(small),
        _ => Number::Int64(result),
    }
}

impl Modifier for Bit {
    fn existing<'a>(&'a self, value: RawBsonRef<'_>, scope: &Scope<'a>, at: At<'_>) -> Result<Change<'a>> {
        match Number::of(value) {
            Some(number @ (Number::Int32(_) | Number::Int64(_))) => Ok(Change::Set(self.compute(number).into())),
            _ => {
                let message = format!(
                    "Cannot apply $bit to a value of non-integral type.{} has the field {} of non-integer type {}",
                    scope.id(),
                    at.name(),
                    type_name(value)
                );
                refuse(Code::BAD_VALUE, message)
            }
        }
    }

    fn missing<'a>(&'a self, _: &Scope<'a>) -> Result<Value<'a>> {
        Ok(self.compute(Number::Int32(0)).into())
    }
}
