//! How far a lane of a shard has come: a version byte, the position where to go on (u64), flags (bit 0: it is at the end of its
//! shard; bit 1: a window is open; bit 2: that ends early), then of an open window its start and end (milliseconds, u64) and its
//! state.

use bytes::{Buf, BufMut, Bytes};
use millpond_engine::{Position, Timestamp};

use super::{CHECKPOINTS, corrupt};
use crate::{
    Result,
    window::{OpenWindow, Window},
};

const VERSION: u8 = 1;
const IS_AT_END: u8 = 1;
const HAS_WINDOW: u8 = 2;
const ENDS_EARLY: u8 = 4;

/// What is stored of a lane.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LaneRow {
    /// All records of the lane before this position are done.
    pub(crate) next: Position,
    /// All records of the lane are done, and the shard gets no more.
    pub(crate) is_at_end: bool,
    pub(crate) window: Option<OpenWindow>,
}

impl LaneRow {
    pub(crate) fn at(next: Position) -> Self {
        LaneRow { next, is_at_end: false, window: None }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.put_u64(self.next.get());
        let mut flags = if self.is_at_end { IS_AT_END } else { 0 };
        if let Some(open) = &self.window {
            flags |= HAS_WINDOW | if open.ends_early { ENDS_EARLY } else { 0 };
        }
        bytes.put_u8(flags);
        if let Some(open) = &self.window {
            bytes.put_u64(open.window.start.as_millis());
            bytes.put_u64(open.window.end.as_millis());
            bytes.put_slice(&open.state);
        }
        bytes
    }

    pub(super) fn decode(mut bytes: Bytes) -> Result<Self> {
        let cut = |_| corrupt(CHECKPOINTS, "a lane is cut off");
        if bytes.try_get_u8().map_err(cut)? != VERSION {
            return Err(corrupt(CHECKPOINTS, "a lane is of an unknown version"));
        }
        let next = Position::new(bytes.try_get_u64().map_err(cut)?);
        let flags = bytes.try_get_u8().map_err(cut)?;
        let window = if flags & HAS_WINDOW == 0 {
            None
        } else {
            let start = Timestamp::from_millis(bytes.try_get_u64().map_err(cut)?);
            let end = Timestamp::from_millis(bytes.try_get_u64().map_err(cut)?);
            Some(OpenWindow { window: Window { start, end }, state: bytes, ends_early: flags & ENDS_EARLY != 0 })
        };
        Ok(LaneRow { next, is_at_end: flags & IS_AT_END != 0, window })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_read_back_as_it_was_written_or_not_at_all() {
        let window = Window { start: Timestamp::from_secs(60), end: Timestamp::from_secs(120) };
        let open = OpenWindow { window, state: Bytes::from_static(b"{}"), ends_early: true };
        let row = LaneRow { next: Position::new(7), is_at_end: true, window: Some(open) };
        let bytes = Bytes::from(row.encode());
        assert_eq!(LaneRow::decode(bytes.clone()).unwrap(), row);
        // Where the state begins the row may end.
        for end in 0..bytes.len() - 2 {
            assert!(LaneRow::decode(bytes.slice(..end)).is_err(), "{end}");
        }
        let bare = LaneRow::at(Position::new(u64::MAX));
        assert_eq!(LaneRow::decode(bare.encode().into()).unwrap(), bare);
        assert!(LaneRow::decode(Bytes::from_static(&[9; 10])).is_err());
    }
}
