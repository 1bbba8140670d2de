//! Collation: the order of strings by the rules of a language.
//!
//! The rules are those of ICU4X, whose data are newer than the server's (CLDR of today, not ICU 57.1): single
//! characters may have another place. Sort keys are only comparable with keys of the same version of that library.

mod locale;
mod parse;

use std::{cmp::Ordering, sync::Arc};

use bson::{RawDocument, RawDocumentBuf, rawdoc};
use icu_collator::{
    CollatorBorrowed, CollatorPreferences,
    options::{AlternateHandling, CaseLevel, CollatorOptions, MaxVariable, Strength},
    preferences::{CollationCaseFirst, CollationNumericOrdering},
};

use crate::error::{Code, Error, Result};

/// The version that the server reports of its rules.
const VERSION: &str = "57.1";

/// A collation that is not the simple one. Cheap to clone; equal if all options are.
#[derive(Clone)]
pub(crate) struct Collation(Arc<Inner>);

struct Inner {
    options: Options,
    collator: CollatorBorrowed<'static>,
}

/// The options of a collation, defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Options {
    locale: Box<str>,
    case_level: bool,
    case_first: CaseFirst,
    strength: u8,
    numeric_ordering: bool,
    shifted: bool,
    only_spaces: bool,
    normalization: bool,
    backwards: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum CaseFirst {
    Off,
    Upper,
    Lower,
}

impl Collation {
    /// Reads a collation; none for the simple one, which compares bytes.
    ///
    /// # Errors
    /// [`Code::MISSING_FIELD`] without a locale, [`Code::UNKNOWN_FIELD`], [`Code::TYPE_MISMATCH`], and
    /// [`Code::BAD_VALUE`] for an unknown locale and for values that are none or do not go together.
    pub(crate) fn parse(document: &RawDocument) -> Result<Option<Collation>> {
        parse::options(document)?.map(Collation::new).transpose()
    }

    fn new(options: Options) -> Result<Collation> {
        let mut collator_options = CollatorOptions::default();
        collator_options.strength = Some(match options.strength {
            1 => Strength::Primary,
            2 => Strength::Secondary,
            3 => Strength::Tertiary,
            4 => Strength::Quaternary,
            _ => Strength::Identical,
        });
        collator_options.case_level = Some(if options.case_level { CaseLevel::On } else { CaseLevel::Off });
        collator_options.alternate_handling =
            Some(if options.shifted { AlternateHandling::Shifted } else { AlternateHandling::NonIgnorable });
        collator_options.max_variable =
            Some(if options.only_spaces { MaxVariable::Space } else { MaxVariable::Punctuation });
        let mut preferences: CollatorPreferences = locale::of(&options.locale, options.backwards)?.into();
        preferences.case_first = Some(match options.case_first {
            CaseFirst::Off => CollationCaseFirst::False,
            CaseFirst::Upper => CollationCaseFirst::Upper,
            CaseFirst::Lower => CollationCaseFirst::Lower,
        });
        preferences.numeric_ordering = Some(match options.numeric_ordering {
            true => CollationNumericOrdering::True,
            false => CollationNumericOrdering::False,
        });
        let collator = CollatorBorrowed::try_new(preferences, collator_options)
            .map_err(|_| Error::new(Code::BAD_VALUE, "there are no rules for this collation"))?;
        Ok(Collation(Arc::new(Inner { options, collator })))
    }

    /// All options, as the catalog shows them.
    #[must_use]
    pub(crate) fn document(&self) -> RawDocumentBuf {
        let options = &self.0.options;
        rawdoc! {
            "locale": &*options.locale,
            "caseLevel": options.case_level,
            "caseFirst": match options.case_first {
                CaseFirst::Off => "off",
                CaseFirst::Upper => "upper",
                CaseFirst::Lower => "lower",
            },
            "strength": i32::from(options.strength),
            "numericOrdering": options.numeric_ordering,
            "alternate": if options.shifted { "shifted" } else { "non-ignorable" },
            "maxVariable": if options.only_spaces { "space" } else { "punct" },
            "normalization": options.normalization,
            "backwards": options.backwards,
            "version": VERSION,
        }
    }

    /// Orders two strings.
    pub(crate) fn compare(&self, a: &str, b: &str) -> Ordering {
        if a == b { Ordering::Equal } else { self.0.collator.compare(a, b) }
    }

    /// Bytes whose order is the collation's order of strings; equal strings have equal keys.
    pub(crate) fn sort_key(&self, text: &str) -> Vec<u8> {
        let mut key = Vec::with_capacity(2 * text.len() + 4);
        let Ok(()) = self.0.collator.write_sort_key_to(text, &mut key);
        key
    }
}

impl PartialEq for Collation {
    fn eq(&self, other: &Self) -> bool {
        self.0.options == other.0.options
    }
}

impl Eq for Collation {}

impl std::hash::Hash for Collation {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.options.hash(state);
    }
}

impl std::fmt::Debug for Collation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.options.fmt(f)
    }
}

#[cfg(test)]
mod tests;
