//! Requests and outputs of the operations on backups and on point-in-time recovery.

use millpond_engine::Timestamp;

use super::{
    BackupStatus, BackupType, BackupTypeFilter, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    LocalSecondaryIndex, OnDemandThroughput, PointInTimeRecoveryStatus, ProvisionedThroughput, SseDescription,
    SseSpecification, StreamSpecification, TableDescription, TimeToLiveDescription,
};
use crate::Item;

/// Copies a table as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateBackupRequest {
    /// Name or ARN of the table.
    pub table_name: String,
    /// What the backup is called, 3 to 255 of `a-z A-Z 0-9 _ . -`. Several backups may bear one name.
    pub backup_name: String,
}

/// What [`CreateBackupRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreateBackupOutput {
    /// The backup.
    pub backup_details: BackupDetails,
}

/// A backup. Its ARN is the server's matter: here a backup is known by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackupDetails {
    /// What no other backup of the store has: its time in fourteen digits of milliseconds, a hyphen, eight hexadecimal digits.
    pub backup_id: String,
    /// The name.
    pub backup_name: String,
    /// The bytes of its items by DynamoDB's rule; `None` until they are counted.
    pub backup_size_bytes: Option<u64>,
    /// The state.
    pub backup_status: BackupStatus,
    /// Who made it.
    pub backup_type: BackupType,
    /// When it was asked for.
    pub backup_creation_date_time: Timestamp,
    /// When it is removed, if it is.
    pub backup_expiry_date_time: Option<Timestamp>,
}

/// A backup and the table it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackupDescription {
    /// The backup.
    pub backup_details: BackupDetails,
    /// The table when the backup was made.
    pub source_table_details: SourceTableDetails,
    /// What the table had besides its keys.
    pub source_table_feature_details: SourceTableFeatureDetails,
}

/// The table of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceTableDetails {
    /// Its name.
    pub table_name: String,
    /// Its id, by which tables of one name are told apart.
    pub table_id: String,
    /// The bytes of its items.
    pub table_size_bytes: Option<u64>,
    /// Its key.
    pub key_schema: Vec<KeySchemaElement>,
    /// When it was created.
    pub table_creation_date_time: Timestamp,
    /// Its provisioned capacity; zero when billed by use.
    pub provisioned_throughput: ProvisionedThroughput,
    /// Its bounds on demand.
    pub on_demand_throughput: Option<OnDemandThroughput>,
    /// Its items.
    pub item_count: Option<u64>,
    /// How it was billed.
    pub billing_mode: BillingMode,
}

/// What else the table of a backup had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceTableFeatureDetails {
    /// Its local secondary indexes.
    pub local_secondary_indexes: Vec<LocalSecondaryIndex>,
    /// Its global secondary indexes.
    pub global_secondary_indexes: Vec<GlobalSecondaryIndex>,
    /// Where its changes went, if they went anywhere.
    pub stream_description: Option<StreamSpecification>,
    /// The expiry of its items, if they did expire.
    pub time_to_live_description: Option<TimeToLiveDescription>,
    /// Its encryption, if one was asked for.
    pub sse_description: Option<SseDescription>,
}

/// Describes a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribeBackupRequest {
    /// The backup's id, or an ARN that ends in it.
    pub backup_arn: String,
}

/// What [`DescribeBackupRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DescribeBackupOutput {
    /// The backup.
    pub backup_description: BackupDescription,
}

/// Deletes a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteBackupRequest {
    /// The backup's id, or an ARN that ends in it.
    pub backup_arn: String,
}

/// What [`DeleteBackupRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteBackupOutput {
    /// The backup as it was.
    pub backup_description: BackupDescription,
}

/// Lists backups in order of their time, a page at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListBackupsRequest {
    /// Only backups of the table of that name or ARN, which may be gone.
    pub table_name: Option<String>,
    /// The most backups, 1 to 100; `None` is 100.
    pub limit: Option<i64>,
    /// Only backups asked for then or later.
    pub time_range_lower_bound: Option<Timestamp>,
    /// Only backups asked for before.
    pub time_range_upper_bound: Option<Timestamp>,
    /// The id, or an ARN that ends in it, after which to go on; need not be that of a backup.
    pub exclusive_start_backup_arn: Option<String>,
    /// Of which type; `None` is those that users made.
    pub backup_type: Option<BackupTypeFilter>,
}

