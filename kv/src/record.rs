//! How the record of a table is stored: as an item, whose attributes later versions may add to.

use std::collections::BTreeMap;

use bytes::Bytes;
use millpond_engine::Timestamp;
use millpond_stream::log::LogId;

use crate::Result;
use crate::backup::{Loading, Recovery};
use crate::index::IndexRecord;
use crate::index::expiry::Expiry;
use crate::key::{KeyAttribute, Keys};
use crate::kinesis_destination::Destination;
use crate::layout::{self, IndexId, TABLES, TableId};
use crate::model::{
    ApproximateCreationDateTimePrecision, BillingMode, OnDemandThroughput, ProvisionedThroughput, ScalarAttributeType,
    SseSpecification, SseType, StreamViewType, TableClass, Tag, WarmThroughput,
};
use crate::streams::TableStream;
use crate::table::{Settings, TableRecord};
use crate::value::{AttributeValue, Item, Number, codec};

/// Version of the record's attributes: 2 added indexes and expiry, 3 change streams and recovery, 4
/// Kinesis streams. A record of a later one is refused.
const RECORD_VERSION: i64 = 4;
const RECORD_VERSION_WITHOUT_KINESIS: i64 = 3;

impl TableRecord {
    pub(crate) fn encode(&self) -> Bytes {
        let mut item = Item::new();
        let mut put = |name: &str, value: Option<AttributeValue>| {
            if let Some(value) = value {
                item.insert(name.to_owned(), value);
            }
        };
        let settings = &self.settings;
        // A build must not write to a table that has what it does not know to keep.
        let version = match self.indexes.is_empty() && self.next_index == 0 {
            _ if self.destination.is_some() => RECORD_VERSION,
            _ if self.stream.is_some() || self.recovery.is_some() || self.loading.is_some() => {
                RECORD_VERSION_WITHOUT_KINESIS
            }
            true => 1,
            false => 2,
        };
        put("version", Some(number(version)));
        put("id", Some(number(i64::from(self.id.0))));
        put("name", Some(text(&self.name)));
        let (partition, sort) = (&self.keys.partition, self.keys.sort.as_ref());
        put("partition_key", Some(text(&partition.name)));
        put("partition_key_type", Some(text(partition.attribute_type.as_str())));
        put("sort_key", sort.map(|key| text(&key.name)));
        put("sort_key_type", sort.map(|key| text(key.attribute_type.as_str())));
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
        put("expiry_attribute", self.expiry.as_ref().map(|expiry| text(&expiry.attribute)));
        put("expiry_index", self.expiry.as_ref().map(|expiry| number(i64::from(expiry.index.0))));
        put("expiry_backfilling", self.expiry.as_ref().map(|expiry| AttributeValue::Bool(expiry.is_backfilling)));
        put("stream_log", self.stream.as_ref().map(|stream| AttributeValue::N(stream.log.get().into())));
        put("stream_view_type", self.stream.as_ref().map(|stream| text(stream.view_type.as_str())));
        put("stream_label", self.latest_stream_label.as_deref().map(text));
        put("kinesis_stream", self.destination.as_ref().map(|it| text(&it.stream)));
        put("kinesis_precision", self.destination.as_ref().map(|it| text(it.precision.as_str())));
        put("recovery_since", self.recovery.map(|recovery| time(recovery.since)));
        put("recovery_days", self.recovery.map(|recovery| number(i64::from(recovery.days))));
        put("loading", self.loading.as_ref().map(|_| AttributeValue::Bool(true)));
        put("loading_backup", self.loading.as_ref().and_then(|it| it.backup.as_deref()).map(text));
        put("loading_table", self.loading.as_ref().and_then(|it| it.table.as_deref()).map(text));
        put("loading_at", self.loading.as_ref().map(|it| time(it.at)));
        if version > 1 {
            put("next_index", Some(number(i64::from(self.next_index))));
            put("indexes", Some(AttributeValue::L(self.indexes.iter().map(IndexRecord::encode).collect())));
        }
        Bytes::from(codec::encode(&item))
    }

