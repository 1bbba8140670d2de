//! Operators on objects: `$getField`, `$setField`, `$unsetField`, `$mergeObjects`.

use std::collections::HashMap;

use bson::{RawBson, RawBsonRef, RawDocumentBuf};

use crate::{
    error::{Code, Result, refuse},
    expression::{
        Dependencies, Env, Evaluate, Expression, Names, Operator,
        arguments::{Named, all_constant, document_of, finish, null, pick, type_of, variadic},
        bounds::check_size,
    },
    value::{DocumentBuilder, Path, Value, field, fields, type_name},
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator { name: "$getField", parse: parse_get },
    Operator { name: "$setField", parse: |value, names| parse_set("$setField", value, names) },
    Operator { name: "$unsetField", parse: |value, names| parse_set("$unsetField", value, names) },
    Operator {
        name: "$mergeObjects",
        parse: |value, names| variadic("$mergeObjects", value, names, 0..=usize::MAX, merge_objects),
    },
];

/// Fields that are collected: a name that comes again changes the value and stays where it was.
#[derive(Default)]
pub(crate) struct Fields<'a> {
    fields: Vec<(&'a str, RawBsonRef<'a>)>,
    places: HashMap<&'a str, usize>,
}

impl<'a> Fields<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub(crate) fn set(&mut self, name: &'a str, value: RawBsonRef<'a>) {
        let next = self.fields.len();
        let place = *self.places.entry(name).or_insert(next);
        match self.fields.get_mut(place) {
            Some(field) => field.1 = value,
            None => self.fields.push((name, value)),
        }
    }

    pub(crate) fn finish(self) -> RawDocumentBuf {
        let mut document = DocumentBuilder::new();
        for (name, value) in self.fields {
            document.append(name, value);
        }
        document.finish()
    }
}

fn merge_objects<'v>(objects: Vec<Value<'v>>, _: &Env<'_>) -> Result<Value<'v>> {
    let mut merged = Fields::default();
    let mut bytes = 0;
    for object in &objects {
        if object.is_nullish() {
            continue;
        }
        let Some(object) = document_of(object) else {
            return refuse(
                Code(40400),
                format!("$mergeObjects requires object inputs, but input is of type {}", type_of(object)),
            );
        };
        bytes += object.as_bytes().len();
        check_size("$mergeObjects", bytes)?;
        for (name, value) in fields(object) {
            merged.set(name, value);
        }
    }
    Ok(RawBson::Document(merged.finish()).into())
}

#[derive(Debug)]
struct GetField {
    field: Expression,
    /// The document itself, if none is given.
    input: Option<Expression>,
}

fn parse_get(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let is_operator = |document| fields(document).next().is_some_and(|(name, _)| name.starts_with('$'));
    let (field, input) = match value {
        RawBsonRef::Document(document) if !is_operator(document) => {
            let codes = (Code(3_041_700), Code(3_041_701));
            let named = Named::of("$getField", value, &["field", "input"], codes.0, codes.1)?;
            let field = named.required("field", Code(3_041_702), names)?;
            (field, Some(named.required("input", Code(3_041_703), names)?))
        }
        // Relative to the document, whatever `CURRENT` is.
        value if names.local("CURRENT").is_none() => (Expression::parse_within(value, names)?, None),
        value => {
            let current = Expression::parse_within(RawBsonRef::String("$$CURRENT"), names)?;
            (Expression::parse_within(value, names)?, Some(current))
        }
    };
    if let Some(name) = field.constant().filter(|name| !matches!(name, RawBsonRef::String(_))) {
        return not_a_name(type_name(name));
    }
    let constant = input.as_ref().is_some_and(|input| all_constant([&field, input]));
    finish(GetField { field, input }, constant, names)
}

fn not_a_name<T>(found: &str) -> Result<T> {
    refuse(Code(3_041_704), format!("$getField requires 'field' to evaluate to type String, but got {found}"))
}

impl Evaluate for GetField {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let name = self.field.evaluate(env)?;
        let Some(RawBsonRef::String(name)) = name.get() else {
            return not_a_name(type_of(&name));
        };
        let input = match &self.input {
            Some(input) => input.evaluate(env)?,
            None => Value::Ref(RawBsonRef::Document(env.root)),
        };
        Ok(match input.get() {
            None => Value::Missing,
            Some(RawBsonRef::Null | RawBsonRef::Undefined) => null(),
            Some(_) => pick(input, |input| field(input.as_document()?, name)),
        })
    }

    fn dependencies(&self, found: &mut Dependencies) {
        self.field.dependencies(found);
        match (&self.input, self.field.constant().and_then(|name| Path::parse(name.as_str()?).ok())) {
            (Some(input), _) => input.dependencies(found),
            // A name with dots in it is no path.
            (None, Some(name)) if name.parts().len() == 1 => found.path(&name),
            (None, _) => found.everything(),
        }
    }
}

