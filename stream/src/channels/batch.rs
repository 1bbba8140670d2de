//! Records on their way out.

use std::time::Duration;

use millpond_engine::{Position, Timestamp, Transaction};

use super::{
    ChannelDescription, Destination,
    layout::{self, ChannelRow},
    list, template,
};
use crate::{Error, Record, Result, ShardId, layout as catalog, log::Most, shared::Shared};

/// What one object has at most.
const MOST: Most = Most { records: 10_000, bytes: 16 << 20 };

/// Records of one shard that are due to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelBatch {
    /// Of which channel, and where they go.
    pub channel: ChannelDescription,
    /// The shard.
    pub shard: ShardId,
    /// The records in their order: at least one.
    pub records: Vec<Record>,
    from: Position,
    next: Position,
}

impl ChannelBatch {
    /// The key of an object of these records, which a suffix tells from all others.
    #[must_use]
    pub fn object_key(&self, suffix: &str) -> String {
        let template = match &self.channel.destination {
            Destination::S3(bucket) => bucket.key_template.as_deref(),
            Destination::S3Tables(_) => None,
        };
        let time = self.records.first().map_or(Timestamp::default(), |record| record.arrived);
        template::render(template, &self.channel, time, suffix)
    }

    /// The key of an object of those that are not what they should be.
    #[must_use]
    pub fn error_key(&self, suffix: &str) -> String {
        let dead_letters = match &self.channel.destination {
            Destination::S3(bucket) => bucket.dead_letters.as_ref(),
            Destination::S3Tables(table) => Some(&table.dead_letters),
        };
        let prefix = dead_letters.and_then(|bucket| bucket.error_prefix.as_deref()).unwrap_or_default();
        format!("{prefix}{}-{}-{suffix}.json", self.channel.name, self.channel.id)
    }
}

/// The first records of a channel that are due.
pub(crate) fn due(shared: &Shared, id: &str) -> Result<Option<ChannelBatch>> {
    let mut reader = shared.engine.latest();
    let row = list::need(shared, &mut reader, id)?;
    let Destination::S3(bucket) = &row.destination else { return Ok(None) };
    let now = shared.engine.clock().now();
    let freshness = Duration::from_secs(u64::from(bucket.freshness_secs));
    let view = shared.logs.view(&mut reader, row.log())?;
    for shard in view.shards(now) {
        let from = layout::place(shared, &mut reader, &row, shard.id)?;
        let first = shared.logs.follow(row.log(), shard.id, from, Most { records: 1, bytes: 1 })?;
        let is_due = |position: Position| now.saturating_since(position.time()) >= freshness;
        if !first.records.first().is_some_and(|record| is_due(record.position)) {
            continue;
        }
        let found = shared.logs.follow(row.log(), shard.id, from, MOST)?;
        let decode = |stored| Record::decode(shard.generation, shard.id, stored);
        let records = found.records.into_iter().map(decode).collect::<Result<Vec<_>>>()?;
        let channel = list::show(shared, &mut reader, id.to_owned(), row)?;
        return Ok(Some(ChannelBatch { channel, shard: shard.id, records, from, next: found.next }));
    }
    Ok(None)
}

/// Takes note that a batch was delivered.
pub(crate) fn delivered(shared: &Shared, tx: &mut Transaction, batch: &ChannelBatch) -> Result<()> {
    let row: ChannelRow = list::need(shared, tx, &batch.channel.id)?;
    if layout::place(shared, tx, &row, batch.shard)? != batch.from {
        return Err(Error::ResourceInUse(format!(
            "The records of shard {} were delivered by somebody else meanwhile.",
            batch.shard
        )));
    }
    let key = layout::place_key(row.number, batch.shard);
    Ok(tx.put(&shared.channels, key, catalog::encode(&batch.next.get())?)?)
}
