//! The record of a table: its identity, its keys, its indexes and its settings, and how they are described.

use std::collections::BTreeMap;

use millpond_engine::Timestamp;

use crate::backup::{Loading, Recovery};
use crate::describe_table::Count;
use crate::index::expiry::Expiry;
use crate::index::{Definition, IndexRecord, Scope};
use crate::key::Keys;
use crate::kinesis_destination::Destination;
use crate::layout::{IndexId, TableId};
use crate::model::{
    AttributeDefinition, BillingMode, BillingModeSummary, OnDemandThroughput, ProvisionedThroughput,
    ProvisionedThroughputDescription, ScalarAttributeType, SseDescription, SseSpecification, SseType,
    StreamSpecification, TableClass, TableClassSummary, TableDescription, TableStatus, Tag, WarmThroughput,
};
use crate::streams::TableStream;
use crate::{Error, Result};

/// A table as stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TableRecord {
    pub(crate) id: TableId,
    pub(crate) name: String,
    pub(crate) keys: Keys,
    pub(crate) indexes: Vec<IndexRecord>,
    /// Whether and when items expire.
    pub(crate) expiry: Option<Expiry>,
    /// Where its changes go.
    pub(crate) stream: Option<TableStream>,
    pub(crate) latest_stream_label: Option<String>,
    /// The Kinesis stream that its changes go to as well.
    pub(crate) destination: Option<Destination>,
    /// Whether what items were is kept, and since when.
    pub(crate) recovery: Option<Recovery>,
    /// Where its items come from, until they are all there: so long it cannot be used.
    pub(crate) loading: Option<Loading>,
    /// The id of the index that is created next: none is given twice in a table.
    pub(crate) next_index: u32,
    pub(crate) created: Timestamp,
    pub(crate) settings: Settings,
}

/// What of a table can be changed after it was created.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    /// `None` until a request names a mode: such a table is provisioned, but described without a mode.
    pub(crate) billing_mode: Option<BillingMode>,
    pub(crate) pay_per_request_since: Option<Timestamp>,
    pub(crate) throughput: ProvisionedThroughput,
    pub(crate) last_increase: Option<Timestamp>,
    pub(crate) last_decrease: Option<Timestamp>,
    /// Decreases on the UTC day of `last_decrease`.
    pub(crate) decreases: u32,
    pub(crate) on_demand: Option<OnDemandThroughput>,
    pub(crate) warm: Option<WarmThroughput>,
    pub(crate) table_class: Option<TableClass>,
    pub(crate) table_class_changed: Option<Timestamp>,
    pub(crate) sse: Option<SseSpecification>,
    pub(crate) deletion_protection: bool,
    pub(crate) tags: Vec<Tag>,
}

impl TableRecord {
    /// The index of that name.
    pub(crate) fn index(&self, name: &str) -> Option<&IndexRecord> {
        self.indexes.iter().find(|index| index.name() == name)
    }

    /// Adds an index, which still has to be filled unless the table is new.
    pub(crate) fn add_index(&mut self, definition: Definition, is_backfilling: bool) -> Result<IndexId> {
        let id = self.new_index_id()?;
        self.indexes.push(IndexRecord { id, definition, is_backfilling });
        Ok(id)
    }

    pub(crate) fn new_index_id(&mut self) -> Result<IndexId> {
        let id = IndexId(self.next_index);
        self.next_index = self.next_index.checked_add(1).ok_or_else(|| Error::LimitExceeded {
            message: "Subscriber limit exceeded: this table has given out all index ids".into(),
        })?;
        Ok(id)
    }

    /// Whether something is derived from the items, so that a write has to know the image before it.
    pub(crate) fn derives(&self) -> bool {
        let is_watched = self.stream.is_some() || self.destination.is_some() || self.recovery.is_some();
        !self.indexes.is_empty() || self.expiry.is_some() || is_watched
    }

