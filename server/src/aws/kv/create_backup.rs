use millpond::kv::CreateBackupRequest;
use serde::Serialize;

use super::{
    Answered,
    backup::Details,
    checks::{self, Checks},
};
use crate::aws::{
    Call,
    json::{self, Text, members},
};

members! {
    Request { table_name: Text = "TableName", backup_name: Text = "BackupName" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    backup_details: Details<'a>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let mut checks = Checks::default();
    let table_name = checks.table_name(given.table_name);
    let backup_name = checks.required(checks::text(given.backup_name), "backupName");
    checks.finish()?;
    let request = CreateBackupRequest { table_name, backup_name };
    let output = call.pond.kv().create_backup(&request)?;
    // The request may name the table by an ARN.
    let table = millpond::kv::check_table_name(&request.table_name)?;
    json::write(&Output { backup_details: Details::new(&output.backup_details, table, call.region) })
}
