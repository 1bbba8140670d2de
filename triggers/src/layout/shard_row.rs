//! What a trigger knows of a shard: a version byte, flags (bit 0: it is done), the number of its lanes (u16), and how far it was
//! handled in other numbers of lanes: for each, how many there were (u16) and where they went on (u64 each).

use bytes::{Buf, BufMut, Bytes};
use millpond_engine::Position;

use super::{CHECKPOINTS, corrupt};
use crate::{Result, lane::Earlier};

const VERSION: u8 = 1;
const IS_DONE: u8 = 1;

/// What is stored of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShardRow {
    /// All its records are done, so its children may begin.
    pub(crate) is_done: bool,
    pub(crate) lanes: u16,
    pub(crate) earlier: Vec<Earlier>,
}

impl ShardRow {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, if self.is_done { IS_DONE } else { 0 }];
        bytes.put_u16(self.lanes);
        for earlier in &self.earlier {
            // There are at most ten lanes.
            bytes.put_u16(u16::try_from(earlier.next.len()).unwrap_or(u16::MAX));
            earlier.next.iter().for_each(|next| bytes.put_u64(next.get()));
        }
        bytes
    }

    pub(super) fn decode(mut bytes: Bytes) -> Result<Self> {
        let cut = |_| corrupt(CHECKPOINTS, "a shard is cut off");
        if bytes.try_get_u8().map_err(cut)? != VERSION {
            return Err(corrupt(CHECKPOINTS, "a shard is of an unknown version"));
        }
        let flags = bytes.try_get_u8().map_err(cut)?;
        let lanes = bytes.try_get_u16().map_err(cut)?;
        let mut earlier = Vec::new();
        while bytes.has_remaining() {
            let count = bytes.try_get_u16().map_err(cut)?;
            let next = (0..count).map(|_| Ok(Position::new(bytes.try_get_u64().map_err(cut)?)));
            earlier.push(Earlier { next: next.collect::<Result<_>>()? });
        }
        Ok(ShardRow { is_done: flags & IS_DONE != 0, lanes, earlier })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_read_back_as_it_was_written_or_not_at_all() {
        let earlier =
            vec![Earlier { next: vec![Position::new(1), Position::new(2)] }, Earlier { next: vec![Position::new(9)] }];
        let row = ShardRow { is_done: true, lanes: 10, earlier };
        let bytes = Bytes::from(row.encode());
        assert_eq!(ShardRow::decode(bytes.clone()).unwrap(), row);
        for end in 0..bytes.len() {
            let is_whole = [4, 22].contains(&end);
            assert_eq!(ShardRow::decode(bytes.slice(..end)).is_ok(), is_whole, "{end}");
        }
        let bare = ShardRow { is_done: false, lanes: 1, earlier: Vec::new() };
        assert_eq!(ShardRow::decode(bare.encode().into()).unwrap(), bare);
    }
}
