//! Reading the objects of an import into its table.

use std::io;

use millpond::kv::{AttributeDefinition, Error, TableLoader};

use super::{
    CSV, ION, Import, csv, ion,
    json_lines::{self, Found},
    objects::{Allowance, Content},
};
use crate::buckets::Bucket;

/// Why an import has failed as a whole.
#[derive(Debug, thiserror::Error)]
pub(in crate::aws::kv) enum Failed {
    #[error("the bucket cannot be read: {0}")]
    Bucket(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] Error),
}

/// Reads all objects into a table, and counts in the import what was read. What is no item of the table is counted and
/// passed over; where an object is not what it was said to be the rest of it is, as the service has it.
pub(in crate::aws::kv) fn run(
    import: &mut Import,
    table: &mut TableLoader,
    definitions: &[AttributeDefinition],
    bucket: &Bucket,
) -> Result<(), Failed> {
    let types = csv::types(definitions);
    let options = import.csv.clone().unwrap_or_default();
    for key in bucket.keys(import.prefix.as_deref().unwrap_or_default())? {
        let allowance = Allowance::new();
        let Ok(content) = Content::new(bucket.open(&key)?, &import.compression, allowance.clone()) else {
            import.processed_items += 1;
            import.errors += 1;
            continue;
        };
        let read = content.read.clone();
        let format = import.format.clone();
        let add = |found: Found| add(import, table, found);
        match format.as_str() {
            CSV => csv::each(content, &allowance, &options, &types, add)?,
            ION => ion::each(content, &allowance, add)?,
            _ => json_lines::each(content, &allowance, add)?,
        }
        import.processed_bytes += read.get();
    }
    Ok(())
}

fn add(import: &mut Import, table: &mut TableLoader, found: Found) -> Result<(), Failed> {
    import.processed_items += 1;
    let item = match found {
        Found::Item(item) => item,
        Found::Wrong | Found::Broken => {
            import.errors += 1;
            return Ok(());
        }
    };
    match table.put(&item) {
        Ok(()) => import.imported_items += 1,
        Err(Error::Validation { .. }) => import.errors += 1,
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
