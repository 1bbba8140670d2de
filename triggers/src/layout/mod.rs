//! The only file that knows keys and values on disk. Integers are big-endian.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `triggers.triggers` | `00` | u64: the highest trigger id ever given |
//! | `triggers.triggers` | `01` name | the trigger's record, JSON |
//! | `triggers.checkpoints` | trigger id (u64), shard (u32), `FFFF` | the shard's row |
//! | `triggers.checkpoints` | trigger id (u64), shard (u32), lane (u16) | the lane's row |

mod lane_row;
mod shard_row;
mod trigger_record;

use bytes::Bytes;
use millpond_engine::{Engine, Keyspace, RangeRequest, Read, Transaction};
use millpond_stream::log::ShardId;

pub(crate) use lane_row::LaneRow;
pub(crate) use shard_row::ShardRow;
pub use trigger_record::Registered;
pub(crate) use trigger_record::{SourceName, TriggerRecord};

use crate::{Error, Result};

const TRIGGERS: &str = "triggers.triggers";
const CHECKPOINTS: &str = "triggers.checkpoints";
const LAST_ID: &[u8] = &[0];
const TRIGGER: u8 = 1;
/// In the place of a lane: the row of the shard itself.
const SHARD: u16 = u16::MAX;

/// The keyspaces of the crate. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    triggers: Keyspace,
    checkpoints: Keyspace,
}

fn corrupt(keyspace: &'static str, detail: &'static str) -> Error {
    Error::Corrupt { keyspace, detail }
}

fn trigger_key(name: &str) -> Vec<u8> {
    [&[TRIGGER], name.as_bytes()].concat()
}

fn shard_prefix(trigger: u64, shard: ShardId) -> Vec<u8> {
    [&trigger.to_be_bytes()[..], &shard.get().to_be_bytes()].concat()
}

fn lane_key(trigger: u64, shard: ShardId, lane: u16) -> Vec<u8> {
    [&shard_prefix(trigger, shard)[..], &lane.to_be_bytes()].concat()
}

impl Rows {
    pub(crate) fn open(engine: &Engine) -> Result<Rows> {
        Ok(Rows { triggers: engine.keyspace(TRIGGERS)?, checkpoints: engine.keyspace(CHECKPOINTS)? })
    }

    pub(crate) fn next_id(&self, tx: &mut Transaction) -> Result<u64> {
        let last = tx.get(&self.triggers, LAST_ID)?;
        let read = |last: Bytes| last.as_ref().try_into().map(u64::from_be_bytes);
        let last = last.map_or(Ok(0), read).map_err(|_| corrupt(TRIGGERS, "the last id is not eight bytes"))?;
        let next = last.saturating_add(1);
        tx.put(&self.triggers, LAST_ID, next.to_be_bytes().to_vec())?;
        Ok(next)
    }

    pub(crate) fn trigger(&self, reader: &mut impl Read, name: &str) -> Result<Option<TriggerRecord>> {
        reader.get(&self.triggers, &trigger_key(name))?.map(|value| TriggerRecord::decode(&value)).transpose()
    }

    pub(crate) fn put_trigger(&self, tx: &mut Transaction, record: &TriggerRecord) -> Result<()> {
        Ok(tx.put(&self.triggers, trigger_key(&record.name), record.encode())?)
    }

    /// All triggers, by name.
    pub(crate) fn all_triggers(&self, reader: &mut impl Read) -> Result<Vec<TriggerRecord>> {
        let mut records = Vec::new();
        each(reader, &self.triggers, &[TRIGGER], |_, value| {
            records.push(TriggerRecord::decode(value)?);
            Ok(())
        })?;
        Ok(records)
    }

    /// Removes a trigger and all of its checkpoints.
    pub(crate) fn remove_trigger(&self, tx: &mut Transaction, record: &TriggerRecord) -> Result<()> {
        tx.delete(&self.triggers, trigger_key(&record.name))?;
        self.remove(tx, &record.id.to_be_bytes())
    }

    /// The rows of the shards of a trigger.
    pub(crate) fn shards(&self, reader: &mut impl Read, trigger: u64) -> Result<Vec<(ShardId, ShardRow)>> {
        let mut rows = Vec::new();
        each(reader, &self.checkpoints, &trigger.to_be_bytes(), |key, value| {
            let rest = key.get(8..).unwrap_or_default();
            let (Some(shard), Some(lane)) = (rest.first_chunk(), rest.last_chunk()) else {
                return Err(corrupt(CHECKPOINTS, "a key is cut off"));
            };
            if u16::from_be_bytes(*lane) == SHARD {
                rows.push((ShardId::new(u32::from_be_bytes(*shard)), ShardRow::decode(value.clone())?));
            }
            Ok(())
        })?;
        Ok(rows)
    }

    pub(crate) fn shard(&self, tx: &mut Transaction, trigger: u64, shard: ShardId) -> Result<Option<ShardRow>> {
        tx.get(&self.checkpoints, &lane_key(trigger, shard, SHARD))?.map(ShardRow::decode).transpose()
    }

    pub(crate) fn put_shard(&self, tx: &mut Transaction, trigger: u64, shard: ShardId, row: &ShardRow) -> Result<()> {
        Ok(tx.put(&self.checkpoints, lane_key(trigger, shard, SHARD), row.encode())?)
    }

    /// Removes all that is known of a shard.
    pub(crate) fn remove_shard(&self, tx: &mut Transaction, trigger: u64, shard: ShardId) -> Result<()> {
        self.remove(tx, &shard_prefix(trigger, shard))
    }

    pub(crate) fn lane(
        &self,
        reader: &mut impl Read,
        trigger: u64,
        shard: ShardId,
        lane: u16,
    ) -> Result<Option<LaneRow>> {
        reader.get(&self.checkpoints, &lane_key(trigger, shard, lane))?.map(LaneRow::decode).transpose()
    }

    pub(crate) fn put_lane(
        &self,
        tx: &mut Transaction,
        trigger: u64,
        shard: ShardId,
        lane: u16,
        row: &LaneRow,
    ) -> Result<()> {
        Ok(tx.put(&self.checkpoints, lane_key(trigger, shard, lane), row.encode())?)
    }

    pub(crate) fn delete_lane(&self, tx: &mut Transaction, trigger: u64, shard: ShardId, lane: u16) -> Result<()> {
        Ok(tx.delete(&self.checkpoints, lane_key(trigger, shard, lane))?)
    }

    fn remove(&self, tx: &mut Transaction, prefix: &[u8]) -> Result<()> {
        let mut keys = Vec::new();
        each(tx, &self.checkpoints, prefix, |key, _| {
            keys.push(key.clone());
            Ok(())
        })?;
        keys.into_iter().try_for_each(|key| Ok(tx.delete(&self.checkpoints, key)?))
    }
}

/// Visits all rows under a prefix, in their order.
fn each(
    reader: &mut impl Read,
    keyspace: &Keyspace,
    prefix: &[u8],
    mut visit: impl FnMut(&Bytes, &Bytes) -> Result<()>,
) -> Result<()> {
    let mut request = RangeRequest::prefix(prefix);
    loop {
        let page = reader.range(keyspace, &request)?;
        page.entries.iter().try_for_each(|(key, value)| visit(key, value))?;
        match page.resume {
            Some(key) => request = request.resume_after(&key),
            None => return Ok(()),
        }
    }
}
