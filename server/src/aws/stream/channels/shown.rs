//! Channels as they are shown.

use millpond::stream::{
    ChannelDescription, Compression, DeadLetterBucket, Destination, DestinationKind, RecordFormat, S3Destination,
    S3TablesDestination, StorageClass, StreamingTable, TableCompression,
};
use serde::Serialize;

use crate::aws::stream::{Call, names, shown::Time};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output<'a> {
    channel_description: ShownChannel<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownChannel<'a> {
    channel_name: &'a str,
    #[serde(rename = "ChannelARN")]
    channel_arn: String,
    channel_id: &'a str,
    channel_status: &'static str,
    channel_creation_timestamp: Time,
    #[serde(rename = "ServiceExecutionRoleARN")]
    service_execution_role_arn: &'a str,
    stream_configuration_list: [ShownStream<'a>; 1],
    #[serde(rename = "S3DestinationConfiguration", skip_serializing_if = "Option::is_none")]
    s3: Option<ShownS3<'a>>,
    #[serde(rename = "S3TablesDestinationConfiguration", skip_serializing_if = "Option::is_none")]
    s3_tables: Option<ShownS3Tables<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_configuration: Option<ShownEncryption<'a>>,
    logging_configuration: ShownLogging<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownStream<'a> {
    #[serde(rename = "StreamARN")]
    stream_arn: String,
    stream_creation_timestamp: Time,
    record_configuration: ShownRecords<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownRecords<'a> {
    record_format_type: &'static str,
    #[serde(rename = "GSRSchemaARN", skip_serializing_if = "Option::is_none")]
    gsr_schema_arn: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownS3<'a> {
    data_freshness_in_seconds: u32,
    #[serde(rename = "DeadLetterQueueS3Configuration", skip_serializing_if = "Option::is_none")]
    dead_letters: Option<ShownDeadLetters<'a>>,
    storage_configuration: ShownStorage<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownStorage<'a> {
    #[serde(rename = "BucketARN")]
    bucket_arn: &'a str,
    expected_bucket_owner: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_key_template: Option<&'a str>,
    storage_class: &'static str,
    compression_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownDeadLetters<'a> {
    #[serde(rename = "BucketARN")]
    bucket_arn: &'a str,
    expected_bucket_owner: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_output_prefix: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownS3Tables<'a> {
    data_freshness_in_seconds: u32,
    #[serde(rename = "DeadLetterQueueS3Configuration")]
    dead_letters: ShownDeadLetters<'a>,
    #[serde(rename = "S3TablesConfigurationList")]
    tables: [ShownTable<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownTable<'a> {
    #[serde(rename = "TableBucketARN")]
    table_bucket_arn: &'a str,
    namespace: &'a str,
    table_name: &'a str,
    compression_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition_spec: Option<ShownSpec<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownSpec<'a> {
    partition_fields: Vec<ShownField<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownField<'a> {
    transform: &'static str,
    source_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownEncryption<'a> {
    encryption_type: &'static str,
    key_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownLogging<'a> {
    cloud_watch_logs: ShownLogs<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownLogs<'a> {
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_group_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_stream_name: Option<&'a str>,
}

/// What a channel is doing, as it is told: changes are done when they are answered, but the service says that they have begun.
#[derive(Clone, Copy)]
pub(super) enum Status {
    Creating,
    Active,
    Updating,
}

pub(super) fn show<'a>(call: &Call<'_>, channel: &'a ChannelDescription, status: Status) -> Output<'a> {
    let record_configuration = ShownRecords {
        record_format_type: match channel.format {
            RecordFormat::GsrJson => "GSR_JSON",
            RecordFormat::Json => "JSON",
            RecordFormat::String => "STRING",
            RecordFormat::ByteArray => "BYTE_ARRAY",
        },
        gsr_schema_arn: channel.schema_arn.as_deref(),
    };
    let (s3, s3_tables) = match &channel.destination {
        Destination::S3(bucket) => (Some(bucket.into()), None),
        Destination::S3Tables(tables) => (None, Some(tables.into())),
    };
    let channel_description = ShownChannel {
        channel_name: &channel.name,
        channel_arn: names::channel_arn(call.region, &channel.id),
        channel_id: &channel.id,
        channel_status: match status {
            Status::Creating => "CREATING",
            Status::Active => "ACTIVE",
            Status::Updating => "UPDATING",
        },
        channel_creation_timestamp: Time::seconds(channel.created),
        service_execution_role_arn: &channel.role_arn,
        stream_configuration_list: [ShownStream {
            stream_arn: call.arn(&channel.stream),
            stream_creation_timestamp: Time::seconds(channel.stream_created),
            record_configuration,
        }],
        s3,
        s3_tables,
        encryption_configuration: channel
            .encryption_key
            .as_deref()
            .map(|key_id| ShownEncryption { encryption_type: "KMS", key_id }),
        logging_configuration: ShownLogging {
            cloud_watch_logs: ShownLogs {
                enabled: channel.logging.is_enabled,
                log_group_name: channel.logging.group.as_deref(),
                log_stream_name: channel.logging.stream.as_deref(),
            },
        },
    };
    Output { channel_description }
}

pub(super) fn kind(channel: &ChannelDescription) -> &'static str {
    match channel.destination.kind() {
        DestinationKind::S3 => "S3",
        DestinationKind::S3Tables => "S3_TABLES",
    }
}

