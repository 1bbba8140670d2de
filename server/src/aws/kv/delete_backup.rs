use millpond::kv::DeleteBackupRequest;

use super::{Answered, backup::Description, checks::Checks, describe_backup::Output};
use crate::aws::{
    Call,
    json::{self, Text, members},
};

members! {
    Request { backup_arn: Text = "BackupArn" }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let mut checks = Checks::default();
    let backup_arn = checks.arn(given.backup_arn, "backupArn");
    checks.finish()?;
    let output = call.pond.kv().delete_backup(&DeleteBackupRequest { backup_arn })?;
    json::write(&Output { backup_description: Description::new(&output.backup_description, call.region) })
}
