use millpond::{
    Timestamp,
    stream::{NewRecord, SequenceNumber},
};
use serde::Serialize;

use super::{
    Answered, Call,
    failure::{dry_run, invalid},
    limits,
    member::{Blob, Flag, Text},
    names::{self, ACCOUNT},
    record::{as_text, encryption_type},
    request::request,
};
use crate::aws::json::Failure;

request! {
    Request<'a> {
        sequence_number_for_ordering: Text<'a> = "SequenceNumberForOrdering" => limits::SEQUENCE_NUMBER,
        partition_key: Text<'a> = "PartitionKey" => limits::PARTITION_KEY,
        explicit_hash_key: Text<'a> = "ExplicitHashKey" => limits::HASH_KEY,
        data: Blob<'a> = "Data" => limits::DATA.required(),
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
        dry_run: Flag = "DryRun",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    shard_id: String,
    #[serde(serialize_with = "as_text")]
    sequence_number: SequenceNumber,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_type: Option<&'static str>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let stream = call.streams().get(&names::stream(given.stream_name, given.stream_arn)?)?;
    let record = record(call, given.partition_key, given.explicit_hash_key, given.data)?;
    if let Some(number) = given.sequence_number_for_ordering {
        check_ordering(&number, stream.name(), call.now())?;
    }
    if given.dry_run.unwrap_or_default().0 {
        stream.check_append(&[record])?;
        return Err(dry_run());
    }
    let placed = stream.append(record)?;
    call.write(&Output {
        shard_id: placed.shard().to_string(),
        sequence_number: number(&placed)?,
        encryption_type: encryption_type(placed.is_encrypted()),
    })
}

/// A record of its members.
///
/// # Errors
/// `InvalidArgumentException`
pub(super) fn record(
    call: &Call<'_>,
    partition_key: Option<Text<'_>>,
    explicit_hash_key: Option<Text<'_>>,
    data: Option<Blob<'_>>,
) -> Result<NewRecord, Failure> {
    let hash_key = explicit_hash_key.map(|key| {
        key.parse().map_err(|_| {
            let range = "ExplicitHashKey must be in the range: [0, 2^128-1]";
            invalid(format!("Invalid ExplicitHashKey. {range}. Specified value was {}", &*key))
        })
    });
    Ok(NewRecord {
        partition_key: partition_key.unwrap_or_default().0.into_owned(),
        explicit_hash_key: hash_key.transpose()?,
        data: data.unwrap_or_default().into_bytes(call.body),
    })
}

/// The number that comes with the commit, which is over.
///
/// # Errors
/// `InternalServerError`
pub(super) fn number(placed: &millpond::stream::Placed) -> Result<SequenceNumber, Failure> {
    placed.sequence_number().ok_or_else(|| Failure::internal("a record that was written has no sequence number"))
}

/// The record is to come after another one, which it does if that is there already.
fn check_ordering(number: &str, stream: &str, now: Timestamp) -> Result<(), Failure> {
    let earlier = number.parse::<SequenceNumber>().ok().filter(|number| !number.is_ahead_of(now));
    match earlier {
        Some(_) => Ok(()),
        None => Err(invalid(format!(
            "ExclusiveMinimumSequenceNumber {number} used in PutRecord on stream {stream} under account {ACCOUNT} is invalid."
        ))),
    }
}