    pub(crate) fn decode(value: &Bytes) -> Result<Self> {
        let item = codec::decode(value).map_err(|error| layout::corrupt(TABLES, error))?;
        let fields = Fields(&item);
        let version = fields.need("version", Fields::number)?;
        if !(1..=RECORD_VERSION).contains(&version) {
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
        let indexes = match item.get("indexes") {
            Some(AttributeValue::L(indexes)) => indexes.iter().map(IndexRecord::decode).collect::<Result<_>>()?,
            _ => Vec::new(),
        };
        let expiry = fields.text("expiry_attribute").map(|attribute| {
            let index = fields.number("expiry_index").and_then(|id| u32::try_from(id).ok());
            Ok::<_, crate::Error>(Expiry {
                attribute,
                index: IndexId(index.ok_or_else(|| bad("expiry_index"))?),
                is_backfilling: fields.need("expiry_backfilling", Fields::flag)?,
            })
        });
        let stream = fields.number("stream_log").map(|log| {
            let view_type = fields.choice("stream_view_type", StreamViewType::from_name);
            Ok::<_, crate::Error>(TableStream {
                log: LogId::new(u64::try_from(log).map_err(|_| bad("stream_log"))?),
                view_type: view_type.ok_or_else(|| bad("stream_view_type"))?,
            })
        });
        let recovery = fields.time("recovery_since").map(|since| {
            let days = fields.number("recovery_days").and_then(|days| u32::try_from(days).ok());
            Ok::<_, crate::Error>(Recovery { since, days: days.ok_or_else(|| bad("recovery_days"))? })
        });
        let loading = fields.flag("loading").map(|_| {
            let (backup, table) = (fields.text("loading_backup"), fields.text("loading_table"));
            Ok::<_, crate::Error>(Loading { backup, table, at: fields.need("loading_at", Fields::time)? })
        });
        let tags = match item.get("tags") {
            Some(AttributeValue::M(tags)) => tags.iter().filter_map(tag).collect(),
            _ => Vec::new(),
        };
        Ok(TableRecord {
            id: TableId(id),
            name: fields.need("name", Fields::text)?,
            keys: Keys {
                partition: key("partition_key", "partition_key_type").ok_or_else(|| bad("partition_key"))??,
                more_partition: Vec::new(),
                sort: key("sort_key", "sort_key_type").transpose()?,
                more_sort: Vec::new(),
            },
            indexes,
            expiry: expiry.transpose()?,
            stream: stream.transpose()?,
            latest_stream_label: fields.text("stream_label"),
            destination: fields.text("kinesis_stream").map(|stream| {
                let precision = fields.choice("kinesis_precision", ApproximateCreationDateTimePrecision::from_name);
                Destination { stream, precision: precision.unwrap_or_default() }
            }),
            recovery: recovery.transpose()?,
            loading: loading.transpose()?,
            next_index: fields.number("next_index").and_then(|id| u32::try_from(id).ok()).unwrap_or(0),
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

/// The attributes of something stored as an item.
pub(crate) struct Fields<'a>(pub(crate) &'a Item);

impl Fields<'_> {
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name) {
            Some(AttributeValue::S(value)) => Some(value.clone()),
            _ => None,
        }
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        match self.0.get(name) {
            Some(AttributeValue::N(value)) => value.to_i128().and_then(|value| i64::try_from(value).ok()),
            _ => None,
        }
    }

    pub(crate) fn time(&self, name: &str) -> Option<Timestamp> {
        self.number(name).and_then(|millis| u64::try_from(millis).ok()).map(Timestamp::from_millis)
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.0.get(name) {
            Some(AttributeValue::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn choice<T>(&self, name: &str, parse: fn(&str) -> Option<T>) -> Option<T> {
        self.text(name).and_then(|text| parse(&text))
    }

    fn need<T>(&self, name: &str, read: fn(&Self, &str) -> Option<T>) -> Result<T> {
        read(self, name).ok_or_else(|| bad(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{Definition, Projected, Scope};

    fn key(name: &str, attribute_type: ScalarAttributeType) -> KeyAttribute {
        KeyAttribute { name: name.into(), attribute_type }
    }

    fn index(projected: Projected, sort: Option<KeyAttribute>) -> IndexRecord {
        let scope = if sort.is_some() { Scope::Local } else { Scope::Global };
        let is_global = scope == Scope::Global;
        let definition = Definition {
            name: "by-total".into(),
            scope,
            keys: Keys {
                partition: key("total", ScalarAttributeType::N),
                more_partition: if is_global { vec![key("site", ScalarAttributeType::S)] } else { Vec::new() },
                sort,
                more_sort: Vec::new(),
            },
            projected,
            throughput: ProvisionedThroughput { read_capacity_units: 1, write_capacity_units: 2 },
            on_demand: is_global
                .then_some(OnDemandThroughput { max_read_request_units: None, max_write_request_units: Some(-1) }),
            warm: is_global.then_some(WarmThroughput { read_units_per_second: Some(7), write_units_per_second: None }),
        };
        IndexRecord { id: IndexId(3), definition, is_backfilling: is_global }
    }

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let at = Timestamp::from_millis(1_700_000_000_123);
        let sort = Some(key("day", ScalarAttributeType::B));
        let include = Projected::Include(vec!["a".into(), "b".into()]);
        let full = TableRecord {
            id: TableId(u32::MAX),
            name: "orders".into(),
            keys: Keys {
                partition: key("customer", ScalarAttributeType::S),
                more_partition: Vec::new(),
                sort: Some(key("at", ScalarAttributeType::N)),
                more_sort: Vec::new(),
            },
            indexes: vec![index(Projected::All, None), index(Projected::KeysOnly, sort), index(include, None)],
            expiry: Some(Expiry { attribute: "until".into(), index: IndexId(6), is_backfilling: true }),
            stream: Some(TableStream { log: LogId::new(9), view_type: StreamViewType::NewImage }),
            latest_stream_label: Some("label".into()),
            destination: Some(Destination {
                stream: "changes".into(),
                precision: ApproximateCreationDateTimePrecision::Microsecond,
            }),
            recovery: Some(Recovery { since: at, days: 35 }),
            loading: Some(Loading { backup: Some("id".into()), table: Some("source".into()), at }),
            next_index: 7,
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
        let bare = TableRecord {
            indexes: Vec::new(),
            expiry: None,
            stream: None,
            latest_stream_label: None,
            destination: None,
            recovery: None,
            loading: None,
            next_index: 0,
            settings: Settings::default(),
            ..full
        };
        assert_eq!(TableRecord::decode(&bare.encode()).unwrap(), bare);
    }
}
