//! The changes of a table.

use millpond_kv::{ChangeLog, DescribeTableRequest, Kv};
use millpond_stream::log::{self, LogId, Logs, ShardId};

use super::Log;
use crate::{Error, Record, Result, config::Kind, record::key_bytes};

/// The change stream of a table.
#[derive(Debug, Clone)]
pub(crate) struct TableLog(ChangeLog);

impl TableLog {
    /// The stream that a table has now.
    pub(crate) fn open(kv: &Kv, table: &str) -> Result<TableLog> {
        let described = kv.describe_table(&DescribeTableRequest { table_name: table.into() })?.table;
        let label = described.latest_stream_label.filter(|_| described.stream_specification.is_some());
        let label = label.ok_or_else(|| Error::NoChangeStream { table: table.into() })?;
        Ok(TableLog(kv.change_log(&format!("table/{table}/stream/{label}"))?))
    }

    pub(crate) fn stream(&self) -> String {
        self.0.stream().to_string()
    }
}

impl Log for TableLog {
    fn kind(&self) -> Kind {
        Kind::Table
    }

    fn logs(&self) -> &Logs {
        self.0.logs()
    }

    fn id(&self) -> LogId {
        self.0.log()
    }

    fn shard_name(&self, shard: ShardId) -> String {
        self.0.shard_name(shard)
    }

    fn record(&self, _: ShardId, stored: log::Record) -> Result<(Vec<u8>, Record)> {
        let position = stored.position;
        let change = self.0.record(stored)?;
        Ok((key_bytes(change.keys.get(self.0.partition_key())), Record::of_change(change, position)))
    }
}
