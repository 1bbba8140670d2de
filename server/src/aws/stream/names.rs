//! How streams and what belongs to them are called: by names and ARNs. Accounts and regions do not separate them, so only the
//! names in an ARN count.

use millpond::stream::{Consumer, Error, Resource, ShardId, Stream};

use super::{
    Call, consumers,
    failure::{failure, invalid},
    member::Text,
};
use crate::aws::json::Failure;

/// Of all streams, and of all clients.
pub(super) const ACCOUNT: &str = "000000000000";

pub(super) fn stream_arn(region: &str, name: &str) -> String {
    format!("arn:aws:kinesis:{region}:{ACCOUNT}:stream/{name}")
}

pub(super) fn consumer_arn(region: &str, consumer: &Consumer) -> String {
    let stream = stream_arn(region, &consumer.stream);
    format!("{stream}/consumer/{}:{}", consumer.name, consumer.created.as_secs())
}

/// The name of the stream that a request names by name, by ARN, or by both.
///
/// # Errors
/// `InvalidArgumentException`
pub(super) fn stream(name: Option<Text<'_>>, arn: Option<Text<'_>>) -> Result<String, Failure> {
    let given = name.map(|name| name.0.into_owned());
    let Some(arn) = arn else {
        return given.ok_or_else(|| invalid("Either StreamARN or StreamName should be provided."));
    };
    let named = in_arn(&arn, "stream/").unwrap_or_default();
    match given.filter(|given| given != named) {
        Some(other) => Err(invalid(format!("StreamARN {} and StreamName {other} do not name the same stream.", &*arn))),
        None => Ok(named.to_owned()),
    }
}

pub(super) fn queue_arn(region: &str, id: &str) -> String {
    format!("arn:aws:kinesis:{region}:{ACCOUNT}:queue/{id}")
}

pub(super) fn channel_arn(region: &str, id: &str) -> String {
    format!("arn:aws:kinesis:{region}:{ACCOUNT}:channel/{id}")
}

/// The id in the ARN of a queue.
pub(super) fn queue(arn: &str) -> Option<&str> {
    in_arn(arn, "queue/")
}

/// The id in the ARN of a channel.
pub(super) fn channel(arn: &str) -> Option<&str> {
    in_arn(arn, "channel/")
}

/// What stands behind `kind` in an ARN, up to what belongs to it.
fn in_arn<'a>(arn: &'a str, kind: &str) -> Option<&'a str> {
    let (_, resource) = arn.split_once(&format!(":{kind}"))?;
    resource.split('/').next()
}

/// What the ARN of a consumer says.
pub(super) struct ConsumerName<'a> {
    pub(super) stream: &'a str,
    pub(super) name: &'a str,
    /// In seconds since 1970.
    pub(super) created: &'a str,
}

pub(super) fn consumer(arn: &str) -> Option<ConsumerName<'_>> {
    let stream = in_arn(arn, "stream/")?;
    let (_, consumer) = arn.split_once("/consumer/")?;
    let (name, created) = consumer.split_once(':')?;
    Some(ConsumerName { stream, name, created })
}

/// What an ARN names.
///
/// # Errors
/// `InvalidArgumentException`, and `ResourceNotFoundException` of consumers.
pub(super) fn resource(call: &Call<'_>, arn: &str) -> Result<Resource, Failure> {
    if consumer(arn).is_some() {
        let (stream, consumer) = consumers::of_arn(call, arn)?;
        return Ok(Resource::Consumer { stream: stream.name().to_owned(), name: consumer.name });
    }
    let named = |kind| in_arn(arn, kind).map(str::to_owned);
    None.or_else(|| Some(Resource::Stream { name: named("stream/")? }))
        .or_else(|| Some(Resource::Queue { id: named("queue/")? }))
        .or_else(|| Some(Resource::Channel { id: named("channel/")? }))
        .ok_or_else(|| invalid(format!("ResourceARN {arn} names no stream, consumer, queue or channel.")))
}

/// The shard that a request names, however it spells it.
///
/// # Errors
/// `ResourceNotFoundException`
pub(super) fn shard(given: &str, stream: &str) -> Result<ShardId, Failure> {
    ShardId::parse(given).ok_or_else(|| {
        let message = format!("Could not find shard {given} in stream {stream} under account {ACCOUNT}.");
        failure("ResourceNotFoundException", message)
    })
}

/// A stream that one of its shards is to be read of: without the stream, it is the shard that is not there.
///
/// # Errors
/// `ResourceNotFoundException`
pub(super) fn stream_of_shard(call: &Call<'_>, name: &str, shard: ShardId) -> Result<Stream, Failure> {
    call.streams().get(name).map_err(|error| match error {
        Error::StreamNotFound { stream } => Error::ShardDoesNotExist { stream, shard }.into(),
        error => error.into(),
    })
}

impl Call<'_> {
    pub(super) fn arn(&self, stream: &str) -> String {
        stream_arn(self.region, stream)
    }

    /// An error whose text names a region, or something by its ARN.
    pub(super) fn failure(&self, error: Error) -> Failure {
        let message = match &error {
            Error::ShardLimit { open, limit, more } => format!(
                "This request would exceed the shard limit for the account {ACCOUNT} in {}. Current shard count for the \
                 account: {open}. Limit: {limit}. Number of additional shards that would have resulted from this request: \
                 {more}. Refer to the AWS Service Limits page \
                 (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to request \
                 higher limits.",
                self.region
            ),
            Error::ConsumerExists { stream, consumer } => {
                format!("Consumer {consumer} under stream {} already exists.", self.arn(stream))
            }
            Error::InUse { stream, what } => {
                let all = format!("all the {what} that are associated with it");
                let way = match *what {
                    "consumers" => format!(
                        " To delete {stream} anyway, set the EnforceConsumerDeletion parameter to true to force the deletion \
                         of {all}."
                    ),
                    _ => String::new(),
                };
                let arn = self.arn(stream);
                format!(
                    "DeleteStream can't delete {arn} because there are {what} associated with this data stream.{way}"
                )
            }
            _ => return error.into(),
        };
        failure(error.code(), message)
    }
}
