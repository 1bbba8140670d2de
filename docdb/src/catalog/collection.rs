//! A collection or a view, ready to be used.

use std::{collections::HashMap, sync::Arc};

use bson::{RawArray, RawDocument};
use parking_lot::Mutex;

use crate::{
    catalog::CollectionRow,
    collation::Collation,
    context::Context,
    error::Result,
    filter::Filter,
    index::Index,
    model::{Capped, Namespace, ValidationAction, ValidationLevel, ViewDefinition},
    value::{Number, field, items},
};

/// What the catalog says of a collection, parsed.
#[derive(Debug)]
pub(crate) struct Collection {
    pub(crate) namespace: Namespace,
    pub(crate) row: CollectionRow,
    pub(crate) id: u64,
    pub(crate) view: Option<ViewDefinition>,
    pub(crate) capped: Option<Capped>,
    /// Documents are stored under their `_id`.
    pub(crate) clustered: bool,
    /// Of a clustered collection.
    pub(crate) expire_after_seconds: Option<i64>,
    pub(crate) validator: Option<Filter>,
    pub(crate) validation_level: ValidationLevel,
    pub(crate) validation_action: ValidationAction,
    pub(crate) collation: Option<Arc<Collation>>,
    pub(crate) indexes: Vec<Arc<Index>>,
    /// Plans that were chosen by trial, by the shape of their queries; see [`crate::plan`].
    pub(crate) plans: Mutex<HashMap<u64, String>>,
}

impl Collection {
    pub(crate) fn open(namespace: Namespace, row: CollectionRow) -> Result<Collection> {
        let options = &row.options;
        let document = |name| field(options, name).and_then(|value| value.as_document());
        let text = |name| field(options, name).and_then(|value| value.as_str());
        let count = |name| field(options, name).and_then(Number::of).and_then(Number::to_i64);
        let collation = document("collation").map(Collation::parse).transpose()?.flatten().map(Arc::new);
        let context = Context::new(millpond_engine::Timestamp::from_millis(0)).with_collation(collation.clone());
        let capped = (field(options, "capped").and_then(|value| value.as_bool()) == Some(true)).then(|| Capped {
            size_bytes: count("size").and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
            max_documents: count("max").and_then(|max| u64::try_from(max).ok()).unwrap_or(0),
        });
        Ok(Collection {
            id: row.id.cast_unsigned(),
            view: text("viewOn").map(|on| ViewDefinition {
                on: on.to_owned(),
                pipeline: field(options, "pipeline")
                    .and_then(|value| value.as_array())
                    .map(documents)
                    .unwrap_or_default(),
            }),
            capped,
            clustered: document("clusteredIndex").is_some(),
            expire_after_seconds: count("expireAfterSeconds"),
            validator: document("validator")
                .map(|validator| Filter::parse_unindexed(validator, &context))
                .transpose()?,
            validation_level: match text("validationLevel") {
                Some("off") => ValidationLevel::Off,
                Some("moderate") => ValidationLevel::Moderate,
                _ => ValidationLevel::Strict,
            },
            validation_action: match text("validationAction") {
                Some("warn") => ValidationAction::Warn,
                _ => ValidationAction::Error,
            },
            collation,
            indexes: row.indexes.iter().map(|row| Ok(Arc::new(Index::open(row.clone())?))).collect::<Result<_>>()?,
            plans: Mutex::default(),
            namespace,
            row,
        })
    }

    /// The indexes that queries may use.
    pub(crate) fn usable_indexes(&self) -> impl Iterator<Item = &Arc<Index>> {
        self.indexes.iter().filter(|index| !index.row.building && !index.hidden)
    }

    /// The index on `_id`, which clustered collections lack.
    pub(crate) fn id_index(&self) -> Option<&Arc<Index>> {
        self.indexes.iter().find(|index| index.is_id())
    }
}

fn documents(array: &RawArray) -> Vec<bson::RawDocumentBuf> {
    items(array).filter_map(|item| item.as_document().map(RawDocument::to_owned)).collect()
}
