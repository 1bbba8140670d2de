//! The record of a queue: its settings, its tags, and the store of its messages.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use millpond_engine::Timestamp;

use super::{
    StoreId,
    codec::{Reader, Writer},
};
use crate::{
    DeduplicationScope, FifoSettings, FifoThroughputLimit, RedriveAllowPolicy, RedrivePolicy, Result, Settings,
};

const VERSION: u8 = 1;

/// A queue as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueRecord {
    /// What its messages stand under.
    pub(crate) store: StoreId,
    pub(crate) settings: Settings,
    /// Within what deduplication ids count. The service goes on by what was set when the queue was created, whatever is
    /// shown later.
    pub(crate) deduplicates_within: DeduplicationScope,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) purged: Option<Timestamp>,
}

impl QueueRecord {
    pub(crate) fn is_fifo(&self) -> bool {
        self.settings.fifo.is_some()
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut row = Writer::new(VERSION);
        row.u64(self.store.0).time(self.created).time(self.modified);
        row.option(self.purged, |row, purged| row.time(purged));
        row.u8(scope_byte(self.deduplicates_within));
        write_settings(&mut row, &self.settings);
        row.u32(u32::try_from(self.tags.len()).unwrap_or(u32::MAX));
        for (name, value) in &self.tags {
            row.text(name).text(value);
        }
        row.finish()
    }

    pub(crate) fn decode(row: Bytes) -> Result<Self> {
        let mut row = Reader::new(row, "queue.queues", VERSION)?;
        let (store, created, modified) = (StoreId(row.u64()?), row.time()?, row.time()?);
        let purged = row.option(Reader::time)?;
        let deduplicates_within = read_scope(&mut row)?;
        let settings = read_settings(&mut row)?;
        let tags = row.list(|row| Ok((row.text()?, row.text()?)))?.into_iter().collect();
        row.finish()?;
        Ok(QueueRecord { store, settings, deduplicates_within, tags, created, modified, purged })
    }
}

fn write_settings(row: &mut Writer, settings: &Settings) {
    for duration in [settings.delay, settings.retention, settings.receive_wait, settings.visibility_timeout] {
        write_duration(row, duration);
    }
    row.u64(settings.maximum_message_bytes as u64);
    row.option(settings.redrive_policy.as_ref(), |row, policy| {
        row.text(&policy.dead_letter_queue).u32(policy.max_receive_count)
    });
    row.option(settings.redrive_allow_policy.as_ref(), |row, policy| match policy {
        RedriveAllowPolicy::AllowAll => row.u8(0),
        RedriveAllowPolicy::DenyAll => row.u8(1),
        RedriveAllowPolicy::ByQueue(sources) => {
            let row = row.u8(2).u32(u32::try_from(sources.len()).unwrap_or(u32::MAX));
            sources.iter().fold(row, |row, source| row.text(source))
        }
    });
    row.option(settings.policy.as_ref(), |row, policy| row.text(policy));
    row.option(settings.kms_master_key_id.as_ref(), |row, id| row.text(id));
    row.option(settings.kms_data_key_reuse_period, write_duration);
    row.u8(u8::from(settings.sqs_managed_sse));
    row.option(settings.fifo, |row, fifo| {
        row.u8(u8::from(fifo.content_based_deduplication)).u8(scope_byte(fifo.deduplication_scope));
        row.u8(u8::from(fifo.throughput_limit == FifoThroughputLimit::PerMessageGroupId))
    });
}

fn read_settings(row: &mut Reader) -> Result<Settings> {
    let (delay, retention) = (read_duration(row)?, read_duration(row)?);
    let (receive_wait, visibility_timeout) = (read_duration(row)?, read_duration(row)?);
    let maximum_message_bytes = usize::try_from(row.u64()?).map_err(|_| row.corrupt("a size is too large"))?;
    let redrive_policy =
        row.option(|row| Ok(RedrivePolicy { dead_letter_queue: row.text()?, max_receive_count: row.u32()? }))?;
    let redrive_allow_policy = row.option(|row| match row.u8()? {
        0 => Ok(RedriveAllowPolicy::AllowAll),
        1 => Ok(RedriveAllowPolicy::DenyAll),
        2 => row.list(Reader::text).map(RedriveAllowPolicy::ByQueue),
        _ => Err(row.corrupt("a redrive-allow policy is of an unknown kind")),
    })?;
    let (policy, kms_master_key_id) = (row.option(Reader::text)?, row.option(Reader::text)?);
    let kms_data_key_reuse_period = row.option(read_duration)?;
    let sqs_managed_sse = row.flag()?;
    let fifo = row.option(|row| {
        let (content_based_deduplication, deduplication_scope) = (row.flag()?, read_scope(row)?);
        let throughput_limit =
            if row.flag()? { FifoThroughputLimit::PerMessageGroupId } else { FifoThroughputLimit::PerQueue };
        Ok(FifoSettings { content_based_deduplication, deduplication_scope, throughput_limit })
    })?;
    Ok(Settings {
        delay,
        maximum_message_bytes,
        retention,
        receive_wait,
        visibility_timeout,
        redrive_policy,
        redrive_allow_policy,
        policy,
        kms_master_key_id,
        kms_data_key_reuse_period,
        sqs_managed_sse,
        fifo,
    })
}

fn scope_byte(scope: DeduplicationScope) -> u8 {
    u8::from(scope == DeduplicationScope::MessageGroup)
}

fn read_scope(row: &mut Reader) -> Result<DeduplicationScope> {
    Ok(if row.flag()? { DeduplicationScope::MessageGroup } else { DeduplicationScope::Queue })
}

fn write_duration(row: &mut Writer, duration: Duration) -> &mut Writer {
    row.u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

fn read_duration(row: &mut Reader) -> Result<Duration> {
    row.u64().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_back_as_it_was_written_or_not_at_all() {
        let plain = QueueRecord {
            store: StoreId(4),
            settings: Settings::new(false),
            deduplicates_within: DeduplicationScope::Queue,
            tags: BTreeMap::new(),
            created: Timestamp::from_secs(1),
            modified: Timestamp::from_secs(2),
            purged: None,
        };
        let full = QueueRecord {
            settings: Settings {
                redrive_policy: Some(RedrivePolicy { dead_letter_queue: "dead".into(), max_receive_count: 9 }),
                redrive_allow_policy: Some(RedriveAllowPolicy::ByQueue(vec!["a".into(), "b".into()])),
                policy: Some("{}".into()),
                kms_master_key_id: Some("key".into()),
                kms_data_key_reuse_period: Some(Duration::from_secs(60)),
                fifo: Some(FifoSettings {
                    content_based_deduplication: true,
                    deduplication_scope: DeduplicationScope::MessageGroup,
                    throughput_limit: FifoThroughputLimit::PerMessageGroupId,
                }),
                ..Settings::new(true)
            },
            deduplicates_within: DeduplicationScope::MessageGroup,
            tags: [("a".to_owned(), "1".to_owned())].into(),
            purged: Some(Timestamp::from_secs(3)),
            ..plain.clone()
        };
        for record in [plain, full] {
            let row = Bytes::from(record.encode());
            assert_eq!(QueueRecord::decode(row.clone()).unwrap(), record);
            assert!((0..row.len()).all(|end| QueueRecord::decode(row.slice(..end)).is_err()));
        }
    }
}
