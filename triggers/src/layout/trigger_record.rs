//! What is stored of a trigger, as JSON: its name, its source, where it began, and its settings.

use std::time::Duration;

use bytes::Bytes;
use millpond_engine::{Position, Timestamp};
use serde::{Deserialize, Serialize};

use super::{TRIGGERS, corrupt};
use crate::{
    Result,
    config::{Config, Kind, StartingPosition},
};

const VERSION: u32 = 1;

/// A source, by what no other one has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(crate) enum SourceName {
    Queue { name: String },
    Stream { name: String, log: u64 },
    Table { stream: String, log: u64 },
}

impl SourceName {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            SourceName::Queue { name } if name.ends_with(".fifo") => Kind::FifoQueue,
            SourceName::Queue { .. } => Kind::Queue,
            SourceName::Stream { .. } => Kind::Stream,
            SourceName::Table { .. } => Kind::Table,
        }
    }
}

impl std::fmt::Display for SourceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SourceName::Queue { name } => write!(f, "queue {name}"),
            // One that was deleted and made again is another one.
            SourceName::Stream { name, log } => write!(f, "stream {name} (log {log})"),
            SourceName::Table { stream, .. } => f.write_str(stream),
        }
    }
}

/// A trigger that is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registered {
    /// Its name.
    pub name: String,
    /// What it reads, in words.
    pub source: String,
    /// Whether it is on. One that is off keeps its checkpoints.
    pub is_enabled: bool,
    /// When it was first run.
    pub created: Timestamp,
    /// Its settings when it was last run.
    pub config: Config,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TriggerRecord {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) source: SourceName,
    /// No record before this position is handled.
    pub(crate) start: Position,
    pub(crate) is_enabled: bool,
    pub(crate) created: Timestamp,
    pub(crate) config: Config,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    id: u64,
    name: String,
    source: SourceName,
    start: u64,
    enabled: bool,
    created: u64,
    batch_size: u32,
    batching_window_millis: u64,
    starting_position: Start,
    filters: Vec<String>,
    report_batch_item_failures: bool,
    bisect_on_error: bool,
    maximum_retry_attempts: Option<u32>,
    maximum_record_age_millis: Option<u64>,
    parallelization_factor: u16,
    tumbling_window_millis: u64,
    on_failure: Option<String>,
    maximum_concurrency: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Start {
    TrimHorizon,
    Latest,
    AtTimestamp(u64),
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl TriggerRecord {
    pub(crate) fn registered(&self) -> Registered {
        Registered {
            name: self.name.clone(),
            source: self.source.to_string(),
            is_enabled: self.is_enabled,
            created: self.created,
            config: self.config.clone(),
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let config = self.config.clone();
        let stored = Stored {
            version: VERSION,
            id: self.id,
            name: self.name.clone(),
            source: self.source.clone(),
            start: self.start.get(),
            enabled: self.is_enabled,
            created: self.created.as_millis(),
            batch_size: config.batch_size,
            batching_window_millis: millis(config.batching_window),
            starting_position: match config.starting_position {
                StartingPosition::TrimHorizon => Start::TrimHorizon,
                StartingPosition::Latest => Start::Latest,
                StartingPosition::AtTimestamp(at) => Start::AtTimestamp(at.as_millis()),
            },
            filters: config.filters,
            report_batch_item_failures: config.report_batch_item_failures,
            bisect_on_error: config.bisect_on_error,
            maximum_retry_attempts: config.maximum_retry_attempts,
            maximum_record_age_millis: config.maximum_record_age.map(millis),
            parallelization_factor: config.parallelization_factor,
            tumbling_window_millis: millis(config.tumbling_window),
            on_failure: config.on_failure,
            maximum_concurrency: config.maximum_concurrency,
        };
        // It has no maps and no floats, so there is nothing to fail on.
        serde_json::to_vec(&stored).unwrap_or_default()
    }

    pub(super) fn decode(value: &Bytes) -> Result<Self> {
        let stored: Stored =
            serde_json::from_slice(value).map_err(|_| corrupt(TRIGGERS, "a trigger's record cannot be read"))?;
        if stored.version > VERSION {
            return Err(corrupt(TRIGGERS, "a trigger's record is of an unknown version"));
        }
        Ok(TriggerRecord {
            id: stored.id,
            name: stored.name,
            source: stored.source,
            start: Position::new(stored.start),
            is_enabled: stored.enabled,
            created: Timestamp::from_millis(stored.created),
            config: Config {
                batch_size: stored.batch_size,
                batching_window: Duration::from_millis(stored.batching_window_millis),
                starting_position: match stored.starting_position {
                    Start::TrimHorizon => StartingPosition::TrimHorizon,
                    Start::Latest => StartingPosition::Latest,
                    Start::AtTimestamp(at) => StartingPosition::AtTimestamp(Timestamp::from_millis(at)),
                },
                filters: stored.filters,
                report_batch_item_failures: stored.report_batch_item_failures,
                bisect_on_error: stored.bisect_on_error,
                maximum_retry_attempts: stored.maximum_retry_attempts,
                maximum_record_age: stored.maximum_record_age_millis.map(Duration::from_millis),
                parallelization_factor: stored.parallelization_factor,
                tumbling_window: Duration::from_millis(stored.tumbling_window_millis),
                on_failure: stored.on_failure,
                maximum_concurrency: stored.maximum_concurrency,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let config = Config {
            batch_size: 7,
            batching_window: Duration::from_millis(1500),
            starting_position: StartingPosition::AtTimestamp(Timestamp::from_millis(23)),
            filters: vec![r#"{"a":["x"]}"#.into()],
            report_batch_item_failures: true,
            bisect_on_error: true,
            maximum_retry_attempts: Some(3),
            maximum_record_age: Some(Duration::from_secs(60)),
            parallelization_factor: 10,
            tumbling_window: Duration::from_secs(900),
            on_failure: Some("dead".into()),
            maximum_concurrency: Some(2),
        };
        for source in [
            SourceName::Queue { name: "q".into() },
            SourceName::Stream { name: "s".into(), log: 3 },
            SourceName::Table { stream: "table/t/stream/x".into(), log: 4 },
        ] {
            for config in [config.clone(), Config::new(source.kind())] {
                let record = TriggerRecord {
                    id: 5,
                    name: "t".into(),
                    source: source.clone(),
                    start: Position::new(u64::MAX),
                    is_enabled: false,
                    created: Timestamp::from_secs(1_700_000_000),
                    config,
                };
                assert_eq!(TriggerRecord::decode(&record.encode().into()).unwrap(), record);
            }
        }
        assert!(TriggerRecord::decode(&Bytes::from_static(b"{}")).is_err());
    }
}
