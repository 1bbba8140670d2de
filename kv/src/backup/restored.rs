//! What a restored table is to be: like its source, but for what is never restored and for what a request overrides.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CreateBackup.html>

use crate::catalog::Catalog;
use crate::constraints::{self, Constraints};
use crate::index::{self, Definition, IndexRecord, Scope};
use crate::model::{
    BillingMode, GlobalSecondaryIndex, KeySchemaElement, LocalSecondaryIndex, Projection, ProvisionedThroughput,
    RestoreOverrides,
};
use crate::settings::{check_on_demand, check_sse, check_throughput, check_throughput_values};
use crate::table::{Settings, TableRecord};
use crate::{Error, Result};

use millpond_engine::{Timestamp, Transaction};

/// The checks on the overrides that need no source.
pub(crate) fn check(target: &str, overrides: &RestoreOverrides) -> Result<()> {
    let mut broken = Constraints::default();
    constraints::index_name(&mut broken, target, "targetTableName");
    check_throughput_values(&mut broken, overrides.provisioned_throughput, "provisionedThroughputOverride");
    for (nth, index) in (1..).zip(overrides.local_secondary_indexes.iter().flatten()) {
        index::check::constrain_local(&mut broken, &format!("localSecondaryIndexOverride.{nth}.member"), index);
    }
    for (nth, index) in (1..).zip(overrides.global_secondary_indexes.iter().flatten()) {
        index::check::constrain_global(&mut broken, &format!("globalSecondaryIndexOverride.{nth}.member"), index);
    }
    broken.finish()?;
    check_sse(overrides.sse_specification.as_ref())
}

/// Refuses a target that is there.
pub(crate) fn check_target(catalog: &Catalog, tx: &mut Transaction, name: &str) -> Result<()> {
    match catalog.find(tx, name)? {
        None => Ok(()),
        Some(table) => Err(match &table.loading {
            None => Error::TableAlreadyExists { message: format!("Table already exists: {name}") },
            Some(loading) => Error::TableInUse {
                message: match &loading.backup {
                    Some(backup) => format!("Table: {name} is already being restored from backup: {backup}"),
                    None => format!("Table: {name} is already being restored"),
                },
            },
        }),
    }
}

/// The record of the new table, before it has an id.
pub(crate) fn table(
    source: &TableRecord,
    name: &str,
    overrides: &RestoreOverrides,
    now: Timestamp,
) -> Result<TableRecord> {
    let settings = settings(&source.settings, overrides, now)?;
    let billing = settings.billing_mode.unwrap_or_default();
    let was = source.settings.billing_mode.unwrap_or_default();
    let local = match &overrides.local_secondary_indexes {
        None => of(source, Scope::Local).cloned().collect(),
        Some(chosen) => chosen.iter().map(|index| local(source, index)).collect::<Result<Vec<_>>>()?,
    };
    let global = match &overrides.global_secondary_indexes {
        None => {
            let kept = of(source, Scope::Global).cloned();
            kept.map(|index| billed(index, was, billing, settings.throughput)).collect()
        }
        Some(chosen) => chosen
            .iter()
            .map(|index| global(source, index, was, billing, settings.throughput))
            .collect::<Result<Vec<_>>>()?,
    };
    let indexes: Vec<IndexRecord> = local.into_iter().chain(global).collect();
    check_names(&indexes)?;
    Ok(TableRecord {
        name: name.to_owned(),
        indexes,
        expiry: None,
        stream: None,
        latest_stream_label: None,
        destination: None,
        recovery: None,
        loading: None,
        settings,
        ..source.clone()
    })
}

