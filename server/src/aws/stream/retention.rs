use millpond::stream::{self, Stream};

use super::{
    Answered, Call,
    checks::Limits,
    limits,
    member::{Integer, Text},
    names, nothing,
    request::request,
};

request! {
    Request<'a> {
        retention_period_hours: Integer = "RetentionPeriodHours" => Limits::ANY.required(),
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
}

pub(super) fn increase(call: &Call<'_>) -> Answered {
    change(call, Stream::increase_retention)
}

pub(super) fn decrease(call: &Call<'_>) -> Answered {
    change(call, Stream::decrease_retention)
}

fn change(call: &Call<'_>, change: fn(&Stream, u32) -> stream::Result<()>) -> Answered {
    let given: Request<'_> = call.read()?;
    let stream = call.streams().get(&names::stream(given.stream_name, given.stream_arn)?)?;
    change(&stream, given.retention_period_hours.unwrap_or_default().count())?;
    nothing()
}
