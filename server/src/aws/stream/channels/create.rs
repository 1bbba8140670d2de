use millpond::stream::{
    ChannelLogging, Compression, CreateChannel, DeadLetterBucket, Destination, PartitionField, RecordFormat,
    S3Destination, S3TablesDestination, StorageClass, StreamingTable, TableCompression,
};

use super::{
    limits,
    shown::{Status, show},
};
use crate::aws::{
    json::Failure,
    stream::{
        Answered, Call,
        checks::Limits,
        limits as shared,
        member::{Flag, Integer, List, Tags, Text},
        names,
        request::request,
    },
};

const DEFAULT_FRESHNESS_SECS: u32 = 300;
const REQUIRED: Limits = Limits::ANY.required();

request! {
    Request<'a> {
        channel_name: Text<'a> = "ChannelName" => shared::CHANNEL_NAME.required(),
        service_execution_role_arn: Text<'a> = "ServiceExecutionRoleARN" => limits::ROLE_ARN.required(),
        stream_configuration_list: List<StreamConfiguration<'a>> = "StreamConfigurationList" =>
            shared::STREAMS.required(),
        s3: S3<'a> = "S3DestinationConfiguration",
        s3_tables: S3Tables<'a> = "S3TablesDestinationConfiguration",
        encryption: Encryption<'a> = "EncryptionConfiguration",
        tags: Tags = "Tags" => shared::TAGS,
        logging: Logging<'a> = "LoggingConfiguration",
    }
    StreamConfiguration<'a> {
        stream_arn: Text<'a> = "StreamARN" => shared::STREAM_ARN.required(),
        record_configuration: RecordConfiguration<'a> = "RecordConfiguration" => REQUIRED,
    }
    RecordConfiguration<'a> {
        format: Text<'a> = "RecordFormatType" => limits::FORMAT.required(),
        schema_arn: Text<'a> = "GSRSchemaARN" => limits::SCHEMA_ARN,
    }
    S3<'a> {
        freshness: Integer = "DataFreshnessInSeconds",
        dead_letters: DeadLetters<'a> = "DeadLetterQueueS3Configuration",
        storage: Storage<'a> = "StorageConfiguration" => REQUIRED,
    }
    Storage<'a> {
        bucket_arn: Text<'a> = "BucketARN" => limits::BUCKET_ARN.required(),
        expected_owner: Text<'a> = "ExpectedBucketOwner" => limits::OWNER.required(),
        key_template: Text<'a> = "OutputKeyTemplate" => limits::KEY_TEMPLATE,
        storage_class: Text<'a> = "StorageClass" => limits::STORAGE_CLASS,
        compression: Text<'a> = "CompressionType" => limits::COMPRESSION.required(),
    }
    DeadLetters<'a> {
        bucket_arn: Text<'a> = "BucketARN" => limits::BUCKET_ARN.required(),
        expected_owner: Text<'a> = "ExpectedBucketOwner" => limits::OWNER.required(),
        error_prefix: Text<'a> = "ErrorOutputPrefix" => limits::ERROR_PREFIX,
    }
    S3Tables<'a> {
        freshness: Integer = "DataFreshnessInSeconds",
        dead_letters: DeadLetters<'a> = "DeadLetterQueueS3Configuration" => REQUIRED,
        tables: List<Table<'a>> = "S3TablesConfigurationList" => shared::STREAMS.required(),
    }
    Table<'a> {
        bucket_arn: Text<'a> = "TableBucketARN" => limits::TABLE_BUCKET_ARN.required(),
        namespace: Text<'a> = "Namespace" => limits::TABLE_NAME.required(),
        name: Text<'a> = "TableName" => limits::TABLE_NAME.required(),
        compression: Text<'a> = "CompressionType" => limits::TABLE_COMPRESSION.required(),
        partition_spec: PartitionSpec<'a> = "PartitionSpec",
    }
    PartitionSpec<'a> {
        fields: List<Field<'a>> = "PartitionFields" => Limits::between(1, 10).required(),
    }
    Field<'a> {
        transform: Text<'a> = "Transform" => limits::TRANSFORM.required(),
        source_name: Text<'a> = "SourceName" => limits::COLUMN.required(),
    }
    Encryption<'a> {
        encryption_type: Text<'a> = "EncryptionType" => limits::ENCRYPTION_TYPE.required(),
        key_id: Text<'a> = "KeyId" => shared::KEY_ID.required(),
    }
    Logging<'a> { cloud_watch: CloudWatch<'a> = "CloudWatchLogs" => REQUIRED }
    CloudWatch<'a> {
        enabled: Flag = "Enabled" => REQUIRED,
        group: Text<'a> = "LogGroupName" => limits::LOG_GROUP,
        stream: Text<'a> = "LogStreamName" => limits::LOG_STREAM,
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let refuse = |text: &str| Err(Failure::validation(text));
    let mut streams = given.stream_configuration_list.unwrap_or_default().elements.into_iter();
    let (Some(stream), None) = (streams.next(), streams.next()) else {
        return refuse("StreamConfigurationList must contain exactly one entry.");
    };
    let destination = match (given.s3, given.s3_tables) {
        (Some(bucket), None) => Destination::S3(bucket.into()),
        (None, Some(tables)) => Destination::S3Tables(to_table(tables)?),
        (None, None) => {
            return refuse("Either S3DestinationConfiguration or S3TablesDestinationConfiguration must be specified.");
        }
        (Some(_), Some(_)) => {
            return refuse(
                "S3DestinationConfiguration and S3TablesDestinationConfiguration cannot be specified together.",
            );
        }
    };
    let records = stream.record_configuration.unwrap_or_default();
    let format = match records.format.as_deref() {
        Some("GSR_JSON") => RecordFormat::GsrJson,
        Some("STRING") => RecordFormat::String,
        Some("BYTE_ARRAY") => RecordFormat::ByteArray,
        _ => RecordFormat::Json,
    };
    let channel = call.streams().create_channel(&CreateChannel {
        name: owned(given.channel_name),
        role_arn: owned(given.service_execution_role_arn),
        stream: names::stream(None, stream.stream_arn)?,
        format,
        schema_arn: records.schema_arn.map(text),
        destination,
        encryption_key: given.encryption.map(|encryption| owned(encryption.key_id)),
        logging: given.logging.map(ChannelLogging::from).unwrap_or_default(),
        tags: given.tags.unwrap_or_default().0,
    })?;
    call.write(&show(call, &channel.describe()?, Status::Creating))
}

