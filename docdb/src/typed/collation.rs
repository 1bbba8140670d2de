//! Collations, and other options that are types of their own.

use bson::RawDocumentBuf;
use serde::{Deserialize, Serialize};
use typed_builder::TypedBuilder;

/// Which of a document's two states is returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReturnDocument {
    /// As it is after the change.
    After,
    /// As it was before the change.
    #[default]
    Before,
}

/// How strings are compared.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/collation/>.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TypedBuilder)]
#[serde(rename_all = "camelCase")]
#[builder(field_defaults(default, setter(into)))]
#[non_exhaustive]
pub struct Collation {
    /// The language: `en`, `de@collation=phonebook`; `simple` compares bytes.
    #[builder(!default)]
    pub locale: String,
    /// Which differences count; by default the third level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strength: Option<CollationStrength>,
    /// Whether upper and lower case differ at the first two levels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case_level: Option<bool>,
    /// Which case is the lesser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case_first: Option<CollationCaseFirst>,
    /// Whether digits are compared as numbers: `2` before `10`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numeric_ordering: Option<bool>,
    /// Whether spaces and punctuation count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternate: Option<CollationAlternate>,
    /// Which characters do not count, where not all do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_variable: Option<CollationMaxVariable>,
    /// Whether strings are normalized first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalization: Option<bool>,
    /// Whether accents are compared from the end, as in some French dictionaries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backwards: Option<bool>,
}

impl TryFrom<Collation> for RawDocumentBuf {
    type Error = bson::error::Error;

    fn try_from(collation: Collation) -> Result<RawDocumentBuf, bson::error::Error> {
        bson::serialize_to_raw_document_buf(&collation)
    }
}

/// Which differences of strings count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "i32", try_from = "i32")]
pub enum CollationStrength {
    /// Those of base letters.
    Primary = 1,
    /// Those of accents too.
    Secondary = 2,
    /// Those of case and variants too.
    Tertiary = 3,
    /// Those of punctuation too.
    Quaternary = 4,
    /// All of them.
    Identical = 5,
}

impl From<CollationStrength> for i32 {
    fn from(strength: CollationStrength) -> i32 {
        strength as i32
    }
}

impl TryFrom<i32> for CollationStrength {
    type Error = String;

    fn try_from(level: i32) -> Result<CollationStrength, String> {
        Ok(match level {
            1 => CollationStrength::Primary,
            2 => CollationStrength::Secondary,
            3 => CollationStrength::Tertiary,
            4 => CollationStrength::Quaternary,
            5 => CollationStrength::Identical,
            _ => return Err(format!("the strength of a collation is 1 to 5, not {level}")),
        })
    }
}

/// Which case is the lesser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CollationCaseFirst {
    /// Upper case.
    Upper,
    /// Lower case.
    Lower,
    /// As the language has it.
    Off,
}

/// Whether spaces and punctuation count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CollationAlternate {
    /// They do.
    NonIgnorable,
    /// They do at the fourth level only.
    Shifted,
}

/// Which characters do not count, where [`CollationAlternate::Shifted`] says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CollationMaxVariable {
    /// Punctuation and spaces.
    Punct,
    /// Spaces.
    Space,
}
