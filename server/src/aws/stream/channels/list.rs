use serde::Serialize;

use super::shown;
use crate::aws::stream::{
    Answered, Call, limits,
    member::{Integer, List, Text},
    names,
    request::request,
    shown::Time,
    stream_filter::{self, Filter},
};

/// Channels of a page, whatever is asked for.
const MOST: usize = 100;
const OPERATION: &str = "ListChannels";

request! {
    Request<'a> {
        stream_filter: List<Filter<'a>> = "StreamFilter" => limits::STREAMS,
        max_results: Integer = "MaxResults" => limits::MAX_RESULTS,
        next_token: Text<'a> = "NextToken" => limits::NEXT_TOKEN,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    channel_summaries: Vec<Summary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary<'a> {
    channel_name: &'a str,
    #[serde(rename = "ChannelARN")]
    channel_arn: String,
    channel_id: &'a str,
    channel_status: &'static str,
    channel_creation_timestamp: Time,
    channel_destination_type: &'static str,
    streams: [stream_filter::Identifier; 1],
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let max = given.max_results.map_or(MOST, Integer::size).min(MOST);
    let asked = stream_filter::read(call, OPERATION, given.stream_filter, given.next_token)?;
    let Some(asked) = asked else {
        return call.write(&Output { channel_summaries: Vec::new(), next_token: None });
    };
    let page = call.streams().channels(&asked.streams, asked.after.as_deref(), max)?;
    let last = page.channels.last().filter(|_| page.has_more).map(|channel| channel.name.clone());
    let channels = page.channels.iter().map(|channel| Summary {
        channel_name: &channel.name,
        channel_arn: names::channel_arn(call.region, &channel.id),
        channel_id: &channel.id,
        channel_status: "ACTIVE",
        channel_creation_timestamp: Time::seconds(channel.created),
        channel_destination_type: shown::kind(channel),
        streams: [stream_filter::identifier(call, &channel.stream, channel.stream_created)],
    });
    call.write(&Output { channel_summaries: channels.collect(), next_token: asked.next(call, OPERATION, last)? })
}
