//! What a text index is made with.

use bson::{RawBsonRef, RawDocument};

use crate::{
    error::{Code, Result, refuse},
    geo::double,
    text::Language,
    value::{field, fields},
};

/// The fields of a text index with their weights, and its languages.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TextIndexSpec {
    weights: Vec<(Box<str>, f64)>,
    /// The weight of fields that are not in `weights`, if all fields are indexed.
    wildcard: Option<f64>,
    default_language: Language,
    language_override: Box<str>,
    /// Fields before the text in a compound index: a `$text` needs them equal to values.
    prefix: Vec<Box<str>>,
    /// Fields after the text.
    suffix: Vec<Box<str>>,
}

/// Weights are below this.
const MAX_WEIGHT: f64 = 1e9;

impl TextIndexSpec {
    /// Reads a key pattern and the options of its index.
    ///
    /// # Errors
    /// [`Code::CANNOT_CREATE_INDEX`].
    pub(crate) fn parse(key: &RawDocument, options: &RawDocument) -> Result<TextIndexSpec> {
        let mut spec = TextIndexSpec {
            weights: Vec::new(),
            wildcard: None,
            default_language: default_language(options)?,
            language_override: language_override(options)?,
            prefix: Vec::new(),
            suffix: Vec::new(),
        };
        let mut has_text = false;
        for (name, value) in fields(key) {
            if value == RawBsonRef::String("text") {
                if !spec.suffix.is_empty() {
                    return cannot("'text' fields in index must all be adjacent");
                }
                has_text = true;
                // How the server writes its own key pattern: the fields are in the weights.
                if name != "_fts" {
                    spec.set_weight(name, 1.0);
                }
            } else if name != "_ftsx" {
                if has_text { &mut spec.suffix } else { &mut spec.prefix }.push(name.into());
            }
        }
        match field(options, "weights") {
            None => {}
            Some(RawBsonRef::String(name)) => spec.set_weight(name, 1.0),
            Some(RawBsonRef::Document(weights)) => {
                for (name, weight) in fields(weights) {
                    let Some(weight) = double(weight) else {
                        return cannot("weight for text index needs numeric type");
                    };
                    if !(weight > 0.0 && weight < MAX_WEIGHT) {
                        return cannot(format!(
                            "text index weight must be in the exclusive interval (0,{MAX_WEIGHT}) but found: {weight}"
                        ));
                    }
                    if name.is_empty() || (name.starts_with('$') && name != "$**") {
                        return cannot("weight cannot be on a field with a name like an operator's");
                    }
                    spec.set_weight(name, weight);
                }
            }
            Some(_) => return cannot("text index option 'weights' must be an object"),
        }
        if !has_text || (spec.weights.is_empty() && spec.wildcard.is_none()) {
            return cannot("text index must have at least one text field");
        }
        check_version(options)?;
        Ok(spec)
    }

    fn set_weight(&mut self, name: &str, weight: f64) {
        if name == "$**" {
            self.wildcard = Some(weight);
        } else if let Some((_, known)) = self.weights.iter_mut().find(|(known, _)| &**known == name) {
            *known = weight;
        } else {
            self.weights.push((name.into(), weight));
        }
    }

    pub(crate) fn default_language(&self) -> Language {
        self.default_language
    }

    pub(crate) fn language_override(&self) -> &str {
        &self.language_override
    }

    #[cfg(test)]
    pub(crate) fn prefix(&self) -> &[Box<str>] {
        &self.prefix
    }

    #[cfg(test)]
    pub(crate) fn suffix(&self) -> &[Box<str>] {
        &self.suffix
    }

    /// The fields with their weights in the order of their names, `$**` among them: what the index's description shows.
    pub(crate) fn weights(&self) -> Vec<(&str, f64)> {
        let named = self.weights.iter().map(|(name, weight)| (&**name, *weight));
        let mut weights: Vec<(&str, f64)> = named.chain(self.wildcard.map(|weight| ("$**", weight))).collect();
        weights.sort_by_key(|(name, _)| *name);
        weights
    }

    /// The weight of a field, if it is indexed.
    pub(crate) fn weight(&self, path: &str) -> Option<f64> {
        let named = self.weights.iter().find(|(name, _)| &**name == path).map(|(_, weight)| *weight);
        named.or(self.wildcard)
    }

    /// Whether a field that is within a field may be indexed.
    pub(crate) fn reaches_into(&self, path: &str) -> bool {
        let is_within = |name: &str| name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
        self.wildcard.is_some() || self.weights.iter().any(|(name, _)| is_within(name))
    }
}

fn default_language(options: &RawDocument) -> Result<Language> {
    match field(options, "default_language") {
        None => Ok(Language::ENGLISH),
        Some(RawBsonRef::String(name)) => match Language::of(name) {
            Some(language) => Ok(language),
            None => cannot("default_language is not valid"),
        },
        Some(_) => cannot("default_language needs a string type"),
    }
}

fn language_override(options: &RawDocument) -> Result<Box<str>> {
    match field(options, "language_override") {
        None => Ok("language".into()),
        Some(RawBsonRef::String(name)) if !name.is_empty() && !name.starts_with('$') && !name.contains('.') => {
            Ok(name.into())
        }
        Some(RawBsonRef::String(_)) => cannot("language_override is not valid"),
        Some(_) => cannot("language_override must be a string"),
    }
}

/// Versions 1 and 2 are accepted and behave as version 3.
fn check_version(options: &RawDocument) -> Result<()> {
    match field(options, "textIndexVersion") {
        None => Ok(()),
        Some(version) => match double(version) {
            Some(1.0 | 2.0 | 3.0) => Ok(()),
            Some(version) => cannot(format!("bad textIndexVersion: {version}")),
            None => cannot("textIndexVersion must be numeric"),
        },
    }
}

fn cannot<T>(message: impl Into<String>) -> Result<T> {
    refuse(Code::CANNOT_CREATE_INDEX, message)
}
