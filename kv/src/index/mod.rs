//! Secondary indexes.
//!
//! An entry is written in the same transaction as the item it stands for, so an index agrees with its table at every
//! moment. An item without one of the index's key attributes has no entry.

pub(crate) mod attributes;
pub(crate) mod backfill;
pub(crate) mod check;
pub(crate) mod entry;
pub(crate) mod expiry;
pub(crate) mod update;

use crate::Result;
use crate::capacity::Arm;
use crate::describe_table::Size;
use crate::key::{KeyAttribute, Keys};
use crate::layout::{self, IndexId, TABLES};
use crate::model::{
    GlobalSecondaryIndexDescription, IndexStatus, LocalSecondaryIndexDescription, OnDemandThroughput, Projection,
    ProjectionType, ProvisionedThroughput, ProvisionedThroughputDescription, ScalarAttributeType, WarmThroughput,
};
use crate::record::Fields;
use crate::value::{AttributeValue, Item};

/// Whether an index shares the table's partition key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    Local,
    Global,
}

/// What an index copies besides keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Projected {
    All,
    KeysOnly,
    Include(Vec<String>),
}

/// An index as stored in its table's record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IndexRecord {
    pub(crate) id: IndexId,
    pub(crate) definition: Definition,
    /// Whether items that were there before it may be missing in it.
    pub(crate) is_backfilling: bool,
}

/// What a request says of an index.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) scope: Scope,
    pub(crate) keys: Keys,
    pub(crate) projected: Projected,
    pub(crate) throughput: ProvisionedThroughput,
    pub(crate) on_demand: Option<OnDemandThroughput>,
    pub(crate) warm: Option<WarmThroughput>,
}

impl IndexRecord {
    pub(crate) fn name(&self) -> &str {
        &self.definition.name
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.definition.keys
    }

    pub(crate) fn scope(&self) -> Scope {
        self.definition.scope
    }

    /// Where its capacity units are reported.
    pub(crate) fn arm(&self) -> Arm {
        Arm { scope: self.scope(), index: self.name().to_owned() }
    }

    /// Whether its entries hold an attribute.
    pub(crate) fn holds(&self, table_keys: &Keys, name: &str) -> bool {
        let is_key = || table_keys.names().chain(self.keys().names()).any(|key| key == name);
        match &self.definition.projected {
            Projected::All => true,
            Projected::KeysOnly => is_key(),
            Projected::Include(names) => names.iter().any(|included| included == name) || is_key(),
        }
    }

    pub(crate) fn describe_local(&self, size: Size) -> LocalSecondaryIndexDescription {
        LocalSecondaryIndexDescription {
            index_name: self.name().to_owned(),
            key_schema: self.keys().schema(),
            projection: self.projection(),
            item_count: size.items,
            index_size_bytes: size.bytes,
        }
    }

    pub(crate) fn describe_global(&self, size: Size) -> GlobalSecondaryIndexDescription {
        let definition = &self.definition;
        GlobalSecondaryIndexDescription {
            index_name: self.name().to_owned(),
            key_schema: self.keys().schema(),
            projection: self.projection(),
            index_status: if self.is_backfilling { IndexStatus::Creating } else { IndexStatus::Active },
            backfilling: self.is_backfilling,
            provisioned_throughput: ProvisionedThroughputDescription {
                read_capacity_units: definition.throughput.read_capacity_units,
                write_capacity_units: definition.throughput.write_capacity_units,
                ..ProvisionedThroughputDescription::default()
            },
            on_demand_throughput: definition.on_demand,
            warm_throughput: definition.warm,
            item_count: size.items,
            index_size_bytes: size.bytes,
        }
    }

    pub(crate) fn projection(&self) -> Projection {
        let (projection_type, non_key_attributes) = match &self.definition.projected {
            Projected::All => (ProjectionType::All, None),
            Projected::KeysOnly => (ProjectionType::KeysOnly, None),
            Projected::Include(names) => (ProjectionType::Include, Some(names.clone())),
        };
        Projection { projection_type: Some(projection_type), non_key_attributes }
    }

