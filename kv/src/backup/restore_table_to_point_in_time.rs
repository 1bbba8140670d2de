//! Restoring what tables were at some second.

use std::sync::Arc;

use millpond_engine::{Engine, Read, Timestamp, Transaction};

use super::copying::Copying;
use super::create_backup::missing;
use super::loading::{self, Loading};
use super::{history, restored};
use crate::catalog::Catalog;
use crate::constraints;
use crate::model::RestoreTableToPointInTimeRequest;
use crate::table::TableRecord;
use crate::{Error, Result};

pub(crate) fn check(request: &RestoreTableToPointInTimeRequest) -> Result<&str> {
    restored::check(&request.target_table_name, &request.overrides)?;
    constraints::table_name(&request.source_table_name)
}

pub(crate) fn run(
    engine: &Engine,
    catalog: &Catalog,
    source: &str,
    request: &RestoreTableToPointInTimeRequest,
) -> Result<TableRecord> {
    let (copied, table, at) = engine.transact(|tx| begin(catalog, tx, source, request))?;
    super::fill(engine, catalog, &table, |copying| {
        // The history is to be that of the same table, and still to reach back so far.
        let present = recoverable(catalog, copying, source, engine.clock().now(), at)?;
        if present.id != copied.id {
            return Err(missing(source));
        }
        history::copy_items_at(catalog, copying, copied.id, at, table.id)
    })
}

pub(crate) fn run_in(
    catalog: &Catalog,
    tx: &mut Transaction,
    source: &str,
    request: &RestoreTableToPointInTimeRequest,
) -> Result<TableRecord> {
    let (copied, table, at) = begin(catalog, tx, source, request)?;
    history::copy_items_at(catalog, &mut Copying::Within(tx), copied.id, at, table.id)?;
    loading::finish_in(catalog, tx, &table.name, table.id)
}

fn begin(
    catalog: &Catalog,
    tx: &mut Transaction,
    source: &str,
    request: &RestoreTableToPointInTimeRequest,
) -> Result<(Arc<TableRecord>, TableRecord, Timestamp)> {
    let now = tx.clock().now();
    let at = request.restore_date_time.unwrap_or(now);
    let copied = recoverable(catalog, tx, source, now, at)?;
    let mut table = restored::table(&copied, &request.target_table_name, &request.overrides, now)?;
    restored::check_target(catalog, tx, &table.name)?;
    loading::begin(catalog, tx, &mut table, Loading { backup: None, table: Some(copied.name.clone()), at })?;
    Ok((copied, table, at))
}

/// The table, if what it was at that second can be told.
fn recoverable(
    catalog: &Catalog,
    reader: &mut impl Read,
    name: &str,
    now: Timestamp,
    at: Timestamp,
) -> Result<Arc<TableRecord>> {
    let (table, earliest) = need_recovery(catalog, reader, name, now)?;
    if at.as_secs() < earliest.as_secs() || at.as_secs() > now.as_secs() {
        return Err(Error::InvalidRestoreTime {
            message: format!(
                "RestoreDateTime '{at:.0}' must be within EarliestRestorableDateTime '{earliest:.0}' and \
                 LatestRestorableDateTime '{now:.0}'"
            ),
        });
    }
    Ok(table)
}

/// The table, if its changes are kept, and since when they are.
pub(crate) fn need_recovery(
    catalog: &Catalog,
    reader: &mut impl Read,
    name: &str,
    now: Timestamp,
) -> Result<(Arc<TableRecord>, Timestamp)> {
    let table = catalog.find_usable(reader, name)?.ok_or_else(|| missing(name))?;
    match table.recovery {
        Some(recovery) => Ok((table, recovery.earliest(now))),
        None => Err(Error::PointInTimeRecoveryUnavailable {
            message: format!("Point in time recovery is not enabled for table '{name}'"),
        }),
    }
}
