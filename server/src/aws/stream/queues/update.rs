use millpond::stream::QueueChanges;

use super::{
    QUEUE_ARN, find,
    shown::{Attributes, Status, show},
};
use crate::aws::stream::{Answered, Call, checks::Limits, member::Text, request::request};

request! {
    Request<'a> {
        queue_arn: Text<'a> = "QueueARN" => QUEUE_ARN,
        queue_attributes: Attributes<'a> = "QueueAttributes" => Limits::ANY.required(),
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let attributes = given.queue_attributes.unwrap_or_default();
    let dead_letters = attributes.dead_letters()?;
    let queue = find(call, given.queue_arn)?;
    queue.update(&QueueChanges { visibility_timeout: attributes.visibility_timeout(), dead_letters })?;
    call.write(&show(call, &queue.describe()?, Status::Updating))
}
