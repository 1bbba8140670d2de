//! Capacity units: what an operation would have been charged. Nothing is throttled by them.

use std::collections::BTreeMap;

use crate::model::{Capacity, ConsumedCapacity, ReturnConsumedCapacity};

const READ_UNIT_BYTES: usize = 4096;
const WRITE_UNIT_BYTES: usize = 1024;

/// Units of a read of `bytes`; reading nothing costs as much as the smallest read.
pub(crate) fn read_units(bytes: usize, consistent: bool) -> f64 {
    units(bytes, READ_UNIT_BYTES) * if consistent { 1.0 } else { 0.5 }
}

/// Units of a write, by the larger of the images before and after it.
pub(crate) fn write_units(old_bytes: usize, new_bytes: usize) -> f64 {
    units(old_bytes.max(new_bytes), WRITE_UNIT_BYTES)
}

fn units(bytes: usize, unit_bytes: usize) -> f64 {
    // Exact: no operation touches 2^52 units.
    bytes.div_ceil(unit_bytes).max(1) as f64
}

/// A transaction prepares and commits, and is charged for both.
pub(crate) const TRANSACTION_FACTOR: f64 = 2.0;

/// The reports of a transaction that a request asked for, from the units on each table.
pub(crate) fn report_transaction(
    asked: ReturnConsumedCapacity,
    tables: BTreeMap<&str, f64>,
    kind: Transactional,
) -> Option<Vec<ConsumedCapacity>> {
    let report = |(table, units): (&str, f64)| {
        let mut report = report(asked, table, units)?;
        let (read, write) = match kind {
            Transactional::Read => (Some(units), None),
            Transactional::Write => (None, Some(units)),
        };
        (report.read_capacity_units, report.write_capacity_units) = (read, write);
        if let Some(table) = &mut report.table {
            (table.read_capacity_units, table.write_capacity_units) = (read, write);
        }
        Some(report)
    };
    (asked != ReturnConsumedCapacity::None).then(|| tables.into_iter().filter_map(report).collect())
}

/// What the units of a transaction were consumed for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Transactional {
    Read,
    Write,
}

/// The report that a request asked for.
pub(crate) fn report(asked: ReturnConsumedCapacity, table_name: &str, capacity_units: f64) -> Option<ConsumedCapacity> {
    let table = match asked {
        ReturnConsumedCapacity::None => return None,
        ReturnConsumedCapacity::Total => None,
        ReturnConsumedCapacity::Indexes => Some(Capacity { capacity_units, ..Capacity::default() }),
    };
    Some(ConsumedCapacity { table_name: table_name.to_owned(), capacity_units, table, ..ConsumedCapacity::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_counted_in_started_units_of_4_kb_at_half_price_when_eventual() {
        for (bytes, eventual, consistent) in
            [(0, 0.5, 1.0), (1, 0.5, 1.0), (4096, 0.5, 1.0), (4097, 1.0, 2.0), (409_600, 50.0, 100.0)]
        {
            assert_eq!((read_units(bytes, false), read_units(bytes, true)), (eventual, consistent), "{bytes} bytes");
        }
    }

    #[test]
    fn writes_are_counted_by_the_larger_image() {
        for (old, new, expected) in [(0, 0, 1.0), (0, 1024, 1.0), (1025, 10, 2.0), (10, 3000, 3.0)] {
            assert_eq!(write_units(old, new), expected, "{old} to {new} bytes");
        }
    }
}
