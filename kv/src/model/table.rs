//! Requests and outputs of the operations on tables.

use millpond_engine::Timestamp;

use super::{
    BillingMode, GlobalSecondaryIndex, GlobalSecondaryIndexDescription, GlobalSecondaryIndexUpdate, KeyType,
    LocalSecondaryIndex, LocalSecondaryIndexDescription, RestoreSummary, ScalarAttributeType, SseType, StreamViewType,
    TableClass, TableStatus,
};

/// An attribute of a primary key and its part in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySchemaElement {
    /// The attribute's name, 1 to 255 bytes.
    pub attribute_name: String,
    /// Its part.
    pub key_type: KeyType,
}

/// The type of a key attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeDefinition {
    /// The attribute's name.
    pub attribute_name: String,
    /// Its type.
    pub attribute_type: ScalarAttributeType,
}

/// Provisioned capacity. Stored and reported; it bounds requests only where that was
/// [asked for](crate::Options::throttle).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProvisionedThroughput {
    /// Strongly consistent reads of 4 KB a second.
    pub read_capacity_units: i64,
    /// Writes of 1 KB a second.
    pub write_capacity_units: i64,
}

/// The most units on demand; −1 is no bound. Stored and reported; it bounds requests only where that was
/// [asked for](crate::Options::throttle).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnDemandThroughput {
    /// The most read request units a second.
    pub max_read_request_units: Option<i64>,
    /// The most write request units a second.
    pub max_write_request_units: Option<i64>,
}

/// Pre-warmed capacity. Stored and reported, without effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WarmThroughput {
    /// Read units a second.
    pub read_units_per_second: Option<i64>,
    /// Write units a second.
    pub write_units_per_second: Option<i64>,
}

/// Server-side encryption as asked for. Stored and reported: the store itself is not encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseSpecification {
    /// Whether a customer's key is wanted.
    pub enabled: Option<bool>,
    /// The kind of key.
    pub sse_type: Option<SseType>,
    /// The key.
    pub kms_master_key_id: Option<String>,
}

/// A label of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The label's name, 1 to 128 characters.
    pub key: String,
    /// Its value, up to 256 characters.
    pub value: String,
}

/// A change stream as asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamSpecification {
    /// Whether there is one.
    pub stream_enabled: bool,
    /// Which images it carries.
    pub stream_view_type: Option<StreamViewType>,
}

/// Creates a table. It is usable as soon as the call returns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateTableRequest {
    /// The name, 3 to 255 of `a-z A-Z 0-9 _ . -`, or an ARN that ends in it.
    pub table_name: String,
    /// Types of the key attributes of the table and its indexes, and of no others.
    pub attribute_definitions: Vec<AttributeDefinition>,
    /// The partition key and, optionally, the sort key.
    pub key_schema: Vec<KeySchemaElement>,
    /// Absent is provisioned.
    pub billing_mode: Option<BillingMode>,
    /// Required with provisioned billing, refused otherwise.
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    /// Bounds on demand.
    pub on_demand_throughput: Option<OnDemandThroughput>,
    /// Pre-warmed capacity.
    pub warm_throughput: Option<WarmThroughput>,
    /// The storage class.
    pub table_class: Option<TableClass>,
    /// Server-side encryption.
    pub sse_specification: Option<SseSpecification>,
    /// Whether `DeleteTable` is refused.
    pub deletion_protection_enabled: Option<bool>,
    /// Labels, up to 50, stored with the table.
    pub tags: Vec<Tag>,
    /// Up to 5, and only with a sort key. They cannot be changed later.
    pub local_secondary_indexes: Option<Vec<LocalSecondaryIndex>>,
    /// Up to 20.
    pub global_secondary_indexes: Option<Vec<GlobalSecondaryIndex>>,
    /// Whether its changes go to a stream, and with which images.
    pub stream_specification: Option<StreamSpecification>,
    /// A resource policy, up to 20 KB, attached to the table; see
    /// [`PutResourcePolicyRequest`](crate::PutResourcePolicyRequest).
    pub resource_policy: Option<String>,
}

/// How a table is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BillingModeSummary {
    /// The mode.
    pub billing_mode: BillingMode,
    /// When it last became pay-per-request.
    pub last_update_to_pay_per_request_date_time: Option<Timestamp>,
}

/// Provisioned capacity as described.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProvisionedThroughputDescription {
    /// Strongly consistent reads of 4 KB a second; 0 when billed by use.
    pub read_capacity_units: i64,
    /// Writes of 1 KB a second; 0 when billed by use.
    pub write_capacity_units: i64,
    /// When it was last raised.
    pub last_increase_date_time: Option<Timestamp>,
    /// When it was last lowered.
    pub last_decrease_date_time: Option<Timestamp>,
    /// How often it was lowered on the present UTC day.
    pub number_of_decreases_today: u32,
}

