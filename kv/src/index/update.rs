//! Changing the global secondary indexes of a table that exists.

use super::{IndexRecord, Scope, check};
use crate::constraints::Constraints;
use crate::layout::IndexId;
use crate::model::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, GlobalSecondaryIndexUpdate, ProvisionedThroughput,
    UpdateTableRequest,
};
use crate::settings::{change_on_demand, check_throughput_values};
use crate::table::TableRecord;
use crate::{Error, Result};

/// What is left to do for the indexes that changed.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    /// Has to be filled.
    pub(crate) created: Option<IndexId>,
    /// Has to be cleared away.
    pub(crate) dropped: Option<IndexRecord>,
}

/// The checks that need no table.
pub(crate) fn check(broken: &mut Constraints, updates: &[GlobalSecondaryIndexUpdate]) {
    for (nth, update) in (1..).zip(updates) {
        let field = format!("globalSecondaryIndexUpdates.{nth}.member");
        match update {
            GlobalSecondaryIndexUpdate::Create(index) => {
                check::constrain_global(broken, &format!("{field}.create"), index);
            }
            GlobalSecondaryIndexUpdate::Update { index_name, provisioned_throughput, .. } => {
                crate::constraints::index_name(broken, index_name, &format!("{field}.update.indexName"));
                let field = format!("{field}.update.provisionedThroughput");
                check_throughput_values(broken, *provisioned_throughput, &field);
            }
            GlobalSecondaryIndexUpdate::Delete { index_name } => {
                crate::constraints::index_name(broken, index_name, &format!("{field}.delete.indexName"));
            }
        }
    }
}

/// The checks over all updates of a request, which come after those of each.
pub(crate) fn check_together(updates: &[GlobalSecondaryIndexUpdate]) -> Result<()> {
    let mut names: Vec<&str> = updates.iter().map(GlobalSecondaryIndexUpdate::index_name).collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair.first() == pair.last()) {
        return Err(Error::invalid_parameters(format_args!(
            "Only one global secondary index update per index is allowed simultaneously. Index: {}",
            pair.first().copied().unwrap_or_default()
        )));
    }
    let online = |update: &&GlobalSecondaryIndexUpdate| !matches!(update, GlobalSecondaryIndexUpdate::Update { .. });
    if updates.iter().filter(online).count() > 1 {
        return Err(only_one_at_a_time());
    }
    Ok(())
}

fn only_one_at_a_time() -> Error {
    Error::LimitExceeded {
        message: "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
            .into(),
    }
}

/// Changes the record of a table, whose billing mode is the new one already.
pub(crate) fn apply(table: &mut TableRecord, request: &UpdateTableRequest, before: BillingMode) -> Result<Changed> {
    let billing = table.settings.billing_mode.unwrap_or_default();
    check_billing(table, request, before, billing)?;
    let mut changed = Changed::default();
    for update in &request.global_secondary_index_updates {
        match update {
            GlobalSecondaryIndexUpdate::Create(index) => {
                changed.created = Some(create(table, request.attribute_definitions.as_deref(), index, billing)?);
            }
            GlobalSecondaryIndexUpdate::Update {
                index_name,
                provisioned_throughput,
                on_demand_throughput,
                warm_throughput,
            } => {
                if billing == BillingMode::PayPerRequest && provisioned_throughput.is_some() {
                    return Err(no_units_for(index_name));
                }
                let definition = &mut find(table, index_name, "update")?.definition;
                if let Some(asked) = *provisioned_throughput {
                    if before == billing && asked == definition.throughput {
                        return Err(unchanged(index_name, asked));
                    }
                    definition.throughput = asked;
                }
                definition.on_demand = change_on_demand(
                    billing,
                    definition.on_demand,
                    *on_demand_throughput,
                    &format!("index : {index_name}"),
                )?;
                definition.warm = warm_throughput.or(definition.warm);
            }
            GlobalSecondaryIndexUpdate::Delete { index_name } => {
                let id = find(table, index_name, "delete")?.id;
                changed.dropped = table.indexes.iter().find(|index| index.id == id).cloned();
                table.indexes.retain(|index| index.id != id);
            }
        }
    }
    Ok(changed)
}

