//! The key-value service as DynamoDB speaks: one file an operation, beside the one of the same name in the service.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/Welcome.html>

mod account;
mod backup;
mod batch_execute_statement;
mod batch_get_item;
mod batch_write_item;
mod bulk_operations;
mod capacity;
mod change_record;
mod checks;
mod continuous_backups;
mod contributor_insights;
mod create_backup;
mod create_table;
mod delete_backup;
mod delete_item;
mod delete_table;
mod describe_backup;
mod describe_export;
mod describe_import;
mod describe_table;
mod execute_statement;
mod execute_transaction;
mod export;
mod export_table_to_point_in_time;
mod failure;
mod get_item;
mod global_tables;
mod import;
mod import_table;
mod index;
mod kinesis_destination;
mod legacy;
mod list_backups;
mod list_exports;
mod list_imports;
mod list_tables;
mod page;
mod policy_document;
mod put_item;
mod query;
mod resource_policy;
mod restore;
mod restore_table_from_backup;
mod restore_table_to_point_in_time;
mod scan;
mod search_vectors;
pub(super) mod streams;
mod table;
mod tags;
mod time_to_live;
mod transact_get_items;
mod transact_write_items;
mod transfers;
mod update_item;
mod update_table;
mod value;
mod written;

use millpond::Pond;

pub(crate) use self::change_record::format as change_format;

use super::{Call, json::Failure};

/// The prefix of this service's targets.
pub(super) const TARGET: &str = "DynamoDB_20120810";
/// The name of this service in a credential scope.
pub(super) const SERVICE: &str = "dynamodb";
/// Of the service's errors.
const NAMESPACE: &str = "com.amazonaws.dynamodb.v20120810";

type Answered = Result<Vec<u8>, Failure>;
type Operation = fn(&Call<'_>) -> Answered;

/// What each operation is answered by.
const OPERATIONS: &[(&str, Operation)] = &[
    ("BatchExecuteStatement", batch_execute_statement::answer),
    ("BatchGetItem", batch_get_item::answer),
    ("BatchWriteItem", batch_write_item::answer),
    ("CancelBulkOperation", bulk_operations::one),
    ("CreateBackup", create_backup::answer),
    ("CreateGlobalTable", global_tables::create),
    ("CreateTable", create_table::answer),
    ("DeleteBackup", delete_backup::answer),
    ("DeleteItem", delete_item::answer),
    ("DeleteResourcePolicy", resource_policy::delete),
    ("DeleteTable", delete_table::answer),
    ("DescribeBackup", describe_backup::answer),
    ("DescribeBulkOperation", bulk_operations::one),
    ("DescribeContinuousBackups", continuous_backups::describe),
    ("DescribeContributorInsights", contributor_insights::describe),
    ("DescribeEndpoints", account::endpoints),
    ("DescribeExport", describe_export::answer),
    ("DescribeGlobalTable", global_tables::describe),
    ("DescribeGlobalTableSettings", global_tables::describe_settings),
    ("DescribeImport", describe_import::answer),
    ("DescribeKinesisStreamingDestination", kinesis_destination::describe),
    ("DescribeLimits", account::limits),
    ("DescribeTable", describe_table::answer),
    ("DescribeTableReplicaAutoScaling", global_tables::auto_scaling),
    ("DescribeTimeToLive", time_to_live::describe),
    ("DisableKinesisStreamingDestination", kinesis_destination::disable),
    ("EnableKinesisStreamingDestination", kinesis_destination::enable),
    ("ExecuteStatement", execute_statement::answer),
    ("ExecuteTransaction", execute_transaction::answer),
    ("ExportTableToPointInTime", export_table_to_point_in_time::answer),
    ("GetItem", get_item::answer),
    ("GetResourcePolicy", resource_policy::get),
    ("ImportTable", import_table::answer),
    ("ListBackups", list_backups::answer),
    ("ListBulkOperations", bulk_operations::list),
    ("ListContributorInsights", contributor_insights::list),
    ("ListExports", list_exports::answer),
    ("ListGlobalTables", global_tables::list),
    ("ListImports", list_imports::answer),
    ("ListTables", list_tables::answer),
    ("ListTagsOfResource", tags::list),
    ("PutItem", put_item::answer),
    ("PutResourcePolicy", resource_policy::put),
    ("Query", query::answer),
    ("RestoreTableFromBackup", restore_table_from_backup::answer),
    ("RestoreTableToPointInTime", restore_table_to_point_in_time::answer),
    ("Scan", scan::answer),
    ("SearchVectors", search_vectors::answer),
    ("StartBulkPutItems", bulk_operations::start),
    ("TagResource", tags::tag),
    ("TransactGetItems", transact_get_items::answer),
    ("TransactWriteItems", transact_write_items::answer),
    ("UntagResource", tags::untag),
    ("UpdateContinuousBackups", continuous_backups::update),
    ("UpdateContributorInsights", contributor_insights::update),
    ("UpdateGlobalTable", global_tables::update),
    ("UpdateGlobalTableSettings", global_tables::update_settings),
    ("UpdateItem", update_item::answer),
    ("UpdateKinesisStreamingDestination", kinesis_destination::update),
    ("UpdateTable", update_table::answer),
    ("UpdateTableReplicaAutoScaling", global_tables::auto_scaling),
    ("UpdateTimeToLive", time_to_live::update),
];

/// Ends what the last run of the server left half done.
pub(super) fn resume(pond: &Pond) -> Result<(), millpond::Error> {
    transfers::EXPORTS.give_up(pond)?;
    transfers::IMPORTS.give_up(pond)
}

/// Whether an operation touches one item and waits for no sync, so that it is over sooner than another thread has begun.
pub(super) fn is_brief(pond: &Pond, operation: &str) -> bool {
    match operation {
        "GetItem" => true,
        "PutItem" | "UpdateItem" | "DeleteItem" => !pond.engine().capabilities().persistent,
        _ => false,
    }
}

pub(super) fn answer(call: &Call<'_>, operation: &str) -> Answered {
    dispatch(OPERATIONS, call, operation)
}

fn dispatch(operations: &[(&str, Operation)], call: &Call<'_>, operation: &str) -> Answered {
    match operations.iter().find(|(name, _)| *name == operation) {
        Some((_, answer)) => answer(call),
        None => Err(Failure::unknown_operation(format!("the operation {operation:?} is not known here"))),
    }
}
