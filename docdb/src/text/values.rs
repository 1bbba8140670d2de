//! The strings of a document that a text index has.

use bson::{RawBsonRef, RawDocument};

use crate::{
    error::{Code, Result, refuse},
    text::{Language, TextIndexSpec},
    value::{MAX_DEPTH, field, fields, items},
};

/// A string with the language and the weight that it has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a> {
    pub(crate) text: &'a str,
    pub(crate) language: Language,
    pub(crate) weight: f64,
}

/// Calls `visit` for each string of a document's indexed fields, until it says false.
///
/// # Errors
/// 17261 and 17262 for languages of the document that are no strings, or unknown.
pub(crate) fn each<'a>(
    document: &'a RawDocument,
    spec: &TextIndexSpec,
    visit: &mut dyn FnMut(Value<'a>) -> bool,
) -> Result<()> {
    let mut walk = Walk { spec, visit, path: String::new() };
    walk.document(document, spec.default_language(), 0).map(|_| ())
}

struct Walk<'s, 'v, 'a> {
    spec: &'s TextIndexSpec,
    visit: &'v mut dyn FnMut(Value<'a>) -> bool,
    path: String,
}

impl<'a> Walk<'_, '_, 'a> {
    fn document(&mut self, document: &'a RawDocument, language: Language, depth: usize) -> Result<bool> {
        let language = language_of(document, self.spec, language)?;
        let parent = self.path.len();
        for (name, value) in fields(document) {
            if name == self.spec.language_override() {
                continue;
            }
            if parent > 0 {
                self.path.push('.');
            }
            self.path.push_str(name);
            let goes_on = match value {
                // Items have the path of their array; arrays in arrays are not looked into.
                RawBsonRef::Array(array) => {
                    let mut goes_on = true;
                    for item in items(array).filter(|item| !matches!(item, RawBsonRef::Array(_))) {
                        goes_on = goes_on && self.value(item, language, depth)?;
                    }
                    goes_on
                }
                value => self.value(value, language, depth)?,
            };
            self.path.truncate(parent);
            if !goes_on {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn value(&mut self, value: RawBsonRef<'a>, language: Language, depth: usize) -> Result<bool> {
        match value {
            RawBsonRef::String(text) => match self.spec.weight(&self.path) {
                Some(weight) => Ok((self.visit)(Value { text, language, weight })),
                None => Ok(true),
            },
            RawBsonRef::Document(document) if depth < MAX_DEPTH && self.spec.reaches_into(&self.path) => {
                self.document(document, language, depth + 1)
            }
            _ => Ok(true),
        }
    }
}

fn language_of(document: &RawDocument, spec: &TextIndexSpec, inherited: Language) -> Result<Language> {
    match field(document, spec.language_override()) {
        None => Ok(inherited),
        Some(RawBsonRef::String(name)) => match Language::of(name) {
            Some(language) => Ok(language),
            None => refuse(Code(17262), format!("language override unsupported: {name}")),
        },
        Some(_) => refuse(Code(17261), "found language override field in document with non-string type"),
    }
}
