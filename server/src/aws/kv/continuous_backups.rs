//! Point-in-time recovery: whether it is on, and to which times.

use millpond::kv::{DescribeContinuousBackupsRequest, PointInTimeRecoveryDescription, UpdateContinuousBackupsRequest};
use serde::Serialize;

use super::{
    Answered,
    checks::{self, Checks},
    table::seconds,
};
use crate::aws::{
    Call,
    json::{self, Flag, Text, Whole, members},
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
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_period_in_days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    earliest_restorable_date_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_restorable_date_time: Option<f64>,
}

pub(super) fn describe(call: &Call<'_>) -> Answered {
    let given: DescribeRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let table_name = checks.named_table(given.table_name);
    checks.finish()?;
    let output = call.pond.kv().describe_continuous_backups(&DescribeContinuousBackupsRequest { table_name })?;
    write(&output.point_in_time_recovery_description)
}

pub(super) fn update(call: &Call<'_>) -> Answered {
    let given: UpdateRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let table_name = checks.named_table(given.table_name);
    let field = "pointInTimeRecoverySpecification";
    let specification = checks.required(given.point_in_time_recovery_specification, field);
    let enabled = checks::flag(specification.point_in_time_recovery_enabled);
    let point_in_time_recovery_enabled = checks.required(enabled, &format!("{field}.pointInTimeRecoveryEnabled"));
    checks.finish()?;
    let output = call.pond.kv().update_continuous_backups(&UpdateContinuousBackupsRequest {
        table_name,
        point_in_time_recovery_enabled,
        recovery_period_in_days: specification.recovery_period_in_days.map(|days| days.0),
    })?;
    write(&output.point_in_time_recovery_description)
}

fn write(recovery: &PointInTimeRecoveryDescription) -> Answered {
    json::write(&Output {
        continuous_backups_description: Description {
            continuous_backups_status: "ENABLED",
            point_in_time_recovery_description: Recovery {
                point_in_time_recovery_status: recovery.point_in_time_recovery_status.as_str(),
                recovery_period_in_days: recovery.recovery_period_in_days,
                earliest_restorable_date_time: recovery.earliest_restorable_date_time.map(seconds),
                latest_restorable_date_time: recovery.latest_restorable_date_time.map(seconds),
            },
        },
    })
}
