//! Parsing schemas.

use bson::{RawBson, RawBsonRef, RawDocument, RawDocumentBuf};

use super::{
    Dependency, Rule, Schema, Test,
    canonical::{canonical, duplicate},
};
use crate::{
    error::{Code, Result, refuse},
    regex::Regex,
    value::{DocumentBuilder, Kind, Number, TypeSet, as_whole_i64, field, fields, items, type_name},
};

/// How deep schemas may be nested.
const MAX_DEPTH: usize = 100;

/// What the server knows of and does not support.
const UNSUPPORTED: [&str; 6] = ["$ref", "$schema", "default", "definitions", "format", "id"];

/// Keywords in the order in which their rules are tried.
const KEYWORDS: [&str; 31] = [
    "bsonType",
    "type",
    "enum",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "maximum",
    "minimum",
    "multipleOf",
    "maxLength",
    "minLength",
    "pattern",
    "items",
    "additionalItems",
    "maxItems",
    "minItems",
    "uniqueItems",
    "encrypt",
    "properties",
    "patternProperties",
    "additionalProperties",
    "required",
    "minProperties",
    "maxProperties",
    "dependencies",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "title",
    "description",
    "encryptMetadata",
];

impl Schema {
    /// Parses the operand of `$jsonSchema`.
    ///
    /// # Errors
    /// [`Code::FAILED_TO_PARSE`] for unknown and unsupported keywords and values that make no sense,
    /// [`Code::TYPE_MISMATCH`] for values of other types, [`Code::BAD_VALUE`] for unknown types.
    pub(crate) fn parse(operand: RawBsonRef<'_>) -> Result<Schema> {
        match operand {
            RawBsonRef::Document(schema) => parse(schema, MAX_DEPTH),
            _ => refuse(Code::TYPE_MISMATCH, "$jsonSchema must be an object"),
        }
    }
}

/// Parses a schema within which others may be nested `levels` deep.
fn parse(schema: &RawDocument, levels: usize) -> Result<Schema> {
    let Some(levels) = levels.checked_sub(1) else {
        return refuse(Code::FAILED_TO_PARSE, format!("exceeded maximum depth of {MAX_DEPTH} of $jsonSchema"));
    };
    check_keywords(schema)?;
    let parser = Parser { schema, levels };
    let mut parsed = Schema {
        rules: Vec::new(),
        title: parser.text("title")?.map(Into::into),
        description: parser.text("description")?.map(Into::into),
    };
    for keyword in KEYWORDS {
        let Some(value) = field(schema, keyword) else { continue };
        if let Some(test) = parser.rule(keyword, value)? {
            let given = shows_value(&test).then(|| parser.given(keyword, value));
            parsed.rules.push(Rule { keyword, given, test });
        }
    }
    Ok(parsed)
}

fn check_keywords(schema: &RawDocument) -> Result<()> {
    let mut seen: Vec<&str> = Vec::new();
    for (name, _) in fields(schema) {
        if seen.contains(&name) {
            return refuse(Code::FAILED_TO_PARSE, format!("Duplicate $jsonSchema keyword: {name}"));
        }
        if UNSUPPORTED.contains(&name) {
            return refuse(Code::FAILED_TO_PARSE, format!("$jsonSchema keyword '{name}' is not currently supported"));
        }
        if !KEYWORDS.contains(&name) {
            return refuse(Code::FAILED_TO_PARSE, format!("Unknown $jsonSchema keyword: {name}"));
        }
        seen.push(name);
    }
    if seen.contains(&"type") && seen.contains(&"bsonType") {
        return refuse(Code::FAILED_TO_PARSE, "Cannot specify both $jsonSchema keywords 'type' and 'bsonType'");
    }
    if seen.contains(&"encrypt") && (seen.contains(&"type") || seen.contains(&"bsonType")) {
        return refuse(
            Code::FAILED_TO_PARSE,
            "$jsonSchema keyword 'encrypt' cannot be used in conjunction with 'type' or 'bsonType'",
        );
    }
    for (exclusive, limit) in [("exclusiveMaximum", "maximum"), ("exclusiveMinimum", "minimum")] {
        if seen.contains(&exclusive) && !seen.contains(&limit) {
            return refuse(
                Code::FAILED_TO_PARSE,
                format!("$jsonSchema keyword '{limit}' must be a present if {exclusive} is present"),
            );
        }
    }
    Ok(())
}

