//! What the account may have, and what it has committed itself to.

use millpond::stream::Commitment;
use serde::{Serialize, de::IgnoredAny};

use super::{Answered, Call, checks::Limits, member::Text, request::request, shown::Time};

request! {
    UpdateRequest<'a> {
        commitment: Given<'a> = "MinimumThroughputBillingCommitment" => Limits::ANY.required(),
    }
    Given<'a> { status: Text<'a> = "Status" => Limits::one_of(&["ENABLED", "DISABLED"]).required() }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownLimits {
    shard_limit: u64,
    open_shard_count: u64,
    on_demand_stream_count: u64,
    on_demand_stream_count_limit: u64,
    channel_count: u64,
    channel_count_limit: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    minimum_throughput_billing_commitment: Shown,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    earliest_allowed_end_at: Option<Time>,
}

impl From<Commitment> for Settings {
    fn from(commitment: Commitment) -> Settings {
        let shown = match commitment {
            Commitment::Disabled { ended } => {
                Shown { status: "DISABLED", ended_at: ended.map(Time), ..Shown::default() }
            }
            Commitment::Enabled { started, earliest_end } => Shown {
                status: "ENABLED",
                started_at: Some(Time(started)),
                earliest_allowed_end_at: Some(Time(earliest_end)),
                ..Shown::default()
            },
            Commitment::Ending { started, earliest_end } => Shown {
                status: "ENABLED_UNTIL_EARLIEST_ALLOWED_END",
                started_at: Some(Time(started)),
                earliest_allowed_end_at: Some(Time(earliest_end)),
                ..Shown::default()
            },
        };
        Settings { minimum_throughput_billing_commitment: shown }
    }
}

pub(super) fn limits(call: &Call<'_>) -> Answered {
    call.protocol.read::<IgnoredAny>(call.body)?;
    let limits = call.streams().limits()?;
    call.write(&ShownLimits {
        shard_limit: limits.shard_limit,
        open_shard_count: limits.open_shards,
        on_demand_stream_count: limits.on_demand_streams,
        on_demand_stream_count_limit: limits.on_demand_limit,
        channel_count: limits.channels,
        channel_count_limit: limits.channel_limit,
    })
}

pub(super) fn settings(call: &Call<'_>) -> Answered {
    call.protocol.read::<IgnoredAny>(call.body)?;
    call.write(&Settings::from(call.streams().commitment()?))
}

pub(super) fn update(call: &Call<'_>) -> Answered {
    let given: UpdateRequest<'_> = call.read()?;
    let is_enabled = given.commitment.unwrap_or_default().status.as_deref() == Some("ENABLED");
    call.write(&Settings::from(call.streams().set_commitment(is_enabled)?))
}
