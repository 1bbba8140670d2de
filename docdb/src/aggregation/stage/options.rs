//! The fields of a stage's specification, checked as the server checks those that it describes by types.

use bson::{RawArray, RawBsonRef, RawDocument};

use crate::{
    error::{Code, Result, refuse},
    value::{fields, type_name},
};

/// The fields of a specification by their names. Null stands for a field that is not there.
pub(super) struct Options<'o> {
    stage: &'static str,
    document: &'o RawDocument,
}

impl<'o> Options<'o> {
    /// # Errors
    /// [`Code::UNKNOWN_FIELD`] for a field that is not among the known ones; 40413 for one that is there twice.
    pub(super) fn new(stage: &'static str, document: &'o RawDocument, known: &[&str]) -> Result<Options<'o>> {
        for (index, (name, _)) in fields(document).enumerate() {
            if !known.contains(&name) {
                return refuse(Code::UNKNOWN_FIELD, format!("BSON field '{stage}.{name}' is an unknown field."));
            }
            if fields(document).take(index).any(|(other, _)| other == name) {
                return refuse(Code(40413), format!("BSON field '{stage}.{name}' is a duplicate field"));
            }
        }
        Ok(Options { stage, document })
    }

    pub(super) fn get(&self, name: &str) -> Option<RawBsonRef<'o>> {
        crate::value::field(self.document, name).filter(|value| !matches!(value, RawBsonRef::Null))
    }

    pub(super) fn string(&self, name: &str) -> Result<Option<&'o str>> {
        match self.get(name) {
            None => Ok(None),
            Some(RawBsonRef::String(value)) => Ok(Some(value)),
            Some(other) => self.wrong(name, other, "string"),
        }
    }

    pub(super) fn document(&self, name: &str) -> Result<Option<&'o RawDocument>> {
        match self.get(name) {
            None => Ok(None),
            Some(RawBsonRef::Document(value)) => Ok(Some(value)),
            Some(other) => self.wrong(name, other, "object"),
        }
    }

    pub(super) fn array(&self, name: &str) -> Result<Option<&'o RawArray>> {
        match self.get(name) {
            None => Ok(None),
            Some(RawBsonRef::Array(value)) => Ok(Some(value)),
            Some(other) => self.wrong(name, other, "array"),
        }
    }

    /// # Errors
    /// [`Code::MISSING_FIELD`].
    pub(super) fn required<T>(&self, name: &str, value: Option<T>) -> Result<T> {
        match value {
            Some(value) => Ok(value),
            None => refuse(
                Code::MISSING_FIELD,
                format!("BSON field '{}.{name}' is missing but a required field", self.stage),
            ),
        }
    }

    fn wrong<T>(&self, name: &str, value: RawBsonRef<'_>, expected: &str) -> Result<T> {
        let (stage, found) = (self.stage, type_name(value));
        refuse(
            Code::TYPE_MISMATCH,
            format!("BSON field '{stage}.{name}' is the wrong type '{found}', expected type '{expected}'"),
        )
    }
}
