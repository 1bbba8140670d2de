//! Indexes, as they are made and listed.

use std::time::Duration;

use bson::{Document, RawDocumentBuf};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use typed_builder::TypedBuilder;

use crate::{error::Result, typed::Collation};

/// An index: its keys and its options.
///
/// ```
/// use bson::doc;
/// use millpond_docdb::{IndexModel, IndexOptions};
///
/// let by_mail = IndexModel::builder()
///     .keys(doc! { "mail": 1 })
///     .options(IndexOptions::builder().unique(true).build())
///     .build();
/// # let _ = by_mail;
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, TypedBuilder)]
#[builder(field_defaults(default, setter(into)))]
#[non_exhaustive]
pub struct IndexModel {
    /// The fields, with 1, -1, `text`, `2dsphere`, `2d` or `hashed` for each.
    #[serde(rename = "key")]
    pub keys: Document,
    /// The options.
    #[serde(flatten)]
    pub options: Option<IndexOptions>,
}

impl IndexModel {
    /// Its name: the one of the options, or else made of the keys.
    pub(crate) fn name(&self) -> String {
        let given = self.options.as_ref().and_then(|options| options.name.clone());
        given.unwrap_or_else(|| crate::action::default_name(&self.keys))
    }

    /// As `createIndexes` takes it.
    pub(crate) fn definition(&self) -> Result<RawDocumentBuf> {
        let mut named = self.clone();
        named.options.get_or_insert_default().name = Some(self.name());
        Ok(bson::serialize_to_raw_document_buf(&named)?)
    }
}

/// The options of an index.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/createIndexes/>.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, TypedBuilder)]
#[serde(rename_all = "camelCase", default)]
#[builder(field_defaults(default, setter(into)))]
#[non_exhaustive]
pub struct IndexOptions {
    /// The name; by default the fields and their directions: `a_1_b_-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether no two documents may have the same keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique: Option<bool>,
    /// Whether documents without the fields are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sparse: Option<bool>,
    /// Documents are deleted so long after the date in the field, in whole seconds. See
    /// [`Docdb::maintain`](crate::Docdb::maintain).
    #[serde(
        rename = "expireAfterSeconds",
        skip_serializing_if = "Option::is_none",
        serialize_with = "whole_seconds",
        deserialize_with = "from_seconds"
    )]
    pub expire_after: Option<Duration>,
    /// Which documents are in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial_filter_expression: Option<Document>,
    /// How its strings are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collation: Option<Collation>,
    /// Whether no query uses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
    /// Of an index on `$**`: which fields are in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wildcard_projection: Option<Document>,
    /// Of a text index: how much each field counts, 1 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<Document>,
    /// Of a text index: the language of documents that do not say it.
    #[serde(rename = "default_language", skip_serializing_if = "Option::is_none")]
    pub default_language: Option<String>,
    /// Of a text index: the field that says a document's language.
    #[serde(rename = "language_override", skip_serializing_if = "Option::is_none")]
    pub language_override: Option<String>,
    /// Of a `2d` index: how many bits each coordinate has, 1 to 32; 26 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
    /// Of a `2d` index: the least coordinate; -180 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Of a `2d` index: the end of the coordinates; 180 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

fn whole_seconds<S: Serializer>(after: &Option<Duration>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    let seconds = after.unwrap_or_default().as_secs();
    match i32::try_from(seconds) {
        Ok(seconds) => serializer.serialize_i32(seconds),
        Err(_) => serializer.serialize_i64(i64::try_from(seconds).unwrap_or(i64::MAX)),
    }
}

fn from_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<Duration>, D::Error> {
    let seconds = Option::<f64>::deserialize(deserializer)?;
    Ok(seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
}
