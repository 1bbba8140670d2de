//! Which rules of a schema a document breaks, and how: `details` of the server's error 121.
//!
//! Source: <https://www.mongodb.com/docs/manual/core/schema-validation/handle-invalid-documents/>.

use bson::{RawArrayBuf, RawBson, RawBsonRef, RawDocument, RawDocumentBuf};

use super::{Dependency, Rule, Schema, Test, canonical, matches::is_additional};
use crate::{
    error::Result,
    value::{ArrayBuilder, DocumentBuilder, field, fields, items, type_name},
};

impl Schema {
    /// The explanation of `$jsonSchema` for a document that does not match.
    pub(crate) fn explain(&self, document: &RawDocument) -> Result<RawDocumentBuf> {
        let mut details = operator("$jsonSchema");
        self.annotate(&mut details);
        append_array(&mut details, "schemaRulesNotSatisfied", self.details(RawBsonRef::Document(document))?);
        Ok(details.finish())
    }

    fn annotate(&self, details: &mut DocumentBuilder) {
        for (name, text) in [("title", &self.title), ("description", &self.description)] {
            if let Some(text) = text {
                details.append(name, &**text);
            }
        }
    }

    /// An explanation for each rule that a value breaks.
    fn details(&self, value: RawBsonRef<'_>) -> Result<RawArrayBuf> {
        let mut details = ArrayBuilder::new();
        for rule in self.broken(value)? {
            details.push(&*rule.explain(value)?);
        }
        Ok(details.finish())
    }
}

fn operator(name: &str) -> DocumentBuilder {
    let mut details = DocumentBuilder::new();
    details.append("operatorName", name);
    details
}

fn append_array(details: &mut DocumentBuilder, name: &str, array: RawArrayBuf) {
    details.append_owned(name, &RawBson::Array(array));
}

fn append_names<'a>(details: &mut DocumentBuilder, name: &str, names: impl Iterator<Item = &'a str>) {
    let mut array = ArrayBuilder::new();
    for name in names {
        array.push(name);
    }
    append_array(details, name, array.finish());
}

impl Rule {
    fn explain(&self, value: RawBsonRef<'_>) -> Result<RawDocumentBuf> {
        let mut details = operator(self.keyword);
        if let Some(given) = &self.given {
            details.append("specifiedAs", &**given);
        }
        match value {
            RawBsonRef::Document(document) if self.test.document_details(document, &mut details)? => {}
            RawBsonRef::Array(array) if self.test.array_details(array, &mut details)? => {}
            value => self.test.value_details(value, &mut details)?,
        }
        Ok(details.finish())
    }
}

impl Test {
    fn value_details(&self, value: RawBsonRef<'_>, details: &mut DocumentBuilder) -> Result<()> {
        match self {
            Test::AllOf(schemas) | Test::AnyOf(schemas) => schemas_not_satisfied(schemas, value, details)?,
            Test::OneOf(schemas) => {
                let mut matching = ArrayBuilder::new();
                let mut count = 0;
                for (index, schema) in (0_i32..).zip(schemas) {
                    if schema.matches(value)? {
                        matching.push(index);
                        count += 1;
                    }
                }
                if count == 0 {
                    return schemas_not_satisfied(schemas, value, details);
                }
                details.append("reason", "more than one subschema matched");
                append_array(details, "matchingSchemaIndexes", matching.finish());
            }
            Test::Not(_) => details.append("reason", "child expression matched"),
            test => {
                details.append("reason", test.reason());
                details.append("consideredValue", value);
                if let Test::Type(_) = test {
                    details.append("consideredType", type_name(value));
                }
            }
        }
        Ok(())
    }

