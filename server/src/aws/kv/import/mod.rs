//! Imports of tables: what is asked for, what is read, and how that is described.

mod csv;
mod ion;
mod json_lines;
mod objects;
mod read;

use millpond::{
    Timestamp,
    kv::{CreateTableRequest, GlobalSecondaryIndex, OnDemandThroughput, ProvisionedThroughput, SseSpecification},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) use super::export::{DYNAMODB_JSON, ION};
pub(super) use read::run;

use super::{
    table::{ACCOUNT, seconds, table_arn},
    transfers::{IMPORTS, Record, Transfer},
};

pub(super) const CSV: &str = "CSV";
pub(super) const GZIP: &str = "GZIP";
pub(super) const ZSTD: &str = "ZSTD";
pub(super) const NONE: &str = "NONE";

/// An import as stored.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Import {
    #[serde(flatten)]
    pub(super) transfer: Transfer,
    pub(super) bucket: String,
    pub(super) bucket_owner: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) format: String,
    pub(super) compression: String,
    pub(super) csv: Option<CsvOptions>,
    /// The table that was asked for, as it is described.
    pub(super) table: Value,
    pub(super) processed_items: u64,
    pub(super) imported_items: u64,
    pub(super) errors: u64,
    /// Bytes read, after they are unpacked.
    pub(super) processed_bytes: u64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct CsvOptions {
    pub(super) delimiter: Option<char>,
    /// The names of the columns; the first line of each object if there are none.
    pub(super) header: Option<Vec<String>>,
}

impl Record for Import {
    fn transfer(&self) -> &Transfer {
        &self.transfer
    }

    fn transfer_mut(&mut self) -> &mut Transfer {
        &mut self.transfer
    }
}

/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ImportTableDescription.html>
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Description<'a> {
    import_arn: String,
    import_status: &'a str,
    table_arn: String,
    table_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_token: Option<&'a str>,
    #[serde(rename = "S3BucketSource")]
    source: Source<'a>,
    error_count: u64,
    cloud_watch_log_group_arn: String,
    input_format: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_format_options: Option<Value>,
    input_compression_type: &'a str,
    table_creation_parameters: &'a Value,
    start_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<f64>,
    processed_size_bytes: u64,
    processed_item_count: u64,
    imported_item_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_message: Option<&'a str>,
}

/// An import in a list.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Summary<'a> {
    import_arn: String,
    import_status: &'a str,
    table_arn: String,
    #[serde(rename = "S3BucketSource")]
    source: Source<'a>,
    cloud_watch_log_group_arn: String,
    input_format: &'a str,
    start_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<f64>,
}

#[derive(Serialize)]
struct Source<'a> {
    #[serde(rename = "S3BucketOwner")]
    bucket_owner: &'a str,
    #[serde(rename = "S3Bucket")]
    bucket: &'a str,
    #[serde(rename = "S3KeyPrefix", skip_serializing_if = "Option::is_none")]
    prefix: Option<&'a str>,
}

/// What asking for an import and describing one answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output<'a> {
    pub(super) import_table_description: Description<'a>,
}

fn millis(millis: u64) -> f64 {
    seconds(Timestamp::from_millis(millis))
}

/// Nothing is logged there; clients expect that there is a name.
fn log_group(region: &str) -> String {
    format!("arn:aws:logs:{region}:{ACCOUNT}:log-group:/aws-dynamodb/imports:*")
}