/// A page of backups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListBackupsOutput {
    /// The backups, the oldest first.
    pub backup_summaries: Vec<BackupSummary>,
    /// The last backup of the page; `None` after the last page.
    pub last_evaluated_backup: Option<BackupSummary>,
}

/// A backup in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackupSummary {
    /// The name of its table.
    pub table_name: String,
    /// The id of its table.
    pub table_id: String,
    /// The backup.
    pub backup_details: BackupDetails,
}

/// What a restored table has otherwise than its source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestoreOverrides {
    /// Another billing mode.
    pub billing_mode: Option<BillingMode>,
    /// Only these global indexes, each with key and projection of one that the source has; `None` is all.
    pub global_secondary_indexes: Option<Vec<GlobalSecondaryIndex>>,
    /// Only these local indexes; `None` is all.
    pub local_secondary_indexes: Option<Vec<LocalSecondaryIndex>>,
    /// Other provisioned capacity, with provisioned billing only.
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    /// Other bounds on demand.
    pub on_demand_throughput: Option<OnDemandThroughput>,
    /// Other encryption.
    pub sse_specification: Option<SseSpecification>,
}

/// Makes a new table of a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestoreTableFromBackupRequest {
    /// The new table's name.
    pub target_table_name: String,
    /// The backup's id, or an ARN that ends in it.
    pub backup_arn: String,
    /// What the new table has otherwise than the one that was copied.
    pub overrides: RestoreOverrides,
}

/// What [`RestoreTableFromBackupRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestoreTableFromBackupOutput {
    /// The new table.
    pub table_description: TableDescription,
}

/// Makes a new table of what another one was at some second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestoreTableToPointInTimeRequest {
    /// Name or ARN of the table.
    pub source_table_name: String,
    /// The new table's name.
    pub target_table_name: String,
    /// The second, to its end; `None` is now.
    pub restore_date_time: Option<Timestamp>,
    /// What the new table has otherwise than its source.
    pub overrides: RestoreOverrides,
}

/// What [`RestoreTableToPointInTimeRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestoreTableToPointInTimeOutput {
    /// The new table.
    pub table_description: TableDescription,
}

/// Where the items of a table that is being filled come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestoreSummary {
    /// The backup's id.
    pub source_backup_id: Option<String>,
    /// The name of the table that was copied.
    pub source_table_name: String,
    /// Of which time the items are.
    pub restore_date_time: Timestamp,
    /// Whether it is under way: a table that is there for use has no summary any more.
    pub restore_in_progress: bool,
}

/// Asks whether a table can be recovered, and to which time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribeContinuousBackupsRequest {
    /// Name or ARN of the table.
    pub table_name: String,
}

/// What [`DescribeContinuousBackupsRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DescribeContinuousBackupsOutput {
    /// The table's recovery.
    pub point_in_time_recovery_description: PointInTimeRecoveryDescription,
}

/// The recovery of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PointInTimeRecoveryDescription {
    /// Whether changes are kept.
    pub point_in_time_recovery_status: PointInTimeRecoveryStatus,
    /// For how many days.
    pub recovery_period_in_days: Option<u32>,
    /// The first second that the table can be restored to.
    pub earliest_restorable_date_time: Option<Timestamp>,
    /// The last one: now. (In the service it lags by minutes.)
    pub latest_restorable_date_time: Option<Timestamp>,
}

/// Switches the recovery of a table on or off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateContinuousBackupsRequest {
    /// Name or ARN of the table.
    pub table_name: String,
    /// Whether changes are kept. Switching off drops what was kept.
    pub point_in_time_recovery_enabled: bool,
    /// For how many days, 1 to 35; `None` keeps what is set, or sets 35.
    pub recovery_period_in_days: Option<i64>,
}

/// What [`UpdateContinuousBackupsRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpdateContinuousBackupsOutput {
    /// The table's recovery.
    pub point_in_time_recovery_description: PointInTimeRecoveryDescription,
}

/// How an item changed between two times; see [`ChangePages`](crate::ChangePages).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ItemChange {
    /// The item's key.
    pub keys: Item,
    /// The item before; `None` if there was none.
    pub old_image: Option<Item>,
    /// The item after; `None` if there is none any more.
    pub new_image: Option<Item>,
    /// The second of its last change between the two.
    pub last_written: Timestamp,
}
