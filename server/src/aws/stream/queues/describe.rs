use super::{
    QUEUE_ARN, find,
    shown::{Status, show},
};
use crate::aws::stream::{Answered, Call, member::Text, request::request};

request! {
    Request<'a> { queue_arn: Text<'a> = "QueueARN" => QUEUE_ARN }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let queue = find(call, given.queue_arn)?;
    call.write(&show(call, &queue.describe()?, Status::Active))
}
