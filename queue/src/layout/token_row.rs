//! What was sent under a deduplication id, and received under an attempt id, within the last five minutes.

use bytes::Bytes;
use millpond_engine::{Position, Timestamp};

use super::codec::{Reader, Writer};
use crate::{Result, message::MessageId};

const VERSION: u8 = 1;
const KEYSPACE: &str = "queue.tokens";

/// The message that was sent first. Its position ends the row: the commit puts it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeduplicationRow {
    pub(crate) expires: Timestamp,
    pub(crate) id: MessageId,
    /// `None` as the transaction that sends the message sees it.
    pub(crate) position: Option<Position>,
}

impl DeduplicationRow {
    /// The row up to the position.
    pub(crate) fn encode_start(&self) -> Vec<u8> {
        let mut row = Writer::with_capacity(VERSION, 32);
        row.time(self.expires).raw(&self.id.to_bytes()).finish()
    }

    pub(crate) fn decode(row: Bytes) -> Result<Self> {
        const WITHOUT_POSITION: usize = 25;
        let is_placed = row.len() != WITHOUT_POSITION;
        let mut row = Reader::new(row, KEYSPACE, VERSION)?;
        let (expires, id) = (row.time()?, MessageId::from_bytes(row.array()?));
        let position = if is_placed { Some(Position::new(row.u64()?)) } else { None };
        row.finish()?;
        Ok(DeduplicationRow { expires, id, position })
    }
}

/// What a receive gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttemptRow {
    pub(crate) expires: Timestamp,
    /// Which messages, by which receive of each, and until when they are invisible by it.
    pub(crate) messages: Vec<(crate::handle::Receipt, Timestamp)>,
}

impl AttemptRow {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut row = Writer::new(VERSION);
        row.time(self.expires).u32(u32::try_from(self.messages.len()).unwrap_or(u32::MAX));
        for (receipt, visible) in &self.messages {
            row.bytes(&receipt.to_bytes()).time(*visible);
        }
        row.finish()
    }

    pub(crate) fn decode(row: Bytes) -> Result<Self> {
        let mut row = Reader::new(row, KEYSPACE, VERSION)?;
        let expires = row.time()?;
        let messages = row.list(|row| {
            let receipt = crate::handle::Receipt::of_bytes(&row.bytes()?);
            let receipt = receipt.ok_or_else(|| row.corrupt("a receipt is none"))?;
            Ok((receipt, row.time()?))
        })?;
        row.finish()?;
        Ok(AttemptRow { expires, messages })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        handle::Receipt,
        layout::{Place, StoreId},
    };

    #[test]
    fn a_row_of_a_message_ends_with_its_position() {
        let row = DeduplicationRow {
            expires: Timestamp::from_millis(5),
            id: MessageId::from_bytes([3; 16]),
            position: Some(Position::new(9)),
        };
        let start = row.encode_start();
        let whole = [&start[..], &Position::new(9).to_bytes()].concat();
        assert_eq!(DeduplicationRow::decode(whole.into()).unwrap(), row);
        let seen = DeduplicationRow::decode(start.into()).unwrap();
        assert_eq!(seen, DeduplicationRow { position: None, ..row });
    }

    #[test]
    fn an_attempt_is_read_back_as_it_was_written_or_not_at_all() {
        let place = Place::Timed(Timestamp::from_millis(8), Position::new(2));
        let receipt = Receipt { queue: 9, store: StoreId(1), place, count: 3 };
        let row = AttemptRow { expires: Timestamp::from_millis(5), messages: vec![(receipt, Timestamp::default()); 2] };
        let bytes = Bytes::from(row.encode());
        assert_eq!(AttemptRow::decode(bytes.clone()).unwrap(), row);
        assert!((0..bytes.len()).all(|end| AttemptRow::decode(bytes.slice(..end)).is_err()));
    }
}
