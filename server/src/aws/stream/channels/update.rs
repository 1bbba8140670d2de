use millpond::stream::{ChannelChanges, ChannelLogging, DestinationKind};

use super::{
    CHANNEL_ARN,
    create::GivenLogging,
    find,
    shown::{Status, show},
};
use crate::aws::{
    json::Failure,
    stream::{
        Answered, Call,
        checks::Limits,
        member::{Integer, Text},
        request::request,
    },
};

request! {
    Request<'a> {
        channel_arn: Text<'a> = "ChannelARN" => CHANNEL_ARN,
        s3: Freshness<'a> = "S3DestinationConfiguration",
        s3_tables: Freshness<'a> = "S3TablesDestinationConfiguration",
        logging: GivenLogging<'a> = "LoggingConfiguration",
    }
    Freshness<'a> { secs: Integer = "DataFreshnessInSeconds" => Limits::ANY.required() }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let secs = |given: Freshness<'_>| given.secs.map_or(0, Integer::count);
    let freshness = match (given.s3, given.s3_tables) {
        (Some(_), Some(_)) => {
            return Err(Failure::validation(
                "S3DestinationConfiguration and S3TablesDestinationConfiguration cannot be specified together.",
            ));
        }
        (Some(bucket), None) => Some((DestinationKind::S3, secs(bucket))),
        (None, Some(tables)) => Some((DestinationKind::S3Tables, secs(tables))),
        (None, None) => None,
    };
    let channel = find(call, given.channel_arn)?;
    channel.update(&ChannelChanges { freshness, logging: given.logging.map(ChannelLogging::from) })?;
    call.write(&show(call, &channel.describe()?, Status::Updating))
}
