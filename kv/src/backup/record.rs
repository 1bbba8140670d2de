//! How a backup is stored: its record is an item, whose attributes later versions may add to.

use bytes::Bytes;
use millpond_engine::{Read, Timestamp};

use crate::catalog::Catalog;
use crate::index::{IndexRecord, Scope};
use crate::layout::backups::{self as keys, BACKUPS};
use crate::layout::{self, TableId};
use crate::model::{
    BackupDescription, BackupDetails, BackupStatus, BackupSummary, BackupType, GlobalSecondaryIndex,
    LocalSecondaryIndex, SourceTableDetails, SourceTableFeatureDetails, StreamSpecification, TimeToLiveDescription,
    TimeToLiveStatus,
};
use crate::record::Fields;
use crate::table::TableRecord;
use crate::value::{AttributeValue, Item, Number, codec};
use crate::{Error, Result};

/// A record of a later version is refused.
const RECORD_VERSION: i64 = 1;

/// A backup as stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BackupRecord {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) backup_type: BackupType,
    pub(crate) status: BackupStatus,
    pub(crate) created: Timestamp,
    pub(crate) expires: Option<Timestamp>,
    /// The table when its rows were copied.
    pub(crate) table: TableRecord,
    /// Items and their bytes, once they are counted.
    pub(crate) count: Option<(u64, u64)>,
    /// The table that is being restored from it.
    pub(crate) in_use_by: Option<String>,
}

/// Where the rows of a backup are.
pub(crate) enum Rows {
    /// Under this prefix, of the backup's own.
    Copied(Vec<u8>),
    /// Where the deleted table had them.
    Kept(TableId),
}

impl BackupRecord {
    /// The backup that an id or an ARN names.
    ///
    /// # Errors
    /// [`Error::BackupNotFound`], and [`Error::Validation`] for what is neither.
    pub(crate) fn need(catalog: &Catalog, reader: &mut impl Read, arn: &str) -> Result<Self> {
        let (table, id) = parse(arn)?;
        let found = Self::find(catalog, reader, id)?;
        found
            .filter(|backup| table.is_none_or(|table| table == backup.table.name))
            .ok_or_else(|| Error::BackupNotFound { message: format!("Backup not found: {arn}") })
    }

    pub(crate) fn find(catalog: &Catalog, reader: &mut impl Read, id: &str) -> Result<Option<Self>> {
        let stored = reader.get(&catalog.backups, &keys::backup_key(id))?;
        stored.map(|stored| BackupRecord::decode(&stored)).transpose()
    }

    pub(crate) fn rows(&self) -> Rows {
        match self.backup_type {
            BackupType::System => Rows::Kept(self.table.id),
            BackupType::User | BackupType::AwsBackup => Rows::Copied(keys::backup_rows_prefix(&self.id)),
        }
    }

    pub(crate) fn details(&self) -> BackupDetails {
        BackupDetails {
            backup_id: self.id.clone(),
            backup_name: self.name.clone(),
            backup_size_bytes: self.count.map(|(_, bytes)| bytes),
            backup_status: self.status,
            backup_type: self.backup_type,
            backup_creation_date_time: self.created,
            backup_expiry_date_time: self.expires,
        }
    }

    pub(crate) fn summary(&self) -> BackupSummary {
        BackupSummary {
            table_name: self.table.name.clone(),
            table_id: self.table.uuid(),
            backup_details: self.details(),
        }
    }

    pub(crate) fn describe(&self) -> BackupDescription {
        let (table, settings) = (&self.table, &self.table.settings);
        BackupDescription {
            backup_details: self.details(),
            source_table_details: SourceTableDetails {
                table_name: table.name.clone(),
                table_id: table.uuid(),
                table_size_bytes: self.count.map(|(_, bytes)| bytes),
                key_schema: table.keys.schema(),
                table_creation_date_time: table.created,
                provisioned_throughput: settings.throughput,
                on_demand_throughput: settings.on_demand,
                item_count: self.count.map(|(items, _)| items),
                billing_mode: settings.billing_mode.unwrap_or_default(),
            },
            source_table_feature_details: match self.backup_type {
                // The service tells nothing of what a deleted table had.
                BackupType::System => SourceTableFeatureDetails::default(),
                BackupType::User | BackupType::AwsBackup => features(table),
            },
        }
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut item = Item::new();
        let mut put = |name: &str, value: Option<AttributeValue>| {
            if let Some(value) = value {
                item.insert(name.to_owned(), value);
            }
        };
        let time = |at: Timestamp| AttributeValue::N(Number::from(at.as_millis()));
        let text = |text: &str| AttributeValue::S(text.to_owned());
        put("version", Some(AttributeValue::N(Number::from(RECORD_VERSION))));
        put("id", Some(text(&self.id)));
        put("name", Some(text(&self.name)));
        put("type", Some(text(self.backup_type.as_str())));
        put("status", Some(text(self.status.as_str())));
        put("created", Some(time(self.created)));
        put("expires", self.expires.map(time));
        put("table", Some(AttributeValue::B(self.table.encode())));
        put("items", self.count.map(|(items, _)| AttributeValue::N(Number::from(items))));
        put("bytes", self.count.map(|(_, bytes)| AttributeValue::N(Number::from(bytes))));
        put("in_use_by", self.in_use_by.as_deref().map(text));
        Bytes::from(codec::encode(&item))
    }

