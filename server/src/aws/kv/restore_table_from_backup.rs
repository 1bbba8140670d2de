use millpond::kv::RestoreTableFromBackupRequest;

use super::{
    Answered,
    checks::{self, Checks},
    index::Index,
    restore::Given,
    table::{Changed, Description, OnDemand, Sse, Throughput},
};
use crate::aws::{
    Call,
    json::{self, List, Text, members},
};

members! {
    Request {
        target_table_name: Text = "TargetTableName",
        backup_arn: Text = "BackupArn",
        billing_mode: Text = "BillingModeOverride",
        global_secondary_indexes: List<Index> = "GlobalSecondaryIndexOverride",
        local_secondary_indexes: List<Index> = "LocalSecondaryIndexOverride",
        provisioned_throughput: Throughput = "ProvisionedThroughputOverride",
        on_demand_throughput: OnDemand = "OnDemandThroughputOverride",
        sse_specification: Sse = "SSESpecificationOverride",
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let mut checks = Checks::default();
    let target_table_name = checks.required(checks::text(given.target_table_name), "targetTableName");
    let backup_arn = checks.arn(given.backup_arn, "backupArn");
    let overrides = checks.overrides(Given {
        billing_mode: given.billing_mode,
        global_secondary_indexes: given.global_secondary_indexes,
        local_secondary_indexes: given.local_secondary_indexes,
        provisioned_throughput: given.provisioned_throughput,
        on_demand_throughput: given.on_demand_throughput,
        sse_specification: given.sse_specification,
    });
    checks.finish()?;
    let request = RestoreTableFromBackupRequest { target_table_name, backup_arn, overrides };
    let output = call.pond.kv().restore_table_from_backup(&request)?;
    json::write(&Changed { table_description: Description::new(&output.table_description, call.region) })
}
