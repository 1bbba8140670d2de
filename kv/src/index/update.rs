//! Changing the global secondary indexes of a table that exists.

use super::{IndexRecord, Scope, check};
use crate::constraints::Constraints;
use crate::create_table::check_throughput_values;
use crate::layout::IndexId;
use crate::model::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, GlobalSecondaryIndexUpdate, ProvisionedThroughput,
    UpdateTableRequest,
};
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
                    return Err(Error::invalid_parameters(format_args!(
                        "ProvisionedThroughput should not be specified for index: {index_name} when BillingMode is \
                         PAY_PER_REQUEST"
                    )));
                }
                let definition = &mut find(table, index_name)?.definition;
                definition.throughput = provisioned_throughput.unwrap_or(definition.throughput);
                definition.on_demand = on_demand_throughput.or(definition.on_demand);
                definition.warm = warm_throughput.or(definition.warm);
            }
            GlobalSecondaryIndexUpdate::Delete { index_name } => {
                let id = find(table, index_name)?.id;
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
            Some(
                GlobalSecondaryIndexUpdate::Delete { .. }
                    | GlobalSecondaryIndexUpdate::Update { provisioned_throughput: Some(_), .. }
            )
        )
    };
    let global = table.indexes.iter_mut().filter(|index| index.scope() == Scope::Global);
    match now {
        BillingMode::PayPerRequest => {
            global.for_each(|index| index.definition.throughput = ProvisionedThroughput::default());
        }
        BillingMode::Provisioned => {
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

fn find<'t>(table: &'t mut TableRecord, name: &str) -> Result<&'t mut IndexRecord> {
    let found = table.indexes.iter_mut().find(|index| index.name() == name && index.scope() == Scope::Global);
    found.ok_or_else(|| Error::ResourceNotFound { message: "Requested resource not found".into() })
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
        return Err(Error::invalid_parameters("GlobalSecondaryIndex count exceeds the per-table limit of 20"));
    }
    let mut known = table.attribute_definitions();
    for given in types.unwrap_or_default() {
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