/// A table that becomes provisioned needs units for all its indexes; one that is billed by use has none.
fn check_billing(
    table: &mut TableRecord,
    request: &UpdateTableRequest,
    before: BillingMode,
    now: BillingMode,
) -> Result<()> {
    if before == now {
        return Ok(());
    }
    let given = |name: &str| {
        let of_index = |update: &&GlobalSecondaryIndexUpdate| update.index_name() == name;
        matches!(
            request.global_secondary_index_updates.iter().find(of_index),
            Some(GlobalSecondaryIndexUpdate::Update { provisioned_throughput: Some(_), .. })
        )
    };
    match now {
        BillingMode::PayPerRequest => {
            table.indexes.iter_mut().for_each(|index| index.definition.throughput = ProvisionedThroughput::default());
        }
        BillingMode::Provisioned => {
            table.indexes.iter_mut().for_each(|index| index.definition.on_demand = None);
            let global = table.indexes.iter().filter(|index| index.scope() == Scope::Global);
            let missing: Vec<&str> = global.map(|index| index.name()).filter(|name| !given(name)).collect();
            if !missing.is_empty() {
                return Err(Error::invalid_parameters(format_args!(
                    "ProvisionedThroughput must be specified for index: {}",
                    missing.join(",")
                )));
            }
        }
    }
    Ok(())
}

fn no_units_for(index_name: &str) -> Error {
    Error::invalid_parameters(format_args!(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: {index_name} when BillingMode is \
         PAY_PER_REQUEST"
    ))
}

fn unchanged(index_name: &str, units: ProvisionedThroughput) -> Error {
    let (read, write) = (units.read_capacity_units, units.write_capacity_units);
    Error::validation(format!(
        "The provisioned throughput for the index {index_name} will not change. The requested value equals the current \
         value. Current ReadCapacityUnits provisioned for the index {index_name}: {read}. Requested ReadCapacityUnits: \
         {read}. Current WriteCapacityUnits provisioned for the index {index_name}: {write}. Requested \
         WriteCapacityUnits: {write}. Refer to the Amazon DynamoDB Developer Guide for current limits and how to \
         request higher limits."
    ))
}

/// `action` is what is to be done to the index.
fn find<'t>(table: &'t mut TableRecord, name: &str, action: &str) -> Result<&'t mut IndexRecord> {
    let found = table.indexes.iter_mut().find(|index| index.name() == name);
    let found = found.ok_or_else(|| Error::ResourceNotFound { message: "Requested resource not found".into() })?;
    if found.scope() == Scope::Local {
        return Err(Error::validation(format!("Cannot {action} an index that is not a GlobalSecondaryIndex: {name}")));
    }
    Ok(found)
}

fn create(
    table: &mut TableRecord,
    types: Option<&[AttributeDefinition]>,
    index: &GlobalSecondaryIndex,
    billing: BillingMode,
) -> Result<IndexId> {
    if table.index(&index.index_name).is_some() {
        return Err(Error::validation("Attempting to create an index which already exists"));
    }
    if table.indexes.iter().any(|index| index.is_backfilling) {
        return Err(only_one_at_a_time());
    }
    if table.indexes.iter().filter(|index| index.scope() == Scope::Global).count() >= check::MAX_GLOBAL {
        return Err(Error::LimitExceeded {
            message: format!(
                "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of {}",
                check::MAX_GLOBAL
            ),
        });
    }
    let types = types.unwrap_or_default();
    if types.is_empty() {
        return Err(Error::invalid_parameters(format_args!(
            "AttributeDefinitions is not specified for index: {}",
            index.index_name
        )));
    }
    match (billing, index.provisioned_throughput) {
        (BillingMode::PayPerRequest, Some(_)) => return Err(no_units_for(&index.index_name)),
        (BillingMode::Provisioned, None) => {
            return Err(Error::invalid_parameters(format_args!(
                "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: {}",
                index.index_name
            )));
        }
        _ => {}
    }
    let mut known = table.attribute_definitions();
    for given in types {
        match known.iter().find(|definition| definition.attribute_name == given.attribute_name) {
            Some(definition) if definition.attribute_type != given.attribute_type => {
                return Err(Error::invalid_parameters(
                    "Attributes cannot be redefined. Please check that your attribute has the same type as previously \
                     defined.",
                ));
            }
            Some(_) => {}
            None => known.push(given.clone()),
        }
    }
    let definition = check::global(&known, index, billing)?;
    check::check_included_together(table.indexes.iter().map(|index| &index.definition).chain([&definition]))?;
    table.add_index(definition, true)
}
