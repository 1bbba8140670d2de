//! A place in a shard. It is all in the iterator itself, so that nothing has to be kept of it.

use millpond_engine::{Position, Timestamp};
use millpond_stream::log::ShardId;

use super::names;
use crate::model::Stream;
use crate::{Error, Result};

const VERSION: u8 = 1;
const CHECK_BYTES: usize = 8;

/// A place in a shard of a change stream, from which to read records. It can be used for 15 minutes after it was given out,
/// as often as one likes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardIterator {
    pub(crate) stream: Stream,
    pub(crate) shard: ShardId,
    pub(crate) position: Position,
    pub(crate) issued: Timestamp,
}

impl ShardIterator {
    /// The stream it reads.
    #[must_use]
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// The place in its stream as bytes, to be given to somebody who brings it back.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.shard.get().to_be_bytes());
        bytes.extend_from_slice(&self.position.to_bytes());
        bytes.extend_from_slice(&self.issued.as_millis().to_be_bytes());
        let check = self.check(&bytes);
        bytes.extend_from_slice(&check);
        bytes
    }

    /// Reads what [`to_bytes`](ShardIterator::to_bytes) gave, for a stream's ARN, or the part of it from `table/` on.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation) for anything else.
    pub fn from_bytes(stream_arn: &str, bytes: &[u8]) -> Result<ShardIterator> {
        let invalid = || Error::validation("Invalid ShardIterator");
        let stream = names::stream(stream_arn).map_err(|_| invalid())?;
        let (body, check) = bytes.split_last_chunk::<CHECK_BYTES>().ok_or_else(invalid)?;
        let rest = body.strip_prefix(&[VERSION]).ok_or_else(invalid)?;
        let (shard, rest) = rest.split_first_chunk().ok_or_else(invalid)?;
        let (position, rest) = rest.split_first_chunk().ok_or_else(invalid)?;
        let issued: [u8; 8] = rest.try_into().map_err(|_| invalid())?;
        let iterator = ShardIterator {
            stream,
            shard: ShardId::new(u32::from_be_bytes(*shard)),
            position: Position::new(u64::from_be_bytes(*position)),
            issued: Timestamp::from_millis(u64::from_be_bytes(issued)),
        };
        if iterator.check(body) == *check { Ok(iterator) } else { Err(invalid()) }
    }

    /// Tells what was made up, or belongs to another stream, from what was given out. It is no secret: there is nothing
    /// to be gained by an iterator that could not be had for the asking.
    fn check(&self, body: &[u8]) -> [u8; CHECK_BYTES] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.stream.to_string().as_bytes()).update(&[0]).update(body);
        hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iterator_is_read_back_for_its_stream_and_nothing_else_is() {
        let stream = Stream { table_name: "orders".into(), stream_label: "2026-11-21T10:43:51.000".into() };
        let iterator = ShardIterator {
            stream: stream.clone(),
            shard: ShardId::new(7),
            position: Position::new(u64::MAX - 1),
            issued: Timestamp::from_secs(1_700_000_000),
        };
        let bytes = iterator.to_bytes();
        assert_eq!(ShardIterator::from_bytes(&stream.to_string(), &bytes).unwrap(), iterator);
        assert!(ShardIterator::from_bytes("table/other/stream/2026-11-21T10:43:51.000", &bytes).is_err());
        for end in 0..bytes.len() {
            assert!(ShardIterator::from_bytes(&stream.to_string(), &bytes[..end]).is_err());
            let mut changed = bytes.clone();
            changed[end] ^= 1;
            assert!(ShardIterator::from_bytes(&stream.to_string(), &changed).is_err());
        }
    }
}
