//! A parsed pattern, and the keys that it makes of documents.

use std::{cmp::Ordering, sync::Arc};

use bson::{RawArrayBuf, RawBson, RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    collation::Collation,
    context::{Context, Metadata},
    error::{Code, Result, refuse},
    expression::path::parse_path,
    sort::keys::{for_each_key, plain},
    value::{ArrayBuilder, Comparator, Decimal, DocumentBuilder, Number, Path, fields},
};

/// As many fields may order documents, as an index may have. `$meta` is not counted.
const MAX_FIELDS: usize = 32;

/// A parsed sort pattern.
#[derive(Debug, Clone)]
pub(crate) struct SortPattern {
    parts: Box<[SortPart]>,
    /// The paths among the parts.
    paths: Box<[Path]>,
    collation: Option<Arc<Collation>>,
}

/// One field of a pattern.
#[derive(Debug, Clone)]
pub(crate) struct SortPart {
    pub(crate) by: SortBy,
    pub(crate) descending: bool,
}

/// What a part orders by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SortBy {
    Path(Path),
    TextScore,
    GeoDistance,
    Random,
    /// The score of a search that is never there.
    SearchScore,
}

/// The values by which one document is ordered, one for each part of the pattern.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SortKey(Box<[RawBson]>);

/// The direction of `{ $natural: 1 }`: whether it is backwards. `None` for other patterns.
///
/// # Errors
/// [`Code::BAD_VALUE`] for another direction than 1 or -1, and for `$natural` beside other fields.
pub(crate) fn natural(pattern: &RawDocument) -> Result<Option<bool>> {
    let Some((_, value)) = fields(pattern).find(|(name, _)| *name == "$natural") else { return Ok(None) };
    if fields(pattern).count() > 1 {
        return refuse(Code::BAD_VALUE, "Cannot include '$natural' in compound sort");
    }
    match direction(value) {
        Some(Ok(descending)) => Ok(Some(descending)),
        _ => refuse(Code::BAD_VALUE, "$natural sort cannot be set to a value other than -1 or 1."),
    }
}

impl SortPattern {
    /// Parses a pattern. An empty one orders nothing; who refuses it says how.
    ///
    /// # Errors
    /// 15974, 15975 for other values than 1, -1 and `$meta`; the codes of field paths; 13103 for more than 32 fields;
    /// 7472500 for a field twice.
    pub(crate) fn parse(pattern: &RawDocument, context: &Context) -> Result<SortPattern> {
        let mut parts = Vec::new();
        let mut paths: Vec<Path> = Vec::new();
        for (name, value) in fields(pattern) {
            if let RawBsonRef::Document(meta) = value {
                parts.push(SortPart { by: parse_meta(meta)?, descending: true });
                continue;
            }
            let descending = match direction(value) {
                Some(Ok(descending)) => descending,
                Some(Err(())) => {
                    return refuse(Code(15975), "$sort key ordering must be 1 (for ascending) or -1 (for descending)");
                }
                None => return refuse(Code(15974), "Illegal key in $sort specification"),
            };
            let path = parse_path(name)?;
            if paths.contains(&path) {
                return refuse(Code(7_472_500), format!("$sort key must not contain duplicate keys: {name}"));
            }
            paths.push(path.clone());
            parts.push(SortPart { by: SortBy::Path(path), descending });
        }
        if paths.len() > MAX_FIELDS {
            return refuse(Code(13103), "too many compound keys");
        }
        Ok(SortPattern { parts: parts.into(), paths: paths.into(), collation: context.collation.clone() })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The pattern as it is written.
    pub(crate) fn to_document(&self) -> RawDocumentBuf {
        let mut document = DocumentBuilder::new();
        for (at, part) in self.parts.iter().enumerate() {
            let meta = match &part.by {
                SortBy::Path(path) => {
                    document.append(path.as_str(), RawBsonRef::Int32(if part.descending { -1 } else { 1 }));
                    continue;
                }
                SortBy::TextScore => "textScore",
                SortBy::GeoDistance => "geoNearDistance",
                SortBy::Random => "randVal",
                SortBy::SearchScore => "searchScore",
            };
            let mut by = DocumentBuilder::new();
            by.append("$meta", meta);
            document.append(&format!("$computed{at}"), RawBsonRef::Document(&by.finish()));
        }
        document.finish()
    }

    /// The paths it orders by, with their directions, if it orders by paths only: what an index can answer.
    pub(crate) fn index_pattern(&self) -> Option<Vec<(&Path, bool)>> {
        let path = |part: &'_ SortPart| match &part.by {
            SortBy::Path(_) => Some(part.descending),
            _ => None,
        };
        let directions: Option<Vec<bool>> = self.parts.iter().map(path).collect();
        Some(self.paths.iter().zip(directions?).collect())
    }

    /// The key of a document. Of an array, the least item counts where the order is ascending, the greatest where it is
    /// descending; an empty array is undefined, what is missing is null.
    ///
    /// # Errors
    /// [`Code::BAD_VALUE`] where two paths lead through different arrays; 40218 for a `$meta` that is not there.
    pub(crate) fn key(&self, document: &RawDocument, metadata: &Metadata) -> Result<SortKey> {
        let plain: Option<Vec<_>> = self.paths.iter().map(|path| plain(document, path)).collect();
        let mut values = match plain {
            Some(values) => values,
            None => self.best_values(document)?,
        }
        .into_iter();
        let part = |part: &SortPart| match part.by {
            SortBy::Path(_) => Ok(values.next().unwrap_or(RawBsonRef::Null).into()),
            SortBy::TextScore => score(metadata.text_score, "text score"),
            SortBy::GeoDistance => score(metadata.geo_distance, "$geoNear distance"),
            SortBy::Random => Ok(RawBson::Double(crate::aggregation::random())),
            SortBy::SearchScore => Ok(RawBson::Null),
        };
        Ok(SortKey(self.parts.iter().map(part).collect::<Result<_>>()?))
    }

