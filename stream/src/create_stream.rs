//! Creating streams.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html>

use std::{collections::BTreeSet, time::Duration};

use millpond_engine::Transaction;

use crate::{
    CreateOptions, Distribution, Error, Mode, Resource, Result, account, attached,
    layout::StreamRecord,
    log::LogOptions,
    settings::{MAX_RECORD_KIB, MIN_RECORD_KIB, MIN_RETENTION_HOURS},
    shared::Shared,
};

/// The shards of a new stream that decides on them itself.
const ON_DEMAND_SHARDS: u32 = 4;
const MAX_NAME_CHARS: usize = 128;

pub(crate) fn run(shared: &Shared, tx: &mut Transaction, name: &str, options: &CreateOptions) -> Result<()> {
    check_name(name)?;
    let max_record_kib = options.max_record_kib.unwrap_or(MIN_RECORD_KIB);
    if !(MIN_RECORD_KIB..=MAX_RECORD_KIB).contains(&max_record_kib) {
        return Err(Error::Validation(format!("MaxRecordSizeInKiB must be {MIN_RECORD_KIB} to {MAX_RECORD_KIB}.")));
    }
    if shared.find(tx, name)?.is_some() {
        return Err(Error::StreamExists { stream: name.to_owned() });
    }
    let is_on_demand = options.mode == Mode::OnDemand;
    if options.distribution == Distribution::Auto && !is_on_demand {
        return Err(provisioned_only_by_key(name));
    }
    if options.warm_throughput_mibps.is_some() {
        account::check_warm_throughput(shared, tx, is_on_demand, name)?;
    }
    let shards = match options.mode {
        Mode::Provisioned { shards } => shards,
        Mode::OnDemand => options.warm_throughput_mibps.unwrap_or(0).max(ON_DEMAND_SHARDS),
    };
    account::check_shards(shared, tx, u64::from(shards))?;
    if is_on_demand {
        account::check_on_demand(shared, tx)?;
    }
    let retention = Duration::from_secs(u64::from(MIN_RETENTION_HOURS) * 3600);
    let log = shared.logs.create_in(tx, &LogOptions { shards, retention, roll_after: None })?;
    let record = StreamRecord {
        log: log.get(),
        created: tx.began().as_millis(),
        is_on_demand,
        warm_throughput: options.warm_throughput_mibps,
        encryption_key: None,
        monitoring: BTreeSet::new(),
        max_record_kib,
        distribution: options.distribution,
        consumers: 0,
        queues: 0,
        channels: 0,
    };
    shared.keep(tx, name, &record)?;
    if !options.tags.is_empty() {
        attached::set_tags(shared, tx, &Resource::Stream { name: name.to_owned() }, &options.tags)?;
    }
    Ok(())
}

/// That a stream whose owner decides on the shards is to spread records itself.
pub(crate) fn provisioned_only_by_key(name: &str) -> Error {
    Error::InvalidArgument(format!(
        "RecordDistributionStrategy AUTO is only supported for streams in on-demand capacity mode; stream {name} is in \
         provisioned capacity mode."
    ))
}

/// Names of streams, consumers and groups: 1 to 128 letters, digits, underscores, dots and hyphens.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if (1..=MAX_NAME_CHARS).contains(&name.len()) && name.bytes().all(is_of_name) {
        return Ok(());
    }
    let shown: String = name.chars().take(MAX_NAME_CHARS).collect();
    Err(Error::Validation(format!(
        "1 validation error detected: Value '{shown}' at 'streamName' failed to satisfy constraint: Member must have length \
         less than or equal to {MAX_NAME_CHARS} and satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
    )))
}
