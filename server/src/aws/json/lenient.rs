//! Scalars as younger services read them: a string of any scalar, and numbers in other words than DynamoDB's.

use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer};

use super::member::{Scalar, ScalarVisitor, scalars};

/// A string, or what a number or a boolean is as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Word(pub(crate) String);

/// A whole number; a fraction is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Integer(pub(crate) i64);

impl Scalar for Word {
    const CLASS: &'static str = "String";

    fn from_bool(value: bool) -> Result<Self, String> {
        Ok(Word(value.to_string()))
    }

    fn from_whole(value: i64) -> Result<Self, String> {
        Ok(Word(value.to_string()))
    }

    fn from_decimal(value: f64) -> Result<Self, String> {
        Ok(Word(value.to_string()))
    }

    fn from_text(value: &str) -> Result<Self, String> {
        Ok(Word(value.to_owned()))
    }

    fn from_string(value: String) -> Result<Self, String> {
        Ok(Word(value))
    }
}

impl Scalar for Integer {
    const CLASS: &'static str = "Integer";

    fn from_bool(value: bool) -> Result<Self, String> {
        Err(no_integer(if value { "TRUE_VALUE" } else { "FALSE_VALUE" }))
    }

    fn from_whole(value: i64) -> Result<Self, String> {
        Ok(Integer(value))
    }

    fn from_decimal(value: f64) -> Result<Self, String> {
        // A cast of a float saturates.
        Ok(Integer(value.trunc() as i64))
    }

    fn from_text(_: &str) -> Result<Self, String> {
        Err(no_integer("STRING_VALUE"))
    }
}

fn no_integer(given: &str) -> String {
    format!("{given} can not be converted to an Integer")
}

scalars!(Word, Integer);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_of_all_scalars_and_integers_of_numbers() {
        let word = |json: &str| serde_json::from_str::<Word>(json).unwrap().0;
        assert_eq!(["\"a\"", "7", "-1", "1.5", "true"].map(word), ["a", "7", "-1", "1.5", "true"]);
        assert!(serde_json::from_str::<Word>("[1]").is_err());
        let integer = |json: &str| {
            serde_json::from_str::<Integer>(json).map(|integer| integer.0).map_err(|error| error.to_string())
        };
        assert_eq!((integer("7"), integer("7.9")), (Ok(7), Ok(7)));
        assert!(integer("\"7\"").unwrap_err().starts_with("STRING_VALUE can not be converted to an Integer"));
    }
}
