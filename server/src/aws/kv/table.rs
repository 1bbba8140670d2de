//! Tables as they are asked for and described.

use millpond::{
    Timestamp,
    kv::{
        AttributeDefinition, KeySchemaElement, KeyType, OnDemandThroughput, ProvisionedThroughput,
        ProvisionedThroughputDescription, RestoreSummary, ScalarAttributeType, SseDescription, SseSpecification,
        StreamSpecification, TableDescription, WarmThroughput,
    },
};
use serde::Serialize;

use super::{
    checks::{self, Checks},
    index::Described,
};
use crate::aws::json::{Flag, List, Text, Whole, members};

/// The account that ARNs name: there is but one.
pub(super) const ACCOUNT: &str = "000000000000";

members! {
    KeyElement { attribute_name: Text = "AttributeName", key_type: Text = "KeyType" }
}
members! {
    Definition { attribute_name: Text = "AttributeName", attribute_type: Text = "AttributeType" }
}
members! {
    Throughput { read_capacity_units: Whole = "ReadCapacityUnits", write_capacity_units: Whole = "WriteCapacityUnits" }
}
members! {
    OnDemand { max_read_request_units: Whole = "MaxReadRequestUnits", max_write_request_units: Whole = "MaxWriteRequestUnits" }
}
members! {
    Warm { read_units_per_second: Whole = "ReadUnitsPerSecond", write_units_per_second: Whole = "WriteUnitsPerSecond" }
}
members! {
    Sse { enabled: Flag = "Enabled", sse_type: Text = "SSEType", kms_master_key_id: Text = "KMSMasterKeyId" }
}
members! {
    Stream { stream_enabled: Flag = "StreamEnabled", stream_view_type: Text = "StreamViewType" }
}

impl Checks {
    pub(super) fn key_schema(&mut self, given: Vec<KeyElement>, field: &str) -> Vec<KeySchemaElement> {
        let elements = given.into_iter().zip(1..).map(|(element, nth)| {
            let attribute_name =
                self.required(checks::text(element.attribute_name), &format!("{field}.{nth}.member.attributeName"));
            let key_type =
                self.required_choice(element.key_type, &format!("{field}.{nth}.member.keyType"), KeyType::Hash);
            KeySchemaElement { attribute_name, key_type }
        });
        elements.collect()
    }

    pub(super) fn definitions(&mut self, given: List<Definition>, field: &str) -> Vec<AttributeDefinition> {
        let definitions = given.0.into_iter().zip(1..).map(|(definition, nth)| {
            let field = format!("{field}.{nth}.member");
            let attribute_name =
                self.required(checks::text(definition.attribute_name), &format!("{field}.attributeName"));
            let attribute_type = self.required_choice(
                definition.attribute_type,
                &format!("{field}.attributeType"),
                ScalarAttributeType::S,
            );
            AttributeDefinition { attribute_name, attribute_type }
        });
        definitions.collect()
    }

    pub(super) fn throughput(&mut self, given: Throughput, field: &str) -> ProvisionedThroughput {
        let mut units =
            |member: Option<Whole>, name: &str| self.required(member.map(|units| units.0), &format!("{field}.{name}"));
        let write_capacity_units = units(given.write_capacity_units, "writeCapacityUnits");
        ProvisionedThroughput {
            read_capacity_units: units(given.read_capacity_units, "readCapacityUnits"),
            write_capacity_units,
        }
    }

    pub(super) fn sse(&mut self, given: Sse, field: &str) -> SseSpecification {
        SseSpecification {
            enabled: checks::flag(given.enabled),
            sse_type: self.choice_if_any(given.sse_type, &format!("{field}.sSEType")),
            kms_master_key_id: checks::text(given.kms_master_key_id),
        }
    }

    pub(super) fn stream(&mut self, given: Stream) -> StreamSpecification {
        let stream_enabled = self.required(checks::flag(given.stream_enabled), "streamSpecification.streamEnabled");
        let stream_view_type = self.choice_if_any(given.stream_view_type, "streamSpecification.streamViewType");
        StreamSpecification { stream_enabled, stream_view_type }
    }
}

