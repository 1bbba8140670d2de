//! The key-value service as DynamoDB speaks: one file an operation, beside the one of the same name in the service.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/Welcome.html>

mod account;
mod batch_get_item;
mod batch_write_item;
mod bulk_operations;
mod capacity;
mod checks;
mod continuous_backups;
mod contributor_insights;
mod create_table;
mod delete_item;
mod delete_table;
mod describe_table;
mod failure;
mod get_item;
mod global_tables;
mod index;
mod kinesis_destination;
mod legacy;
mod list_tables;
mod page;
mod policy_document;
mod put_item;
mod query;
mod resource_policy;
mod scan;
mod search_vectors;
pub(super) mod streams;
mod table;
mod tags;
mod time_to_live;
mod transact_get_items;
mod transact_write_items;
mod update_item;
mod update_table;
mod value;
mod written;

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
    ("BatchGetItem", batch_get_item::answer),
    ("BatchWriteItem", batch_write_item::answer),
    ("CancelBulkOperation", bulk_operations::one),
    ("CreateGlobalTable", global_tables::create),
    ("CreateTable", create_table::answer),
    ("DeleteItem", delete_item::answer),
    ("DeleteResourcePolicy", resource_policy::delete),
    ("DeleteTable", delete_table::answer),
    ("DescribeBulkOperation", bulk_operations::one),
    ("DescribeContinuousBackups", continuous_backups::describe),
    ("DescribeContributorInsights", contributor_insights::describe),
    ("DescribeEndpoints", account::endpoints),
    ("DescribeGlobalTable", global_tables::describe),
    ("DescribeGlobalTableSettings", global_tables::describe_settings),
    ("DescribeKinesisStreamingDestination", kinesis_destination::describe),
    ("DescribeLimits", account::limits),
    ("DescribeTable", describe_table::answer),
    ("DescribeTableReplicaAutoScaling", global_tables::auto_scaling),
    ("DescribeTimeToLive", time_to_live::describe),
    ("DisableKinesisStreamingDestination", kinesis_destination::disable),
    ("EnableKinesisStreamingDestination", kinesis_destination::enable),
    ("GetItem", get_item::answer),
    ("GetResourcePolicy", resource_policy::get),
    ("ListBulkOperations", bulk_operations::list),
    ("ListContributorInsights", contributor_insights::list),
    ("ListGlobalTables", global_tables::list),
    ("ListTables", list_tables::answer),
    ("ListTagsOfResource", tags::list),
    ("PutItem", put_item::answer),
    ("PutResourcePolicy", resource_policy::put),
    ("Query", query::answer),
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

pub(super) fn answer(call: &Call<'_>, operation: &str) -> Answered {
    dispatch(OPERATIONS, call, operation)
}

fn dispatch(operations: &[(&str, Operation)], call: &Call<'_>, operation: &str) -> Answered {
    match operations.iter().find(|(name, _)| *name == operation) {
        Some((_, answer)) => answer(call),
        None => Err(Failure::unknown_operation(format!("the operation {operation:?} is not known here"))),
    }
}
