//! `$meta`: what is known of a document beside its fields.

use bson::{RawBson, RawBsonRef};

use crate::{
    context::Metadata,
    error::{Code, Result, refuse},
    expression::{Dependencies, Env, Evaluate, Expression, Operator},
    value::{Value, type_name},
};

pub(super) const OPERATORS: &[Operator] = &[Operator {
    name: "$meta",
    parse: |value, _| {
        let RawBsonRef::String(name) = value else {
            return refuse(Code(17307), format!("$meta only supports string arguments, found: {}", type_name(value)));
        };
        match MetaKind::of_name(name) {
            Some(kind) => Ok(Expression::new(kind)),
            None => refuse(Code(17308), format!("Unsupported argument to $meta: {name}")),
        }
    },
}];

/// What `$meta` can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MetaKind {
    TextScore,
    RandVal,
    SearchScore,
    SearchHighlights,
    SearchSequenceToken,
    SearchScoreDetails,
    VectorSearchScore,
    GeoNearDistance,
    GeoNearPoint,
    RecordId,
    IndexKey,
    SortKey,
    Score,
    ScoreDetails,
    Stream,
}

impl MetaKind {
    const NAMES: &[(&str, MetaKind)] = &[
        ("textScore", MetaKind::TextScore),
        ("randVal", MetaKind::RandVal),
        ("searchScore", MetaKind::SearchScore),
        ("searchHighlights", MetaKind::SearchHighlights),
        ("searchSequenceToken", MetaKind::SearchSequenceToken),
        ("searchScoreDetails", MetaKind::SearchScoreDetails),
        ("vectorSearchScore", MetaKind::VectorSearchScore),
        ("geoNearDistance", MetaKind::GeoNearDistance),
        ("geoNearPoint", MetaKind::GeoNearPoint),
        ("recordId", MetaKind::RecordId),
        ("indexKey", MetaKind::IndexKey),
        ("sortKey", MetaKind::SortKey),
        ("score", MetaKind::Score),
        ("scoreDetails", MetaKind::ScoreDetails),
        ("stream", MetaKind::Stream),
    ];

    /// The kind of a name that `$meta` knows.
    pub(crate) fn of_name(name: &str) -> Option<MetaKind> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// The value that a document has.
    pub(crate) fn value(self, metadata: &Metadata) -> Value<'_> {
        match self {
            MetaKind::TextScore => double(metadata.text_score),
            MetaKind::GeoNearDistance => double(metadata.geo_distance),
            MetaKind::GeoNearPoint => metadata.geo_point.as_ref().map(RawBson::as_raw_bson_ref).into(),
            MetaKind::RecordId => metadata.record_id.as_ref().map(RawBson::as_raw_bson_ref).into(),
            MetaKind::IndexKey => metadata.index_key.as_ref().map(|key| RawBsonRef::Document(key)).into(),
            MetaKind::SortKey => metadata.sort_key.as_ref().map(|key| RawBsonRef::Array(key)).into(),
            // What no stage here makes.
            MetaKind::RandVal
            | MetaKind::SearchScore
            | MetaKind::SearchHighlights
            | MetaKind::SearchSequenceToken
            | MetaKind::SearchScoreDetails
            | MetaKind::VectorSearchScore
            | MetaKind::Score
            | MetaKind::ScoreDetails
            | MetaKind::Stream => Value::Missing,
        }
    }
}

fn double(value: Option<f64>) -> Value<'static> {
    value.map(RawBsonRef::Double).into()
}

impl Evaluate for MetaKind {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        Ok(self.value(env.metadata))
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.meta(*self);
    }
}

#[cfg(test)]
mod tests {

    use bson::{Bson, RawDocumentBuf, bson, doc, rawdoc};

    use super::*;
    use crate::expression::testing::{check, context, fails, missing};

    #[test]
    fn kinds_that_are_unknown_are_refused() {
        check(
            &doc! {},
            [
                missing(doc! { "$meta": "textScore" }),
                missing(doc! { "$meta": "randVal" }),
                fails(doc! { "$meta": 1 }, 17307),
                fails(doc! { "$meta": ["textScore"] }, 17307),
                fails(doc! { "$meta": { "$literal": "textScore" } }, 17307),
                fails(doc! { "$meta": Bson::Null }, 17307),
                fails(doc! { "$meta": "" }, 17308),
                fails(doc! { "$meta": "textscore" }, 17308),
            ],
        );
    }

    #[test]
    fn what_is_known_of_a_document_is_read() {
        let metadata = Metadata {
            text_score: Some(1.5),
            record_id: Some(RawBson::Int64(7)),
            index_key: Some(rawdoc! { "a": 1 }),
            ..Metadata::default()
        };
        let context = context();
        let root = RawDocumentBuf::new();
        let env = Env::new(&context, &root, &metadata);
        let table = [
            ("textScore", Some(bson!(1.5))),
            ("recordId", Some(bson!(7_i64))),
            ("indexKey", Some(bson!({ "a": 1 }))),
            ("sortKey", None),
        ];
        for (name, expected) in table {
            let parsed = Expression::parse_within(
                RawBsonRef::Document(&rawdoc! { "$meta": name }),
                &crate::expression::Names::new(&context),
            )
            .unwrap();
            let value = parsed.evaluate(&env).unwrap().into_owned().map(|value| Bson::try_from(value).unwrap());
            assert_eq!(value, expected, "{name}");
            assert!(parsed.fields().metadata().contains(&MetaKind::of_name(name).unwrap()));
        }
    }
}