/// Whether an explanation shows the keyword's value.
fn shows_value(test: &Test) -> bool {
    !matches!(
        test,
        Test::AllOf(_)
            | Test::AnyOf(_)
            | Test::OneOf(_)
            | Test::Not(_)
            | Test::Items(_)
            | Test::ItemsInOrder(_)
            | Test::AdditionalItems { schema: Some(_), .. }
            | Test::AdditionalProperties { schema: Some(_), .. }
            | Test::Properties(_)
            | Test::PatternProperties(_)
            | Test::Dependencies(_)
    )
}

struct Parser<'s> {
    schema: &'s RawDocument,
    levels: usize,
}

impl<'s> Parser<'s> {
    /// The rule of a keyword; none for those that only qualify others.
    fn rule(&self, keyword: &str, value: RawBsonRef<'s>) -> Result<Option<Test>> {
        Ok(Some(match keyword {
            "bsonType" | "type" => Test::Type(types(keyword, value)?),
            "enum" => Test::Enum(enumeration(value)?),
            "allOf" => Test::AllOf(self.schemas(keyword, value)?),
            "anyOf" => Test::AnyOf(self.schemas(keyword, value)?),
            "oneOf" => Test::OneOf(self.schemas(keyword, value)?),
            "not" => Test::Not(self.nested(keyword, value)?),
            "maximum" => Test::Maximum {
                limit: number(keyword, value)?,
                exclusive: self.flag("exclusiveMaximum")?.unwrap_or(false),
            },
            "minimum" => Test::Minimum {
                limit: number(keyword, value)?,
                exclusive: self.flag("exclusiveMinimum")?.unwrap_or(false),
            },
            "multipleOf" => Test::MultipleOf(positive(keyword, value)?),
            "maxLength" => Test::MaxLength(count(keyword, value)?),
            "minLength" => Test::MinLength(count(keyword, value)?),
            "pattern" => Test::Pattern(Regex::new(text(keyword, value)?, "")?),
            "items" => match value {
                RawBsonRef::Array(array) => {
                    Test::ItemsInOrder(items(array).map(|one| self.schema(keyword, one)).collect::<Result<_>>()?)
                }
                value => Test::Items(self.nested(keyword, value)?),
            },
            "additionalItems" => {
                let schema = self.additional(keyword, value)?;
                // Without a list of schemas for the first items, no item is an additional one.
                match (field(self.schema, "items"), schema) {
                    (Some(RawBsonRef::Array(first)), Some(schema)) => {
                        Test::AdditionalItems { from: items(first).count(), schema }
                    }
                    _ => return Ok(None),
                }
            }
            "maxItems" => Test::MaxItems(count(keyword, value)?),
            "minItems" => Test::MinItems(count(keyword, value)?),
            "uniqueItems" if flag(keyword, value)? => Test::UniqueItems,
            "encrypt" => {
                document(keyword, value)?;
                Test::Encrypted
            }
            "encryptMetadata" => {
                document(keyword, value)?;
                return Ok(None);
            }
            "properties" => Test::Properties(self.by_name(keyword, value)?),
            "patternProperties" => Test::PatternProperties(
                (self.by_name(keyword, value)?.into_iter())
                    .map(|(pattern, schema)| Ok((Regex::new(&pattern, "")?, schema)))
                    .collect::<Result<_>>()?,
            ),
            "additionalProperties" => match self.additional(keyword, value)? {
                Some(schema) => Test::AdditionalProperties {
                    names: self.names("properties"),
                    patterns: (self.names("patternProperties").iter())
                        .map(|pattern| Regex::new(pattern, ""))
                        .collect::<Result<_>>()?,
                    schema,
                },
                None => return Ok(None),
            },
            "required" => Test::Required(strings(keyword, value)?),
            "minProperties" => Test::MinProperties(count(keyword, value)?),
            "maxProperties" => Test::MaxProperties(count(keyword, value)?),
            "dependencies" => Test::Dependencies(
                fields(document(keyword, value)?)
                    .map(|(name, value)| Ok((name.into(), self.dependency(value)?)))
                    .collect::<Result<_>>()?,
            ),
            _ => return Ok(None),
        }))
    }

