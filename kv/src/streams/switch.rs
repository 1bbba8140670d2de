//! Enabling and disabling the stream of a table.

use std::time::Duration;

use millpond_engine::{Timestamp, Transaction};
use millpond_stream::log::LogOptions;

use super::record::{self, StreamRecord, TableStream};
use crate::catalog::Catalog;
use crate::model::{BillingMode, Stream, StreamSpecification, StreamViewType};
use crate::table::{Settings, TableRecord};
use crate::{Error, Result};

/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>
pub(crate) const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);
/// Shards go on in children after about this time, as those of the service do.
const ROLL_AFTER: Duration = Duration::from_secs(4 * 60 * 60);

/// The capacity of a partition, each of which has a shard.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html>
const PARTITION_READ_UNITS: i64 = 3000;
const PARTITION_WRITE_UNITS: i64 = 1000;
/// A new table on demand sustains 4,000 writes a second.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html>
const ON_DEMAND_PARTITIONS: i64 = 4;
const MAX_SHARDS: i64 = 256;

/// Checks the stream that a new table is to have.
pub(crate) fn check_new(specification: Option<StreamSpecification>) -> Result<()> {
    let Some(StreamSpecification { stream_enabled, stream_view_type }) = specification else { return Ok(()) };
    match (stream_enabled, stream_view_type) {
        (true, None) => {
            Err(Error::invalid_parameters("Table is being created with a stream enabled, UpdateViewType is required"))
        }
        (false, Some(_)) => Err(Error::invalid_parameters(
            "Table is being created with a stream disabled, UpdateViewType should not be specified",
        )),
        _ => Ok(()),
    }
}

/// Checks how the stream of a table is to be switched.
pub(crate) fn check_change(specification: Option<StreamSpecification>) -> Result<()> {
    let Some(StreamSpecification { stream_enabled, stream_view_type }) = specification else { return Ok(()) };
    match (stream_enabled, stream_view_type) {
        (true, None) => Err(Error::invalid_parameters("If stream is being enabled then UpdateViewType is required")),
        (false, Some(_)) => {
            Err(Error::invalid_parameters("If stream is being disabled, then UpdateViewType must not be specified"))
        }
        _ => Ok(()),
    }
}

/// Switches the stream of a table, which the caller stores.
pub(crate) fn change(
    catalog: &Catalog,
    tx: &mut Transaction,
    table: &mut TableRecord,
    specification: StreamSpecification,
) -> Result<()> {
    let name = &table.name;
    match (specification.stream_view_type, table.stream.is_some()) {
        (Some(view_type), false) => enable(catalog, tx, table, view_type),
        (None, true) => disable(catalog, tx, table),
        (Some(_), true) => Err(Error::validation(format!("Table already has an enabled stream: TableName: {name}"))),
        (None, false) => Err(Error::validation(format!("Table has no stream to disable: TableName: {name}"))),
    }
}

/// Gives a table, which the caller stores, a new stream.
pub(crate) fn enable(
    catalog: &Catalog,
    tx: &mut Transaction,
    table: &mut TableRecord,
    view_type: StreamViewType,
) -> Result<()> {
    let shards = shards(&table.settings);
    let options = LogOptions { shards, retention: RETENTION, roll_after: Some(ROLL_AFTER) };
    let log = catalog.logs.create_in(tx, &options)?;
    let now = tx.clock().now();
    let stream = new_name(catalog, tx, &table.name, now)?;
    record::store(catalog, tx, &stream, &StreamRecord::new(log, view_type, now, &table.keys))?;
    table.stream = Some(TableStream { log, view_type });
    table.latest_stream_label = Some(stream.stream_label);
    Ok(())
}

/// A label that no stream of this table name has.
fn new_name(catalog: &Catalog, tx: &mut Transaction, table: &str, now: Timestamp) -> Result<Stream> {
    let mut at = now;
    loop {
        let stream = Stream { table_name: table.to_owned(), stream_label: record::label(at) };
        if record::find(catalog, tx, &stream)?.is_none() {
            return Ok(stream);
        }
        at = at.saturating_add(Duration::from_millis(1));
    }
}

/// Ends the stream of a table, which the caller stores or deletes. What it has stays readable.
pub(crate) fn disable(catalog: &Catalog, tx: &mut Transaction, table: &mut TableRecord) -> Result<()> {
    let (Some(enabled), Some(label)) = (table.stream.take(), &table.latest_stream_label) else { return Ok(()) };
    catalog.logs.close_in(tx, enabled.log)?;
    let stream = Stream { table_name: table.name.clone(), stream_label: label.clone() };
    if let Some(stored) = record::find(catalog, tx, &stream)? {
        let disabled = Some(tx.clock().now());
        record::store(catalog, tx, &stream, &StreamRecord { disabled, ..stored })?;
    }
    Ok(())
}

/// As many as the table would have partitions.
fn shards(settings: &Settings) -> u32 {
    let partitions = if settings.billing_mode == Some(BillingMode::PayPerRequest) {
        ON_DEMAND_PARTITIONS
    } else {
        let units = settings.throughput;
        // Not added before they are divided: both may be as large as can be.
        let reads = units.read_capacity_units.max(0) as f64 / PARTITION_READ_UNITS as f64;
        let writes = units.write_capacity_units.max(0) as f64 / PARTITION_WRITE_UNITS as f64;
        (reads + writes).ceil() as i64
    };
    u32::try_from(partitions.clamp(1, MAX_SHARDS)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ProvisionedThroughput;

    #[test]
    fn a_stream_has_a_shard_for_each_partition() {
        let provisioned = |read_capacity_units, write_capacity_units| {
            let throughput = ProvisionedThroughput { read_capacity_units, write_capacity_units };
            shards(&Settings { throughput, ..Settings::default() })
        };
        assert_eq!(provisioned(5, 5), 1);
        assert_eq!(provisioned(1500, 500), 1);
        assert_eq!(provisioned(1500, 501), 2);
        assert_eq!(provisioned(i64::MAX, i64::MAX), 256);
        let on_demand = Settings { billing_mode: Some(BillingMode::PayPerRequest), ..Settings::default() };
        assert_eq!(shards(&on_demand), 4);
    }
}
