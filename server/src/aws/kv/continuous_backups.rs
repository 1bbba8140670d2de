//! Point-in-time recovery, which is not there: that it is off is told to whoever asks, as Terraform does for each table.

use millpond::kv::{DescribeTimeToLiveRequest, Error};
use serde::Serialize;

use super::{
    Answered, NAMESPACE,
    checks::{self, Checks},
};
use crate::aws::{
    Call,
    json::{self, Failure, Flag, Text, Whole, members},
};

members! {
    DescribeRequest { table_name: Text = "TableName" }
}
members! {
    UpdateRequest {
        table_name: Text = "TableName",
        point_in_time_recovery_specification: Specification = "PointInTimeRecoverySpecification",
    }
}
members! {
    Specification {
        point_in_time_recovery_enabled: Flag = "PointInTimeRecoveryEnabled",
        recovery_period_in_days: Whole = "RecoveryPeriodInDays",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    continuous_backups_description: Description,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Description {
    /// The service calls them enabled even where no recovery is possible.
    continuous_backups_status: &'static str,
    point_in_time_recovery_description: Recovery,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Recovery {
    point_in_time_recovery_status: &'static str,
}

pub(super) fn describe(call: &Call<'_>) -> Answered {
    let given: DescribeRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let table_name = checks.table_name(given.table_name);
    checks.finish()?;
    off(call, table_name)
}

pub(super) fn update(call: &Call<'_>) -> Answered {
    let given: UpdateRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let table_name = checks.table_name(given.table_name);
    let field = "pointInTimeRecoverySpecification";
    let specification = checks.required(given.point_in_time_recovery_specification, field);
    let enabled = checks::flag(specification.point_in_time_recovery_enabled);
    let enabled = checks.required(enabled, &format!("{field}.pointInTimeRecoveryEnabled"));
    checks.finish()?;
    if enabled {
        return Err(Failure::validation("point-in-time recovery is not supported yet, so it cannot be enabled"));
    }
    if specification.recovery_period_in_days.is_some() {
        return Err(Failure::validation(
            "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.",
        ));
    }
    off(call, table_name)
}

fn off(call: &Call<'_>, table_name: String) -> Answered {
    // Only whether the table is there: its own description would count its items.
    match call.pond.kv().describe_time_to_live(&DescribeTimeToLiveRequest { table_name: table_name.clone() }) {
        Ok(_) => {}
        Err(Error::ResourceNotFound { .. }) => {
            let message = format!("Table not found: {table_name}");
            return Err(Failure::client(NAMESPACE, "TableNotFoundException", message));
        }
        Err(error) => return Err(error.into()),
    }
    json::write(&Output {
        continuous_backups_description: Description {
            continuous_backups_status: "ENABLED",
            point_in_time_recovery_description: Recovery { point_in_time_recovery_status: "DISABLED" },
        },
    })
}
