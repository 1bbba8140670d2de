use millpond::kv::ListStreamsRequest;
use serde::Serialize;

use super::{ARN_CHARACTERS, Answered, arn};
use crate::aws::{
    Call,
    json::{self, Text, Whole, members},
    kv::checks::{self, Checks},
};

members! {
    Request {
        table_name: Text = "TableName",
        limit: Whole = "Limit",
        exclusive_start_stream_arn: Text = "ExclusiveStartStreamArn",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    streams: Vec<Listed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_evaluated_stream_arn: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    stream_arn: String,
    table_name: &'a str,
    stream_label: &'a str,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let mut checks = Checks::default();
    let exclusive_start_stream_arn = checks::text(given.exclusive_start_stream_arn);
    checks.length(exclusive_start_stream_arn.as_deref(), "exclusiveStartStreamArn", ARN_CHARACTERS);
    checks.finish()?;
    let request = ListStreamsRequest {
        table_name: checks::text(given.table_name),
        limit: given.limit.map(|limit| limit.0),
        exclusive_start_stream_arn,
    };
    let output = call.pond.kv().list_streams(&request)?;
    let listed = output.streams.iter().map(|stream| Listed {
        stream_arn: arn(stream, call.region),
        table_name: &stream.table_name,
        stream_label: &stream.stream_label,
    });
    json::write(&Output {
        streams: listed.collect(),
        last_evaluated_stream_arn: output.last_evaluated_stream.as_ref().map(|stream| arn(stream, call.region)),
    })
}
