//! The record of a table: its identity, its key and its settings, as stored and as described.

use std::collections::BTreeMap;

use bytes::Bytes;
use millpond_engine::Timestamp;

use crate::Result;
use crate::layout::{self, TABLES, TableId};
use crate::model::{
    AttributeDefinition, BillingMode, BillingModeSummary, KeySchemaElement, KeyType, OnDemandThroughput,
    ProvisionedThroughput, ProvisionedThroughputDescription, ScalarAttributeType, SseDescription, SseSpecification,
    SseType, TableClass, TableClassSummary, TableDescription, TableStatus, Tag, WarmThroughput,
};
use crate::value::{AttributeValue, Item, Number, codec};

/// Version of the record's attributes; a record of a later one is refused.
const RECORD_VERSION: i64 = 1;

/// A key attribute of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyAttribute {
    pub(crate) name: String,
    pub(crate) attribute_type: ScalarAttributeType,
}

/// A table as stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TableRecord {
    pub(crate) id: TableId,
    pub(crate) name: String,
    pub(crate) partition_key: KeyAttribute,
    pub(crate) sort_key: Option<KeyAttribute>,
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
    /// The key attributes' names.
    pub(crate) fn key_names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.partition_key).chain(&self.sort_key).map(|attribute| attribute.name.as_str())
    }

    pub(crate) fn sort_key_name(&self) -> Option<&str> {
        self.sort_key.as_ref().map(|attribute| attribute.name.as_str())
    }

    pub(crate) fn describe(&self, now: Timestamp, item_count: u64, table_size_bytes: u64) -> TableDescription {
        let settings = &self.settings;
        let keys = || std::iter::once((&self.partition_key, KeyType::Hash)).chain(self.sort_key.iter().map(range));
        let mut attribute_definitions: Vec<AttributeDefinition> = keys()
            .map(|(key, _)| AttributeDefinition {
                attribute_name: key.name.clone(),
                attribute_type: key.attribute_type,
            })
            .collect();
        attribute_definitions.sort_by(|a, b| a.attribute_name.cmp(&b.attribute_name));
        TableDescription {
            table_name: self.name.clone(),
            table_id: self.uuid(),
            table_status: TableStatus::Active,
            creation_date_time: self.created,
            attribute_definitions,
            key_schema: keys()
                .map(|(key, key_type)| KeySchemaElement { attribute_name: key.name.clone(), key_type })
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
            sse_description: settings.sse.as_ref().map(|sse| SseDescription {
                enabled: sse.enabled.unwrap_or(false),
                sse_type: sse.sse_type.or(sse.enabled.unwrap_or(false).then_some(SseType::Kms)),
                kms_master_key_id: sse.kms_master_key_id.clone(),
            }),
            deletion_protection_enabled: settings.deletion_protection,
            item_count,
            table_size_bytes,
        }
    }

    /// A UUID made of what no two tables of a store share, so that it needs no randomness.
    fn uuid(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.id.0.to_be_bytes()).update(&self.created.as_millis().to_be_bytes());
        let hex = hasher.update(self.name.as_bytes()).finalize().to_hex();
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        // Version 8 (custom) and the RFC's variant.
        format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut item = Item::new();
        let mut put = |name: &str, value: Option<AttributeValue>| {
            if let Some(value) = value {
                item.insert(name.to_owned(), value);
            }
        };
        let settings = &self.settings;
        put("version", Some(number(RECORD_VERSION)));
        put("id", Some(number(i64::from(self.id.0))));
        put("name", Some(text(&self.name)));
        put("partition_key", Some(text(&self.partition_key.name)));
        put("partition_key_type", Some(text(self.partition_key.attribute_type.as_str())));
        put("sort_key", self.sort_key.as_ref().map(|key| text(&key.name)));
        put("sort_key_type", self.sort_key.as_ref().map(|key| text(key.attribute_type.as_str())));
        put("created", Some(time(self.created)));
        put("billing_mode", settings.billing_mode.map(|mode| text(mode.as_str())));
        put("pay_per_request_since", settings.pay_per_request_since.map(time));
        put("read_capacity", Some(number(settings.throughput.read_capacity_units)));
        put("write_capacity", Some(number(settings.throughput.write_capacity_units)));
        put("last_increase", settings.last_increase.map(time));
        put("last_decrease", settings.last_decrease.map(time));
        put("decreases", Some(number(i64::from(settings.decreases))));
        put("on_demand", settings.on_demand.map(|_| AttributeValue::Bool(true)));
        put("on_demand_read", settings.on_demand.and_then(|it| it.max_read_request_units).map(number));
        put("on_demand_write", settings.on_demand.and_then(|it| it.max_write_request_units).map(number));
        put("warm", settings.warm.map(|_| AttributeValue::Bool(true)));
        put("warm_read", settings.warm.and_then(|it| it.read_units_per_second).map(number));
        put("warm_write", settings.warm.and_then(|it| it.write_units_per_second).map(number));
        put("table_class", settings.table_class.map(|class| text(class.as_str())));
        put("table_class_changed", settings.table_class_changed.map(time));
        put("sse", settings.sse.as_ref().map(|sse| AttributeValue::Bool(sse.enabled.unwrap_or(false))));
        put("sse_type", settings.sse.as_ref().and_then(|sse| sse.sse_type).map(|it| text(it.as_str())));
        put("sse_key", settings.sse.as_ref().and_then(|sse| sse.kms_master_key_id.as_deref()).map(text));
        put("deletion_protection", Some(AttributeValue::Bool(settings.deletion_protection)));
        let tags: BTreeMap<_, _> = settings.tags.iter().map(|tag| (tag.key.clone(), text(&tag.value))).collect();
        put("tags", (!tags.is_empty()).then_some(AttributeValue::M(tags)));
        Bytes::from(codec::encode(&item))
    }

    pub(crate) fn decode(value: &Bytes) -> Result<Self> {
        let fields = Fields(codec::decode(value).map_err(|error| layout::corrupt(TABLES, error))?);
        let version = fields.need("version", Fields::number)?;
        if version != RECORD_VERSION {
            return Err(layout::corrupt(
                TABLES,
                format_args!(
                    "a table's record has version {version}, this build reads {RECORD_VERSION}; use a newer Millpond"
                ),
            ));
        }
        let id = u32::try_from(fields.need("id", Fields::number)?).map_err(|_| bad("id"))?;
        let key = |name: &str, kind: &str| {
            fields.text(name).map(|name| {
                let attribute_type = fields.choice(kind, ScalarAttributeType::from_name).ok_or_else(|| bad(kind))?;
                Ok::<_, crate::Error>(KeyAttribute { name, attribute_type })
            })
        };
        let tags = match fields.0.get("tags") {
            Some(AttributeValue::M(tags)) => tags.iter().filter_map(tag).collect(),
            _ => Vec::new(),
        };
        Ok(TableRecord {
            id: TableId(id),
            name: fields.need("name", Fields::text)?,
            partition_key: key("partition_key", "partition_key_type").ok_or_else(|| bad("partition_key"))??,
            sort_key: key("sort_key", "sort_key_type").transpose()?,
            created: fields.need("created", Fields::time)?,
            settings: Settings {
                billing_mode: fields.choice("billing_mode", BillingMode::from_name),
                pay_per_request_since: fields.time("pay_per_request_since"),
                throughput: ProvisionedThroughput {
                    read_capacity_units: fields.need("read_capacity", Fields::number)?,
                    write_capacity_units: fields.need("write_capacity", Fields::number)?,
                },
                last_increase: fields.time("last_increase"),
                last_decrease: fields.time("last_decrease"),
                decreases: fields.number("decreases").and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
                on_demand: fields.flag("on_demand").map(|_| OnDemandThroughput {
                    max_read_request_units: fields.number("on_demand_read"),
                    max_write_request_units: fields.number("on_demand_write"),
                }),
                warm: fields.flag("warm").map(|_| WarmThroughput {
                    read_units_per_second: fields.number("warm_read"),
                    write_units_per_second: fields.number("warm_write"),
                }),
                table_class: fields.choice("table_class", TableClass::from_name),
                table_class_changed: fields.time("table_class_changed"),
                sse: fields.flag("sse").map(|enabled| SseSpecification {
                    enabled: Some(enabled),
                    sse_type: fields.choice("sse_type", SseType::from_name),
                    kms_master_key_id: fields.text("sse_key"),
                }),
                deletion_protection: fields.flag("deletion_protection").unwrap_or(false),
                tags,
            },
        })
    }
}

