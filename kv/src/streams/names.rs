//! The names of streams, shards and sequence numbers, as the service writes them.

use millpond_engine::Position;
use millpond_stream::log::{LogId, ShardId};

use crate::model::Stream;
use crate::{Error, Result};

/// Sequence numbers have 21 to 40 digits.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html>
const POSITION_DIGITS: usize = 20;
/// Stands before the position, so that all have the same length and none begins with a zero.
const FIRST_DIGIT: &str = "1";

/// The stream that an ARN names, or the part of one from `table/` on.
pub(crate) fn stream(arn: &str) -> Result<Stream> {
    let resource = match arn.strip_prefix("arn:") {
        Some(rest) => rest.splitn(5, ':').nth(4).unwrap_or_default(),
        None => arn,
    };
    let parts = resource.strip_prefix("table/").and_then(|rest| rest.split_once("/stream/"));
    match parts {
        Some((table, label)) if !table.is_empty() && !label.is_empty() => {
            Ok(Stream { table_name: table.to_owned(), stream_label: label.to_owned() })
        }
        _ => Err(Error::validation("Invalid StreamArn")),
    }
}

/// A shard's name. It is made of what no two shards of a store share.
pub(crate) fn shard(log: LogId, shard: ShardId) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&log.get().to_be_bytes()).update(&shard.get().to_be_bytes());
    let hash = hasher.finalize().to_hex();
    format!("shardId-{:020}-{}", shard.get(), hash.get(..8).unwrap_or_default())
}

/// The shard of that name, if the log can have one.
pub(crate) fn read_shard(log: LogId, name: &str) -> Option<ShardId> {
    let number = name.strip_prefix("shardId-")?.split('-').next()?.parse().ok()?;
    let id = ShardId::new(number);
    (shard(log, id) == name).then_some(id)
}

pub(crate) fn sequence_number(position: Position) -> String {
    format!("{FIRST_DIGIT}{:0POSITION_DIGITS$}", position.get())
}

/// The position that a sequence number stands for.
pub(crate) fn read_sequence_number(number: &str) -> Result<Position> {
    let digits = number.strip_prefix(FIRST_DIGIT).filter(|digits| digits.len() == POSITION_DIGITS);
    let is_number = |digits: &&str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let position = digits.filter(is_number).and_then(|digits| digits.parse().ok());
    position.map(Position::new).ok_or_else(|| Error::validation("Invalid SequenceNumber"))
}

/// The identifier of a record: it is the only one of its log at that position.
pub(crate) fn event(log: LogId, position: Position) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"event").update(&log.get().to_be_bytes()).update(&position.to_bytes());
    hasher.finalize().to_hex().get(..32).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_or_the_end_of_one_names_a_stream() {
        let expected = Stream { table_name: "a.b-c".into(), stream_label: "2026-11-21T10:43:51.000".into() };
        let resource = expected.to_string();
        assert_eq!(stream(&resource).unwrap(), expected);
        assert_eq!(stream(&format!("arn:aws:dynamodb:eu-west-1:000000000000:{resource}")).unwrap(), expected);
        for arn in ["", "arn:", "arn:aws:dynamodb:eu-west-1:0:table/x", "table/x/stream/", "table//stream/x", "x"] {
            assert!(stream(arn).is_err(), "{arn}");
        }
    }

    #[test]
    fn names_are_read_back_and_nothing_else_is() {
        let log = LogId::new(3);
        for number in [0, 1, u32::MAX] {
            let name = shard(log, ShardId::new(number));
            assert!((28..=65).contains(&name.len()));
            assert_eq!(read_shard(log, &name), Some(ShardId::new(number)));
            assert_eq!(read_shard(LogId::new(4), &name), None);
        }
        assert_eq!(read_shard(log, "shardId-00000000000000000000-00000000"), None);
        for position in [0, 1, u64::MAX] {
            let number = sequence_number(Position::new(position));
            assert_eq!(number.len(), 21);
            assert_eq!(read_sequence_number(&number).unwrap(), Position::new(position));
        }
        for number in ["", "1", "199999999999999999999", "1+0000000000000000001", "000000000000000000001"] {
            assert!(read_sequence_number(number).is_err(), "{number}");
        }
    }
}