    /// The first in the order among the values that a document has because of its arrays.
    fn best_values<'a>(&'a self, document: &'a RawDocument) -> Result<Vec<RawBsonRef<'a>>> {
        let mut best: Option<Vec<RawBsonRef<'_>>> = None;
        for_each_key(document, &self.paths, |values| {
            let replace = best.as_deref().is_none_or(|best| self.compare_paths(values, best).is_lt());
            if replace {
                best = Some(values.to_vec());
            }
        })?;
        Ok(best.unwrap_or_default())
    }

    /// Orders two lists of the values of the paths.
    fn compare_paths(&self, a: &[RawBsonRef<'_>], b: &[RawBsonRef<'_>]) -> Ordering {
        let comparator = Comparator::new(self.collation.as_deref());
        let parts = self.parts.iter().filter(|part| matches!(part.by, SortBy::Path(_)));
        for ((part, a), b) in parts.zip(a).zip(b) {
            let order = comparator.compare(*a, *b);
            if order.is_ne() {
                return if part.descending { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    }

    pub(crate) fn compare(&self, a: &SortKey, b: &SortKey) -> Ordering {
        let comparator = Comparator::new(self.collation.as_deref());
        for ((part, a), b) in self.parts.iter().zip(&a.0).zip(&b.0) {
            let order = comparator.compare(a.as_raw_bson_ref(), b.as_raw_bson_ref());
            if order.is_ne() {
                return if part.descending { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    }
}

impl SortKey {
    /// The key as `{ $meta: "sortKey" }` shows it.
    pub(crate) fn to_array(&self) -> RawArrayBuf {
        let mut array = ArrayBuilder::new();
        for value in &self.0 {
            array.push(value.as_raw_bson_ref());
        }
        array.finish()
    }

    /// A key that was kept as an array.
    pub(crate) fn from_values(values: impl Iterator<Item = RawBson>) -> SortKey {
        SortKey(values.collect())
    }

    /// About how much memory it takes.
    pub(crate) fn len_bytes(&self) -> usize {
        self.0.iter().map(|value| size_of::<RawBson>() + payload_bytes(value)).sum()
    }
}

fn payload_bytes(value: &RawBson) -> usize {
    match value {
        RawBson::String(text) | RawBson::Symbol(text) | RawBson::JavaScriptCode(text) => text.len(),
        RawBson::Document(document) => document.as_bytes().len(),
        RawBson::Array(array) => array.as_bytes().len(),
        RawBson::Binary(binary) => binary.bytes.len(),
        _ => 0,
    }
}

fn score(score: Option<f64>, name: &str) -> Result<RawBson> {
    match score {
        Some(score) => Ok(RawBson::Double(score)),
        None => refuse(Code(40218), format!("query requires {name} metadata, but it is not available")),
    }
}

/// Whether a value means descending; `Err` for numbers that mean nothing, `None` for what is no number. Doubles are cut
/// off, decimals rounded, as the server does.
fn direction(value: RawBsonRef<'_>) -> Option<std::result::Result<bool, ()>> {
    let sign = match Number::of(value)? {
        Number::Int32(value) => i64::from(value),
        Number::Int64(value) => value,
        #[allow(clippy::cast_possible_truncation, reason = "it saturates")]
        Number::Double(value) => value as i64,
        Number::Decimal(value) => match value {
            Decimal::Finite { negative, coefficient, exponent } => {
                let magnitude = Decimal::Finite { negative: false, coefficient, exponent };
                let half = Decimal::Finite { negative: false, coefficient: 5, exponent: -1 };
                let more = Decimal::Finite { negative: false, coefficient: 15, exponent: -1 };
                let is_one = magnitude.compare(half).is_gt() && magnitude.compare(more).is_lt();
                if !is_one {
                    0
                } else if negative {
                    -1
                } else {
                    1
                }
            }
            _ => 0,
        },
    };
    Some(match sign {
        1 => Ok(false),
        -1 => Ok(true),
        _ => Err(()),
    })
}

fn parse_meta(document: &RawDocument) -> Result<SortBy> {
    let mut all = fields(document);
    let Some((_, value)) = all.next().filter(|(name, _)| *name == "$meta") else {
        return refuse(Code(17312), "$meta is the only expression supported by $sort right now");
    };
    if all.next().is_some() {
        return refuse(Code::FAILED_TO_PARSE, "Cannot have additional keys in a $meta sort specification");
    }
    match value {
        RawBsonRef::String("textScore") => Ok(SortBy::TextScore),
        RawBsonRef::String("geoNearDistance") => Ok(SortBy::GeoDistance),
        RawBsonRef::String("randVal") => Ok(SortBy::Random),
        RawBsonRef::String("searchScore" | "vectorSearchScore" | "score") => Ok(SortBy::SearchScore),
        _ => refuse(Code(31138), "Illegal $meta sort"),
    }
}