impl From<OnDemand> for OnDemandThroughput {
    fn from(given: OnDemand) -> OnDemandThroughput {
        OnDemandThroughput {
            max_read_request_units: given.max_read_request_units.map(|units| units.0),
            max_write_request_units: given.max_write_request_units.map(|units| units.0),
        }
    }
}

impl From<Warm> for WarmThroughput {
    fn from(given: Warm) -> WarmThroughput {
        WarmThroughput {
            read_units_per_second: given.read_units_per_second.map(|units| units.0),
            write_units_per_second: given.write_units_per_second.map(|units| units.0),
        }
    }
}

/// What creating, changing and deleting a table answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Changed<'a> {
    pub(super) table_description: Description<'a>,
}

/// A table as described.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html>
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Description<'a> {
    table_name: &'a str,
    table_id: &'a str,
    table_arn: String,
    table_status: &'static str,
    creation_date_time: f64,
    attribute_definitions: Vec<Defined<'a>>,
    key_schema: Vec<Key<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    local_secondary_indexes: Vec<Described<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    global_secondary_indexes: Vec<Described<'a>>,
    provisioned_throughput: Provisioned,
    item_count: u64,
    table_size_bytes: u64,
    deletion_protection_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_specification: Option<DescribedStream>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_stream_label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_stream_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_mode_summary: Option<Billing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_demand_throughput: Option<DescribedOnDemand>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warm_throughput: Option<DescribedWarm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table_class_summary: Option<Class>,
    #[serde(rename = "SSEDescription", skip_serializing_if = "Option::is_none")]
    sse_description: Option<DescribedSse<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restore_summary: Option<Restoring>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Defined<'a> {
    attribute_name: &'a str,
    attribute_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Key<'a> {
    attribute_name: &'a str,
    key_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Provisioned {
    read_capacity_units: i64,
    write_capacity_units: i64,
    number_of_decreases_today: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_increase_date_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_decrease_date_time: Option<f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Billing {
    billing_mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_update_to_pay_per_request_date_time: Option<f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribedOnDemand {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_read_request_units: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_write_request_units: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribedWarm {
    #[serde(skip_serializing_if = "Option::is_none")]
    read_units_per_second: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    write_units_per_second: Option<i64>,
    status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Class {
    table_class: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_update_date_time: Option<f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribedStream {
    stream_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_view_type: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct DescribedSse<'a> {
    #[serde(rename = "Status")]
    status: &'static str,
    #[serde(rename = "SSEType", skip_serializing_if = "Option::is_none")]
    sse_type: Option<&'static str>,
    #[serde(rename = "KMSMasterKeyArn", skip_serializing_if = "Option::is_none")]
    kms_master_key_arn: Option<&'a str>,
}

impl<'a> Description<'a> {
    pub(super) fn new(table: &'a TableDescription, region: &str) -> Description<'a> {
        let table_arn = table_arn(region, &table.table_name);
        let local = table.local_secondary_indexes.iter().map(|index| Described::local(index, &table_arn));
        let global = table.global_secondary_indexes.iter().map(|index| Described::global(index, &table_arn));
        Description {
            local_secondary_indexes: local.collect(),
            global_secondary_indexes: global.collect(),
            latest_stream_arn: table.latest_stream_label.as_ref().map(|label| format!("{table_arn}/stream/{label}")),
            latest_stream_label: table.latest_stream_label.as_deref(),
            stream_specification: table.stream_specification.map(DescribedStream::from),
            table_name: &table.table_name,
            table_id: &table.table_id,
            table_arn,
            table_status: table.table_status.as_str(),
            creation_date_time: seconds(table.creation_date_time),
            attribute_definitions: table.attribute_definitions.iter().map(Defined::from).collect(),
            key_schema: table.key_schema.iter().map(Key::from).collect(),
            provisioned_throughput: (&table.provisioned_throughput).into(),
            item_count: table.item_count,
            table_size_bytes: table.table_size_bytes,
            deletion_protection_enabled: table.deletion_protection_enabled,
            billing_mode_summary: table.billing_mode_summary.map(|summary| Billing {
                billing_mode: summary.billing_mode.as_str(),
                last_update_to_pay_per_request_date_time: summary.last_update_to_pay_per_request_date_time.map(seconds),
            }),
            on_demand_throughput: table.on_demand_throughput.map(DescribedOnDemand::from),
            warm_throughput: table.warm_throughput.map(DescribedWarm::from),
            table_class_summary: table.table_class_summary.map(|summary| Class {
                table_class: summary.table_class.as_str(),
                last_update_date_time: summary.last_update_date_time.map(seconds),
            }),
            sse_description: table.sse_description.as_ref().map(DescribedSse::from),
            restore_summary: table.restore_summary.as_ref().map(|summary| Restoring::new(summary, region)),
        }
    }
}

impl From<StreamSpecification> for DescribedStream {
    fn from(stream: StreamSpecification) -> DescribedStream {
        DescribedStream {
            stream_enabled: stream.stream_enabled,
            stream_view_type: stream.stream_view_type.map(|view_type| view_type.as_str()),
        }
    }
}

impl<'a> From<&'a SseDescription> for DescribedSse<'a> {
    fn from(sse: &'a SseDescription) -> DescribedSse<'a> {
        DescribedSse {
            status: if sse.enabled { "ENABLED" } else { "DISABLED" },
            sse_type: sse.sse_type.map(|kind| kind.as_str()),
            kms_master_key_arn: sse.kms_master_key_id.as_deref(),
        }
    }
}

/// What a table is being restored from.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Restoring {
    #[serde(skip_serializing_if = "Option::is_none")]
    source_backup_arn: Option<String>,
    source_table_arn: String,
    restore_date_time: f64,
    restore_in_progress: bool,
}

impl Restoring {
    fn new(summary: &RestoreSummary, region: &str) -> Restoring {
        let source_table_arn = table_arn(region, &summary.source_table_name);
        let backup = summary.source_backup_id.as_ref();
        Restoring {
            source_backup_arn: backup.map(|id| format!("{source_table_arn}/backup/{id}")),
            source_table_arn,
            restore_date_time: seconds(summary.restore_date_time),
            restore_in_progress: summary.restore_in_progress,
        }
    }
}

/// How a table is named in the region that the client signed for.
pub(super) fn table_arn(region: &str, name: &str) -> String {
    format!("arn:aws:dynamodb:{region}:{ACCOUNT}:table/{name}")
}

impl From<&ProvisionedThroughputDescription> for Provisioned {
    fn from(throughput: &ProvisionedThroughputDescription) -> Provisioned {
        Provisioned {
            read_capacity_units: throughput.read_capacity_units,
            write_capacity_units: throughput.write_capacity_units,
            number_of_decreases_today: throughput.number_of_decreases_today,
            last_increase_date_time: throughput.last_increase_date_time.map(seconds),
            last_decrease_date_time: throughput.last_decrease_date_time.map(seconds),
        }
    }
}

impl From<OnDemandThroughput> for DescribedOnDemand {
    fn from(throughput: OnDemandThroughput) -> DescribedOnDemand {
        DescribedOnDemand {
            max_read_request_units: throughput.max_read_request_units,
            max_write_request_units: throughput.max_write_request_units,
        }
    }
}

impl From<WarmThroughput> for DescribedWarm {
    fn from(throughput: WarmThroughput) -> DescribedWarm {
        DescribedWarm {
            read_units_per_second: throughput.read_units_per_second,
            write_units_per_second: throughput.write_units_per_second,
            status: "ACTIVE",
        }
    }
}

impl<'a> From<&'a AttributeDefinition> for Defined<'a> {
    fn from(definition: &'a AttributeDefinition) -> Defined<'a> {
        Defined { attribute_name: &definition.attribute_name, attribute_type: definition.attribute_type.as_str() }
    }
}

impl<'a> From<&'a KeySchemaElement> for Key<'a> {
    fn from(element: &'a KeySchemaElement) -> Key<'a> {
        Key { attribute_name: &element.attribute_name, key_type: element.key_type.as_str() }
    }
}

/// Seconds since 1970, to the millisecond.
pub(super) fn seconds(time: Timestamp) -> f64 {
    time.as_millis() as f64 / 1000.0
}
