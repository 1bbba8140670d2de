//! The only file that knows keys and values of channels. Integers are big-endian.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `stream.channels` | `00` | u64: the highest channel number ever given |
//! | `stream.channels` | `01` id | a channel's record |
//! | `stream.channels` | `02` name | the id of the channel of that name |
//! | `stream.channels` | `03` number (u64), shard (u32) | u64: the position before which all records of a shard were delivered |
//!
//! Values but ids are a version byte and what follows; records are structs in
//! [postcard](https://postcard.jamesmunns.com/wire-format)'s form.

use millpond_engine::{Position, Read};
use serde::{Deserialize, Serialize};

use super::{ChannelLogging, Destination, RecordFormat};
use crate::{Error, Result, ShardId, layout, log::LogId, shared::Shared};

/// The keyspace of channels.
pub(crate) const KEYSPACE: &str = "stream.channels";
/// Key of the highest number ever given.
pub(crate) const LAST_NUMBER: &[u8] = &[0];
/// Before the names of channels.
pub(crate) const NAMES: &[u8] = &[2];
const CHANNEL: u8 = 1;
const PLACE: u8 = 3;

/// A channel as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChannelRow {
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) created: u64,
    pub(crate) role_arn: String,
    pub(crate) stream: String,
    pub(crate) log: u64,
    /// Records before it are not delivered.
    pub(crate) start: u64,
    pub(crate) format: RecordFormat,
    pub(crate) schema_arn: Option<String>,
    pub(crate) destination: Destination,
    pub(crate) encryption_key: Option<String>,
    pub(crate) logging: ChannelLogging,
}

impl ChannelRow {
    pub(crate) fn log(&self) -> LogId {
        LogId::new(self.log)
    }
}

pub(crate) fn channel_key(id: &str) -> Vec<u8> {
    [&[CHANNEL], id.as_bytes()].concat()
}

pub(crate) fn name_key(name: &str) -> Vec<u8> {
    [NAMES, name.as_bytes()].concat()
}

/// Before the places in all shards.
pub(crate) fn places_prefix(channel: u64) -> Vec<u8> {
    [&[PLACE], &channel.to_be_bytes()[..]].concat()
}

pub(crate) fn place_key(channel: u64, shard: ShardId) -> Vec<u8> {
    [&places_prefix(channel)[..], &shard.get().to_be_bytes()].concat()
}

pub(crate) fn channel(shared: &Shared, reader: &mut impl Read, id: &str) -> Result<Option<ChannelRow>> {
    reader.get(&shared.channels, &channel_key(id))?.map(|stored| layout::decode(&stored)).transpose()
}

/// Before which position all records of a shard were delivered.
pub(crate) fn place(shared: &Shared, reader: &mut impl Read, channel: &ChannelRow, shard: ShardId) -> Result<Position> {
    let stored = reader.get(&shared.channels, &place_key(channel.number, shard))?;
    stored.map_or(Ok(channel.start), |stored| layout::decode(&stored)).map(Position::new)
}

pub(crate) fn id(stored: &[u8]) -> Result<String> {
    let id = String::from_utf8(stored.to_vec());
    id.map_err(|_| Error::Corrupt { keyspace: KEYSPACE, detail: "the id of a channel is no text" })
}
