//! Changing the settings of tables.

use millpond_engine::{Timestamp, Transaction};

use crate::catalog::Catalog;
use crate::constraints::{self, Constraints};
use crate::create_table::check_definitions;
use crate::describe_table::Count;
use crate::index::{self, update::Changed};
use crate::layout;
use crate::model::{
    BillingMode, GlobalSecondaryIndexUpdate, IndexStatus, ProvisionedThroughput, TableDescription, TableStatus,
    UpdateTableRequest,
};
use crate::settings::{change_on_demand, check_sse, check_sse_key, check_throughput, check_throughput_values};
use crate::table::{Settings, TableRecord};
use crate::{Error, Result, streams};

pub(crate) fn check(request: &UpdateTableRequest) -> Result<&str> {
    let name = constraints::named_table(&request.table_name)?;
    let mut broken = Constraints::default();
    check_throughput_values(&mut broken, request.provisioned_throughput, "provisionedThroughput");
    check_definitions(&mut broken, request.attribute_definitions.as_deref().unwrap_or_default());
    check_sse_key(&mut broken, request.sse_specification.as_ref());
    index::update::check(&mut broken, &request.global_secondary_index_updates);
    broken.finish()?;
    check_sse(request.sse_specification.as_ref())?;
    index::update::check_together(&request.global_secondary_index_updates)?;
    streams::check_change(request.stream_specification)?;
    let changes = request.billing_mode.is_some()
        || request.provisioned_throughput.is_some()
        || request.on_demand_throughput.is_some()
        || request.warm_throughput.is_some()
        || request.table_class.is_some()
        || request.sse_specification.is_some()
        || request.deletion_protection_enabled.is_some()
        || !request.global_secondary_index_updates.is_empty()
        || request.stream_specification.is_some();
    if !changes {
        return Err(Error::validation(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, \
             SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, \
             MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is \
             required",
        ));
    }
    check_combination(request)?;
    Ok(name)
}

/// Refuses what the service does not change at once: most settings go alone.
fn check_combination(request: &UpdateTableRequest) -> Result<()> {
    let units = request.provisioned_throughput.is_some();
    let indexes = &request.global_secondary_index_updates;
    let is_online = |update: &GlobalSecondaryIndexUpdate| !matches!(update, GlobalSecondaryIndexUpdate::Update { .. });
    let alone = [
        (request.sse_specification.is_some(), "Server-Side Encryption modification must be the only operation"),
        (request.table_class.is_some(), "TableClass modification must be the only operation"),
        (request.deletion_protection_enabled.is_some(), "DeletionProtection modification must be the only operation"),
        (request.warm_throughput.is_some(), "WarmThroughput must be the only operation"),
    ];
    let others = [
        units,
        request.billing_mode.is_some(),
        request.on_demand_throughput.is_some(),
        request.stream_specification.is_some(),
        !indexes.is_empty(),
    ];
    let asked = alone.iter().map(|(is_asked, _)| *is_asked).chain(others).filter(|is_asked| *is_asked).count();
    if asked > 1
        && let Some((_, text)) = alone.iter().find(|(is_asked, _)| *is_asked)
    {
        return Err(Error::invalid_parameters(format_args!("{text} in the request")));
    }
    if request.on_demand_throughput.is_some() && (request.stream_specification.is_some() || units) {
        return Err(Error::invalid_parameters(
            "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request",
        ));
    }
    let becomes_provisioned = request.billing_mode == Some(BillingMode::Provisioned);
    if request.stream_specification.is_some() && (units || becomes_provisioned) {
        return Err(Error::invalid_parameters("You cannot modify stream status while updating table IOPS"));
    }
    if units && indexes.iter().any(is_online) {
        return Err(Error::invalid_parameters("You cannot create or delete index while updating table IOPS"));
    }
    Ok(())
}

/// A table after a change, and what that leaves to do.
pub(crate) struct Updated {
    pub(crate) table: TableRecord,
    at: Timestamp,
    pub(crate) indexes: Changed,
}

impl Updated {
    pub(crate) fn describe(&self, count: &Count) -> TableDescription {
        let mut description = self.table.describe(self.at, count);
        if let Some(dropped) = &self.indexes.dropped {
            let mut index = dropped.describe_global(count.of_index(dropped.id));
            (index.index_status, index.backfilling) = (IndexStatus::Deleting, false);
            description.global_secondary_indexes.push(index);
            description.table_status = TableStatus::Updating;
        }
        description
    }
}

