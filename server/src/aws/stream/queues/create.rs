use millpond::stream::{CreateQueue, QueueStart};

use super::shown::{Attributes, Status, show};
use crate::aws::{
    json::Failure,
    stream::{
        Answered, Call,
        checks::Limits,
        limits,
        member::{List, Moment, Tags, Text},
        names,
        request::request,
    },
};

request! {
    Request<'a> {
        queue_name: Text<'a> = "QueueName" => limits::QUEUE_NAME.required(),
        stream_configuration_list: List<StreamConfiguration<'a>> = "StreamConfigurationList" =>
            limits::STREAMS.required(),
        queue_attributes: Attributes<'a> = "QueueAttributes",
        tags: Tags = "Tags" => limits::TAGS,
    }
    StreamConfiguration<'a> {
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN.required(),
        starting_position: Position<'a> = "StartingPosition",
    }
    Position<'a> {
        kind: Text<'a> = "Type" => Limits::one_of(&["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]).required(),
        timestamp: Moment = "Timestamp",
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let mut streams = given.stream_configuration_list.unwrap_or_default().elements.into_iter();
    let (Some(stream), None) = (streams.next(), streams.next()) else {
        return Err(Failure::validation("StreamConfigurationList must contain exactly one entry."));
    };
    let name = given.queue_name.unwrap_or_default().0.into_owned();
    let mut options = CreateQueue::new(name, names::stream(None, stream.stream_arn)?);
    options.start = stream.starting_position.map_or(Ok(QueueStart::default()), |position| start(&position))?;
    let attributes = given.queue_attributes.unwrap_or_default();
    options.visibility_timeout = attributes.visibility_timeout().unwrap_or(options.visibility_timeout);
    options.dead_letters = attributes.dead_letters()?.unwrap_or(options.dead_letters);
    options.tags = given.tags.unwrap_or_default().0;
    let queue = call.streams().create_queue(&options)?;
    call.write(&show(call, &queue.describe()?, Status::Creating))
}

fn start(position: &Position<'_>) -> Result<QueueStart, Failure> {
    match (position.kind.as_deref(), position.timestamp) {
        (Some("AT_TIMESTAMP"), Some(time)) => Ok(QueueStart::AtTimestamp(time.timestamp())),
        (Some("AT_TIMESTAMP"), None) => {
            Err(Failure::validation("Timestamp is required when the Type of StartingPosition is AT_TIMESTAMP."))
        }
        (_, Some(_)) => Err(Failure::validation(
            "Timestamp can be specified only when the Type of StartingPosition is AT_TIMESTAMP.",
        )),
        (Some("TRIM_HORIZON"), None) => Ok(QueueStart::TrimHorizon),
        (_, None) => Ok(QueueStart::Latest),
    }
}
