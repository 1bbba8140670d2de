//! Listing backups.

use std::ops::Bound;

use millpond_engine::{RangeRequest, Read};

use super::record::{self, BackupRecord};
use crate::catalog::Catalog;
use crate::constraints::{self, Constraints};
use crate::layout::backups as keys;
use crate::model::{BackupType, BackupTypeFilter, ListBackupsOutput, ListBackupsRequest};
use crate::{Error, Result};

const MAX_BACKUPS: i64 = 100;
/// How many records are read at a time.
const PAGE_RECORDS: usize = 200;

pub(crate) fn check(request: &ListBackupsRequest) -> Result<Option<&str>> {
    let table = request.table_name.as_deref().map(constraints::table_name).transpose()?;
    let mut broken = Constraints::default();
    if let Some(limit) = request.limit {
        broken.between(limit, "limit", 1, MAX_BACKUPS);
    }
    broken.finish()?;
    if let (Some(from), Some(to)) = (request.time_range_lower_bound, request.time_range_upper_bound)
        && from > to
    {
        return Err(Error::validation("Time range lower bound must be less than or equal to upper bound"));
    }
    Ok(table)
}

pub(crate) fn run(
    catalog: &Catalog,
    reader: &mut impl Read,
    table: Option<&str>,
    request: &ListBackupsRequest,
) -> Result<ListBackupsOutput> {
    let limit = usize::try_from(request.limit.unwrap_or(MAX_BACKUPS)).unwrap_or(1);
    let wanted = |backup: &BackupRecord| {
        let of_type = match request.backup_type.unwrap_or(BackupTypeFilter::User) {
            BackupTypeFilter::All => true,
            BackupTypeFilter::User => backup.backup_type == BackupType::User,
            BackupTypeFilter::System => backup.backup_type == BackupType::System,
            BackupTypeFilter::AwsBackup => backup.backup_type == BackupType::AwsBackup,
        };
        of_type && table.is_none_or(|table| table == backup.table.name)
    };
    let mut range = range(request)?;
    let mut output = ListBackupsOutput::default();
    loop {
        let page = reader.range(&catalog.backups, &range)?;
        for (_, stored) in &page.entries {
            let backup = BackupRecord::decode(stored)?;
            if !wanted(&backup) {
                continue;
            }
            if output.backup_summaries.len() == limit {
                output.last_evaluated_backup = output.backup_summaries.last().cloned();
                return Ok(output);
            }
            output.backup_summaries.push(backup.summary());
        }
        let Some(last) = page.resume else { return Ok(output) };
        range = range.resume_after(&last);
    }
}

/// The records of the time range, after the page before.
fn range(request: &ListBackupsRequest) -> Result<RangeRequest> {
    let all = keys::BACKUP_PREFIX.to_vec();
    let mut from = request.time_range_lower_bound.map_or(all, keys::first_backup_key);
    if let Some(start) = &request.exclusive_start_backup_arn {
        let (_, id) = record::parse(start)?;
        // A byte more than the key is the first key after it.
        from = from.max([&keys::backup_key(id)[..], &[0]].concat());
    }
    let rows = match request.time_range_upper_bound {
        Some(end) => {
            let to = keys::first_backup_key(end);
            RangeRequest::between(Bound::Included(&from), Bound::Excluded(&to))
        }
        None => {
            let end = millpond_engine::key::prefix_end(keys::BACKUP_PREFIX);
            let to = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            RangeRequest::between(Bound::Included(&from), to)
        }
    };
    Ok(rows.limit(PAGE_RECORDS))
}