/// Changes the record of a table. A new index still has to be filled, a removed one to be cleared away.
pub(crate) fn run_in(
    catalog: &Catalog,
    tx: &mut Transaction,
    name: &str,
    request: &UpdateTableRequest,
) -> Result<Updated> {
    let mut table = TableRecord::clone(&*catalog.need_named(tx, name)?);
    if let Some(specification) = request.stream_specification {
        streams::change(catalog, tx, &mut table, specification)?;
    }
    let now = tx.clock().now();
    let billing_before = table.settings.billing_mode.unwrap_or_default();
    change_billing(&mut table.settings, request, now)?;
    let indexes = index::update::apply(&mut table, request, billing_before)?;
    if let Some(dropped) = &indexes.dropped {
        tx.put(&catalog.tables, layout::dropped_key(table.id, dropped.id), "")?;
        tx.delete(&catalog.attached, layout::attached::insights_key(table.id, Some(dropped.id)))?;
    }
    let settings = &mut table.settings;
    let billing = settings.billing_mode.unwrap_or_default();
    settings.on_demand = change_on_demand(billing, settings.on_demand, request.on_demand_throughput, "table")?;
    settings.warm = request.warm_throughput.or(settings.warm);
    if request.table_class.is_some() && request.table_class != settings.table_class {
        settings.table_class = request.table_class;
        settings.table_class_changed = Some(now);
    }
    if let Some(sse) = &request.sse_specification {
        settings.sse = Some(sse.clone());
    }
    settings.deletion_protection = request.deletion_protection_enabled.unwrap_or(settings.deletion_protection);
    tx.put(&catalog.tables, layout::table_key(name), table.encode())?;
    Ok(Updated { table, at: now, indexes })
}

fn change_billing(settings: &mut Settings, request: &UpdateTableRequest, now: Timestamp) -> Result<()> {
    let before = settings.billing_mode.unwrap_or_default();
    let after = request.billing_mode.unwrap_or(before);
    let asked = request.provisioned_throughput;
    if after == before && asked.is_none() {
        settings.billing_mode = request.billing_mode.or(settings.billing_mode);
        return Ok(());
    }
    if after == BillingMode::Provisioned && asked.is_none() {
        return Err(Error::invalid_parameters(
            "ProvisionedThroughput must be specified when BillingMode is PROVISIONED",
        ));
    }
    check_throughput(after, asked)?;
    if let Some(asked) = asked {
        change_throughput(settings, asked, before == after, now)?;
    }
    settings.billing_mode = Some(after).filter(|_| request.billing_mode.is_some()).or(settings.billing_mode);
    if after == BillingMode::Provisioned {
        settings.on_demand = None;
    }
    if after == BillingMode::PayPerRequest && before != after {
        settings.pay_per_request_since = Some(now);
        settings.throughput = ProvisionedThroughput::default();
    }
    Ok(())
}

fn change_throughput(
    settings: &mut Settings,
    asked: ProvisionedThroughput,
    is_provisioned: bool,
    now: Timestamp,
) -> Result<()> {
    let present = settings.throughput;
    if is_provisioned && present == asked {
        let (read, write) = (present.read_capacity_units, present.write_capacity_units);
        return Err(Error::validation(format!(
            "The provisioned throughput for the table will not change. The requested value equals the current value. \
             Current ReadCapacityUnits provisioned for the table: {read}. Requested ReadCapacityUnits: {read}. \
             Current WriteCapacityUnits provisioned for the table: {write}. Requested WriteCapacityUnits: {write}. \
             Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
        )));
    }
    let raised = asked.read_capacity_units > present.read_capacity_units
        || asked.write_capacity_units > present.write_capacity_units;
    let lowered = asked.read_capacity_units < present.read_capacity_units
        || asked.write_capacity_units < present.write_capacity_units;
    if raised {
        settings.last_increase = Some(now);
    }
    if lowered {
        settings.decreases = settings.decreases_on(now).saturating_add(1);
        settings.last_decrease = Some(now);
    }
    settings.throughput = asked;
    Ok(())
}
