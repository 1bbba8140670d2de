//! Streams as Kinesis speaks, in JSON and CBOR: one file an operation or a small family of them.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/Welcome.html>

mod account;
mod channels;
mod checks;
mod consumers;
mod create_stream;
mod delete_stream;
mod describe_stream;
mod encryption;
mod event_stream;
mod failure;
mod get_records;
mod get_shard_iterator;
mod limits;
mod list_shards;
mod list_streams;
mod member;
mod merge_shards;
mod monitoring;
mod names;
mod protocol;
mod put_record;
mod put_records;
mod queues;
mod record;
mod request;
mod resource_policy;
mod retention;
mod settings;
mod shard;
mod shown;
mod split_shard;
mod starting_position;
mod stream_filter;
mod subscribe_to_shard;
mod tags;
mod token;
mod update_shard_count;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hyper::{Method, StatusCode, header::CONTENT_TYPE};
use millpond::{Pond, Timestamp, stream::Streams};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use uuid::Uuid;

use self::{
    checks::{Checks, Limits, Member, Path},
    protocol::Protocol,
};
use super::{Answer, Reply, json::Failure};

pub(super) use channels::deliver;

/// The prefix of this service's targets.
pub(super) const TARGET: &str = "Kinesis_20131202";
/// The name of this service in a credential scope.
pub(super) const SERVICE: &str = "kinesis";

/// The longest body of records that is read in some hundred microseconds: their data is only decoded.
const BRIEF_BODY_BYTES: usize = 256 << 10;

type Answered = Result<Vec<u8>, Failure>;

