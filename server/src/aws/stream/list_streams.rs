use serde::Serialize;

use super::{
    Answered, Call,
    describe_stream::{self, Listed},
    failure::invalid,
    limits,
    member::{Integer, Text},
    request::request,
    token,
};

/// Streams of a page, whatever is asked for.
const MOST: usize = 100;
const OPERATION: &str = "ListStreams";

request! {
    Request<'a> {
        limit: Integer = "Limit" => limits::MAX_RESULTS,
        exclusive_start_stream_name: Text<'a> = "ExclusiveStartStreamName" => limits::STREAM_NAME,
        next_token: Text<'a> = "NextToken" => limits::NEXT_TOKEN,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    stream_names: Vec<&'a str>,
    has_more_streams: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    stream_summaries: Vec<Listed<'a>>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let after = match (given.next_token, given.exclusive_start_stream_name) {
        (Some(_), Some(_)) => {
            return Err(invalid("NextToken and ExclusiveStartStreamName cannot be provided together."));
        }
        (Some(token), None) => Some(token::read(OPERATION, &token, call.now())?),
        (None, name) => name.map(|name| name.0.into_owned()),
    };
    let limit = given.limit.map_or(MOST, Integer::size).min(MOST);
    let page = call.streams().list(after.as_deref(), limit)?;
    let last = page.streams.last().filter(|_| page.has_more).map(|stream| &stream.name);
    call.write(&Output {
        stream_names: page.streams.iter().map(|stream| stream.name.as_str()).collect(),
        has_more_streams: page.has_more,
        next_token: last.map(|last| token::show(OPERATION, call.now(), last)).transpose()?,
        stream_summaries: page.streams.iter().map(|stream| describe_stream::list(call, stream)).collect(),
    })
}