impl Import {
    fn source(&self) -> Source<'_> {
        Source {
            bucket_owner: self.bucket_owner.as_deref().unwrap_or(ACCOUNT),
            bucket: &self.bucket,
            prefix: self.prefix.as_deref(),
        }
    }

    pub(super) fn describe(&self, region: &str) -> Output<'_> {
        let transfer = &self.transfer;
        let import_table_description = Description {
            import_arn: IMPORTS.arn(region, transfer),
            import_status: &transfer.status,
            table_arn: table_arn(region, &transfer.table_name),
            table_id: &transfer.table_id,
            client_token: transfer.client_token.as_deref(),
            source: self.source(),
            error_count: self.errors,
            cloud_watch_log_group_arn: log_group(region),
            input_format: &self.format,
            input_format_options: self.csv.as_ref().map(|csv| {
                let mut options = serde_json::Map::new();
                options.extend(csv.delimiter.map(|delimiter| ("Delimiter".into(), delimiter.to_string().into())));
                options.extend(csv.header.clone().map(|header| ("HeaderList".into(), header.into())));
                json!({ "Csv": options })
            }),
            input_compression_type: &self.compression,
            table_creation_parameters: &self.table,
            start_time: millis(transfer.start_millis),
            end_time: transfer.end_millis.map(millis),
            processed_size_bytes: self.processed_bytes,
            processed_item_count: self.processed_items,
            imported_item_count: self.imported_items,
            failure_code: transfer.failure_code.as_deref(),
            failure_message: transfer.failure_message.as_deref(),
        };
        Output { import_table_description }
    }

    pub(super) fn summarize(&self, region: &str) -> Summary<'_> {
        let transfer = &self.transfer;
        Summary {
            import_arn: IMPORTS.arn(region, transfer),
            import_status: &transfer.status,
            table_arn: table_arn(region, &transfer.table_name),
            source: self.source(),
            cloud_watch_log_group_arn: log_group(region),
            input_format: &self.format,
            start_time: millis(transfer.start_millis),
            end_time: transfer.end_millis.map(millis),
        }
    }
}

/// A table as it was asked for, in the members of the request.
pub(super) fn describe_table(request: &CreateTableRequest) -> Value {
    let keys = |schema: &[millpond::kv::KeySchemaElement]| -> Value {
        let element = |key: &millpond::kv::KeySchemaElement| json!({ "AttributeName": key.attribute_name, "KeyType": key.key_type.as_str() });
        schema.iter().map(element).collect()
    };
    let definitions: Value = request
        .attribute_definitions
        .iter()
        .map(|it| json!({ "AttributeName": it.attribute_name, "AttributeType": it.attribute_type.as_str() }))
        .collect();
    let index = |index: &GlobalSecondaryIndex| {
        let projection = json!({
            "ProjectionType": index.projection.projection_type.map(|kind| kind.as_str()),
            "NonKeyAttributes": index.projection.non_key_attributes,
        });
        without_nulls(json!({
            "IndexName": index.index_name,
            "KeySchema": keys(&index.key_schema),
            "Projection": without_nulls(projection),
            "ProvisionedThroughput": index.provisioned_throughput.map(units),
            "OnDemandThroughput": index.on_demand_throughput.map(caps),
        }))
    };
    let indexes = request.global_secondary_indexes.as_ref();
    without_nulls(json!({
        "TableName": request.table_name,
        "AttributeDefinitions": definitions,
        "KeySchema": keys(&request.key_schema),
        "BillingMode": request.billing_mode.map(|mode| mode.as_str()),
        "ProvisionedThroughput": request.provisioned_throughput.map(units),
        "OnDemandThroughput": request.on_demand_throughput.map(caps),
        "SSESpecification": request.sse_specification.as_ref().map(encryption),
        "GlobalSecondaryIndexes": indexes.map(|indexes| indexes.iter().map(index).collect::<Value>()),
    }))
}

fn units(units: ProvisionedThroughput) -> Value {
    json!({ "ReadCapacityUnits": units.read_capacity_units, "WriteCapacityUnits": units.write_capacity_units })
}

fn caps(caps: OnDemandThroughput) -> Value {
    without_nulls(json!({
        "MaxReadRequestUnits": caps.max_read_request_units,
        "MaxWriteRequestUnits": caps.max_write_request_units,
    }))
}

fn encryption(sse: &SseSpecification) -> Value {
    without_nulls(json!({
        "Enabled": sse.enabled,
        "SSEType": sse.sse_type.map(|kind| kind.as_str()),
        "KMSMasterKeyId": sse.kms_master_key_id,
    }))
}

fn without_nulls(mut value: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.retain(|_, member| !member.is_null());
    }
    value
}
