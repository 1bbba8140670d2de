//! The only file that knows keys and values of the service's own keyspace. Records are in the log's.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `stream.catalog` | `01` name | a stream's record |
//! | `stream.catalog` | `02` name `00` consumer's name | a consumer's record |
//! | `stream.catalog` | `03` resource | its tags |
//! | `stream.catalog` | `04` resource | its policy, as text |
//! | `stream.catalog` | `05` | the account's commitment |
//!
//! A resource is a letter (`s`, `c`, `q`, `h`) and its names, with `00` between them. Values but policies are a version byte and a
//! struct in [postcard](https://postcard.jamesmunns.com/wire-format)'s form.

use std::collections::{BTreeMap, BTreeSet};

use millpond_engine::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Distribution, Error, Resource, Result, ShardMetric, log::LogId};

/// The service's own keyspace.
pub(crate) const CATALOG: &str = "stream.catalog";
/// Before the names of streams.
pub(crate) const STREAM_PREFIX: &[u8] = &[1];
const CONSUMER: u8 = 2;
const TAGS: u8 = 3;
const POLICY: u8 = 4;
/// Key of the account's commitment.
pub(crate) const COMMITMENT_KEY: &[u8] = &[5];
const VERSION: u8 = 1;

/// A stream as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StreamRecord {
    pub(crate) log: u64,
    pub(crate) created: u64,
    pub(crate) is_on_demand: bool,
    pub(crate) warm_throughput: Option<u32>,
    pub(crate) encryption_key: Option<String>,
    pub(crate) monitoring: BTreeSet<ShardMetric>,
    pub(crate) max_record_kib: u32,
    pub(crate) distribution: Distribution,
    pub(crate) consumers: u32,
    pub(crate) queues: u32,
    pub(crate) channels: u32,
}

impl StreamRecord {
    pub(crate) fn log(&self) -> LogId {
        LogId::new(self.log)
    }

    pub(crate) fn created(&self) -> Timestamp {
        Timestamp::from_millis(self.created)
    }
}

/// A consumer as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConsumerRecord {
    pub(crate) created: u64,
}

/// The account's commitment as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CommitmentRecord {
    pub(crate) started: Option<u64>,
    pub(crate) ends: Option<u64>,
}

/// The tags of a resource.
pub(crate) type Tags = BTreeMap<String, String>;

pub(crate) fn stream_key(name: &str) -> Vec<u8> {
    [STREAM_PREFIX, name.as_bytes()].concat()
}

/// The name in a key of a stream.
pub(crate) fn stream_name(key: &[u8]) -> Result<String> {
    let name = key.get(1..).and_then(|name| std::str::from_utf8(name).ok());
    name.map(str::to_owned).ok_or(Error::Corrupt { keyspace: CATALOG, detail: "the name of a stream is no text" })
}

/// Before the names of a stream's consumers.
pub(crate) fn consumers_prefix(stream: &str) -> Vec<u8> {
    [&[CONSUMER], stream.as_bytes(), &[0]].concat()
}

pub(crate) fn consumer_key(stream: &str, name: &str) -> Vec<u8> {
    [&consumers_prefix(stream), name.as_bytes()].concat()
}

/// The name in a key of a consumer.
pub(crate) fn consumer_name(stream: &str, key: &[u8]) -> Result<String> {
    let name = key.get(stream.len() + 2..).and_then(|name| std::str::from_utf8(name).ok());
    name.map(str::to_owned).ok_or(Error::Corrupt { keyspace: CATALOG, detail: "the name of a consumer is no text" })
}

fn resource_key(kind: u8, resource: &Resource) -> Vec<u8> {
    match resource {
        Resource::Stream { name } => [&[kind, b's'], name.as_bytes()].concat(),
        Resource::Consumer { stream, name } => [&[kind, b'c'], stream.as_bytes(), &[0], name.as_bytes()].concat(),
        Resource::Queue { id } => [&[kind, b'q'], id.as_bytes()].concat(),
        Resource::Channel { id } => [&[kind, b'h'], id.as_bytes()].concat(),
    }
}

pub(crate) fn tags_key(resource: &Resource) -> Vec<u8> {
    resource_key(TAGS, resource)
}

pub(crate) fn policy_key(resource: &Resource) -> Vec<u8> {
    resource_key(POLICY, resource)
}

/// What identifies a queue or a channel, the how many-th one that was made in a store: 32 letters and digits that say nothing.
pub(crate) fn new_id(kind: &str, number: u64, created: Timestamp) -> String {
    let made = format!("{kind} {number} {}", created.as_millis());
    blake3::hash(made.as_bytes()).to_hex().as_str().chars().take(32).collect()
}

/// A value as stored.
pub(crate) fn encode(value: &impl Serialize) -> Result<Vec<u8>> {
    let bad = |_| Error::Corrupt { keyspace: CATALOG, detail: "a value cannot be written" };
    postcard::to_extend(value, vec![VERSION]).map_err(bad)
}

/// What [`encode`] gave.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    decode_of(CATALOG, bytes)
}

/// [`decode`] of a value of another keyspace.
pub(crate) fn decode_of<T: DeserializeOwned>(keyspace: &'static str, bytes: &[u8]) -> Result<T> {
    let corrupt = |detail| Error::Corrupt { keyspace, detail };
    match bytes.split_first() {
        Some((&VERSION, body)) => postcard::from_bytes(body).map_err(|_| corrupt("a row is cut off")),
        _ => Err(corrupt("a row is of an unknown version")),
    }
}
