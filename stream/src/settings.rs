//! What a stream can be set to.

use std::{collections::BTreeSet, time::Duration};

use millpond_engine::Transaction;

use crate::{
    Distribution, Error, Mode, MonitoringChange, Result, ShardMetric, WarmThroughput, account, create_stream, reshard,
    shared::Shared,
};

pub(crate) const MIN_RETENTION_HOURS: u32 = 24;
const MAX_RETENTION_HOURS: u32 = 8760;
pub(crate) const MIN_RECORD_KIB: u32 = 1024;
pub(crate) const MAX_RECORD_KIB: u32 = 10_240;
const MAX_WARM_MIBPS: u32 = 10_240;
const MAX_KEY_ID_CHARS: usize = 2048;

/// Which way the retention is to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Longer,
    Shorter,
}

/// Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_IncreaseStreamRetentionPeriod.html>
pub(crate) fn set_retention(
    shared: &Shared,
    tx: &mut Transaction,
    name: &str,
    hours: u32,
    direction: Direction,
) -> Result<()> {
    let found = shared.look(tx, name)?;
    let refuse = |text: String| Err(Error::InvalidArgument(text));
    if hours < MIN_RETENTION_HOURS {
        return refuse(format!(
            "Minimum allowed retention period is {MIN_RETENTION_HOURS} hours. Requested retention period ({hours} hours) is too short."
        ));
    }
    if hours > MAX_RETENTION_HOURS {
        return refuse(format!(
            "Maximum allowed retention period is {MAX_RETENTION_HOURS} hours. Requested retention period ({hours} hours) is too long."
        ));
    }
    let now = found.log.retention().as_secs() / 3600;
    let (is_refused, than, use_instead) = match direction {
        Direction::Longer => (u64::from(hours) < now, "shorter", "Decrease"),
        Direction::Shorter => (u64::from(hours) > now, "longer", "Increase"),
    };
    if is_refused {
        return refuse(format!(
            "Requested retention period ({hours} hours) for stream {name} can not be {than} than existing retention period ({now} \
             hours). Use {use_instead}RetentionPeriod API."
        ));
    }
    let retention = Duration::from_secs(u64::from(hours) * 3600);
    Ok(shared.logs.set_retention_in(tx, found.record.log(), retention)?)
}

/// Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StartStreamEncryption.html>
pub(crate) fn set_encryption(shared: &Shared, tx: &mut Transaction, name: &str, key_id: Option<&str>) -> Result<()> {
    if key_id.is_some_and(|key| key.is_empty() || key.chars().count() > MAX_KEY_ID_CHARS) {
        return Err(Error::InvalidArgument(format!("A key's id has 1 to {MAX_KEY_ID_CHARS} characters.")));
    }
    shared.change(tx, name, |record| {
        record.encryption_key = key_id.map(str::to_owned);
        Ok(())
    })
}

/// Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_EnableEnhancedMonitoring.html>
pub(crate) fn set_monitoring(
    shared: &Shared,
    tx: &mut Transaction,
    name: &str,
    metrics: &BTreeSet<ShardMetric>,
    is_on: bool,
) -> Result<MonitoringChange> {
    shared.change(tx, name, |record| {
        let before = record.monitoring.clone();
        match is_on {
            true => record.monitoring.extend(metrics),
            false => record.monitoring.retain(|metric| !metrics.contains(metric)),
        }
        Ok(MonitoringChange { before, after: record.monitoring.clone() })
    })
}

/// Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateStreamMode.html>
pub(crate) fn set_mode(
    shared: &Shared,
    tx: &mut Transaction,
    name: &str,
    mode: Mode,
    warm_mibps: Option<u32>,
) -> Result<()> {
    let record = shared.need(tx, name)?;
    let is_on_demand = mode == Mode::OnDemand;
    if warm_mibps.is_some() {
        account::check_warm_throughput(shared, tx, is_on_demand, name)?;
    }
    if !is_on_demand && record.queues > 0 {
        return Err(Error::Validation(format!(
            "Stream {name} under account {} has queues, which are only supported in on-demand capacity mode.",
            crate::ACCOUNT
        )));
    }
    if is_on_demand && !record.is_on_demand {
        account::check_on_demand(shared, tx)?;
    }
    shared.change(tx, name, |record| {
        record.is_on_demand = is_on_demand;
        record.warm_throughput = warm_mibps.or(record.warm_throughput.filter(|_| is_on_demand));
        if !is_on_demand {
            record.distribution = Distribution::UserPartitionKey;
        }
        Ok(())
    })?;
    warm_mibps.map_or(Ok(()), |mibps| reshard::grow(shared, tx, name, mibps))
}

/// Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateMaxRecordSize.html>
pub(crate) fn set_max_record(shared: &Shared, tx: &mut Transaction, name: &str, kib: u32) -> Result<()> {
    if !(MIN_RECORD_KIB..=MAX_RECORD_KIB).contains(&kib) {
        return Err(Error::Validation(format!("MaxRecordSizeInKiB must be {MIN_RECORD_KIB} to {MAX_RECORD_KIB}.")));
    }
    shared.change(tx, name, |record| {
        record.max_record_kib = kib;
        Ok(())
    })
}

/// Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateStreamRecordDistributionStrategy.html>
pub(crate) fn set_distribution(
    shared: &Shared,
    tx: &mut Transaction,
    name: &str,
    distribution: Distribution,
) -> Result<()> {
    shared.change(tx, name, |record| {
        if !record.is_on_demand && distribution == Distribution::Auto {
            return Err(create_stream::provisioned_only_by_key(name));
        }
        record.distribution = distribution;
        Ok(())
    })
}

/// Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateStreamWarmThroughput.html>
pub(crate) fn set_warm_throughput(
    shared: &Shared,
    tx: &mut Transaction,
    name: &str,
    mibps: u32,
) -> Result<WarmThroughput> {
    let record = shared.need(tx, name)?;
    account::check_warm_throughput(shared, tx, record.is_on_demand, name)?;
    if mibps > MAX_WARM_MIBPS {
        return Err(Error::Validation(format!("A stream's warm throughput is at most {MAX_WARM_MIBPS} MiB a second.")));
    }
    shared.change(tx, name, |record| {
        record.warm_throughput = Some(mibps);
        Ok(())
    })?;
    reshard::grow(shared, tx, name, mibps)?;
    let current = shared.look(tx, name)?.log.open_count();
    Ok(WarmThroughput { target_mibps: mibps, current_mibps: u32::try_from(current).unwrap_or(u32::MAX) })
}
