//! What is asked of an account rather than of its tables. There are no accounts, so the answers are those of a new one.

use std::collections::BTreeMap;

use serde::{Serialize, de::IgnoredAny};

use super::Answered;
use crate::aws::{Call, json};

/// These requests have no members that mean anything.
type Nothing = BTreeMap<String, IgnoredAny>;

/// Of each kind, for an account in most regions; no account is throttled.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>
const ACCOUNT_UNITS: u32 = 80_000;
const TABLE_UNITS: u32 = 40_000;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Limits {
    account_max_read_capacity_units: u32,
    account_max_write_capacity_units: u32,
    table_max_read_capacity_units: u32,
    table_max_write_capacity_units: u32,
}

pub(super) fn limits(call: &Call<'_>) -> Answered {
    json::parse::<Nothing>(call.body)?;
    json::write(&Limits {
        account_max_read_capacity_units: ACCOUNT_UNITS,
        account_max_write_capacity_units: ACCOUNT_UNITS,
        table_max_read_capacity_units: TABLE_UNITS,
        table_max_write_capacity_units: TABLE_UNITS,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Endpoints<'a> {
    endpoints: [Endpoint<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Endpoint<'a> {
    address: &'a str,
    cache_period_in_minutes: u32,
}

/// Clients that discover their endpoint are to stay where they are.
pub(super) fn endpoints(call: &Call<'_>) -> Answered {
    json::parse::<Nothing>(call.body)?;
    json::write(&Endpoints { endpoints: [Endpoint { address: call.host(), cache_period_in_minutes: 1440 }] })
}