    /// The types of all key attributes, by name: an attribute has one type in all keys.
    pub(crate) fn attribute_definitions(&self) -> Vec<AttributeDefinition> {
        let types: BTreeMap<&str, ScalarAttributeType> = std::iter::once(&self.keys)
            .chain(self.indexes.iter().map(IndexRecord::keys))
            .flat_map(Keys::attributes)
            .map(|key| (key.name.as_str(), key.attribute_type))
            .collect();
        let define =
            |(name, attribute_type): (&str, _)| AttributeDefinition { attribute_name: name.to_owned(), attribute_type };
        types.into_iter().map(define).collect()
    }

    pub(crate) fn describe(&self, now: Timestamp, count: &Count) -> TableDescription {
        let settings = &self.settings;
        let of = |scope| self.indexes.iter().filter(move |index| index.scope() == scope);
        let is_updating = self.indexes.iter().any(|index| index.is_backfilling);
        TableDescription {
            table_name: self.name.clone(),
            table_id: self.uuid(),
            table_status: match is_updating {
                _ if self.loading.is_some() => TableStatus::Creating,
                true => TableStatus::Updating,
                false => TableStatus::Active,
            },
            creation_date_time: self.created,
            attribute_definitions: self.attribute_definitions(),
            key_schema: self.keys.schema(),
            local_secondary_indexes: of(Scope::Local)
                .map(|index| index.describe_local(count.of_index(index.id)))
                .collect(),
            global_secondary_indexes: of(Scope::Global)
                .map(|index| index.describe_global(count.of_index(index.id)))
                .collect(),
            provisioned_throughput: ProvisionedThroughputDescription {
                read_capacity_units: settings.throughput.read_capacity_units,
                write_capacity_units: settings.throughput.write_capacity_units,
                last_increase_date_time: settings.last_increase,
                last_decrease_date_time: settings.last_decrease,
                number_of_decreases_today: settings.decreases_on(now),
            },
            billing_mode_summary: settings.billing_mode.map(|billing_mode| BillingModeSummary {
                billing_mode,
                last_update_to_pay_per_request_date_time: settings.pay_per_request_since,
            }),
            on_demand_throughput: settings.on_demand,
            warm_throughput: settings.warm,
            table_class_summary: settings.table_class.map(|table_class| TableClassSummary {
                table_class,
                last_update_date_time: settings.table_class_changed,
            }),
            stream_specification: self
                .stream
                .as_ref()
                .map(|stream| StreamSpecification { stream_enabled: true, stream_view_type: Some(stream.view_type) }),
            latest_stream_label: self.latest_stream_label.clone(),
            sse_description: settings.describe_sse(),
            deletion_protection_enabled: settings.deletion_protection,
            restore_summary: self.loading.as_ref().and_then(Loading::summary),
            item_count: count.table.items,
            table_size_bytes: count.table.bytes,
        }
    }

    /// A UUID made of what no two tables of a store share, so that it needs no randomness.
    pub(crate) fn uuid(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.id.0.to_be_bytes()).update(&self.created.as_millis().to_be_bytes());
        let hex = hasher.update(self.name.as_bytes()).finalize().to_hex();
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        // Version 8 (custom) and the RFC's variant.
        format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
    }
}

impl Settings {
    pub(crate) fn describe_sse(&self) -> Option<SseDescription> {
        self.sse.as_ref().map(|sse| SseDescription {
            enabled: sse.enabled.unwrap_or(false),
            sse_type: sse.sse_type.or(sse.enabled.unwrap_or(false).then_some(SseType::Kms)),
            kms_master_key_id: sse.kms_master_key_id.clone(),
        })
    }

    /// Decreases of the provisioned throughput on the UTC day of `now`.
    pub(crate) fn decreases_on(&self, now: Timestamp) -> u32 {
        let day = |at: Timestamp| at.as_secs() / 86_400;
        if self.last_decrease.map(day) == Some(day(now)) { self.decreases } else { 0 }
    }
}