fn text(given: Text<'_>) -> String {
    given.0.into_owned()
}

fn owned(given: Option<Text<'_>>) -> String {
    given.map(text).unwrap_or_default()
}

fn secs(given: Option<Integer>) -> u32 {
    given.map_or(DEFAULT_FRESHNESS_SECS, Integer::count)
}

fn to_table(given: S3Tables<'_>) -> Result<S3TablesDestination, Failure> {
    let mut tables = given.tables.unwrap_or_default().elements.into_iter();
    let (Some(table), None) = (tables.next(), tables.next()) else {
        return Err(Failure::validation("S3TablesConfigurationList must contain exactly one entry."));
    };
    Ok(S3TablesDestination {
        table: table.into(),
        freshness_secs: secs(given.freshness),
        dead_letters: given.dead_letters.unwrap_or_default().into(),
    })
}

impl From<S3<'_>> for S3Destination {
    fn from(given: S3<'_>) -> S3Destination {
        let storage = given.storage.unwrap_or_default();
        S3Destination {
            bucket_arn: owned(storage.bucket_arn),
            expected_owner: owned(storage.expected_owner),
            compression: match storage.compression.as_deref() {
                Some("GZIP") => Compression::Gzip,
                Some("ZSTD") => Compression::Zstd,
                _ => Compression::None,
            },
            key_template: storage.key_template.map(text),
            storage_class: match storage.storage_class.as_deref() {
                Some("INTELLIGENT_TIERING") => StorageClass::IntelligentTiering,
                Some("GLACIER_IR") => StorageClass::GlacierIr,
                _ => StorageClass::Standard,
            },
            freshness_secs: secs(given.freshness),
            dead_letters: given.dead_letters.map(DeadLetterBucket::from),
        }
    }
}

impl From<DeadLetters<'_>> for DeadLetterBucket {
    fn from(given: DeadLetters<'_>) -> DeadLetterBucket {
        DeadLetterBucket {
            bucket_arn: owned(given.bucket_arn),
            expected_owner: owned(given.expected_owner),
            error_prefix: given.error_prefix.map(text),
        }
    }
}

impl From<Table<'_>> for StreamingTable {
    fn from(given: Table<'_>) -> StreamingTable {
        let fields = given.partition_spec.map(|spec| {
            let fields = spec.fields.unwrap_or_default().elements;
            fields.into_iter().map(|field| PartitionField { source_name: owned(field.source_name) }).collect()
        });
        StreamingTable {
            bucket_arn: owned(given.bucket_arn),
            namespace: owned(given.namespace),
            name: owned(given.name),
            compression: match given.compression.as_deref() {
                Some("ZSTD") => TableCompression::Zstd,
                Some("SNAPPY") => TableCompression::Snappy,
                _ => TableCompression::None,
            },
            partition_fields: fields,
        }
    }
}

impl From<Logging<'_>> for ChannelLogging {
    fn from(given: Logging<'_>) -> ChannelLogging {
        let logs = given.cloud_watch.unwrap_or_default();
        ChannelLogging {
            is_enabled: logs.enabled.unwrap_or_default().0,
            group: logs.group.map(text),
            stream: logs.stream.map(text),
        }
    }
}

pub(super) use Logging as GivenLogging;
