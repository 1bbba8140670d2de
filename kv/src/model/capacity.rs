//! Consumed capacity as outputs report it.

use std::collections::BTreeMap;

/// Capacity units that one operation consumed on one table.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ConsumedCapacity {
    /// The table's name as the request gave it.
    pub table_name: String,
    /// All units, read and write, on the table and its indexes.
    pub capacity_units: f64,
    /// Read units; reported by transactions only.
    pub read_capacity_units: Option<f64>,
    /// Write units; reported by transactions only.
    pub write_capacity_units: Option<f64>,
    /// The part consumed on the table itself; reported with `INDEXES` only.
    pub table: Option<Capacity>,
    /// The parts consumed on local secondary indexes, by index name.
    pub local_secondary_indexes: Option<BTreeMap<String, Capacity>>,
    /// The parts consumed on global secondary indexes, by index name.
    pub global_secondary_indexes: Option<BTreeMap<String, Capacity>>,
}

/// Capacity units consumed on a table or an index.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Capacity {
    /// All units.
    pub capacity_units: f64,
    /// Read units; reported by transactions only.
    pub read_capacity_units: Option<f64>,
    /// Write units; reported by transactions only.
    pub write_capacity_units: Option<f64>,
}
