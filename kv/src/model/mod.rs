//! The plain types of requests and outputs: one pair of structs for each operation, named as the service names them.
//!
//! Requests implement [`Default`], so that a caller writes the fields that matter and `..Default::default()`.

mod backup;
mod batch;
mod capacity;
mod choices;
mod contributor_insights;
mod index;
mod item;
mod kinesis_destination;
mod legacy;
mod partiql;
mod read;
mod resource_policy;
mod stream;
mod table;
mod tags;
mod time_to_live;
mod transaction;

pub use backup::{
    BackupDescription, BackupDetails, BackupSummary, CreateBackupOutput, CreateBackupRequest, DeleteBackupOutput,
    DeleteBackupRequest, DescribeBackupOutput, DescribeBackupRequest, DescribeContinuousBackupsOutput,
    DescribeContinuousBackupsRequest, ItemChange, ListBackupsOutput, ListBackupsRequest,
    PointInTimeRecoveryDescription, RestoreOverrides, RestoreSummary, RestoreTableFromBackupOutput,
    RestoreTableFromBackupRequest, RestoreTableToPointInTimeOutput, RestoreTableToPointInTimeRequest,
    SourceTableDetails, SourceTableFeatureDetails, UpdateContinuousBackupsOutput, UpdateContinuousBackupsRequest,
};
pub use batch::{
    BatchGetItemOutput, BatchGetItemRequest, BatchWriteItemOutput, BatchWriteItemRequest, KeysAndAttributes,
    WriteRequest,
};
pub use capacity::{Capacity, ConsumedCapacity};
pub use choices::{
    ApproximateCreationDateTimePrecision, AttributeAction, BackupStatus, BackupType, BackupTypeFilter,
    BatchStatementErrorCode, BillingMode, CancellationCode, ComparisonOperator, ConditionalOperator,
    ContributorInsightsAction, ContributorInsightsMode, ContributorInsightsStatus, DestinationStatus, IndexStatus,
    KeyType, OperationType, PointInTimeRecoveryStatus, ProjectionType, ReturnConsumedCapacity,
    ReturnItemCollectionMetrics, ReturnValues, ReturnValuesOnConditionCheckFailure, ScalarAttributeType, Select,
    ShardFilterType, ShardIteratorType, SseType, StreamStatus, StreamViewType, TableClass, TableStatus,
    TimeToLiveStatus,
};
pub use contributor_insights::{
    ContributorInsightsSummary, DescribeContributorInsightsOutput, DescribeContributorInsightsRequest,
    ListContributorInsightsOutput, ListContributorInsightsRequest, UpdateContributorInsightsOutput,
    UpdateContributorInsightsRequest,
};
pub use index::{
    GlobalSecondaryIndex, GlobalSecondaryIndexDescription, GlobalSecondaryIndexUpdate, LocalSecondaryIndex,
    LocalSecondaryIndexDescription, Projection,
};
pub use item::{
    DeleteItemOutput, DeleteItemRequest, GetItemOutput, GetItemRequest, ItemCollectionMetrics, PutItemOutput,
    PutItemRequest, UpdateItemOutput, UpdateItemRequest,
};
pub use kinesis_destination::{
    DescribeKinesisStreamingDestinationOutput, DescribeKinesisStreamingDestinationRequest,
    DisableKinesisStreamingDestinationRequest, EnableKinesisStreamingDestinationRequest, KinesisDataStreamDestination,
    KinesisStreamingDestinationOutput, UpdateKinesisStreamingDestinationRequest,
};
pub use legacy::{AttributeValueUpdate, Condition, ExpectedAttributeValue};
pub use partiql::{
    BatchExecuteStatementOutput, BatchExecuteStatementRequest, BatchStatementError, BatchStatementRequest,
    BatchStatementResponse, ExecuteStatementOutput, ExecuteStatementRequest, ExecuteTransactionOutput,
    ExecuteTransactionRequest, ParameterizedStatement,
};
pub use read::{QueryOutput, QueryRequest, ScanOutput, ScanRequest};
pub use resource_policy::{
    DeleteResourcePolicyOutput, DeleteResourcePolicyRequest, GetResourcePolicyOutput, GetResourcePolicyRequest,
    PutResourcePolicyOutput, PutResourcePolicyRequest,
};
pub use stream::{
    DescribeStreamOutput, DescribeStreamRequest, GetRecordsOutput, GetRecordsRequest, GetShardIteratorOutput,
    GetShardIteratorRequest, Identity, ListStreamsOutput, ListStreamsRequest, Record, SequenceNumberRange, Shard,
    ShardIterator, Stream, StreamDescription,
};
pub use table::{
    AttributeDefinition, BillingModeSummary, CreateTableOutput, CreateTableRequest, DeleteTableOutput,
    DeleteTableRequest, DescribeTableOutput, DescribeTableRequest, KeySchemaElement, ListTablesOutput,
    ListTablesRequest, OnDemandThroughput, ProvisionedThroughput, ProvisionedThroughputDescription, SseDescription,
    SseSpecification, StreamSpecification, TableClassSummary, TableDescription, Tag, UpdateTableOutput,
    UpdateTableRequest, WarmThroughput,
};
pub use tags::{ListTagsOfResourceOutput, ListTagsOfResourceRequest, TagResourceRequest, UntagResourceRequest};
pub use time_to_live::{
    DescribeTimeToLiveOutput, DescribeTimeToLiveRequest, TimeToLiveDescription, TimeToLiveSpecification,
    UpdateTimeToLiveOutput, UpdateTimeToLiveRequest,
};
pub use transaction::{
    CancellationReason, ConditionCheck, TransactGetItemsOutput, TransactGetItemsRequest, TransactWriteItem,
    TransactWriteItemsOutput, TransactWriteItemsRequest,
};
