//! Change streams as DynamoDB Streams speaks: a service of its own to SDKs, on the same address.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html>

mod describe_stream;
mod get_records;
mod get_shard_iterator;
mod list_streams;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use millpond::kv::{ShardIterator, Stream};

pub(super) use self::get_records::Identity;
use super::{Answered, Operation, dispatch, table::ACCOUNT};
use crate::aws::{Call, json::Failure};

/// The prefix of this service's targets.
pub(in crate::aws) const TARGET: &str = "DynamoDBStreams_20120810";

const OPERATIONS: &[(&str, Operation)] = &[
    ("DescribeStream", describe_stream::answer),
    ("GetRecords", get_records::answer),
    ("GetShardIterator", get_shard_iterator::answer),
    ("ListStreams", list_streams::answer),
];

/// How long the names of streams and shards, and sequence numbers, are.
const ARN_CHARACTERS: (usize, usize) = (37, 1024);
const SHARD_ID_CHARACTERS: (usize, usize) = (28, 65);
const SEQUENCE_NUMBER_CHARACTERS: (usize, usize) = (21, 40);
const ITERATOR_CHARACTERS: (usize, usize) = (1, 2048);

pub(in crate::aws) fn answer(call: &Call<'_>, operation: &str) -> Answered {
    dispatch(OPERATIONS, call, operation)
}

fn arn(stream: &Stream, region: &str) -> String {
    format!("arn:aws:dynamodb:{region}:{ACCOUNT}:{stream}")
}

/// An iterator as the service writes it: the ARN, a number, and what is the service's own business.
fn show_iterator(iterator: &ShardIterator, region: &str) -> String {
    format!("{}|1|{}", arn(iterator.stream(), region), STANDARD.encode(iterator.to_bytes()))
}

fn read_iterator(text: &str) -> Result<ShardIterator, Failure> {
    let mut parts = text.split('|');
    let (arn, bytes) = (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default());
    let bytes = STANDARD.decode(bytes).unwrap_or_default();
    Ok(ShardIterator::from_bytes(arn, &bytes)?)
}
