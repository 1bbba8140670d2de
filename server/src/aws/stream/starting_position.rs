//! Where a reader begins.

use millpond::{
    Timestamp,
    stream::{SequenceNumber, ShardId, StartingPosition},
};

use super::{
    failure::invalid,
    member::{Moment, Text},
    names::ACCOUNT,
};
use crate::aws::json::Failure;

/// What a request says of it.
pub(super) struct Given<'a> {
    pub(super) kind: Text<'a>,
    pub(super) sequence_number: Option<Text<'a>>,
    pub(super) timestamp: Option<Moment>,
}

/// The members that tell where to begin in a shard.
///
/// # Errors
/// `InvalidArgumentException`
pub(super) fn read(
    given: &Given<'_>,
    shard: ShardId,
    stream: &str,
    now: Timestamp,
) -> Result<StartingPosition, Failure> {
    let kind = &*given.kind;
    let is_by_number = matches!(kind, "AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER");
    let must_either = |which: &str| {
        invalid(format!(
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) \
             TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {kind} and {which} \
             StartingSequenceNumber."
        ))
    };
    let number = match &given.sequence_number {
        Some(_) if matches!(kind, "TRIM_HORIZON" | "LATEST") => return Err(must_either("also a")),
        Some(number) => Some(number.parse::<SequenceNumber>().map_err(|_| {
            let number = &**number;
            invalid(format!(
                "StartingSequenceNumber {number} used in GetShardIterator on shard {shard} in stream {stream} under account \
                 {ACCOUNT} is invalid."
            ))
        })?),
        None if is_by_number => return Err(must_either("no")),
        None => None,
    };
    match (kind, number) {
        ("AT_SEQUENCE_NUMBER", Some(number)) => Ok(StartingPosition::AtSequenceNumber(number)),
        ("AFTER_SEQUENCE_NUMBER", Some(number)) => Ok(StartingPosition::AfterSequenceNumber(number)),
        ("AT_TIMESTAMP", _) => at(given.timestamp, now),
        ("TRIM_HORIZON", _) => Ok(StartingPosition::TrimHorizon),
        _ => Ok(StartingPosition::Latest),
    }
}

fn at(time: Option<Moment>, now: Timestamp) -> Result<StartingPosition, Failure> {
    let time = time.ok_or_else(|| {
        invalid(
            "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp \
             parameter.",
        )
    })?;
    match time.timestamp() > now {
        true => Err(invalid(format!(
            "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: {}, \
             currentTimestampInMillis: {}",
            time.0,
            now.as_millis()
        ))),
        false => Ok(StartingPosition::AtTimestamp(time.timestamp())),
    }
}
