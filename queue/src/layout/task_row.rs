//! The row of a task that moves messages.

use bytes::Bytes;
use millpond_engine::Timestamp;
use uuid::Uuid;

use super::{
    StoreId,
    codec::{Reader, Writer},
};
use crate::{MoveStatus, MoveTask, MoveTaskHandle, MoveTaskId, Result};

const VERSION: u8 = 1;

/// A task as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskRow {
    pub(crate) id: MoveTaskId,
    /// The store that it began to move messages from: a purge or a deletion ends it.
    pub(crate) store: StoreId,
    pub(crate) source: String,
    pub(crate) destination: Option<String>,
    pub(crate) max_per_second: Option<u32>,
    pub(crate) status: MoveStatus,
    pub(crate) moved: u64,
    pub(crate) to_move: u64,
    pub(crate) started: Timestamp,
    pub(crate) failure_reason: Option<String>,
}

impl TaskRow {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut row = Writer::new(VERSION);
        let status = match self.status {
            MoveStatus::Running => 0,
            MoveStatus::Completed => 1,
            MoveStatus::Cancelled => 2,
            MoveStatus::Failed => 3,
        };
        row.raw(self.id.0.as_bytes()).u64(self.store.0).text(&self.source).u8(status);
        row.u64(self.moved).u64(self.to_move).time(self.started);
        row.option(self.destination.as_ref(), |row, name| row.text(name));
        row.option(self.max_per_second, |row, rate| row.u32(rate));
        row.option(self.failure_reason.as_ref(), |row, reason| row.text(reason));
        row.finish()
    }

    pub(crate) fn decode(row: Bytes) -> Result<Self> {
        let mut row = Reader::new(row, "queue.queues", VERSION)?;
        let (id, store, source) = (MoveTaskId(Uuid::from_bytes(row.array()?)), StoreId(row.u64()?), row.text()?);
        let status = match row.u8()? {
            0 => MoveStatus::Running,
            1 => MoveStatus::Completed,
            2 => MoveStatus::Cancelled,
            3 => MoveStatus::Failed,
            _ => return Err(row.corrupt("a task is in an unknown state")),
        };
        let (moved, to_move, started) = (row.u64()?, row.u64()?, row.time()?);
        let destination = row.option(Reader::text)?;
        let max_per_second = row.option(Reader::u32)?;
        let failure_reason = row.option(Reader::text)?;
        row.finish()?;
        Ok(TaskRow { id, store, source, destination, max_per_second, status, moved, to_move, started, failure_reason })
    }

    pub(crate) fn shown(self) -> MoveTask {
        MoveTask {
            handle: MoveTaskHandle { id: self.id, source: self.source },
            destination: self.destination,
            max_per_second: self.max_per_second,
            status: self.status,
            moved: self.moved,
            to_move: self.to_move,
            started: self.started,
            failure_reason: self.failure_reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_read_back_as_it_was_written_or_not_at_all() {
        let task = TaskRow {
            id: MoveTaskId(Uuid::from_u128(3)),
            store: StoreId(5),
            source: "dead".into(),
            destination: Some("live".into()),
            max_per_second: Some(9),
            status: MoveStatus::Failed,
            moved: 1,
            to_move: 2,
            started: Timestamp::from_secs(7),
            failure_reason: Some("why".into()),
        };
        let row = Bytes::from(task.encode());
        assert_eq!(TaskRow::decode(row.clone()).unwrap(), task);
        assert!((0..row.len()).all(|end| TaskRow::decode(row.slice(..end)).is_err()));
    }
}