    pub(crate) fn decode(value: &Bytes) -> Result<Self> {
        let item = codec::decode(value).map_err(|error| layout::corrupt(BACKUPS, error))?;
        let fields = Fields(&item);
        let bad = |field: &'static str| {
            move || layout::corrupt(BACKUPS, format_args!("a backup's record has no usable {field}"))
        };
        let version = fields.number("version").ok_or_else(bad("version"))?;
        if version != RECORD_VERSION {
            return Err(layout::corrupt(
                BACKUPS,
                format_args!(
                    "a backup's record has version {version}, this build reads {RECORD_VERSION}; use a newer Millpond"
                ),
            ));
        }
        let Some(AttributeValue::B(table)) = item.get("table") else { return Err(bad("table")()) };
        let count = |name: &str| fields.number(name).and_then(|count| u64::try_from(count).ok());
        Ok(BackupRecord {
            id: fields.text("id").ok_or_else(bad("id"))?,
            name: fields.text("name").ok_or_else(bad("name"))?,
            backup_type: fields.choice("type", BackupType::from_name).ok_or_else(bad("type"))?,
            status: fields.choice("status", BackupStatus::from_name).ok_or_else(bad("status"))?,
            created: fields.time("created").ok_or_else(bad("created"))?,
            expires: fields.time("expires"),
            table: TableRecord::decode(table)?,
            count: count("items").zip(count("bytes")),
            in_use_by: fields.text("in_use_by"),
        })
    }
}

/// The table's name, if an ARN tells it, and the backup's id.
///
/// # Errors
/// [`Error::Validation`] if it is neither an ARN of a backup nor an id.
pub(crate) fn parse(arn: &str) -> Result<(Option<&str>, &str)> {
    let (table, id) = match arn.strip_prefix("arn:").and_then(|rest| rest.split_once(":table/")) {
        Some((_, rest)) => match rest.split_once("/backup/") {
            Some((table, id)) => (Some(table), id),
            None => (None, ""),
        },
        None => (None, arn),
    };
    match table.is_some() || keys::is_backup_id(id) {
        true => Ok((table, id)),
        false => Err(Error::validation("Invalid Backup ARN")),
    }
}

fn features(table: &TableRecord) -> SourceTableFeatureDetails {
    let of = |scope| table.indexes.iter().filter(move |index: &&IndexRecord| index.scope() == scope);
    SourceTableFeatureDetails {
        local_secondary_indexes: of(Scope::Local)
            .map(|index| LocalSecondaryIndex {
                index_name: index.name().to_owned(),
                key_schema: index.keys().schema(),
                projection: index.projection(),
            })
            .collect(),
        global_secondary_indexes: of(Scope::Global)
            .map(|index| GlobalSecondaryIndex {
                index_name: index.name().to_owned(),
                key_schema: index.keys().schema(),
                projection: index.projection(),
                provisioned_throughput: Some(index.definition.throughput),
                on_demand_throughput: index.definition.on_demand,
                warm_throughput: None,
            })
            .collect(),
        stream_description: table
            .stream
            .as_ref()
            .map(|stream| StreamSpecification { stream_enabled: true, stream_view_type: Some(stream.view_type) }),
        time_to_live_description: table.expiry.as_ref().map(|expiry| TimeToLiveDescription {
            time_to_live_status: TimeToLiveStatus::Enabled,
            attribute_name: Some(expiry.attribute.clone()),
        }),
        sse_description: table.settings.describe_sse(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{KeyAttribute, Keys};
    use crate::model::ScalarAttributeType;
    use crate::table::Settings;

    fn record() -> BackupRecord {
        let partition = KeyAttribute { name: "pk".into(), attribute_type: ScalarAttributeType::S };
        BackupRecord {
            id: "01700000000123-0a1b2c3d".into(),
            name: "nightly".into(),
            backup_type: BackupType::User,
            status: BackupStatus::Available,
            created: Timestamp::from_millis(1_700_000_000_123),
            expires: None,
            table: TableRecord {
                id: TableId(7),
                name: "orders".into(),
                keys: Keys { partition, more_partition: Vec::new(), sort: None, more_sort: Vec::new() },
                indexes: Vec::new(),
                expiry: None,
                stream: None,
                latest_stream_label: None,
                destination: None,
                recovery: None,
                loading: None,
                next_index: 0,
                created: Timestamp::from_millis(1),
                settings: Settings::default(),
            },
            count: Some((3, 99)),
            in_use_by: None,
        }
    }

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let full = BackupRecord { expires: Some(Timestamp::from_secs(9)), in_use_by: Some("copy".into()), ..record() };
        let bare = BackupRecord { count: None, status: BackupStatus::Creating, ..record() };
        for record in [full, bare] {
            assert_eq!(BackupRecord::decode(&record.encode()).unwrap(), record);
        }
    }

    #[test]
    fn a_backup_is_named_by_its_id_or_by_an_arn() {
        let id = "01700000000123-0a1b2c3d";
        let arn = format!("arn:aws:dynamodb:eu-west-1:000000000000:table/orders/backup/{id}");
        assert_eq!(parse(id).unwrap(), (None, id));
        assert_eq!(parse(&arn).unwrap(), (Some("orders"), id));
        for other in ["", "arn:aws:dynamodb:eu-west-1:000000000000:table/orders", "x", "arn:aws:s3:::bucket"] {
            assert_eq!(parse(other).unwrap_err().to_string(), "Invalid Backup ARN", "{other}");
        }
    }
}