fn settings(source: &Settings, overrides: &RestoreOverrides, now: Timestamp) -> Result<Settings> {
    let was = source.billing_mode.unwrap_or_default();
    let billing = overrides.billing_mode.unwrap_or(was);
    let throughput = match (billing, overrides.provisioned_throughput) {
        (BillingMode::PayPerRequest, Some(_)) => {
            return Err(Error::validation("Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED"));
        }
        (BillingMode::PayPerRequest, None) => ProvisionedThroughput::default(),
        (BillingMode::Provisioned, Some(units)) => {
            check_throughput(billing, Some(units))?;
            units
        }
        (BillingMode::Provisioned, None) if was == BillingMode::PayPerRequest => {
            return Err(Error::validation(
                "Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED",
            ));
        }
        (BillingMode::Provisioned, None) => source.throughput,
    };
    check_on_demand(billing, overrides.on_demand_throughput, "table")?;
    let kept = source.on_demand.filter(|_| billing == BillingMode::PayPerRequest);
    let sse = overrides.sse_specification.clone().or_else(|| source.sse.clone());
    Ok(Settings {
        billing_mode: overrides.billing_mode.or(source.billing_mode),
        pay_per_request_since: (billing == BillingMode::PayPerRequest).then_some(now),
        throughput,
        on_demand: overrides.on_demand_throughput.or(kept),
        sse: sse.filter(|sse| sse.enabled.unwrap_or(false)),
        ..Settings::default()
    })
}

fn of(source: &TableRecord, scope: Scope) -> impl Iterator<Item = &IndexRecord> {
    source.indexes.iter().filter(move |index| index.scope() == scope)
}

/// The index of the source with that key and projection; its name may be another one.
fn matching<'a>(
    source: &'a TableRecord,
    scope: Scope,
    name: &str,
    schema: &[KeySchemaElement],
    projection: &Projection,
) -> Result<&'a IndexRecord> {
    let is_same = |index: &&IndexRecord| {
        let had = index.projection();
        let mut included = (had.non_key_attributes.unwrap_or_default(), projection.non_key_attributes.clone());
        included.0.sort_unstable();
        let included_now = included.1.get_or_insert_default();
        included_now.sort_unstable();
        index.keys().schema() == schema
            && had.projection_type == projection.projection_type
            && included.0 == *included_now
    };
    of(source, scope).find(is_same).ok_or_else(|| {
        Error::validation(format!(
            "Index {name} does not match a secondary index that existed in the source table and cannot be created \
             during the restore operation"
        ))
    })
}

fn local(source: &TableRecord, chosen: &LocalSecondaryIndex) -> Result<IndexRecord> {
    let LocalSecondaryIndex { index_name, key_schema, projection } = chosen;
    Ok(named(matching(source, Scope::Local, index_name, key_schema, projection)?, index_name))
}

fn global(
    source: &TableRecord,
    chosen: &GlobalSecondaryIndex,
    was: BillingMode,
    billing: BillingMode,
    table: ProvisionedThroughput,
) -> Result<IndexRecord> {
    let GlobalSecondaryIndex { index_name: name, key_schema, projection, .. } = chosen;
    let index = named(matching(source, Scope::Global, name, key_schema, projection)?, name);
    let mut index = billed(index, was, billing, table);
    if let Some(units) = chosen.provisioned_throughput {
        if billing == BillingMode::PayPerRequest {
            return Err(Error::invalid_parameters(format_args!(
                "ProvisionedThroughput should not be specified for index: {name} when BillingMode is PAY_PER_REQUEST"
            )));
        }
        index.definition.throughput = units;
    }
    if chosen.on_demand_throughput.is_some() {
        check_on_demand(billing, chosen.on_demand_throughput, &format!("index : {name}"))?;
        index.definition.on_demand = chosen.on_demand_throughput;
    }
    Ok(index)
}

fn named(index: &IndexRecord, name: &str) -> IndexRecord {
    let definition = Definition { name: name.to_owned(), ..index.definition.clone() };
    IndexRecord { definition, ..index.clone() }
}

/// An index as it is billed in the new table: like the table itself where it had no units of its own.
fn billed(mut index: IndexRecord, was: BillingMode, is: BillingMode, table: ProvisionedThroughput) -> IndexRecord {
    let definition = &mut index.definition;
    definition.warm = None;
    match is {
        BillingMode::PayPerRequest => definition.throughput = ProvisionedThroughput::default(),
        BillingMode::Provisioned => {
            definition.on_demand = None;
            if was == BillingMode::PayPerRequest {
                definition.throughput = table;
            }
        }
    }
    index
}

fn check_names(indexes: &[IndexRecord]) -> Result<()> {
    for (nth, index) in indexes.iter().enumerate() {
        let is_twice = |other: &IndexRecord| other.name() == index.name() || other.id == index.id;
        if indexes.iter().skip(nth + 1).any(is_twice) {
            return Err(Error::invalid_parameters(format_args!("Duplicate index name: {}", index.name())));
        }
    }
    Ok(())
}
