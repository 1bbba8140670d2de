//! Readers with a rate of their own.

use millpond::stream::{Consumer, Error, Stream};
use serde::{Deserialize, Serialize};

use super::{
    Answered, Call,
    failure::invalid,
    limits,
    member::{Integer, Moment, Tags, Text},
    names, nothing,
    request::request,
    shown::Time,
    token,
};
use crate::aws::json::Failure;

/// Consumers of a page, whatever is asked for.
const MOST: usize = 100;
const LIST: &str = "ListStreamConsumers";

request! {
    RegisterRequest<'a> {
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN.required(),
        consumer_name: Text<'a> = "ConsumerName" => limits::CONSUMER_NAME.required(),
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
        tags: Tags = "Tags" => limits::TAGS,
    }
    OneRequest<'a> {
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        consumer_name: Text<'a> = "ConsumerName" => limits::CONSUMER_NAME,
        consumer_arn: Text<'a> = "ConsumerARN" => limits::CONSUMER_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
    ListRequest<'a> {
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN.required(),
        next_token: Text<'a> = "NextToken" => limits::NEXT_TOKEN,
        max_results: Integer = "MaxResults" => limits::MAX_RESULTS,
        stream_creation_timestamp: Moment = "StreamCreationTimestamp",
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Registered<'a> {
    consumer: Shown<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described<'a> {
    consumer_description: Shown<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    consumers: Vec<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    consumer_name: &'a str,
    #[serde(rename = "ConsumerARN")]
    consumer_arn: String,
    consumer_status: &'static str,
    consumer_creation_timestamp: Time,
    #[serde(rename = "StreamARN", skip_serializing_if = "Option::is_none")]
    stream_arn: Option<String>,
}

/// Where a list goes on.
#[derive(Serialize, Deserialize)]
struct Next {
    stream: String,
    after: String,
}

pub(super) fn register(call: &Call<'_>) -> Answered {
    let given: RegisterRequest<'_> = call.read()?;
    let stream = call.streams().get(&names::stream(None, given.stream_arn)?)?;
    let tags = given.tags.unwrap_or_default().0;
    let consumer = stream.register_consumer(&given.consumer_name.unwrap_or_default(), &tags);
    let consumer = consumer.map_err(|error| call.failure(error))?;
    // So the service says; it is active as soon as somebody looks.
    call.write(&Registered { consumer: Shown { consumer_status: "CREATING", ..show(call, &consumer) } })
}

pub(super) fn deregister(call: &Call<'_>) -> Answered {
    let (stream, consumer) = find(call)?;
    stream.deregister_consumer(&consumer.name)?;
    nothing()
}

pub(super) fn describe(call: &Call<'_>) -> Answered {
    let (stream, consumer) = find(call)?;
    let stream_arn = Some(call.arn(stream.name()));
    call.write(&Described { consumer_description: Shown { stream_arn, ..show(call, &consumer) } })
}

pub(super) fn list(call: &Call<'_>) -> Answered {
    let given: ListRequest<'_> = call.read()?;
    let stream = call.streams().get(&names::stream(None, given.stream_arn)?)?;
    let after = match (given.next_token, given.stream_creation_timestamp) {
        (Some(_), Some(_)) => {
            return Err(invalid("NextToken and StreamCreationTimestamp cannot be provided together."));
        }
        (Some(token), None) => {
            let next: Next = token::read(LIST, &token, call.now())?;
            if next.stream != stream.name() {
                return Err(invalid("Invalid NextToken."));
            }
            Some(next.after)
        }
        (None, Some(created)) if created.timestamp().as_secs() != stream.describe()?.created.as_secs() => {
            return Err(Error::StreamNotFound { stream: stream.name().to_owned() }.into());
        }
        (None, _) => None,
    };
    let max = given.max_results.map_or(MOST, Integer::size).min(MOST);
    let consumers = stream.consumers()?;
    let mut rest = consumers.iter().filter(|consumer| after.as_ref().is_none_or(|after| consumer.name > *after));
    let page: Vec<_> = rest.by_ref().take(max).collect();
    let last = page.last().filter(|_| rest.next().is_some());
    let next_token = last.map(|last| {
        let next = Next { stream: stream.name().to_owned(), after: last.name.clone() };
        token::show(LIST, call.now(), next)
    });
    let next_token = next_token.transpose()?;
    call.write(&Listed { consumers: page.into_iter().map(|consumer| show(call, consumer)).collect(), next_token })
}

/// The consumer that is named by its ARN, by its stream and name, or by both.
fn find(call: &Call<'_>) -> Result<(Stream, Consumer), Failure> {
    let given: OneRequest<'_> = call.read()?;
    let unnamed = || invalid("Must specify either ConsumerARN, or both StreamARN and ConsumerName.");
    let Some(arn) = given.consumer_arn else {
        let stream = given.stream_arn.ok_or_else(unnamed)?;
        let name = given.consumer_name.ok_or_else(unnamed)?;
        let stream = call.streams().get(&names::stream(None, Some(stream))?)?;
        let consumer = stream.consumer(&name)?;
        return Ok((stream, consumer));
    };
    let found = of_arn(call, &arn)?;
    let is_stream =
        given.stream_arn.is_none_or(|arn| names::stream(None, Some(arn)).is_ok_and(|name| name == found.0.name()));
    let is_consumer = given.consumer_name.is_none_or(|name| *name == *found.1.name);
    match is_stream && is_consumer {
        true => Ok(found),
        false => Err(invalid(format!("ConsumerARN {} and the other names do not name the same consumer.", &*arn))),
    }
}

/// The consumer with this ARN. One of the same name that was registered at another time has another one.
///
/// # Errors
/// `ResourceNotFoundException`
pub(super) fn of_arn(call: &Call<'_>, arn: &str) -> Result<(Stream, Consumer), Failure> {
    let named = names::consumer(arn).ok_or_else(|| Error::ConsumerNotFound { consumer: arn.to_owned() })?;
    let stream = call.streams().get(named.stream)?;
    let consumer = stream.consumer(named.name)?;
    match consumer.created.as_secs().to_string() == named.created {
        true => Ok((stream, consumer)),
        false => Err(Error::ConsumerNotFound { consumer: named.name.to_owned() }.into()),
    }
}

fn show<'a>(call: &Call<'_>, consumer: &'a Consumer) -> Shown<'a> {
    Shown {
        consumer_name: &consumer.name,
        consumer_arn: names::consumer_arn(call.region, consumer),
        consumer_status: "ACTIVE",
        consumer_creation_timestamp: Time::seconds(consumer.created),
        stream_arn: None,
    }
}
