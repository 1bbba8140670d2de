//! What is kept of messages that were received and not deleted.

use bytes::Bytes;
use millpond_engine::{Position, Timestamp};

use super::codec::{Reader, Writer};
use crate::Result;

const VERSION: u8 = 1;

/// Of a message that was received: by whom it can be deleted, and from when on it can be received again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReceivedRow {
    /// How often it was received from this queue; it also tells one receive from another.
    pub(crate) count: u32,
    pub(crate) first_received: Timestamp,
    /// When it was last received: no visibility timeout reaches further than 12 hours from here.
    pub(crate) received: Timestamp,
    pub(crate) visible: Timestamp,
}

impl ReceivedRow {
    /// Of a message that is received now, perhaps again.
    pub(crate) fn received(before: Option<ReceivedRow>, now: Timestamp, visible: Timestamp) -> Self {
        ReceivedRow {
            count: before.map_or(0, |before| before.count).saturating_add(1),
            first_received: before.map_or(now, |before| before.first_received),
            received: now,
            visible,
        }
    }

    fn write(&self, row: &mut Writer) {
        row.u32(self.count).time(self.first_received).time(self.received).time(self.visible);
    }

    fn read(row: &mut Reader) -> Result<Self> {
        let (count, first_received) = (row.u32()?, row.time()?);
        Ok(ReceivedRow { count, first_received, received: row.time()?, visible: row.time()? })
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut row = Writer::with_capacity(VERSION, 28);
        self.write(&mut row);
        row.finish()
    }

    pub(crate) fn decode(row: Bytes) -> Result<Self> {
        let mut row = Reader::new(row, "queue.received", VERSION)?;
        let received = ReceivedRow::read(&mut row)?;
        row.finish()?;
        Ok(received)
    }
}

/// Of a message of a first-in-first-out queue that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attempted {
    pub(crate) position: Position,
    pub(crate) received: ReceivedRow,
}

/// Of a group of a first-in-first-out queue: which of its messages were received, in their order. They are always the first
/// ones of the group. A group without any has no row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct GroupRow {
    pub(crate) attempted: Vec<Attempted>,
}

impl GroupRow {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut row = Writer::new(VERSION);
        row.u32(u32::try_from(self.attempted.len()).unwrap_or(u32::MAX));
        for attempted in &self.attempted {
            row.u64(attempted.position.get());
            attempted.received.write(&mut row);
        }
        row.finish()
    }

    pub(crate) fn decode(row: Bytes) -> Result<Self> {
        let mut row = Reader::new(row, "queue.groups", VERSION)?;
        let attempted = row.list(|row| {
            let position = Position::new(row.u64()?);
            Ok(Attempted { position, received: ReceivedRow::read(row)? })
        })?;
        row.finish()?;
        Ok(GroupRow { attempted })
    }

    pub(crate) fn of(&self, position: Position) -> Option<ReceivedRow> {
        self.attempted.iter().find(|attempted| attempted.position == position).map(|attempted| attempted.received)
    }

    /// Sets or, without one, takes away what is kept of a message.
    pub(crate) fn set(&mut self, position: Position, received: Option<ReceivedRow>) {
        self.attempted.retain(|attempted| attempted.position != position);
        if let Some(received) = received {
            let at = self.attempted.partition_point(|attempted| attempted.position < position);
            self.attempted.insert(at, Attempted { position, received });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(count: u32) -> ReceivedRow {
        let time = |millis| Timestamp::from_millis(millis);
        ReceivedRow { count, first_received: time(1), received: time(2), visible: time(3) }
    }

    #[test]
    fn rows_are_read_back_as_they_were_written_or_not_at_all() {
        let row = Bytes::from(received(7).encode());
        assert_eq!(ReceivedRow::decode(row.clone()).unwrap(), received(7));
        let mut group = GroupRow::default();
        group.set(Position::new(9), Some(received(1)));
        group.set(Position::new(4), Some(received(2)));
        let group_row = Bytes::from(group.encode());
        assert_eq!(GroupRow::decode(group_row.clone()).unwrap(), group);
        assert!((0..row.len()).all(|end| ReceivedRow::decode(row.slice(..end)).is_err()));
        assert!((0..group_row.len()).all(|end| GroupRow::decode(group_row.slice(..end)).is_err()));
    }

    #[test]
    fn a_group_keeps_the_order_of_its_messages() {
        let mut group = GroupRow::default();
        for (position, count) in [(9, 1), (4, 2), (7, 3), (4, 5)] {
            group.set(Position::new(position), Some(received(count)));
        }
        group.set(Position::new(9), None);
        let found: Vec<u64> = group.attempted.iter().map(|attempted| attempted.position.get()).collect();
        assert_eq!(found, [4, 7]);
        assert_eq!((group.of(Position::new(4)), group.of(Position::new(9))), (Some(received(5)), None));
    }
}
