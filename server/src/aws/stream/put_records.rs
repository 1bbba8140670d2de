use millpond::stream::{self, NewRecord, Placed, SequenceNumber};
use serde::{Serialize, Serializer};

use super::{
    Answered, Call,
    checks::Limits,
    failure::{self, dry_run, invalid},
    limits,
    member::{Blob, Flag, List, Text},
    names,
    put_record::{number, record},
    record::encryption_type,
    request::request,
};
use crate::aws::json::Failure;

/// Of all records of a request together, their keys included.
const MAX_BYTES: usize = 10 << 20;

request! {
    Request<'a> {
        records: List<Entry<'a>> = "Records" => Limits::between(1, 500).required(),
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
        dry_run: Flag = "DryRun",
    }
    Entry<'a> {
        partition_key: Text<'a> = "PartitionKey" => limits::PARTITION_KEY,
        explicit_hash_key: Text<'a> = "ExplicitHashKey" => limits::HASH_KEY,
        data: Blob<'a> = "Data" => limits::DATA.required(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    failed_record_count: usize,
    records: Vec<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_type: Option<&'static str>,
}

/// What has become of a record.
#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    #[serde(rename_all = "PascalCase")]
    Written { sequence_number: Number, shard_id: String },
    #[serde(rename_all = "PascalCase")]
    Refused { error_code: &'static str, error_message: String },
}

struct Number(SequenceNumber);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let stream = call.streams().get(&names::stream(given.stream_name, given.stream_arn)?)?;
    let entries = given.records.unwrap_or_default().elements.into_iter();
    let records = entries.map(|entry| record(call, entry.partition_key, entry.explicit_hash_key, entry.data));
    let records: Vec<NewRecord> = records.collect::<Result<_, _>>()?;
    if records.iter().map(|record| record.partition_key.len() + record.data.len()).sum::<usize>() > MAX_BYTES {
        return Err(invalid("Records size exceeds 10 MB limit"));
    }
    if given.dry_run.unwrap_or_default().0 {
        stream.check_append(&records)?;
        return Err(dry_run());
    }
    let placed = stream.append_batch(records)?;
    let is_encrypted = placed.iter().flatten().any(Placed::is_encrypted);
    let records = placed.into_iter().map(outcome).collect::<Result<Vec<_>, _>>()?;
    let failed = records.iter().filter(|record| matches!(record, Outcome::Refused { .. }));
    call.write(&Output { failed_record_count: failed.count(), records, encryption_type: encryption_type(is_encrypted) })
}

fn outcome(placed: stream::Result<Placed>) -> Result<Outcome, Failure> {
    Ok(match placed {
        Ok(placed) => {
            Outcome::Written { sequence_number: Number(number(&placed)?), shard_id: placed.shard().to_string() }
        }
        Err(refused) => {
            let refused = Failure::from(refused);
            Outcome::Refused { error_code: failure::code(&refused), error_message: refused.message().to_owned() }
        }
    })
}
