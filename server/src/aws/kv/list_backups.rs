use millpond::kv::ListBackupsRequest;
use serde::Serialize;

use super::{
    Answered,
    backup::{Summary, arn},
    checks::{self, Checks},
};
use crate::aws::{
    Call,
    json::{self, Moment, Text, Whole, members},
};

members! {
    Request {
        table_name: Text = "TableName",
        limit: Whole = "Limit",
        time_range_lower_bound: Moment = "TimeRangeLowerBound",
        time_range_upper_bound: Moment = "TimeRangeUpperBound",
        exclusive_start_backup_arn: Text = "ExclusiveStartBackupArn",
        backup_type: Text = "BackupType",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    backup_summaries: Vec<Summary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_evaluated_backup_arn: Option<String>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let mut checks = Checks::default();
    let exclusive_start_backup_arn = checks::text(given.exclusive_start_backup_arn);
    checks.check_arn(exclusive_start_backup_arn.as_deref(), "exclusiveStartBackupArn");
    let backup_type = checks.choice_if_any(given.backup_type, "backupType");
    checks.finish()?;
    let output = call.pond.kv().list_backups(&ListBackupsRequest {
        table_name: checks::text(given.table_name),
        limit: given.limit.map(|limit| limit.0),
        time_range_lower_bound: given.time_range_lower_bound.map(Moment::timestamp),
        time_range_upper_bound: given.time_range_upper_bound.map(Moment::timestamp),
        exclusive_start_backup_arn,
        backup_type,
    })?;
    let last = output.last_evaluated_backup.as_ref();
    json::write(&Output {
        backup_summaries: output.backup_summaries.iter().map(|summary| Summary::new(summary, call.region)).collect(),
        last_evaluated_backup_arn: last.map(|last| arn(call.region, &last.table_name, &last.backup_details.backup_id)),
    })
}
