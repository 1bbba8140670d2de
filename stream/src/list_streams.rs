//! Listing and describing streams.

use std::ops::Bound;

use millpond_engine::{RangeRequest, Read};

use crate::{
    Description, Result, Status, StreamPage, WarmThroughput, account,
    layout::{self, STREAM_PREFIX, StreamRecord},
    log::View,
    shared::Shared,
};

pub(crate) fn run(shared: &Shared, after: Option<&str>, max: usize) -> Result<StreamPage> {
    let mut snapshot = shared.engine.snapshot()?;
    let from = layout::stream_key(after.unwrap_or_default());
    let to = [STREAM_PREFIX.first().map_or(0, |byte| byte + 1)];
    let names = RangeRequest::between(Bound::Excluded(&from), Bound::Excluded(&to)).limit(max.max(1));
    let page = Read::range(&mut snapshot, &shared.catalog, &names)?;
    let mut streams = Vec::new();
    for (key, value) in page.entries {
        let record: StreamRecord = layout::decode(&value)?;
        let log = shared.logs.view(&mut snapshot, record.log())?;
        streams.push(describe(shared, &mut snapshot, layout::stream_name(&key)?, &record, &log)?);
    }
    Ok(StreamPage { streams, has_more: page.resume.is_some() })
}

pub(crate) fn one(shared: &Shared, name: &str) -> Result<Description> {
    let found = shared.look(&mut shared.engine.latest(), name)?;
    describe(shared, &mut shared.engine.latest(), name.to_owned(), &found.record, &found.log)
}

fn describe(
    shared: &Shared,
    reader: &mut impl Read,
    name: String,
    record: &StreamRecord,
    log: &View,
) -> Result<Description> {
    let open_shards = u32::try_from(log.open_count()).unwrap_or(u32::MAX);
    let is_warm = record.is_on_demand && account::commitment(shared, reader)?.is_on();
    Ok(Description {
        name,
        created: record.created(),
        status: Status::Active,
        is_on_demand: record.is_on_demand,
        retention_hours: u32::try_from(log.retention().as_secs() / 3600).unwrap_or(u32::MAX),
        encryption_key: record.encryption_key.clone(),
        monitoring: record.monitoring.clone(),
        open_shards,
        consumers: record.consumers,
        queues: record.queues,
        channels: record.channels,
        warm_throughput: is_warm.then(|| WarmThroughput {
            target_mibps: record.warm_throughput.unwrap_or(open_shards),
            current_mibps: open_shards,
        }),
        max_record_kib: record.max_record_kib,
        distribution: record.distribution,
    })
}

/// All streams with their shards, for what counts over them.
pub(crate) fn all(shared: &Shared, reader: &mut impl Read) -> Result<Vec<(String, StreamRecord, View)>> {
    let mut all = Vec::new();
    let mut request = RangeRequest::prefix(STREAM_PREFIX);
    loop {
        let page = reader.range(&shared.catalog, &request)?;
        for (key, value) in page.entries {
            let record: StreamRecord = layout::decode(&value)?;
            let log = shared.logs.view(reader, record.log())?;
            all.push((layout::stream_name(&key)?, record, log));
        }
        match page.resume {
            Some(key) => request = RangeRequest::prefix(STREAM_PREFIX).resume_after(&key),
            None => return Ok(all),
        }
    }
}