    fn reason(&self) -> &'static str {
        match self {
            Test::Type(_) => "type did not match",
            Test::Enum(_) => "value was not found in enum",
            Test::MultipleOf(_) => "considered value is not a multiple of the specified value",
            Test::MinLength(_) | Test::MaxLength(_) => "specified string length was not satisfied",
            Test::Pattern(_) => "regular expression did not match",
            Test::MinItems(_) | Test::MaxItems(_) => "array did not match specified length",
            Test::UniqueItems => "found a duplicate item",
            Test::MinProperties(_) | Test::MaxProperties(_) => "specified number of properties was not satisfied",
            Test::Encrypted => "value was not encrypted",
            _ => "comparison failed",
        }
    }

    /// What is particular to arrays; false if nothing is.
    fn array_details(&self, array: &bson::RawArray, details: &mut DocumentBuilder) -> Result<bool> {
        let mut first_broken = |schema: &Schema, from: usize, reason: &str| {
            for (index, item) in (0_i32..).zip(items(array)).skip(from) {
                let broken = schema.details(item)?;
                if !broken.is_empty() {
                    details.append("reason", reason);
                    details.append("itemIndex", index);
                    append_array(details, "details", broken);
                    break;
                }
            }
            Ok(true)
        };
        match self {
            Test::Items(schema) => first_broken(schema, 0, "At least one item did not match the sub-schema"),
            Test::AdditionalItems { from, schema: Some(schema) } => {
                first_broken(schema, *from, "At least one additional item did not match the sub-schema")
            }
            Test::AdditionalItems { from, schema: None } => {
                let mut additional = ArrayBuilder::new();
                items(array).skip(*from).for_each(|item| additional.push(item));
                details.append("reason", "found additional items");
                append_array(details, "additionalItems", additional.finish());
                Ok(true)
            }
            Test::ItemsInOrder(schemas) => {
                let mut all = ArrayBuilder::new();
                for ((index, item), schema) in (0_i32..).zip(items(array)).zip(schemas) {
                    let broken = schema.details(item)?;
                    if !broken.is_empty() {
                        let mut one = DocumentBuilder::new();
                        one.append("itemIndex", index);
                        append_array(&mut one, "details", broken);
                        all.push(&*one.finish());
                    }
                }
                append_array(details, "details", all.finish());
                Ok(true)
            }
            Test::UniqueItems => {
                details.append("reason", self.reason());
                details.append("consideredValue", RawBsonRef::Array(array));
                if let Some(duplicate) = canonical::duplicate(items(array)) {
                    details.append_owned("duplicatedValue", &duplicate);
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// What is particular to documents; false if nothing is.
    fn document_details(&self, document: &RawDocument, details: &mut DocumentBuilder) -> Result<bool> {
        match self {
            Test::Properties(properties) => {
                let mut all = ArrayBuilder::new();
                for (name, schema) in properties {
                    let Some(value) = field(document, name) else { continue };
                    let broken = schema.details(value)?;
                    if !broken.is_empty() {
                        let mut property = DocumentBuilder::new();
                        property.append("propertyName", &**name);
                        schema.annotate(&mut property);
                        append_array(&mut property, "details", broken);
                        all.push(&*property.finish());
                    }
                }
                append_array(details, "propertiesNotSatisfied", all.finish());
            }
            Test::PatternProperties(patterns) => {
                let mut all = ArrayBuilder::new();
                for (pattern, schema) in patterns {
                    for (name, value) in fields(document) {
                        if !pattern.is_match(name)? {
                            continue;
                        }
                        let broken = schema.details(value)?;
                        if !broken.is_empty() {
                            let mut property = DocumentBuilder::new();
                            property.append("propertyName", name);
                            property.append("regexMatched", &*pattern.pattern);
                            append_array(&mut property, "details", broken);
                            all.push(&*property.finish());
                        }
                    }
                }
                append_array(details, "details", all.finish());
            }
            Test::AdditionalProperties { names, patterns, schema } => {
                let mut additional = Vec::new();
                for (name, value) in fields(document) {
                    if is_additional(name, names, patterns)? {
                        additional.push((name, value));
                    }
                }
                additional_properties(schema.as_deref(), &additional, details)?;
            }
            Test::Required(names) => append_names(details, "missingProperties", missing(names, document)),
            Test::MinProperties(_) | Test::MaxProperties(_) => {
                details.append("reason", self.reason());
                details.append("numberOfProperties", i32::try_from(fields(document).count()).unwrap_or(i32::MAX));
            }
            Test::Dependencies(all) => {
                let mut failing = ArrayBuilder::new();
                for (name, dependency) in all {
                    if field(document, name).is_none() || dependency.matches(document)? {
                        continue;
                    }
                    let mut one = DocumentBuilder::new();
                    one.append("conditionalProperty", &**name);
                    match dependency {
                        Dependency::Properties(names) => {
                            append_names(&mut one, "missingProperties", missing(names, document));
                        }
                        Dependency::Schema(schema) => {
                            append_array(&mut one, "details", schema.details(RawBsonRef::Document(document))?);
                        }
                    }
                    failing.push(&*one.finish());
                }
                append_array(details, "failingDependencies", failing.finish());
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn missing<'a>(names: &'a [Box<str>], document: &RawDocument) -> impl Iterator<Item = &'a str> {
    names.iter().map(|name| &**name).filter(|name| field(document, name).is_none())
}

fn additional_properties(
    schema: Option<&Schema>,
    additional: &[(&str, RawBsonRef<'_>)],
    details: &mut DocumentBuilder,
) -> Result<()> {
    let Some(schema) = schema else {
        append_names(details, "additionalProperties", additional.iter().map(|(name, _)| *name));
        return Ok(());
    };
    details.append("reason", "at least one additional property did not match the subschema");
    for (name, value) in additional {
        let broken = schema.details(*value)?;
        if !broken.is_empty() {
            details.append("failingProperty", *name);
            append_array(details, "details", broken);
            break;
        }
    }
    Ok(())
}

fn schemas_not_satisfied(schemas: &[Schema], value: RawBsonRef<'_>, details: &mut DocumentBuilder) -> Result<()> {
    let mut all = ArrayBuilder::new();
    for (index, schema) in (0_i32..).zip(schemas) {
        let broken = schema.details(value)?;
        if broken.is_empty() {
            continue;
        }
        let mut one = DocumentBuilder::new();
        one.append("index", index);
        schema.annotate(&mut one);
        append_array(&mut one, "details", broken);
        all.push(&*one.finish());
    }
    append_array(details, "schemasNotSatisfied", all.finish());
    Ok(())
}