/// `$setField`, and with no value `$unsetField`.
#[derive(Debug)]
struct SetField {
    operator: &'static str,
    name: Box<str>,
    input: Expression,
    value: Option<Expression>,
}

fn parse_set(operator: &'static str, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let sets = operator == "$setField";
    let known: &[&str] = if sets { &["field", "input", "value"] } else { &["field", "input"] };
    let named = Named::of(operator, value, known, Code(4_161_100), Code(4_161_101))?;
    let given = named.raw_required("field", Code(4_161_102))?;
    let value = if sets { Some(named.required("value", Code(4_161_103), names)?) } else { None };
    let input = named.required("input", Code(4_161_109), names)?;
    let name = constant_name(operator, given, names)?;
    let constant = all_constant([&input].into_iter().chain(&value));
    finish(SetField { operator, name, input, value }, constant, names)
}

/// The name, which has to be a constant as it is written: what could be evaluated now is refused as well.
fn constant_name(operator: &str, given: RawBsonRef<'_>, names: &Names<'_>) -> Result<Box<str>> {
    let not_constant = || {
        refuse(
            Code(4_161_106),
            format!("{operator} requires 'field' to evaluate to a constant, but got a non-constant argument"),
        )
    };
    let name = match given {
        RawBsonRef::String(path) if path.starts_with('$') => {
            Expression::parse_within(given, names)?;
            return refuse(
                Code(4_161_108),
                format!("'{path}' starts with '$'. 'field' of {operator} must not be a field path: use $literal"),
            );
        }
        RawBsonRef::Document(document) => {
            let mut all = fields(document);
            match all.next() {
                None => given,
                Some(("$literal" | "$const", value)) if all.next().is_none() => value,
                Some(_) => {
                    Expression::parse_within(given, names)?;
                    return not_constant();
                }
            }
        }
        RawBsonRef::Array(_) => {
            Expression::parse_within(given, names)?;
            return not_constant();
        }
        given => given,
    };
    match name {
        RawBsonRef::String(name) if name.contains('\0') => {
            refuse(Code(9_534_700), format!("{operator}: 'field' cannot contain an embedded null byte"))
        }
        RawBsonRef::String(name) => Ok(name.into()),
        other => refuse(
            Code(4_161_107),
            format!("{operator} requires 'field' to evaluate to type String, but got {}", type_name(other)),
        ),
    }
}

impl Evaluate for SetField {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let input = self.input.evaluate(env)?;
        if input.is_nullish() {
            return Ok(null());
        }
        let Some(document) = document_of(&input) else {
            return refuse(
                Code(4_161_105),
                format!("{} requires 'input' to evaluate to type Object, but got {}", self.operator, type_of(&input)),
            );
        };
        let value = self.value.as_ref().map_or(Ok(Value::Missing), |value| value.evaluate(env))?;
        let mut made = DocumentBuilder::new();
        let mut new = value.get();
        for (name, old) in fields(document) {
            if name != &*self.name {
                made.append(name, old);
            } else if let Some(value) = new.take() {
                made.append(name, value);
            }
        }
        if let Some(value) = new {
            made.append(&self.name, value);
        }
        check_size(self.operator, made.len_bytes())?;
        Ok(RawBson::Document(made.finish()).into())
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all([&self.input].into_iter().chain(&self.value));
    }
}

#[cfg(test)]
mod tests {

    use bson::{Bson, bson, doc};

    use crate::expression::testing::{check, fails, missing, yields};

