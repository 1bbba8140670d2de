//! `$text`: its parsing, and which documents it finds.

use std::collections::BTreeSet;

use bson::{RawBsonRef, RawDocument};

use crate::{
    error::{Code, Result, refuse},
    text::{
        Language, TextIndexSpec,
        tokens::{Form, terms},
        values,
    },
    value::{field, fields, type_name},
};

/// A parsed `$text`. What its words are depends on the index: [`Query::search`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Query {
    search: Box<str>,
    language: Option<Language>,
    form: Form,
}

impl Query {
    /// Parses the operator's value.
    ///
    /// # Errors
    /// [`Code::NO_SUCH_KEY`] without `$search`, [`Code::TYPE_MISMATCH`] for options of other types,
    /// [`Code::BAD_VALUE`] for others.
    pub(crate) fn parse(operand: RawBsonRef<'_>) -> Result<Query> {
        let RawBsonRef::Document(document) = operand else {
            return refuse(Code::BAD_VALUE, "$text expects an object");
        };
        let Some(search) = string(document, "$search")? else {
            return refuse(Code::NO_SUCH_KEY, "Missing expected field \"$search\"");
        };
        let language = match string(document, "$language")? {
            None | Some("") => None,
            Some(name) => match Language::of(name) {
                Some(language) => Some(language),
                None => {
                    let message = format!("unsupported language: \"{name}\" for text index version 3");
                    return refuse(Code::BAD_VALUE, message);
                }
            },
        };
        let form = Form {
            case_sensitive: boolean(document, "$caseSensitive")?,
            diacritic_sensitive: boolean(document, "$diacriticSensitive")?,
        };
        let is_known = |name: &str| matches!(name, "$search" | "$language" | "$caseSensitive" | "$diacriticSensitive");
        if fields(document).any(|(name, _)| !is_known(name)) {
            return refuse(Code::BAD_VALUE, "extra fields in $text");
        }
        Ok(Query { search: search.into(), language, form })
    }

    /// What to look for in an index.
    pub(crate) fn search(&self, spec: &TextIndexSpec) -> Search {
        let language = self.language.unwrap_or_else(|| spec.default_language());
        let Parts { wanted, unwanted, phrases, unwanted_phrases } = Parts::of(&self.search);
        let sensitive = |text: &str| terms(text, language, self.form).collect();
        let fold = |phrase: &&str| self.form.fold(phrase, language);
        Search {
            terms: terms(&wanted, language, Form::default()).collect(),
            exact_terms: if self.form == Form::default() { None } else { Some(sensitive(&wanted)) },
            unwanted_terms: sensitive(&unwanted),
            phrases: phrases.iter().map(fold).collect(),
            unwanted_phrases: unwanted_phrases.iter().map(fold).collect(),
            language,
            form: self.form,
        }
    }
}

fn string<'a>(document: &'a RawDocument, name: &str) -> Result<Option<&'a str>> {
    match field(document, name) {
        None => Ok(None),
        Some(RawBsonRef::String(value)) => Ok(Some(value)),
        Some(value) => mismatch(name, value, "string"),
    }
}

fn boolean(document: &RawDocument, name: &str) -> Result<bool> {
    match field(document, name) {
        None => Ok(false),
        Some(RawBsonRef::Boolean(value)) => Ok(value),
        Some(value) => mismatch(name, value, "bool"),
    }
}

fn mismatch<T>(name: &str, value: RawBsonRef<'_>, expected: &str) -> Result<T> {
    let message = format!("\"{name}\" had the wrong type. Expected {expected}, found {}", type_name(value));
    refuse(Code::TYPE_MISMATCH, message)
}

/// A search, taken apart.
#[derive(Debug, Default, PartialEq)]
struct Parts<'q> {
    wanted: String,
    unwanted: String,
    phrases: Vec<&'q str>,
    unwanted_phrases: Vec<&'q str>,
}

