//! Backups as they are described.

use millpond::kv::{
    BackupDescription, BackupDetails, BackupSummary, GlobalSecondaryIndex, LocalSecondaryIndex, ProvisionedThroughput,
    SourceTableDetails, SourceTableFeatureDetails, TimeToLiveDescription,
};
use serde::Serialize;

use super::{
    index::DescribedProjection,
    table::{DescribedOnDemand, DescribedSse, DescribedStream, Key, seconds, table_arn},
};

/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BackupDescription.html>
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Description<'a> {
    backup_details: Details<'a>,
    source_table_details: Source<'a>,
    source_table_feature_details: Features<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Details<'a> {
    backup_arn: String,
    backup_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_size_bytes: Option<u64>,
    backup_status: &'static str,
    backup_type: &'static str,
    backup_creation_date_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_expiry_date_time: Option<f64>,
}

/// A backup in a list.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Summary<'a> {
    table_name: &'a str,
    table_id: &'a str,
    table_arn: String,
    #[serde(flatten)]
    details: Details<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Source<'a> {
    table_name: &'a str,
    table_id: &'a str,
    table_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    table_size_bytes: Option<u64>,
    key_schema: Vec<Key<'a>>,
    table_creation_date_time: f64,
    provisioned_throughput: Units,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_demand_throughput: Option<DescribedOnDemand>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_count: Option<u64>,
    billing_mode: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Units {
    read_capacity_units: i64,
    write_capacity_units: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Features<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    local_secondary_indexes: Vec<Index<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    global_secondary_indexes: Vec<Index<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_description: Option<DescribedStream>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_live_description: Option<Expiry<'a>>,
    #[serde(rename = "SSEDescription", skip_serializing_if = "Option::is_none")]
    sse_description: Option<DescribedSse<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Index<'a> {
    index_name: &'a str,
    key_schema: Vec<Key<'a>>,
    projection: DescribedProjection<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provisioned_throughput: Option<Units>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_demand_throughput: Option<DescribedOnDemand>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Expiry<'a> {
    time_to_live_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribute_name: Option<&'a str>,
}

/// How a backup is named in the region that the client signed for.
pub(super) fn arn(region: &str, table: &str, id: &str) -> String {
    format!("{}/backup/{id}", table_arn(region, table))
}

impl<'a> Description<'a> {
    pub(super) fn new(backup: &'a BackupDescription, region: &str) -> Description<'a> {
        let table = &backup.source_table_details.table_name;
        Description {
            backup_details: Details::new(&backup.backup_details, table, region),
            source_table_details: Source::new(&backup.source_table_details, region),
            source_table_feature_details: (&backup.source_table_feature_details).into(),
        }
    }
}

impl<'a> Details<'a> {
    pub(super) fn new(details: &'a BackupDetails, table: &str, region: &str) -> Details<'a> {
        Details {
            backup_arn: arn(region, table, &details.backup_id),
            backup_name: &details.backup_name,
            backup_size_bytes: details.backup_size_bytes,
            backup_status: details.backup_status.as_str(),
            backup_type: details.backup_type.as_str(),
            backup_creation_date_time: seconds(details.backup_creation_date_time),
            backup_expiry_date_time: details.backup_expiry_date_time.map(seconds),
        }
    }
}

impl<'a> Summary<'a> {
    pub(super) fn new(summary: &'a BackupSummary, region: &str) -> Summary<'a> {
        Summary {
            table_name: &summary.table_name,
            table_id: &summary.table_id,
            table_arn: table_arn(region, &summary.table_name),
            details: Details::new(&summary.backup_details, &summary.table_name, region),
        }
    }
}

impl<'a> Source<'a> {
    fn new(source: &'a SourceTableDetails, region: &str) -> Source<'a> {
        Source {
            table_name: &source.table_name,
            table_id: &source.table_id,
            table_arn: table_arn(region, &source.table_name),
            table_size_bytes: source.table_size_bytes,
            key_schema: source.key_schema.iter().map(Key::from).collect(),
            table_creation_date_time: seconds(source.table_creation_date_time),
            provisioned_throughput: source.provisioned_throughput.into(),
            on_demand_throughput: source.on_demand_throughput.map(DescribedOnDemand::from),
            item_count: source.item_count,
            billing_mode: source.billing_mode.as_str(),
        }
    }
}

impl From<ProvisionedThroughput> for Units {
    fn from(units: ProvisionedThroughput) -> Units {
        Units { read_capacity_units: units.read_capacity_units, write_capacity_units: units.write_capacity_units }
    }
}

impl<'a> From<&'a SourceTableFeatureDetails> for Features<'a> {
    fn from(features: &'a SourceTableFeatureDetails) -> Features<'a> {
        Features {
            local_secondary_indexes: features.local_secondary_indexes.iter().map(Index::from).collect(),
            global_secondary_indexes: features.global_secondary_indexes.iter().map(Index::from).collect(),
            stream_description: features.stream_description.map(DescribedStream::from),
            time_to_live_description: features.time_to_live_description.as_ref().map(Expiry::from),
            sse_description: features.sse_description.as_ref().map(DescribedSse::from),
        }
    }
}

impl<'a> From<&'a LocalSecondaryIndex> for Index<'a> {
    fn from(index: &'a LocalSecondaryIndex) -> Index<'a> {
        Index {
            index_name: &index.index_name,
            key_schema: index.key_schema.iter().map(Key::from).collect(),
            projection: (&index.projection).into(),
            provisioned_throughput: None,
            on_demand_throughput: None,
        }
    }
}

impl<'a> From<&'a GlobalSecondaryIndex> for Index<'a> {
    fn from(index: &'a GlobalSecondaryIndex) -> Index<'a> {
        Index {
            index_name: &index.index_name,
            key_schema: index.key_schema.iter().map(Key::from).collect(),
            projection: (&index.projection).into(),
            provisioned_throughput: index.provisioned_throughput.map(Units::from),
            on_demand_throughput: index.on_demand_throughput.map(DescribedOnDemand::from),
        }
    }
}

impl<'a> From<&'a TimeToLiveDescription> for Expiry<'a> {
    fn from(expiry: &'a TimeToLiveDescription) -> Expiry<'a> {
        Expiry {
            time_to_live_status: expiry.time_to_live_status.as_str(),
            attribute_name: expiry.attribute_name.as_deref(),
        }
    }
}
