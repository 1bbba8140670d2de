use super::{
    Answered, Call, limits,
    member::{Flag, Text},
    names, nothing,
    request::request,
};

request! {
    Request<'a> {
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        enforce_consumer_deletion: Flag = "EnforceConsumerDeletion",
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let name = names::stream(given.stream_name, given.stream_arn)?;
    let enforce = given.enforce_consumer_deletion.unwrap_or_default().0;
    call.streams().delete(&name, enforce).map_err(|error| call.failure(error))?;
    nothing()
}
