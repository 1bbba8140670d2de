//! What `$convert` converts to.

use bson::{RawBsonRef, spec::ElementType};

use crate::{
    error::{Code, Result, refuse},
    expression::arguments::type_of,
    value::{Number, TypeSet, Value, fields, type_of_alias, type_of_number},
};

/// A type, none for the one of missing values, and a subtype for binary data.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) element: Option<ElementType>,
    pub(super) subtype: u8,
}

impl Target {
    /// Reads `to`: a type's alias or number, or an object of `type` and `subtype`. None for null.
    ///
    /// # Errors
    /// [`Code::FAILED_TO_PARSE`] for what is none of these, [`Code::BAD_VALUE`] for an unknown alias.
    pub(super) fn of(value: &Value<'_>) -> Result<Option<Target>> {
        if value.is_nullish() {
            return Ok(None);
        }
        let Some(RawBsonRef::Document(document)) = value.get() else {
            return read_type(value).map(|element| Some(Target { element, subtype: 0 }));
        };
        let (mut element, mut subtype) = (None, 0);
        for (name, value) in fields(document) {
            match name {
                "type" => element = Some(read_type(&Value::Ref(value))?),
                "subtype" => subtype = read_subtype(value)?,
                name => {
                    return refuse(
                        Code::FAILED_TO_PARSE,
                        format!("$convert found an unknown argument in 'to': {name}"),
                    );
                }
            }
        }
        match element {
            Some(element) => Ok(Some(Target { element, subtype })),
            None => refuse(Code::FAILED_TO_PARSE, "Missing 'type' parameter in the object 'to' of $convert"),
        }
    }

    pub(super) fn name(self) -> &'static str {
        self.element.map_or("missing", |element| TypeSet::name_of(element))
    }
}

fn read_type(value: &Value<'_>) -> Result<Option<ElementType>> {
    match value.get() {
        Some(RawBsonRef::String("missing")) => Ok(None),
        Some(RawBsonRef::String(alias)) => match type_of_alias(alias) {
            Some(element) => Ok(Some(element)),
            None => refuse(Code::BAD_VALUE, format!("Unknown type name: {alias}")),
        },
        Some(given) if Number::of(given).is_some() => match Number::of(given).and_then(Number::as_whole_i64) {
            Some(0) => Ok(None),
            Some(code) if type_of_number(code).is_some() => Ok(type_of_number(code)),
            _ => {
                refuse(Code::FAILED_TO_PARSE, "In $convert, numeric value for 'to' does not correspond to a BSON type")
            }
        },
        _ => refuse(
            Code::FAILED_TO_PARSE,
            format!("$convert's 'to' argument must be a string or number, but is {}", type_of(value)),
        ),
    }
}

fn read_subtype(value: RawBsonRef<'_>) -> Result<u8> {
    let Some(number) = Number::of(value) else {
        return refuse(Code(4_341_108), "$convert's 'subtype' argument must be a number");
    };
    match number.as_whole_i64() {
        None => refuse(Code(4_341_106), "In $convert, numeric 'subtype' argument is not an integer"),
        Some(subtype @ (0..=9 | 128..=255)) => Ok(u8::try_from(subtype).unwrap_or(0)),
        Some(subtype) => refuse(Code(4_341_107), format!("In $convert, {subtype} is no subtype of binary data")),
    }
}
