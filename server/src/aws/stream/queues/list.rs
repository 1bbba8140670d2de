use serde::Serialize;

use crate::aws::stream::{
    Answered, Call, limits,
    member::{Integer, List, Text},
    names,
    request::request,
    shown::Time,
    stream_filter::{self, Filter},
};

/// Queues of a page, unless told otherwise.
const DEFAULT: usize = 100;
const OPERATION: &str = "ListQueues";

request! {
    Request<'a> {
        max_results: Integer = "MaxResults" => limits::MAX_RESULTS,
        next_token: Text<'a> = "NextToken" => limits::NEXT_TOKEN,
        stream_filter: List<Filter<'a>> = "StreamFilter" => limits::STREAMS,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    queue_summaries: Vec<Summary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary<'a> {
    queue_name: &'a str,
    #[serde(rename = "QueueARN")]
    queue_arn: String,
    queue_status: &'static str,
    queue_creation_timestamp: Time,
    streams: [stream_filter::Identifier; 1],
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let max = given.max_results.map_or(DEFAULT, Integer::size);
    let asked = stream_filter::read(call, OPERATION, given.stream_filter, given.next_token)?;
    let Some(asked) = asked else {
        return call.write(&Output { queue_summaries: Vec::new(), next_token: None });
    };
    let page = call.streams().queues(&asked.streams, asked.after.as_deref(), max)?;
    let last = page.queues.last().filter(|_| page.has_more).map(|queue| queue.name.clone());
    let queues = page.queues.iter().map(|queue| Summary {
        queue_name: &queue.name,
        queue_arn: names::queue_arn(call.region, &queue.id),
        queue_status: "ACTIVE",
        queue_creation_timestamp: Time::seconds(queue.created),
        streams: [stream_filter::identifier(call, &queue.stream, queue.stream_created)],
    });
    call.write(&Output { queue_summaries: queues.collect(), next_token: asked.next(call, OPERATION, last)? })
}
