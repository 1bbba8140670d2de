//! Describing backups.

use millpond_engine::Read;

use super::record::BackupRecord;
use crate::Result;
use crate::catalog::Catalog;
use crate::model::{DescribeBackupOutput, DescribeBackupRequest};

pub(crate) fn run(
    catalog: &Catalog,
    reader: &mut impl Read,
    request: &DescribeBackupRequest,
) -> Result<DescribeBackupOutput> {
    let backup = BackupRecord::need(catalog, reader, &request.backup_arn)?;
    Ok(DescribeBackupOutput { backup_description: backup.describe() })
}
