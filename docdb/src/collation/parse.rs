//! The options of a collation out of a document.

use bson::{RawBsonRef, RawDocument};

use crate::{
    collation::{CaseFirst, Options, VERSION, locale},
    error::{Code, Result, refuse},
    value::{Number, fields, type_name},
};

/// What the document says; absent is what it leaves to the locale.
#[derive(Default)]
struct Given<'a> {
    locale: Option<&'a str>,
    case_level: Option<bool>,
    case_first: Option<CaseFirst>,
    strength: Option<u8>,
    numeric_ordering: Option<bool>,
    shifted: Option<bool>,
    only_spaces: Option<bool>,
    normalization: Option<bool>,
    backwards: Option<bool>,
    count: usize,
}

pub(super) fn options(document: &RawDocument) -> Result<Option<Options>> {
    let given = read(document)?;
    let Some(locale) = given.locale else {
        return refuse(Code::MISSING_FIELD, "BSON field 'collation.locale' is missing but a required field");
    };
    if locale == "simple" {
        if given.count > 1 {
            return refuse(Code::BAD_VALUE, "no other fields should be present when locale is 'simple'");
        }
        return Ok(None);
    }
    locale::check(locale)?;
    let defaults = locale::defaults(locale);
    let options = Options {
        locale: locale.into(),
        case_level: given.case_level.unwrap_or(false),
        case_first: given.case_first.unwrap_or(defaults.case_first),
        strength: given.strength.unwrap_or(3),
        numeric_ordering: given.numeric_ordering.unwrap_or(false),
        shifted: given.shifted.unwrap_or(defaults.shifted),
        only_spaces: given.only_spaces.unwrap_or(false),
        normalization: given.normalization.unwrap_or(false),
        backwards: given.backwards.unwrap_or(defaults.backwards),
    };
    if given.backwards == Some(true) && options.strength == 1 {
        return refuse(Code::BAD_VALUE, "'backwards' is invalid with 'strength' of 1");
    }
    let has_case = options.case_level || options.strength > 2;
    if given.case_first.is_some_and(|order| order != CaseFirst::Off) && !has_case {
        return refuse(
            Code::BAD_VALUE,
            "'caseFirst' is invalid unless 'caseLevel' is on or 'strength' is greater than 2",
        );
    }
    Ok(Some(options))
}

fn read(document: &RawDocument) -> Result<Given<'_>> {
    let mut given = Given::default();
    for (name, value) in fields(document) {
        given.count += 1;
        match name {
            "locale" => given.locale = Some(string(name, value)?),
            "backwards" => given.backwards = Some(boolean(name, value)?),
            // The rest may be null, and is then as good as absent.
            "caseLevel" | "caseFirst" | "strength" | "numericOrdering" | "alternate" | "maxVariable"
            | "normalization" | "version"
                if matches!(value, RawBsonRef::Null | RawBsonRef::Undefined) => {}
            "caseLevel" => given.case_level = Some(boolean(name, value)?),
            "numericOrdering" => given.numeric_ordering = Some(boolean(name, value)?),
            "normalization" => given.normalization = Some(boolean(name, value)?),
            "strength" => given.strength = Some(strength(value)?),
            "caseFirst" => {
                let orders = [("off", CaseFirst::Off), ("upper", CaseFirst::Upper), ("lower", CaseFirst::Lower)];
                given.case_first = Some(choice(name, value, &orders)?);
            }
            "alternate" => given.shifted = Some(choice(name, value, &[("non-ignorable", false), ("shifted", true)])?),
            "maxVariable" => given.only_spaces = Some(choice(name, value, &[("punct", false), ("space", true)])?),
            "version" => {
                if string(name, value)? != VERSION {
                    return refuse(
                        Code(161),
                        format!("Requested collation version is not {VERSION}, the one there is"),
                    );
                }
            }
            name => {
                return refuse(Code::UNKNOWN_FIELD, format!("BSON field 'collation.{name}' is an unknown field."));
            }
        }
    }
    Ok(given)
}

fn wrong_type<T>(name: &str, value: RawBsonRef<'_>, expected: &str) -> Result<T> {
    let got = type_name(value);
    let message = format!("BSON field 'collation.{name}' is the wrong type '{got}', expected type '{expected}'");
    refuse(Code::TYPE_MISMATCH, message)
}

fn string<'a>(name: &str, value: RawBsonRef<'a>) -> Result<&'a str> {
    match value {
        RawBsonRef::String(text) => Ok(text),
        value => wrong_type(name, value, "string"),
    }
}

fn boolean(name: &str, value: RawBsonRef<'_>) -> Result<bool> {
    match value {
        RawBsonRef::Boolean(on) => Ok(on),
        value => wrong_type(name, value, "bool"),
    }
}

fn choice<T: Copy>(name: &str, value: RawBsonRef<'_>, choices: &[(&str, T)]) -> Result<T> {
    let text = string(name, value)?;
    match choices.iter().find(|(choice, _)| *choice == text) {
        Some((_, chosen)) => Ok(*chosen),
        None => {
            let message = format!("Enumeration value '{text}' for field 'collation.{name}' is not a valid value.");
            refuse(Code::BAD_VALUE, message)
        }
    }
}

/// Fractions are cut off.
fn strength(value: RawBsonRef<'_>) -> Result<u8> {
    let Some(number) = Number::of(value) else {
        return wrong_type("strength", value, "int");
    };
    match number.to_i64_saturating() {
        strength @ 1..=5 => Ok(u8::try_from(strength).unwrap_or(3)),
        strength => refuse(
            Code::BAD_VALUE,
            format!("BSON field 'strength' value must be from 1 to 5, actual value '{strength}'"),
        ),
    }
}