    /// A keyword with its value, and with the keyword that qualifies it.
    fn given(&self, keyword: &str, value: RawBsonRef<'_>) -> RawDocumentBuf {
        let mut given = DocumentBuilder::new();
        given.append(keyword, value);
        let qualifier = match keyword {
            "minimum" => "exclusiveMinimum",
            "maximum" => "exclusiveMaximum",
            _ => return given.finish(),
        };
        if let Some(value) = field(self.schema, qualifier) {
            given.append(qualifier, value);
        }
        given.finish()
    }

    fn text(&self, keyword: &str) -> Result<Option<&'s str>> {
        field(self.schema, keyword).map(|value| text(keyword, value)).transpose()
    }

    fn flag(&self, keyword: &str) -> Result<Option<bool>> {
        field(self.schema, keyword).map(|value| flag(keyword, value)).transpose()
    }

    fn schema(&self, keyword: &str, value: RawBsonRef<'_>) -> Result<Schema> {
        parse(document(keyword, value)?, self.levels)
    }

    fn nested(&self, keyword: &str, value: RawBsonRef<'_>) -> Result<Box<Schema>> {
        self.schema(keyword, value).map(Box::new)
    }

    fn schemas(&self, keyword: &str, value: RawBsonRef<'_>) -> Result<Vec<Schema>> {
        let schemas: Vec<Schema> =
            items(array(keyword, value)?).map(|one| self.schema(keyword, one)).collect::<Result<_>>()?;
        if schemas.is_empty() {
            return refuse(Code::BAD_VALUE, format!("$jsonSchema keyword '{keyword}' must be a non-empty array"));
        }
        Ok(schemas)
    }

    fn by_name(&self, keyword: &str, value: RawBsonRef<'_>) -> Result<Vec<(Box<str>, Schema)>> {
        fields(document(keyword, value)?).map(|(name, value)| Ok((name.into(), self.schema(name, value)?))).collect()
    }

    fn names(&self, keyword: &str) -> Vec<Box<str>> {
        match field(self.schema, keyword) {
            Some(RawBsonRef::Document(document)) => fields(document).map(|(name, _)| name.into()).collect(),
            _ => Vec::new(),
        }
    }

    /// `true` is no rule, `false` allows none, a schema is for each.
    #[allow(clippy::option_option, reason = "the two absences are different, and both pass by here only")]
    fn additional(&self, keyword: &str, value: RawBsonRef<'_>) -> Result<Option<Option<Box<Schema>>>> {
        match value {
            RawBsonRef::Boolean(true) => Ok(None),
            RawBsonRef::Boolean(false) => Ok(Some(None)),
            RawBsonRef::Document(_) => Ok(Some(Some(self.nested(keyword, value)?))),
            _ => mismatch(keyword, "either an object or a boolean", value),
        }
    }

    fn dependency(&self, value: RawBsonRef<'_>) -> Result<Dependency> {
        match value {
            RawBsonRef::Document(schema) => Ok(Dependency::Schema(parse(schema, self.levels)?)),
            RawBsonRef::Array(_) => Ok(Dependency::Properties(strings("dependencies", value)?)),
            value => mismatch("dependencies", "objects or arrays", value),
        }
    }
}

fn mismatch<T>(keyword: &str, wanted: &str, value: RawBsonRef<'_>) -> Result<T> {
    refuse(
        Code::TYPE_MISMATCH,
        format!("$jsonSchema keyword '{keyword}' must be {wanted}, but got {}", type_name(value)),
    )
}

