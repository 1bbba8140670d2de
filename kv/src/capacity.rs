//! Capacity units: what an operation would have been charged. What is throttled by them is in `throttle`.

use std::collections::BTreeMap;

use crate::index::Scope;
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

/// An index that units are consumed on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arm {
    pub(crate) scope: Scope,
    pub(crate) index: String,
}

/// Units, by where they are consumed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Consumption {
    table: f64,
    indexes: BTreeMap<Arm, f64>,
}

impl Consumption {
    pub(crate) fn of_table(units: f64) -> Self {
        Consumption { table: units, indexes: BTreeMap::new() }
    }

    /// Of a read of an index, and of what it fetched from the table.
    pub(crate) fn of_index(arm: Arm, units: f64, table: f64) -> Self {
        Consumption { table, indexes: BTreeMap::from([(arm, units)]) }
    }

    pub(crate) fn add_index(&mut self, arm: Arm, units: f64) {
        *self.indexes.entry(arm).or_default() += units;
    }

    pub(crate) fn add(&mut self, other: Consumption) {
        self.table += other.table;
        for (arm, units) in other.indexes {
            self.add_index(arm, units);
        }
    }

    /// The same within a transaction, whose indexes are charged as ever.
    pub(crate) fn in_transaction(mut self) -> Self {
        self.table *= TRANSACTION_FACTOR;
        self
    }

    fn all(&self) -> f64 {
        self.table + self.indexes.values().sum::<f64>()
    }

    /// The arms of one scope; `None` if there are none.
    fn arms(&self, scope: Scope, capacity: impl Fn(f64) -> Capacity) -> Option<BTreeMap<String, Capacity>> {
        let arms: BTreeMap<_, _> = self
            .indexes
            .iter()
            .filter(|(arm, _)| arm.scope == scope)
            .map(|(arm, units)| (arm.index.clone(), capacity(*units)))
            .collect();
        (!arms.is_empty()).then_some(arms)
    }
}

/// The reports that a request on several tables asked for.
pub(crate) fn report_tables(
    asked: ReturnConsumedCapacity,
    tables: BTreeMap<&str, Consumption>,
    kind: Option<Transactional>,
) -> Option<Vec<ConsumedCapacity>> {
    let reports = tables.into_iter().filter_map(|(table, consumption)| report_kind(asked, table, &consumption, kind));
    (asked != ReturnConsumedCapacity::None).then(|| reports.collect())
}

/// Adds a report to those of other writes, of which each table has one.
pub(crate) fn add_report(reports: &mut Vec<ConsumedCapacity>, report: ConsumedCapacity) {
    let Some(present) = reports.iter_mut().find(|present| present.table_name == report.table_name) else {
        return reports.push(report);
    };
    let add = |to: &mut Option<Capacity>, from: Option<Capacity>| match (to.as_mut(), from) {
        (Some(to), Some(from)) => to.capacity_units += from.capacity_units,
        (None, from) => *to = from,
        (_, None) => {}
    };
    let add_all = |to: &mut Option<BTreeMap<String, Capacity>>, from: Option<BTreeMap<String, Capacity>>| {
        for (index, units) in from.into_iter().flatten() {
            let to = to.get_or_insert_default().entry(index).or_default();
            to.capacity_units += units.capacity_units;
        }
    };
    present.capacity_units += report.capacity_units;
    add(&mut present.table, report.table);
    add_all(&mut present.local_secondary_indexes, report.local_secondary_indexes);
    add_all(&mut present.global_secondary_indexes, report.global_secondary_indexes);
}

/// What the units of a transaction were consumed for; its reports say so.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Transactional {
    Read,
    Write,
}

/// The report that a request asked for.
pub(crate) fn report(
    asked: ReturnConsumedCapacity,
    table_name: &str,
    consumption: &Consumption,
) -> Option<ConsumedCapacity> {
    report_kind(asked, table_name, consumption, None)
}

fn report_kind(
    asked: ReturnConsumedCapacity,
    table_name: &str,
    consumption: &Consumption,
    kind: Option<Transactional>,
) -> Option<ConsumedCapacity> {
    let capacity = |units: f64| Capacity {
        capacity_units: units,
        read_capacity_units: matches!(kind, Some(Transactional::Read)).then_some(units),
        write_capacity_units: matches!(kind, Some(Transactional::Write)).then_some(units),
    };
    let by_place = match asked {
        ReturnConsumedCapacity::None => return None,
        ReturnConsumedCapacity::Total => false,
        ReturnConsumedCapacity::Indexes => true,
    };
    let all = capacity(consumption.all());
    let arms = |scope| consumption.arms(scope, capacity).filter(|_| by_place);
    Some(ConsumedCapacity {
        table_name: table_name.to_owned(),
        capacity_units: all.capacity_units,
        read_capacity_units: all.read_capacity_units,
        write_capacity_units: all.write_capacity_units,
        table: by_place.then(|| capacity(consumption.table)),
        local_secondary_indexes: arms(Scope::Local),
        global_secondary_indexes: arms(Scope::Global),
    })
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