impl<'a> From<&'a S3Destination> for ShownS3<'a> {
    fn from(bucket: &'a S3Destination) -> ShownS3<'a> {
        let storage_configuration = ShownStorage {
            bucket_arn: &bucket.bucket_arn,
            expected_bucket_owner: &bucket.expected_owner,
            output_key_template: bucket.key_template.as_deref(),
            storage_class: match bucket.storage_class {
                StorageClass::Standard => "STANDARD",
                StorageClass::IntelligentTiering => "INTELLIGENT_TIERING",
                StorageClass::GlacierIr => "GLACIER_IR",
            },
            compression_type: match bucket.compression {
                Compression::None => "NONE",
                Compression::Gzip => "GZIP",
                Compression::Zstd => "ZSTD",
            },
        };
        ShownS3 {
            data_freshness_in_seconds: bucket.freshness_secs,
            dead_letters: bucket.dead_letters.as_ref().map(ShownDeadLetters::from),
            storage_configuration,
        }
    }
}

impl<'a> From<&'a DeadLetterBucket> for ShownDeadLetters<'a> {
    fn from(bucket: &'a DeadLetterBucket) -> ShownDeadLetters<'a> {
        ShownDeadLetters {
            bucket_arn: &bucket.bucket_arn,
            expected_bucket_owner: &bucket.expected_owner,
            error_output_prefix: bucket.error_prefix.as_deref(),
        }
    }
}

impl<'a> From<&'a S3TablesDestination> for ShownS3Tables<'a> {
    fn from(tables: &'a S3TablesDestination) -> ShownS3Tables<'a> {
        ShownS3Tables {
            data_freshness_in_seconds: tables.freshness_secs,
            dead_letters: (&tables.dead_letters).into(),
            tables: [(&tables.table).into()],
        }
    }
}

impl<'a> From<&'a StreamingTable> for ShownTable<'a> {
    fn from(table: &'a StreamingTable) -> ShownTable<'a> {
        let partition_spec = table.partition_fields.as_ref().map(|fields| ShownSpec {
            partition_fields: fields
                .iter()
                .map(|field| ShownField { transform: "TIME_HOUR", source_name: &field.source_name })
                .collect(),
        });
        ShownTable {
            table_bucket_arn: &table.bucket_arn,
            namespace: &table.namespace,
            table_name: &table.name,
            compression_type: match table.compression {
                TableCompression::None => "NONE",
                TableCompression::Zstd => "ZSTD",
                TableCompression::Snappy => "SNAPPY",
            },
            partition_spec,
        }
    }
}
