//! Whether a value is as a schema asks.

use bson::{RawBson, RawBsonRef, RawDocument, spec::BinarySubtype};

use super::{Dependency, Rule, Schema, Test, canonical};
use crate::{
    error::Result,
    filter::{Compare, matches::compare},
    regex::Regex,
    value::{Comparator, Kind, Number, field, fields, items},
};

impl Schema {
    /// Whether a value is as all rules ask.
    pub(crate) fn matches(&self, value: RawBsonRef<'_>) -> Result<bool> {
        for rule in &self.rules {
            if !rule.test.matches(value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The rules that a value breaks.
    pub(super) fn broken(&self, value: RawBsonRef<'_>) -> Result<Vec<&Rule>> {
        let mut broken = Vec::new();
        for rule in &self.rules {
            if !rule.test.matches(value)? {
                broken.push(rule);
            }
        }
        Ok(broken)
    }
}

impl Test {
    pub(super) fn matches(&self, value: RawBsonRef<'_>) -> Result<bool> {
        match self {
            Test::Type(types) => Ok(types.contains(value.element_type())),
            Test::Enum(values) => Ok(canonical::is_one_of(value, values)),
            Test::AllOf(schemas) => Ok(matching(schemas, value)? == schemas.len()),
            Test::AnyOf(schemas) => {
                for schema in schemas {
                    if schema.matches(value)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Test::OneOf(schemas) => Ok(matching(schemas, value)? == 1),
            Test::Not(schema) => Ok(!schema.matches(value)?),
            Test::Encrypted => {
                Ok(matches!(value, RawBsonRef::Binary(data) if data.subtype == BinarySubtype::Encrypted))
            }
            test => match value {
                RawBsonRef::String(text) => test.string(text),
                RawBsonRef::Array(array) => test.array(array),
                RawBsonRef::Document(document) => test.document(document),
                value if Kind::of(value) == Kind::Number => Ok(test.number(value)),
                _ => Ok(true),
            },
        }
    }

    fn number(&self, value: RawBsonRef<'_>) -> bool {
        let is = |op, limit: &RawBson| compare(Comparator::SIMPLE, op, Some(value), limit.as_raw_bson_ref());
        match self {
            Test::Minimum { limit, exclusive: true } => is(Compare::Gt, limit),
            Test::Minimum { limit, exclusive: false } => is(Compare::Gte, limit),
            Test::Maximum { limit, exclusive: true } => is(Compare::Lt, limit),
            Test::Maximum { limit, exclusive: false } => is(Compare::Lte, limit),
            Test::MultipleOf(divisor) => is_multiple(value, divisor.as_raw_bson_ref()),
            _ => true,
        }
    }

    fn string(&self, text: &str) -> Result<bool> {
        Ok(match self {
            Test::MinLength(least) => text.chars().count() as u64 >= *least,
            Test::MaxLength(most) => text.chars().count() as u64 <= *most,
            Test::Pattern(regex) => regex.is_match(text)?,
            _ => true,
        })
    }

    fn array(&self, array: &bson::RawArray) -> Result<bool> {
        let all = |schema: &Schema, from: usize| {
            for item in items(array).skip(from) {
                if !schema.matches(item)? {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        match self {
            Test::Items(schema) => all(schema, 0),
            Test::ItemsInOrder(schemas) => {
                for (schema, item) in schemas.iter().zip(items(array)) {
                    if !schema.matches(item)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Test::AdditionalItems { from, schema: Some(schema) } => all(schema, *from),
            Test::AdditionalItems { from, schema: None } => Ok(items(array).nth(*from).is_none()),
            Test::MinItems(least) => Ok(items(array).count() as u64 >= *least),
            Test::MaxItems(most) => Ok(items(array).count() as u64 <= *most),
            Test::UniqueItems => Ok(canonical::duplicate(items(array)).is_none()),
            _ => Ok(true),
        }
    }

    fn document(&self, document: &RawDocument) -> Result<bool> {
        match self {
            Test::Properties(properties) => {
                for (name, schema) in properties {
                    if let Some(value) = field(document, name)
                        && !schema.matches(value)?
                    {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Test::PatternProperties(patterns) => {
                for (name, value) in fields(document) {
                    for (pattern, schema) in patterns {
                        if pattern.is_match(name)? && !schema.matches(value)? {
                            return Ok(false);
                        }
                    }
                }
                Ok(true)
            }
            Test::AdditionalProperties { names, patterns, schema } => {
                for (name, value) in fields(document) {
                    if !is_additional(name, names, patterns)? {
                        continue;
                    }
                    match schema {
                        Some(schema) if schema.matches(value)? => {}
                        _ => return Ok(false),
                    }
                }
                Ok(true)
            }
            Test::Required(names) => Ok(names.iter().all(|name| field(document, name).is_some())),
            Test::MinProperties(least) => Ok(fields(document).count() as u64 >= *least),
            Test::MaxProperties(most) => Ok(fields(document).count() as u64 <= *most),
            Test::Dependencies(all) => {
                for (name, dependency) in all {
                    if field(document, name).is_some() && !dependency.matches(document)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            _ => Ok(true),
        }
    }
}

impl Dependency {
    pub(super) fn matches(&self, document: &RawDocument) -> Result<bool> {
        match self {
            Dependency::Properties(names) => Ok(names.iter().all(|name| field(document, name).is_some())),
            Dependency::Schema(schema) => schema.matches(RawBsonRef::Document(document)),
        }
    }
}

/// Whether a property is neither named by `properties` nor by `patternProperties`.
pub(super) fn is_additional(name: &str, names: &[Box<str>], patterns: &[Regex]) -> Result<bool> {
    if names.iter().any(|known| &**known == name) {
        return Ok(false);
    }
    for pattern in patterns {
        if pattern.is_match(name)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn matching(schemas: &[Schema], value: RawBsonRef<'_>) -> Result<usize> {
    let mut count = 0;
    for schema in schemas {
        count += usize::from(schema.matches(value)?);
    }
    Ok(count)
}

fn is_multiple(value: RawBsonRef<'_>, divisor: RawBsonRef<'_>) -> bool {
    match (Number::of(value), Number::of(divisor)) {
        (Some(Number::Int32(value)), Some(Number::Int32(divisor))) => value.checked_rem(divisor) == Some(0),
        // As decimals, 0.3 is a multiple of 0.1.
        (Some(value), Some(divisor)) => value.to_decimal().remainder(divisor.to_decimal()).is_zero(),
        _ => false,
    }
}