    #[test]
    fn fields_of_any_name_are_got() {
        check(
            &doc! { "a.b": 1, "$c": 2, "": 3, "o": { "x": 4 }, "f": "o", "n": null, "five": 5 },
            [
                yields(doc! { "$getField": "a.b" }, 1),
                yields(doc! { "$getField": { "$literal": "$c" } }, 2),
                yields(doc! { "$getField": "" }, 3),
                yields(doc! { "$getField": "$f" }, bson!({ "x": 4 })),
                yields(doc! { "$getField": { "field": "x", "input": "$o" } }, 4),
                yields(doc! { "$getField": { "field": "x", "input": { "x": ["$five"] } } }, bson!([5])),
                missing(doc! { "$getField": { "field": "y", "input": "$o" } }),
                missing(doc! { "$getField": { "field": "x", "input": "$five" } }),
                missing(doc! { "$getField": { "field": "x", "input": "$none" } }),
                yields(doc! { "$getField": { "field": "x", "input": "$n" } }, Bson::Null),
                fails(doc! { "$getField": {} }, 3_041_702),
                fails(doc! { "$getField": { "input": {} } }, 3_041_702),
                fails(doc! { "$getField": { "field": "a" } }, 3_041_703),
                fails(doc! { "$getField": { "field": "a", "input": {}, "also": 1 } }, 3_041_701),
                fails(doc! { "$getField": null }, 3_041_704),
                fails(doc! { "$getField": 1 }, 3_041_704),
                fails(doc! { "$getField": { "field": {}, "input": {} } }, 3_041_704),
                fails(doc! { "$getField": { "field": "$none", "input": {} } }, 3_041_704),
                fails(doc! { "$getField": { "field": "$$NOW", "input": {} } }, 3_041_704),
                fails(doc! { "$getField": { "field": "$$REMOVE", "input": {} } }, 3_041_704),
            ],
        );
    }

    #[test]
    fn fields_are_set_in_their_place_and_unset() {
        let set = |field: Bson, input: Bson, value: Bson| {
            doc! { "$setField": { "field": field, "input": input, "value": value } }
        };
        let field = |field: Bson| set(field, bson!({}), bson!(1));
        check(
            &doc! { "o": { "x": 1, "y": 2 }, "text": "t" },
            [
                yields(set(bson!("x"), bson!("$o"), bson!("$text")), bson!({ "x": "t", "y": 2 })),
                yields(set(bson!("a.b"), bson!("$o"), bson!(3)), bson!({ "x": 1, "y": 2, "a.b": 3 })),
                yields(set(bson!({ "$literal": "$z" }), bson!({}), bson!(3)), bson!({ "$z": 3 })),
                yields(set(bson!("x"), bson!("$o"), bson!("$$REMOVE")), bson!({ "y": 2 })),
                yields(set(bson!("x"), bson!("$none"), bson!(1)), Bson::Null),
                fails(set(bson!("x"), bson!("$text"), bson!(1)), 4_161_105),
                fails(set(bson!("x"), bson!(1), bson!(1)), 4_161_105),
                fails(field(bson!(1)), 4_161_107),
                fails(field(Bson::Null), 4_161_107),
                fails(field(bson!({})), 4_161_107),
                fails(field(bson!({ "a": 1 })), 4_161_106),
                fails(field(bson!(["x"])), 4_161_106),
                fails(field(bson!("$x")), 4_161_108),
                fails(doc! { "$setField": [] }, 4_161_100),
                fails(doc! { "$setField": { "also": 1 } }, 4_161_101),
                fails(doc! { "$setField": {} }, 4_161_102),
                fails(doc! { "$setField": { "field": "x", "input": {} } }, 4_161_103),
                fails(doc! { "$setField": { "field": "x", "value": 1 } }, 4_161_109),
                yields(doc! { "$unsetField": { "field": "x", "input": "$o" } }, bson!({ "y": 2 })),
                yields(doc! { "$unsetField": { "field": "z", "input": "$o" } }, bson!({ "x": 1, "y": 2 })),
                fails(doc! { "$unsetField": { "field": null, "input": {}, "value": 1 } }, 4_161_101),
                fails(doc! { "$unsetField": { "field": null } }, 4_161_109),
                fails(doc! { "$unsetField": { "field": "$p", "input": { "$p": 1 } } }, 168),
            ],
        );
    }

    #[test]
    fn later_objects_change_the_fields_of_earlier_ones() {
        check(
            &doc! { "a": { "x": 1, "y": 2 }, "b": { "x": 3, "z": 4 }, "n": null, "t": "t" },
            [
                yields(doc! { "$mergeObjects": ["$a", "$b"] }, bson!({ "x": 3, "y": 2, "z": 4 })),
                yields(doc! { "$mergeObjects": ["$n", "$a", "$none"] }, bson!({ "x": 1, "y": 2 })),
                yields(doc! { "$mergeObjects": "$a" }, bson!({ "x": 1, "y": 2 })),
                yields(doc! { "$mergeObjects": [] }, bson!({})),
                yields(doc! { "$mergeObjects": [null] }, bson!({})),
                fails(doc! { "$mergeObjects": ["$a", "$t"] }, 40400),
                fails(doc! { "$mergeObjects": [[1]] }, 40400),
            ],
        );
    }
}