fn malformed<T>(keyword: &str, what: &str) -> Result<T> {
    refuse(Code::FAILED_TO_PARSE, format!("$jsonSchema keyword '{keyword}' {what}"))
}

fn document<'a>(keyword: &str, value: RawBsonRef<'a>) -> Result<&'a RawDocument> {
    match value {
        RawBsonRef::Document(document) => Ok(document),
        value => mismatch(keyword, "an object", value),
    }
}

fn array<'a>(keyword: &str, value: RawBsonRef<'a>) -> Result<&'a bson::RawArray> {
    match value {
        RawBsonRef::Array(array) => Ok(array),
        value => mismatch(keyword, "an array", value),
    }
}

fn text<'a>(keyword: &str, value: RawBsonRef<'a>) -> Result<&'a str> {
    match value {
        RawBsonRef::String(text) => Ok(text),
        value => mismatch(keyword, "a string", value),
    }
}

fn flag(keyword: &str, value: RawBsonRef<'_>) -> Result<bool> {
    match value {
        RawBsonRef::Boolean(flag) => Ok(flag),
        value => mismatch(keyword, "a boolean", value),
    }
}

fn number(keyword: &str, value: RawBsonRef<'_>) -> Result<RawBson> {
    match Kind::of(value) {
        Kind::Number => Ok(value.into()),
        _ => mismatch(keyword, "a number", value),
    }
}

fn positive(keyword: &str, value: RawBsonRef<'_>) -> Result<RawBson> {
    let number = number(keyword, value)?;
    if Number::of(value).is_none_or(|value| value.compare(Number::Int32(0)).is_le()) {
        return malformed(keyword, "must have a positive value");
    }
    Ok(number)
}

fn count(keyword: &str, value: RawBsonRef<'_>) -> Result<u64> {
    match as_whole_i64(value).map(u64::try_from) {
        Some(Ok(count)) => Ok(count),
        Some(Err(_)) => malformed(keyword, "must be a non-negative number"),
        None => malformed(keyword, "must be an integer"),
    }
}

fn strings(keyword: &str, value: RawBsonRef<'_>) -> Result<Vec<Box<str>>> {
    let mut strings: Vec<Box<str>> = Vec::new();
    for item in items(array(keyword, value)?) {
        strings.push(text(keyword, item)?.into());
    }
    strings.sort_unstable();
    if strings.is_empty() {
        return malformed(keyword, "cannot be an empty array");
    }
    if strings.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        return malformed(keyword, "has a duplicate value");
    }
    Ok(strings)
}

fn enumeration(value: RawBsonRef<'_>) -> Result<Vec<RawBson>> {
    let values = array("enum", value)?;
    if values.is_empty() {
        return malformed("enum", "cannot be an empty array");
    }
    if duplicate(items(values)).is_some() {
        return malformed("enum", "array contains duplicate values");
    }
    Ok(items(values).map(canonical).collect())
}

/// The types of `bsonType`, by their aliases, or of `type`, by the names of JSON.
fn types(keyword: &str, value: RawBsonRef<'_>) -> Result<TypeSet> {
    match value {
        RawBsonRef::String(alias) => type_set(keyword, alias),
        RawBsonRef::Array(_) => {
            let mut set = TypeSet::default();
            for alias in strings(keyword, value)? {
                set = set.union(type_set(keyword, &alias)?);
            }
            Ok(set)
        }
        value => mismatch(keyword, "either a string or an array of strings", value),
    }
}

fn type_set(keyword: &str, alias: &str) -> Result<TypeSet> {
    if (keyword, alias) == ("type", "integer") {
        return malformed(keyword, "does not support the type 'integer'");
    }
    match (keyword, alias) {
        ("type", "boolean") => TypeSet::of_alias("bool"),
        ("type", "object" | "array" | "number" | "string" | "null") | ("bsonType", _) => TypeSet::of_alias(alias),
        _ => refuse(Code::BAD_VALUE, format!("Unknown type name alias: {alias}")),
    }
}