/// The storage class as described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableClassSummary {
    /// The class.
    pub table_class: TableClass,
    /// When it last changed.
    pub last_update_date_time: Option<Timestamp>,
}

/// Server-side encryption as described: what was asked for, not what is done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SseDescription {
    /// Whether a customer's key was asked for.
    pub enabled: bool,
    /// The kind of key.
    pub sse_type: Option<SseType>,
    /// The key.
    pub kms_master_key_id: Option<String>,
}

/// A table as described. Its ARN is the server's matter: here a table is known by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableDescription {
    /// The name.
    pub table_name: String,
    /// An identifier that no other table of the store ever has, in the form of a UUID.
    pub table_id: String,
    /// The state.
    pub table_status: TableStatus,
    /// When the table was created.
    pub creation_date_time: Timestamp,
    /// Types of the key attributes of the table and its indexes.
    pub attribute_definitions: Vec<AttributeDefinition>,
    /// The partition key and, if any, the sort key.
    pub key_schema: Vec<KeySchemaElement>,
    /// The local secondary indexes.
    pub local_secondary_indexes: Vec<LocalSecondaryIndexDescription>,
    /// The global secondary indexes.
    pub global_secondary_indexes: Vec<GlobalSecondaryIndexDescription>,
    /// Provisioned capacity.
    pub provisioned_throughput: ProvisionedThroughputDescription,
    /// Present once the billing mode was named in a request.
    pub billing_mode_summary: Option<BillingModeSummary>,
    /// Bounds on demand.
    pub on_demand_throughput: Option<OnDemandThroughput>,
    /// Pre-warmed capacity.
    pub warm_throughput: Option<WarmThroughput>,
    /// The storage class, if one was named.
    pub table_class_summary: Option<TableClassSummary>,
    /// Server-side encryption, if it was specified.
    pub sse_description: Option<SseDescription>,
    /// The change stream, if it is enabled.
    pub stream_specification: Option<StreamSpecification>,
    /// The label of the change stream that was enabled last, if one ever was.
    pub latest_stream_label: Option<String>,
    /// Whether `DeleteTable` is refused.
    pub deletion_protection_enabled: bool,
    /// Where its items come from, while it is being restored.
    pub restore_summary: Option<RestoreSummary>,
    /// How many items the table holds; see [`Kv::describe_table`](crate::Kv::describe_table) for how fresh it is.
    pub item_count: u64,
    /// Their size by DynamoDB's rule; as fresh as `item_count`.
    pub table_size_bytes: u64,
}

/// What [`CreateTableRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreateTableOutput {
    /// The new table.
    pub table_description: TableDescription,
}

/// Describes a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribeTableRequest {
    /// Name or ARN of the table.
    pub table_name: String,
}

/// What [`DescribeTableRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DescribeTableOutput {
    /// The table.
    pub table: TableDescription,
}

/// Deletes a table and its items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteTableRequest {
    /// Name or ARN of the table.
    pub table_name: String,
}

/// What [`DeleteTableRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteTableOutput {
    /// The deleted table, without a count of its items.
    pub table_description: TableDescription,
}

/// Changes a table's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateTableRequest {
    /// Name or ARN of the table.
    pub table_name: String,
    /// Types of the key attributes of indexes that are added.
    pub attribute_definitions: Option<Vec<AttributeDefinition>>,
    /// The new billing mode.
    pub billing_mode: Option<BillingMode>,
    /// The new provisioned capacity.
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    /// New bounds on demand.
    pub on_demand_throughput: Option<OnDemandThroughput>,
    /// New pre-warmed capacity.
    pub warm_throughput: Option<WarmThroughput>,
    /// The new storage class.
    pub table_class: Option<TableClass>,
    /// New server-side encryption.
    pub sse_specification: Option<SseSpecification>,
    /// Whether `DeleteTable` is refused from now on.
    pub deletion_protection_enabled: Option<bool>,
    /// Switches the change stream on, with which images, or off.
    pub stream_specification: Option<StreamSpecification>,
    /// Changes of global secondary indexes: at most one of them is created or deleted at a time.
    pub global_secondary_index_updates: Vec<GlobalSecondaryIndexUpdate>,
}

/// What [`UpdateTableRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpdateTableOutput {
    /// The table after the change.
    pub table_description: TableDescription,
}

/// Lists table names in order, a page at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListTablesRequest {
    /// `last_evaluated_table_name` of the page before; need not be the name of a table.
    pub exclusive_start_table_name: Option<String>,
    /// The most names, 1 to 100; `None` is 100.
    pub limit: Option<i64>,
}

/// A page of table names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListTablesOutput {
    /// The names, in ascending order of their bytes.
    pub table_names: Vec<String>,
    /// Where to go on; `None` after the last page.
    pub last_evaluated_table_name: Option<String>,
}
