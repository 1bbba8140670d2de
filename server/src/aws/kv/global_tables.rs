//! Tables that are replicated between regions. There is one region here, so there are none: those who ask are told so with
//! what the service says of a table that is in one region. The operations of the version of 2017 create none there either
//! any more.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html>; the texts were
//! measured on the service.

use serde::{Serialize, de::IgnoredAny};

use super::{
    Answered, NAMESPACE,
    checks::{self, Checks},
};
use crate::aws::{
    Call,
    json::{self, Failure, List, Text, Whole, members},
};

const NAME_CHARACTERS: (usize, usize) = (3, 255);

members! {
    CreateRequest { global_table_name: Text = "GlobalTableName", replication_group: List<Region> = "ReplicationGroup" }
}
members! {
    Region { region_name: Text = "RegionName" }
}
members! {
    UpdateRequest { global_table_name: Text = "GlobalTableName", replica_updates: List<Update> = "ReplicaUpdates" }
}
members! {
    Update { create: Region = "Create", delete: Region = "Delete" }
}
members! {
    NameRequest { global_table_name: Text = "GlobalTableName" }
}
members! {
    SettingsRequest {
        global_table_name: Text = "GlobalTableName",
        global_table_billing_mode: Text = "GlobalTableBillingMode",
        replica_settings_update: List<Region> = "ReplicaSettingsUpdate",
    }
}
members! {
    ListRequest {
        exclusive_start_global_table_name: Text = "ExclusiveStartGlobalTableName",
        limit: Whole = "Limit",
        region_name: Text = "RegionName",
    }
}
members! {
    AutoScalingRequest { table_name: Text = "TableName" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    global_tables: [(); 0],
}

pub(super) fn create(call: &Call<'_>) -> Answered {
    let given: CreateRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let name = checks.required(checks::text(given.global_table_name), "globalTableName");
    let group = checks.required(given.replication_group, "replicationGroup").0;
    checks.finish()?;
    check_name(&name)?;
    if group.is_empty() {
        return Err(invalid("Global table must have atleast one replica"));
    }
    if group.iter().any(|replica| replica.region_name.is_none()) {
        return Err(invalid("ReplicationGroup members must specify RegionName"));
    }
    Err(not_created_any_more())
}

pub(super) fn update(call: &Call<'_>) -> Answered {
    let given: UpdateRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let name = checks.required(checks::text(given.global_table_name), "globalTableName");
    let updates = checks.required(given.replica_updates, "replicaUpdates").0;
    for (update, nth) in updates.iter().zip(1..) {
        for (action, kind) in [(&update.create, "create"), (&update.delete, "delete")] {
            let region = action.as_ref().map(|replica| replica.region_name.as_ref());
            if region == Some(None) {
                checks.required::<String>(None, &format!("replicaUpdates.{nth}.member.{kind}.regionName"));
            }
        }
    }
    checks.finish()?;
    check_name(&name)?;
    if updates.is_empty() || updates.iter().any(|it| it.create.is_none() && it.delete.is_none()) {
        return Err(Failure::validation("One or more parameter values were invalid"));
    }
    if updates.iter().any(|it| it.create.is_some() && it.delete.is_some()) {
        return Err(invalid(
            "A ReplicaUpdate structure cannot contain both a create replica action and a delete replica action",
        ));
    }
    if updates.iter().any(|it| it.create.is_some()) {
        return Err(not_created_any_more());
    }
    Err(no_group("GlobalTableNotFoundException", format!("Global table not found: {}", no_table(&name))))
}

pub(super) fn describe(call: &Call<'_>) -> Answered {
    let name = named(json::parse(call.body)?)?;
    Err(no_group("GlobalTableNotFoundException", format!("Global table not found: {}", no_table(&name))))
}

pub(super) fn describe_settings(call: &Call<'_>) -> Answered {
    let name = named(json::parse(call.body)?)?;
    Err(no_group("GlobalTableNotFoundException", no_table(&name)))
}

pub(super) fn update_settings(call: &Call<'_>) -> Answered {
    let given: SettingsRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let name = checks.required(checks::text(given.global_table_name), "globalTableName");
    checks.choice_if_any::<millpond::kv::BillingMode>(given.global_table_billing_mode, "globalTableBillingMode");
    for (replica, nth) in checks::list(given.replica_settings_update).into_iter().zip(1..) {
        checks.required(replica.region_name.map(|_| ()), &format!("replicaSettingsUpdate.{nth}.member.regionName"));
    }
    checks.finish()?;
    check_name(&name)?;
    Err(no_group("GlobalTableNotFoundException", no_table(&name)))
}

pub(super) fn list(call: &Call<'_>) -> Answered {
    let given: ListRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let start = checks::text(given.exclusive_start_global_table_name);
    checks.length(start.as_deref(), "exclusiveStartGlobalTableName", NAME_CHARACTERS);
    if let Some(Whole(limit)) = given.limit
        && limit < 1
    {
        checks.breaks(limit, "limit", "Member must have value greater than or equal to 1");
    }
    checks.finish()?;
    json::write(&Listed { global_tables: [] })
}

/// The scaling of replicas, read or changed: of a table without any.
pub(super) fn auto_scaling(call: &Call<'_>) -> Answered {
    let given: AutoScalingRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let name = checks.named_table(given.table_name);
    checks.finish()?;
    let name = millpond::kv::check_named_table(&name)?;
    Err(no_group("ResourceNotFoundException", no_table(name)))
}

fn named(given: NameRequest) -> Result<String, Failure> {
    let mut checks = Checks::default();
    let name = checks.required(checks::text(given.global_table_name), "globalTableName");
    checks.finish()?;
    check_name(&name)?;
    Ok(name)
}

fn check_name(name: &str) -> Result<(), Failure> {
    if (NAME_CHARACTERS.0..=NAME_CHARACTERS.1).contains(&name.chars().count()) {
        return Ok(());
    }
    Err(Failure::validation("TableName must be at least 3 characters long and at most 255 characters long"))
}

fn no_table(name: &str) -> String {
    format!("Global table with name: '{name}' does not exist.")
}

fn no_group(code: &'static str, message: String) -> Failure {
    Failure::client(NAMESPACE, code, message)
}

fn not_created_any_more() -> Failure {
    invalid(
        "DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB global tables version \
         2019.11.21, instead of version 2017.11.29 (Legacy).",
    )
}

fn invalid(detail: &str) -> Failure {
    Failure::validation(format!("One or more parameter values were invalid: {detail}"))
}

members! {
    /// A change of the replicas of a table, in `UpdateTable`.
    ReplicaUpdate { create: Region = "Create", update: Region = "Update", delete: Region = "Delete", disassociate: IgnoredAny = "Disassociate" }
}

/// Refuses changes of replicas: all of them name another region, and there is but the client's own.
pub(super) fn refuse_replica_updates(updates: &[ReplicaUpdate], own_region: &str) -> Result<(), Failure> {
    let mut actions = Vec::new();
    for update in updates {
        let given = [(&update.create, true), (&update.update, false), (&update.delete, false)];
        actions.extend(given.iter().filter_map(|(action, creates)| Some((action.as_ref()?, *creates))));
    }
    if updates.iter().any(|update| update.disassociate.is_some()) {
        return Err(Failure::validation("The table is not a replica of a global table"));
    }
    let region = |replica: &Region| replica.region_name.as_ref().map_or("", |name| name.0.as_str()).to_owned();
    match actions.as_slice() {
        [] if updates.is_empty() => Ok(()),
        [] => Err(Failure::validation("There are no actions specified in the Replica Update Action of the request.")),
        [_, _, ..] => Err(Failure::validation(
            "Update table operation with more than one create or delete replica actions not allowed",
        )),
        [(replica, _)] if region(replica) == own_region => Err(Failure::validation(
            "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable \
             as required.",
        )),
        [(replica, true)] => Err(Failure::validation(format!(
            "Region {} is not supported. The latest version of global tables are only supported in the following \
             regions: [{own_region}]",
            region(replica)
        ))),
        [(replica, false)] => Err(Failure::validation(format!(
            "Update global table operation failed because one or more replicas were not part of the global table. Please \
             retry the request without these replicas: [{}].",
            region(replica)
        ))),
    }
}
