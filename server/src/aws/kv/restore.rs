//! What both ways of restoring a table take alike.

use millpond::kv::RestoreOverrides;

use super::{
    checks::Checks,
    index::Index,
    table::{OnDemand, Sse, Throughput},
};
use crate::aws::json::{List, Text};

/// What the new table has otherwise than its source, as it is asked for.
#[derive(Default)]
pub(super) struct Given {
    pub(super) billing_mode: Option<Text>,
    pub(super) global_secondary_indexes: Option<List<Index>>,
    pub(super) local_secondary_indexes: Option<List<Index>>,
    pub(super) provisioned_throughput: Option<Throughput>,
    pub(super) on_demand_throughput: Option<OnDemand>,
    pub(super) sse_specification: Option<Sse>,
}

impl Checks {
    pub(super) fn overrides(&mut self, given: Given) -> RestoreOverrides {
        let units = given.provisioned_throughput;
        RestoreOverrides {
            billing_mode: self.choice_if_any(given.billing_mode, "billingModeOverride"),
            global_secondary_indexes: self
                .global_indexes(given.global_secondary_indexes, "globalSecondaryIndexOverride"),
            local_secondary_indexes: self.local_indexes(given.local_secondary_indexes, "localSecondaryIndexOverride"),
            provisioned_throughput: units.map(|given| self.throughput(given, "provisionedThroughputOverride")),
            on_demand_throughput: given.on_demand_throughput.map(Into::into),
            sse_specification: given.sse_specification.map(|given| self.sse(given, "sSESpecificationOverride")),
        }
    }
}
