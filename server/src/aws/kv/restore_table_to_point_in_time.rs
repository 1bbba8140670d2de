use millpond::kv::RestoreTableToPointInTimeRequest;

use super::{
    Answered,
    checks::{self, Checks},
    index::Index,
    restore::Given,
    table::{Changed, Description, OnDemand, Sse, Throughput},
};
use crate::aws::{
    Call,
    json::{self, Failure, Flag, List, Moment, Text, members},
};

members! {
    Request {
        source_table_arn: Text = "SourceTableArn",
        source_table_name: Text = "SourceTableName",
        target_table_name: Text = "TargetTableName",
        use_latest_restorable_time: Flag = "UseLatestRestorableTime",
        restore_date_time: Moment = "RestoreDateTime",
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
    let overrides = checks.overrides(Given {
        billing_mode: given.billing_mode,
        global_secondary_indexes: given.global_secondary_indexes,
        local_secondary_indexes: given.local_secondary_indexes,
        provisioned_throughput: given.provisioned_throughput,
        on_demand_throughput: given.on_demand_throughput,
        sse_specification: given.sse_specification,
    });
    checks.finish()?;
    let source_table_name = source(given.source_table_name, given.source_table_arn)?;
    let use_latest = checks::flag(given.use_latest_restorable_time).unwrap_or(false);
    let restore_date_time = given.restore_date_time.map(Moment::timestamp);
    match (use_latest, restore_date_time) {
        (true, Some(_)) => {
            return Err(Failure::validation(
                "Invalid Request: Both RestoreDateTime and UseLatestRestorableTime cannot be set for point-in-time \
                 restore request. Please specify only one of them",
            ));
        }
        (false, None) => {
            return Err(Failure::validation(
                "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not \
                 both",
            ));
        }
        _ => {}
    }
    let request =
        RestoreTableToPointInTimeRequest { source_table_name, target_table_name, restore_date_time, overrides };
    let output = call.pond.kv().restore_table_to_point_in_time(&request)?;
    json::write(&Changed { table_description: Description::new(&output.table_description, call.region) })
}

fn source(name: Option<Text>, arn: Option<Text>) -> Result<String, Failure> {
    match (name, arn) {
        (Some(Text(name)), None) => Ok(name),
        (None, Some(Text(arn))) if arn.starts_with("arn:") && arn.contains(":table/") => Ok(arn),
        (None, Some(_)) => {
            Err(Failure::validation("One or more parameter values were invalid: sourceTableArn is not a valid ARN"))
        }
        (Some(_), Some(_)) => Err(Failure::validation("Must provide exactly one of: sourceTableArn, sourceTableName")),
        (None, None) => {
            Err(Failure::validation("The parameter 'TableName' is required but was not present in the request"))
        }
    }
}
