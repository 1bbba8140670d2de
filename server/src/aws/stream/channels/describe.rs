use super::{
    CHANNEL_ARN, find,
    shown::{Status, show},
};
use crate::aws::stream::{Answered, Call, member::Text, request::request};

request! {
    Request<'a> { channel_arn: Text<'a> = "ChannelARN" => CHANNEL_ARN }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let channel = find(call, given.channel_arn)?;
    call.write(&show(call, &channel.describe()?, Status::Active))
}