    /// As a part of its table's record.
    pub(crate) fn encode(&self) -> AttributeValue {
        let definition = &self.definition;
        let mut item = Item::new();
        let mut put = |name: &str, value: AttributeValue| item.insert(name.to_owned(), value);
        put("id", AttributeValue::N(self.id.0.into()));
        put("name", AttributeValue::S(definition.name.clone()));
        put("local", AttributeValue::Bool(definition.scope == Scope::Local));
        let keys = definition.keys.attributes().map(|key| {
            AttributeValue::L(vec![
                AttributeValue::S(key.name.clone()),
                AttributeValue::S(key.attribute_type.as_str().to_owned()),
            ])
        });
        put("keys", AttributeValue::L(keys.collect()));
        put("partition_keys", AttributeValue::N((definition.keys.partition_attributes().count() as u64).into()));
        match &definition.projected {
            Projected::All => {}
            Projected::KeysOnly => {
                put("projected", AttributeValue::L(Vec::new()));
            }
            Projected::Include(names) => {
                put("projected", AttributeValue::L(names.iter().cloned().map(AttributeValue::S).collect()));
            }
        }
        let units = definition.throughput;
        put("read_capacity", AttributeValue::N(units.read_capacity_units.into()));
        put("write_capacity", AttributeValue::N(units.write_capacity_units.into()));
        let mut optional = |name: &str, value: Option<i64>| {
            if let Some(value) = value {
                put(name, AttributeValue::N(value.into()));
            }
        };
        optional("on_demand_read", definition.on_demand.and_then(|units| units.max_read_request_units));
        optional("on_demand_write", definition.on_demand.and_then(|units| units.max_write_request_units));
        optional("warm_read", definition.warm.and_then(|units| units.read_units_per_second));
        optional("warm_write", definition.warm.and_then(|units| units.write_units_per_second));
        put("backfilling", AttributeValue::Bool(self.is_backfilling));
        AttributeValue::M(item)
    }

    pub(crate) fn decode(value: &AttributeValue) -> Result<IndexRecord> {
        let bad = || layout::corrupt(TABLES, "an index in a table's record cannot be read");
        let AttributeValue::M(item) = value else { return Err(bad()) };
        let fields = Fields(item);
        let Some(AttributeValue::L(keys)) = item.get("keys") else { return Err(bad()) };
        let keys = keys.iter().map(|key| key_attribute(key).ok_or_else(bad)).collect::<Result<Vec<_>>>()?;
        let partition_keys = fields.number("partition_keys").and_then(|count| usize::try_from(count).ok());
        let keys = Keys::of(keys, partition_keys.ok_or_else(bad)?).ok_or_else(bad)?;
        let (read, write) = (fields.number("on_demand_read"), fields.number("on_demand_write"));
        let (warm_read, warm_write) = (fields.number("warm_read"), fields.number("warm_write"));
        Ok(IndexRecord {
            id: IndexId(fields.number("id").and_then(|id| u32::try_from(id).ok()).ok_or_else(bad)?),
            definition: Definition {
                name: fields.text("name").ok_or_else(bad)?,
                scope: if fields.flag("local").ok_or_else(bad)? { Scope::Local } else { Scope::Global },
                keys,
                projected: match item.get("projected") {
                    None => Projected::All,
                    Some(AttributeValue::L(names)) if names.is_empty() => Projected::KeysOnly,
                    Some(AttributeValue::L(names)) => {
                        Projected::Include(names.iter().map(|name| text(name).ok_or_else(bad)).collect::<Result<_>>()?)
                    }
                    Some(_) => return Err(bad()),
                },
                throughput: ProvisionedThroughput {
                    read_capacity_units: fields.number("read_capacity").ok_or_else(bad)?,
                    write_capacity_units: fields.number("write_capacity").ok_or_else(bad)?,
                },
                on_demand: (read.is_some() || write.is_some())
                    .then_some(OnDemandThroughput { max_read_request_units: read, max_write_request_units: write }),
                warm: (warm_read.is_some() || warm_write.is_some())
                    .then_some(WarmThroughput { read_units_per_second: warm_read, write_units_per_second: warm_write }),
            },
            is_backfilling: fields.flag("backfilling").ok_or_else(bad)?,
        })
    }
}

fn key_attribute(value: &AttributeValue) -> Option<KeyAttribute> {
    let AttributeValue::L(parts) = value else { return None };
    let [name, kind] = parts.as_slice() else { return None };
    Some(KeyAttribute { name: text(name)?, attribute_type: ScalarAttributeType::from_name(&text(kind)?)? })
}

fn text(value: &AttributeValue) -> Option<String> {
    match value {
        AttributeValue::S(text) => Some(text.clone()),
        _ => None,
    }
}
