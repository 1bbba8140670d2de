//! Shard iterators: a place in a shard. It is all in the iterator itself, so that nothing has to be kept of it.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html>

use std::time::Duration;

use millpond_engine::{Position, Timestamp};

use crate::{
    ACCOUNT, Error, Result, SequenceNumber, ShardId, StartingPosition, get_records,
    log::{Shard, View},
    sequence,
    shared::Shared,
};

const VERSION: u8 = 1;
const CHECK_BYTES: usize = 8;
/// How long an iterator can be used.
const LIFE: Duration = Duration::from_secs(300);

/// A place in a shard, from which to read records. It can be used for five minutes after it was given out, as often as one
/// likes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardIterator {
    pub(crate) stream: String,
    pub(crate) shard: ShardId,
    pub(crate) position: Position,
    pub(crate) issued: Timestamp,
}

impl ShardIterator {
    /// The stream it reads.
    #[must_use]
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// The shard it reads.
    #[must_use]
    pub fn shard(&self) -> ShardId {
        self.shard
    }

    /// As bytes, to be given to somebody who brings it back.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.shard.get().to_be_bytes());
        bytes.extend_from_slice(&self.position.to_bytes());
        bytes.extend_from_slice(&self.issued.as_millis().to_be_bytes());
        bytes.extend_from_slice(self.stream.as_bytes());
        let check = check(&bytes);
        bytes.extend_from_slice(&check);
        bytes
    }

    /// Reads what [`to_bytes`](ShardIterator::to_bytes) gave.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<ShardIterator> {
        ShardIterator::decode(bytes).ok_or_else(|| Error::InvalidArgument("Invalid ShardIterator.".to_owned()))
    }

    fn decode(bytes: &[u8]) -> Option<ShardIterator> {
        let (body, given) = bytes.split_last_chunk::<CHECK_BYTES>()?;
        if check(body) != *given {
            return None;
        }
        let rest = body.strip_prefix(&[VERSION])?;
        let (shard, rest) = rest.split_first_chunk()?;
        let (position, rest) = rest.split_first_chunk()?;
        let (issued, name) = rest.split_first_chunk()?;
        Some(ShardIterator {
            stream: std::str::from_utf8(name).ok()?.to_owned(),
            shard: ShardId::new(u32::from_be_bytes(*shard)),
            position: Position::new(u64::from_be_bytes(*position)),
            issued: Timestamp::from_millis(u64::from_be_bytes(*issued)),
        })
    }

    pub(crate) fn check_age(&self, now: Timestamp) -> Result<()> {
        match now.saturating_since(self.issued) > LIFE {
            true => Err(Error::ExpiredIterator { issued: self.issued, now }),
            false => Ok(()),
        }
    }
}

/// Tells what was made up from what was given out. It is no secret: there is nothing to be gained by an iterator that could
/// not be had for the asking.
fn check(body: &[u8]) -> [u8; CHECK_BYTES] {
    blake3::hash(body).as_bytes().first_chunk().copied().unwrap_or_default()
}

pub(crate) fn run(shared: &Shared, stream: &str, shard: ShardId, start: &StartingPosition) -> Result<ShardIterator> {
    let (_, position) = place(shared, stream, shard, start)?;
    Ok(ShardIterator { stream: stream.to_owned(), shard, position, issued: shared.engine.clock().now() })
}

/// The shard, and where in it a position is now. That of the newest record is looked up first: so all that is committed later comes
/// after it.
pub(crate) fn place(
    shared: &Shared,
    stream: &str,
    shard: ShardId,
    start: &StartingPosition,
) -> Result<(View, Position)> {
    let latest = shared.engine.last_position().next();
    let missing = || Error::ShardDoesNotExist { stream: stream.to_owned(), shard };
    let found = match shared.look(&mut shared.engine.latest(), stream) {
        Err(Error::StreamNotFound { .. }) => return Err(missing()),
        found => found?,
    };
    let now = shared.engine.clock().now();
    let stored = found.log.shard(shard).filter(|_| !found.log.is_over(shard, now)).ok_or_else(missing)?;
    let position = match start {
        StartingPosition::TrimHorizon => stored.start,
        StartingPosition::Latest if stored.closed.is_none() => latest,
        StartingPosition::Latest => {
            let end = shared.logs.end(&mut shared.engine.latest(), found.log.id(), shard);
            end.map_err(|error| get_records::gone(error.into(), stream, shard))?.unwrap_or(stored.start)
        }
        StartingPosition::AtSequenceNumber(number) => numbered(&stored, stream, number)?,
        StartingPosition::AfterSequenceNumber(number) => numbered(&stored, stream, number)?.next(),
        StartingPosition::AtTimestamp(time) => at_time(*time, now)?.max(stored.start),
    };
    Ok((found.log, position))
}

/// The first position of a time, which is not to come.
pub(crate) fn at_time(time: Timestamp, now: Timestamp) -> Result<Position> {
    if time > now {
        return Err(Error::InvalidArgument(format!(
            "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: {}, \
             currentTimestampInMillis: {}",
            time.as_millis(),
            now.as_millis()
        )));
    }
    Ok(Position::first_at(time))
}

fn numbered(shard: &Shard, stream: &str, number: &SequenceNumber) -> Result<Position> {
    if number.shard() != shard.id {
        // One of more than 31 bits is shown as negative, as the service does.
        let other = number.shard().get().cast_signed();
        let other =
            if other < 0 { format!("shardId--{:011}", other.unsigned_abs()) } else { number.shard().to_string() };
        return Err(Error::InvalidArgument(format!(
            "Invalid StartingSequenceNumber. It encodes {other}, while it was used in a call to a shard with {}",
            shard.id
        )));
    }
    if number.generation() != shard.generation {
        return Err(sequence::invalid(number, shard.id, stream));
    }
    Ok(number.position().max(shard.start))
}

/// That a text that should be a sequence number is none.
#[must_use]
pub fn unreadable_sequence_number(text: &str, shard: ShardId, stream: &str) -> Error {
    Error::InvalidArgument(format!(
        "StartingSequenceNumber {text} used in GetShardIterator on shard {shard} in stream {stream} under account {ACCOUNT} is \
         invalid."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iterator_is_read_back_and_nothing_else_is() {
        let iterator = ShardIterator {
            stream: "orders".into(),
            shard: ShardId::new(7),
            position: Position::new(u64::MAX - 1),
            issued: Timestamp::from_secs(1_700_000_000),
        };
        let bytes = iterator.to_bytes();
        assert_eq!(ShardIterator::from_bytes(&bytes).unwrap(), iterator);
        for end in 0..bytes.len() {
            assert!(ShardIterator::from_bytes(&bytes[..end]).is_err());
            let mut changed = bytes.clone();
            changed[end] ^= 1;
            assert!(ShardIterator::from_bytes(&changed).is_err());
        }
    }

    #[test]
    fn names_of_shards_are_read_as_the_service_reads_them() {
        for name in ["shardId-000000000005", "shardId-5", "5", "x-5", "-00000000005", "a-5-2"] {
            assert_eq!(ShardId::parse(name), Some(ShardId::new(5)), "{name}");
        }
        for name in ["", "-", "shardId", "ABKLFD8", "2.14E4", "2147483648", "shardId-+5", "shardId--1x"] {
            assert_eq!(ShardId::parse(name), None, "{name}");
        }
        assert_eq!(ShardId::new(12).to_string(), "shardId-000000000012");
    }
}
