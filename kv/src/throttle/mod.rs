//! Throttling by the capacity that tables and global indexes are given: for tests of what a client does when it is refused.
//! Off unless asked for.
//!
//! Each table and each global index has a bucket for reads and one for writes. It is filled at the rate of the provisioned
//! units, or of the most units on demand, by the engine's clock, and holds 300 seconds of them. A request is let through
//! while the buckets it draws from are not empty, and may draw more than is left in them: the next ones wait for it. What
//! is in the buckets is kept in memory only, so a service that is opened begins with full ones.
//!
//! Only requests are throttled: not the forms that join a caller's transaction, typed tables, or the expiry of items.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html>

mod operations;
mod partiql;

use std::collections::HashMap;

use millpond_engine::{Read, Timestamp};
use parking_lot::Mutex;

use crate::catalog::Catalog;
use crate::layout::{IndexId, TableId};
use crate::model::{BillingMode, ConsumedCapacity, OnDemandThroughput, ProvisionedThroughput};
use crate::table::TableRecord;
use crate::{Error, Result, constraints};

const BURST_SECONDS: f64 = 300.0;
/// Beyond that many the buckets are forgotten, which fills them.
const MAX_BUCKETS: usize = 65_536;

/// What a request does to the tables it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Access {
    Read,
    Write,
}

/// What has a bucket of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    table: TableId,
    index: Option<IndexId>,
    access: Access,
}

/// How fast a bucket is filled, and what its limit is called.
#[derive(Clone, Copy, Debug)]
struct Rate {
    units_per_second: f64,
    billing: BillingMode,
}

/// Units that a request draws from one bucket.
#[derive(Clone, Debug)]
struct Charge {
    /// The table as the request names it.
    parameter: String,
    place: Place,
    rate: Rate,
    units: f64,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

/// The buckets.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<Place, Bucket>>);

impl Throttle {
    /// The first charge whose bucket is empty once `pending` has been drawn from it.
    fn exceeded<'a>(&self, now: Timestamp, charges: &'a [Charge], pending: &[Charge]) -> Option<&'a Charge> {
        let buckets = self.0.lock();
        charges.iter().find(|charge| {
            let drawn: f64 = pending.iter().filter(|it| it.place == charge.place).map(|it| it.units).sum();
            left(&buckets, charge, now) <= drawn
        })
    }

    fn draw(&self, now: Timestamp, charges: &[Charge]) {
        let mut buckets = self.0.lock();
        if buckets.len() > MAX_BUCKETS {
            buckets.clear();
        }
        for charge in charges {
            let left = left(&buckets, charge, now) - charge.units;
            buckets.insert(charge.place, Bucket { left, at: now });
        }
    }
}

fn left(buckets: &HashMap<Place, Bucket>, charge: &Charge, now: Timestamp) -> f64 {
    let (rate, most) = (charge.rate.units_per_second, charge.rate.units_per_second * BURST_SECONDS);
    buckets
        .get(&charge.place)
        .map_or(most, |bucket| (bucket.left + rate * now.saturating_since(bucket.at).as_secs_f64()).min(most))
}

impl Charge {
    /// What the service says of a request that is not let through.
    fn error(&self) -> Error {
        match (self.rate.billing, self.place.index) {
            (BillingMode::PayPerRequest, _) => Error::Throttling {
                message: "Throughput exceeds the maximum OnDemandThroughput configured on table or index".into(),
            },
            (BillingMode::Provisioned, None) => Error::ProvisionedThroughputExceeded {
                message: "The level of configured provisioned throughput for the table was exceeded. Consider \
                          increasing your provisioning level with the UpdateTable API."
                    .into(),
            },
            (BillingMode::Provisioned, Some(_)) => Error::ProvisionedThroughputExceeded {
                message: "The level of configured provisioned throughput for one or more global secondary indexes of \
                          the table was exceeded. Consider increasing your provisioning level for the \
                          under-provisioned global secondary indexes with the UpdateTable API"
                    .into(),
            },
        }
    }
}

/// What a request draws from the buckets, by its report of what it consumed. Local indexes draw from their table's.
fn charges<'a>(
    catalog: &Catalog,
    reader: &mut impl Read,
    access: Access,
    consumed: impl IntoIterator<Item = &'a ConsumedCapacity>,
) -> Result<Vec<Charge>> {
    let mut charges = Vec::new();
    for report in consumed {
        let Some(table) = catalog.find(reader, constraints::table_name(&report.table_name)?)? else { continue };
        let global = report.global_secondary_indexes.iter().flatten();
        let of_indexes: f64 = global.clone().map(|(_, capacity)| capacity.capacity_units).sum();
        let mut charge = |index: Option<IndexId>, rate: Option<Rate>, units: f64| {
            let place = Place { table: table.id, index, access };
            if let Some(rate) = rate.filter(|_| units > 0.0) {
                charges.push(Charge { parameter: report.table_name.clone(), place, rate, units });
            }
        };
        charge(None, rate_of_table(&table, access), report.capacity_units - of_indexes);
        for (name, capacity) in global {
            let Some(index) = table.index(name) else { continue };
            let (units, cap) = (index.definition.throughput, index.definition.on_demand);
            charge(Some(index.id), rate(&table, access, units, cap), capacity.capacity_units);
        }
    }
    Ok(charges)
}

fn rate_of_table(table: &TableRecord, access: Access) -> Option<Rate> {
    rate(table, access, table.settings.throughput, table.settings.on_demand)
}

/// `None` is without a bound: on demand, where none was asked for.
fn rate(
    table: &TableRecord,
    access: Access,
    provisioned: ProvisionedThroughput,
    on_demand: Option<OnDemandThroughput>,
) -> Option<Rate> {
    let billing = table.settings.billing_mode.unwrap_or_default();
    let units = match (billing, access) {
        (BillingMode::Provisioned, Access::Read) => Some(provisioned.read_capacity_units),
        (BillingMode::Provisioned, Access::Write) => Some(provisioned.write_capacity_units),
        (BillingMode::PayPerRequest, Access::Read) => on_demand?.max_read_request_units,
        (BillingMode::PayPerRequest, Access::Write) => on_demand?.max_write_request_units,
    };
    // Far below the numbers that a float holds exactly.
    Some(Rate { units_per_second: units? as f64, billing })
}