/// How an operation is answered.
#[derive(Clone, Copy)]
enum Operation {
    /// By a body, at once.
    Now(fn(&Call<'_>) -> Answered),
    /// By one that may come later, or in parts.
    Reply(fn(&Call<'_>) -> Result<Reply, Failure>),
}
use Operation::{Now, Reply as Later};

/// What each operation on streams is answered by.
const STREAMS: &[(&str, Operation)] = &[
    ("AddTagsToStream", Now(tags::add)),
    ("CreateStream", Now(create_stream::answer)),
    ("DecreaseStreamRetentionPeriod", Now(retention::decrease)),
    ("DeleteResourcePolicy", Now(resource_policy::delete)),
    ("DeleteStream", Now(delete_stream::answer)),
    ("DeregisterStreamConsumer", Now(consumers::deregister)),
    ("DescribeAccountSettings", Now(account::settings)),
    ("DescribeLimits", Now(account::limits)),
    ("DescribeStream", Now(describe_stream::answer)),
    ("DescribeStreamConsumer", Now(consumers::describe)),
    ("DescribeStreamSummary", Now(describe_stream::summary)),
    ("DisableEnhancedMonitoring", Now(monitoring::disable)),
    ("EnableEnhancedMonitoring", Now(monitoring::enable)),
    ("GetRecords", Now(get_records::answer)),
    ("GetResourcePolicy", Now(resource_policy::get)),
    ("GetShardIterator", Now(get_shard_iterator::answer)),
    ("IncreaseStreamRetentionPeriod", Now(retention::increase)),
    ("ListShards", Now(list_shards::answer)),
    ("ListStreamConsumers", Now(consumers::list)),
    ("ListStreams", Now(list_streams::answer)),
    ("ListTagsForResource", Now(tags::list_of_resource)),
    ("ListTagsForStream", Now(tags::list)),
    ("MergeShards", Now(merge_shards::answer)),
    ("PutRecord", Now(put_record::answer)),
    ("PutRecords", Now(put_records::answer)),
    ("PutResourcePolicy", Now(resource_policy::put)),
    ("RegisterStreamConsumer", Now(consumers::register)),
    ("RemoveTagsFromStream", Now(tags::remove)),
    ("SplitShard", Now(split_shard::answer)),
    ("StartStreamEncryption", Now(encryption::start)),
    ("StopStreamEncryption", Now(encryption::stop)),
    ("SubscribeToShard", Later(subscribe_to_shard::answer)),
    ("TagResource", Now(tags::tag_resource)),
    ("UntagResource", Now(tags::untag_resource)),
    ("UpdateAccountSettings", Now(account::update)),
    ("UpdateMaxRecordSize", Now(settings::max_record_size)),
    ("UpdateShardCount", Now(update_shard_count::answer)),
    ("UpdateStreamMode", Now(settings::mode)),
    ("UpdateStreamRecordDistributionStrategy", Now(settings::distribution)),
    ("UpdateStreamWarmThroughput", Now(settings::warm_throughput)),
];

/// The operations, by what they are on.
const OPERATIONS: [&[(&str, Operation)]; 3] = [STREAMS, queues::OPERATIONS, channels::OPERATIONS];

/// One call of an operation.
struct Call<'a> {
    pond: &'a Pond,
    /// The region that the client signed for; ARNs name it.
    region: &'a str,
    body: &'a Bytes,
    protocol: Protocol,
}

impl<'a> Call<'a> {
    /// Reads the request, and checks what can be checked of it alone.
    ///
    /// # Errors
    /// `SerializationException`, `ValidationException`.
    fn read<T: Deserialize<'a> + Member>(&self) -> Result<T, Failure> {
        let given: T = self.protocol.read(self.body)?;
        let mut checks = Checks::default();
        given.check(&Limits::ANY, &Path::Request, &mut checks);
        checks.finish()?;
        Ok(given)
    }

    /// Writes what the operation answers.
    ///
    /// # Errors
    /// `InternalServerError` for what cannot be serialized.
    fn write(&self, output: &impl Serialize) -> Answered {
        self.protocol.write(output)
    }

    fn streams(&self) -> &'a Streams {
        self.pond.streams()
    }

    fn now(&self) -> Timestamp {
        self.pond.clock().now()
    }
}

/// Nothing, successfully.
fn nothing() -> Answered {
    Ok(Vec::new())
}

/// Whether an operation is over sooner than another thread has begun: it touches little, and waits for no sync.
pub(super) fn is_brief(pond: &Pond, operation: &str, body_bytes: usize) -> bool {
    let is_brief = match operation {
        // A page of records may take some milliseconds to be written.
        "DescribeStreamSummary" | "GetShardIterator" | "SubscribeToShard" => true,
        "PutRecord" | "PutRecords" => body_bytes <= BRIEF_BODY_BYTES,
        _ => false,
    };
    is_brief && !pond.engine().capabilities().persistent
}

/// Answers a request.
pub(super) fn answer(call: &super::Call<'_>, operation: &str) -> Reply {
    let content_type = call.header(CONTENT_TYPE.as_str()).unwrap_or_default();
    let (protocol, operation) = (Protocol::of(content_type), find(operation));
    let failed = match (protocol, operation) {
        _ if call.body.is_empty() => {
            let failure = if operation.is_some() { Failure::serialization("") } else { Failure::unknown_operation("") };
            (protocol.unwrap_or(Protocol::Cbor), failure)
        }
        (None, _) => return not_spoken(content_type, call.body).into(),
        (Some(protocol), None) => (protocol, Failure::unknown_operation("")),
        (Some(protocol), Some(operation)) => {
            let call = Call { pond: call.pond, region: call.region, body: call.body, protocol };
            match run(&call, operation) {
                Ok(reply) => return reply,
                Err(failure) => (protocol, failure),
            }
        }
    };
    failure::refuse(failed.0, &failed.1).into()
}

fn find(operation: &str) -> Option<Operation> {
    let mut operations = OPERATIONS.iter().flat_map(|operations| *operations);
    operations.find(|(name, _)| *name == operation).map(|(_, operation)| *operation)
}

fn run(call: &Call<'_>, operation: Operation) -> Result<Reply, Failure> {
    match operation {
        Now(answer) => Ok(whole(call.protocol, answer(call)?).into()),
        Later(answer) => answer(call),
    }
}

/// What an operation answers successfully.
fn whole(protocol: Protocol, body: Vec<u8>) -> Answer {
    Answer { body, ..failure::head(protocol.content_type()) }
}

/// What is said of other content types.
fn not_spoken(content_type: &str, body: &[u8]) -> Answer {
    let (status, content_type, body) = match content_type.split(';').next().unwrap_or_default().trim() {
        "application/json" => {
            let is_object = Protocol::Json.read::<IgnoredAny>(body).is_ok();
            let (status, code) = match is_object {
                true => (StatusCode::NOT_FOUND, "UnknownOperationException"),
                false => (StatusCode::BAD_REQUEST, "SerializationException"),
            };
            let body = format!(r#"{{"Output":{{"__type":"com.amazon.coral.service#{code}"}},"Version":"1.0"}}"#);
            (status, Some("application/json"), body)
        }
        _ => (StatusCode::NOT_FOUND, None, "<UnknownOperationException/>\n".to_owned()),
    };
    Answer { status, content_type, body: body.into_bytes(), ..failure::head("") }
}

/// The answer to a request that names no operation, in one of the two protocols if it is in that itself.
pub(super) fn untargeted(call: &super::Call<'_>) -> Reply {
    let is_spoken = Protocol::of(call.header(CONTENT_TYPE.as_str()).unwrap_or_default()).is_some();
    if call.head.method == Method::POST && (is_spoken || call.body.is_empty()) {
        return answer(call, "");
    }
    let body = "<AccessDeniedException>\n  <Message>Unable to determine service/operation name to be authorized</Message>\n</AccessDeniedException>\n";
    Answer { status: StatusCode::FORBIDDEN, content_type: None, body: body.into(), ..failure::head("") }.into()
}

/// 80 bytes that mean nothing to anybody, as the service gives.
fn extended_id() -> String {
    let mut bytes = [0; 80];
    bytes.chunks_exact_mut(16).for_each(|part| part.copy_from_slice(Uuid::new_v4().as_bytes()));
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_found_by_their_names() {
        assert!(OPERATIONS.iter().all(|operations| operations.is_sorted_by_key(|(name, _)| *name)));
        assert_eq!(OPERATIONS.map(<[_]>::len), [40, 12, 5]);
        assert!(find("PutRecords").is_some() && find("Juggle").is_none());
    }
}
