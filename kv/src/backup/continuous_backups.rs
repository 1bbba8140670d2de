//! Switching the recovery of tables on and off.

use std::time::Duration;

use millpond_engine::{Read, Timestamp, Transaction};

use super::create_backup::missing;
use super::history;
use crate::catalog::Catalog;
use crate::constraints::{self, Constraints};
use crate::layout;
use crate::model::{
    DescribeContinuousBackupsRequest, PointInTimeRecoveryDescription, PointInTimeRecoveryStatus,
    UpdateContinuousBackupsRequest,
};
use crate::table::TableRecord;
use crate::{Error, Result};

/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PointInTimeRecoverySpecification.html>
const MAX_DAYS: u32 = 35;

/// The recovery of a table, as stored in its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recovery {
    /// What it was before that cannot be told.
    pub(crate) since: Timestamp,
    /// For how many days changes are kept.
    pub(crate) days: u32,
}

impl Recovery {
    /// The first moment that the table can be restored to.
    pub(crate) fn earliest(&self, now: Timestamp) -> Timestamp {
        let kept = Duration::from_secs(u64::from(self.days) * 86_400);
        let begin = now.as_millis().saturating_sub(u64::try_from(kept.as_millis()).unwrap_or(u64::MAX));
        self.since.max(Timestamp::from_millis(begin))
    }
}

pub(crate) fn check(request: &UpdateContinuousBackupsRequest) -> Result<&str> {
    let name = constraints::table_name(&request.table_name)?;
    let mut broken = Constraints::default();
    if let Some(days) = request.recovery_period_in_days {
        let field = "pointInTimeRecoverySpecification.recoveryPeriodInDays";
        broken.between(days, field, 1, i64::from(MAX_DAYS));
    }
    broken.finish()?;
    if !request.point_in_time_recovery_enabled && request.recovery_period_in_days.is_some() {
        return Err(Error::validation(
            "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.",
        ));
    }
    Ok(name)
}

/// Changes the record of a table. Whoever writes to the table has read it: from the commit on all of them keep what they
/// change. What was kept is left to be trimmed when it is switched off.
pub(crate) fn update_in(
    catalog: &Catalog,
    tx: &mut Transaction,
    name: &str,
    request: &UpdateContinuousBackupsRequest,
) -> Result<PointInTimeRecoveryDescription> {
    let found = catalog.find_usable(tx, name)?.ok_or_else(|| missing(name))?;
    let now = tx.clock().now();
    let days = request.recovery_period_in_days.and_then(|days| u32::try_from(days).ok());
    let recovery = match (request.point_in_time_recovery_enabled, found.recovery) {
        (false, _) => None,
        (true, None) => Some(Recovery { since: now, days: days.unwrap_or(MAX_DAYS) }),
        // What a shorter period has let go does not come back with a longer one.
        (true, Some(present)) => Some(Recovery { since: present.earliest(now), days: days.unwrap_or(present.days) }),
    };
    if recovery != found.recovery {
        let table = TableRecord { recovery, ..TableRecord::clone(&found) };
        tx.put(&catalog.tables, layout::table_key(name), table.encode())?;
        if recovery.is_some() {
            history::begin(tx, catalog, &table)?;
        }
    }
    Ok(describe(recovery, now))
}

pub(crate) fn run(
    catalog: &Catalog,
    reader: &mut impl Read,
    request: &DescribeContinuousBackupsRequest,
    now: Timestamp,
) -> Result<PointInTimeRecoveryDescription> {
    let name = constraints::table_name(&request.table_name)?;
    let table = catalog.find_usable(reader, name)?.ok_or_else(|| missing(name))?;
    Ok(describe(table.recovery, now))
}

fn describe(recovery: Option<Recovery>, now: Timestamp) -> PointInTimeRecoveryDescription {
    let second = |at: Timestamp| Timestamp::from_secs(at.as_secs());
    PointInTimeRecoveryDescription {
        point_in_time_recovery_status: match recovery {
            Some(_) => PointInTimeRecoveryStatus::Enabled,
            None => PointInTimeRecoveryStatus::Disabled,
        },
        recovery_period_in_days: recovery.map(|recovery| recovery.days),
        earliest_restorable_date_time: recovery.map(|recovery| second(recovery.earliest(now))),
        latest_restorable_date_time: recovery.map(|_| second(now)),
    }
}
