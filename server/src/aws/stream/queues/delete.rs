use super::{QUEUE_ARN, find};
use crate::aws::stream::{Answered, Call, member::Text, nothing, request::request};

request! {
    Request<'a> { queue_arn: Text<'a> = "QueueARN" => QUEUE_ARN }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    find(call, given.queue_arn)?.delete()?;
    nothing()
}