impl Settings {
    /// Decreases of the provisioned throughput on the UTC day of `now`.
    pub(crate) fn decreases_on(&self, now: Timestamp) -> u32 {
        let day = |at: Timestamp| at.as_secs() / 86_400;
        if self.last_decrease.map(day) == Some(day(now)) { self.decreases } else { 0 }
    }
}

fn range(key: &KeyAttribute) -> (&KeyAttribute, KeyType) {
    (key, KeyType::Range)
}

fn tag((key, value): (&String, &AttributeValue)) -> Option<Tag> {
    match value {
        AttributeValue::S(value) => Some(Tag { key: key.clone(), value: value.clone() }),
        _ => None,
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(Number::from(value))
}

fn time(value: Timestamp) -> AttributeValue {
    AttributeValue::N(Number::from(value.as_millis()))
}

fn bad(field: &str) -> crate::Error {
    layout::corrupt(TABLES, format_args!("a table's record has no usable {field}"))
}

/// A stored record's attributes.
struct Fields(Item);

impl Fields {
    fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name) {
            Some(AttributeValue::S(value)) => Some(value.clone()),
            _ => None,
        }
    }

    fn number(&self, name: &str) -> Option<i64> {
        match self.0.get(name) {
            Some(AttributeValue::N(value)) => value.to_i128().and_then(|value| i64::try_from(value).ok()),
            _ => None,
        }
    }

    fn time(&self, name: &str) -> Option<Timestamp> {
        self.number(name).and_then(|millis| u64::try_from(millis).ok()).map(Timestamp::from_millis)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        match self.0.get(name) {
            Some(AttributeValue::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    fn choice<T>(&self, name: &str, parse: fn(&str) -> Option<T>) -> Option<T> {
        self.text(name).and_then(|text| parse(&text))
    }

    fn need<T>(&self, name: &str, read: fn(&Self, &str) -> Option<T>) -> Result<T> {
        read(self, name).ok_or_else(|| bad(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let at = Timestamp::from_millis(1_700_000_000_123);
        let full = TableRecord {
            id: TableId(u32::MAX),
            name: "orders".into(),
            partition_key: KeyAttribute { name: "customer".into(), attribute_type: ScalarAttributeType::S },
            sort_key: Some(KeyAttribute { name: "at".into(), attribute_type: ScalarAttributeType::N }),
            created: at,
            settings: Settings {
                billing_mode: Some(BillingMode::Provisioned),
                pay_per_request_since: Some(at),
                throughput: ProvisionedThroughput { read_capacity_units: 5, write_capacity_units: 6 },
                last_increase: Some(at),
                last_decrease: Some(at),
                decreases: 3,
                on_demand: Some(OnDemandThroughput { max_read_request_units: Some(-1), max_write_request_units: None }),
                warm: Some(WarmThroughput { read_units_per_second: None, write_units_per_second: Some(9) }),
                table_class: Some(TableClass::StandardInfrequentAccess),
                table_class_changed: Some(at),
                sse: Some(SseSpecification {
                    enabled: Some(true),
                    sse_type: Some(SseType::Kms),
                    kms_master_key_id: Some("key".into()),
                }),
                deletion_protection: true,
                tags: vec![Tag { key: "team".into(), value: String::new() }],
            },
        };
        assert_eq!(TableRecord::decode(&full.encode()).unwrap(), full);
        let bare = TableRecord { sort_key: None, settings: Settings::default(), ..full };
        assert_eq!(TableRecord::decode(&bare.encode()).unwrap(), bare);
    }
}
