use super::{CHANNEL_ARN, find};
use crate::aws::stream::{Answered, Call, member::Text, nothing, request::request};

request! {
    Request<'a> { channel_arn: Text<'a> = "ChannelARN" => CHANNEL_ARN }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    find(call, given.channel_arn)?.delete()?;
    nothing()
}
