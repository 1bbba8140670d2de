//! Channels, which deliver the records of streams to buckets: one file a family of operations.

mod create;
mod delete;
mod deliver;
mod describe;
mod limits;
mod list;
mod object;
mod shown;
mod update;

use millpond::stream::Channel;

use super::{Call, Operation, Operation::Now, checks::Limits, failure::failure, member::Text, names};
use crate::aws::json::Failure;

pub(in crate::aws) use deliver::deliver;

/// What each operation is answered by.
pub(super) const OPERATIONS: &[(&str, Operation)] = &[
    ("CreateChannel", Now(create::answer)),
    ("DeleteChannel", Now(delete::answer)),
    ("DescribeChannel", Now(describe::answer)),
    ("ListChannels", Now(list::answer)),
    ("UpdateChannel", Now(update::answer)),
];

const CHANNEL_ARN: Limits = super::limits::CHANNEL_ARN.required();

/// The channel that a request names.
fn find(call: &Call<'_>, arn: Option<Text<'_>>) -> Result<Channel, Failure> {
    let arn = arn.unwrap_or_default();
    let missing = || {
        failure("ResourceNotFoundException", format!("Channel {} under account {} not found.", &*arn, names::ACCOUNT))
    };
    Ok(call.streams().channel(names::channel(&arn).ok_or_else(missing)?)?)
}