impl<'q> Parts<'q> {
    /// Quotation marks are around phrases; a minus sign after a space is before what must not be there, up to the next
    /// space. The words of a phrase are searched for as others are.
    fn of(search: &'q str) -> Parts<'q> {
        let mut parts = Parts::default();
        let mut is_negated = false;
        let mut phrase_start: Option<usize> = None;
        let mut after_space = true;
        let mut position = 0;
        while let Some(rest) = search.get(position..).filter(|rest| !rest.is_empty()) {
            let is_space = |sign: char| sign.is_ascii_whitespace() || sign == '\u{b}';
            if rest.starts_with(is_space) {
                after_space = true;
                position += 1;
            } else if rest.starts_with('-') {
                is_negated |= phrase_start.is_none() && after_space;
                after_space = false;
                position += 1;
            } else if rest.starts_with('"') {
                if let Some(start) = phrase_start.take() {
                    let phrase = search.get(start..position).unwrap_or_default();
                    if !phrase.is_empty() {
                        if is_negated { &mut parts.unwanted_phrases } else { &mut parts.phrases }.push(phrase);
                    }
                } else {
                    // There is no space between a minus sign and the phrase that it is for.
                    is_negated &= !after_space;
                    phrase_start = Some(position + 1);
                }
                after_space = false;
                position += 1;
            } else {
                let length = rest.find(|sign| is_space(sign) || sign == '-' || sign == '"').unwrap_or(rest.len());
                let word = rest.get(..length).unwrap_or_default();
                if phrase_start.is_none() {
                    is_negated &= !after_space;
                }
                // The words of an unwanted phrase may be there by themselves.
                if !(is_negated && phrase_start.is_some()) {
                    let sentence = if is_negated { &mut parts.unwanted } else { &mut parts.wanted };
                    sentence.push_str(word);
                    sentence.push(' ');
                }
                after_space = false;
                position += length;
            }
        }
        parts
    }
}

/// What a `$text` looks for in an index.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Search {
    terms: BTreeSet<String>,
    /// The words as a sensitive query has them; none if it is not sensitive.
    exact_terms: Option<BTreeSet<String>>,
    unwanted_terms: BTreeSet<String>,
    phrases: Vec<String>,
    unwanted_phrases: Vec<String>,
    language: Language,
    form: Form,
}

impl Search {
    /// The words to look up in the index, any of which a document has to have; without any, nothing is found.
    pub(crate) fn terms(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().map(String::as_str)
    }

    /// Whether a document is found: it has one of the words, all of the phrases, and nothing that it must not have.
    ///
    /// # Errors
    /// As [`TextIndexSpec::keys`].
    pub(crate) fn matches(&self, document: &RawDocument, spec: &TextIndexSpec) -> Result<bool> {
        let exact = self.exact_terms.as_ref().unwrap_or(&self.terms);
        let mut has_term = false;
        let mut is_unwanted = false;
        let mut missing: Vec<&String> = self.phrases.iter().collect();
        values::each(document, spec, &mut |value| {
            if !has_term || !self.unwanted_terms.is_empty() {
                for term in terms(value.text, value.language, self.form) {
                    has_term |= exact.contains(&term);
                    is_unwanted |= self.unwanted_terms.contains(&term);
                }
            }
            if !missing.is_empty() || !self.unwanted_phrases.is_empty() {
                let text = self.form.fold(value.text, self.language);
                missing.retain(|phrase| !text.contains(phrase.as_str()));
                is_unwanted |= self.unwanted_phrases.iter().any(|phrase| text.contains(phrase.as_str()));
            }
            !is_unwanted
        })?;
        Ok(has_term && !is_unwanted && missing.is_empty())
    }

    /// The score of a document that is found: that of each of the words it has, together.
    ///
    /// # Errors
    /// As [`TextIndexSpec::keys`].
    pub(crate) fn score(&self, document: &RawDocument, spec: &TextIndexSpec) -> Result<f64> {
        let keys = spec.keys(document)?;
        Ok(keys.iter().filter(|(term, _)| self.terms.contains(term)).map(|(_, score)| score).sum())
    }
}
