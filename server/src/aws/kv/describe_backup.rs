use millpond::kv::DescribeBackupRequest;
use serde::Serialize;

use super::{Answered, backup::Description, checks::Checks};
use crate::aws::{
    Call,
    json::{self, Text, members},
};

members! {
    Request { backup_arn: Text = "BackupArn" }
}

/// What describing and deleting a backup answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output<'a> {
    pub(super) backup_description: Description<'a>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let mut checks = Checks::default();
    let backup_arn = checks.arn(given.backup_arn, "backupArn");
    checks.finish()?;
    let output = call.pond.kv().describe_backup(&DescribeBackupRequest { backup_arn })?;
    json::write(&Output { backup_description: Description::new(&output.backup_description, call.region) })
}
