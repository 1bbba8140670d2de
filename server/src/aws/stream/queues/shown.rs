//! Queues as they are shown, and what they can be set to as it is given.

use std::time::Duration;

use millpond::stream::{DeadLetters, QueueDescription, QueueStart};
use serde::Serialize;

use super::{MAX_RECEIVE_COUNT, TARGET_TYPE, VISIBILITY};
use crate::aws::{
    json::Failure,
    stream::{
        Call,
        member::{Integer, Text},
        names,
        request::request,
        shown::Time,
    },
};

request! {
    Attributes<'a> {
        visibility_timeout_seconds: Integer = "VisibilityTimeoutSeconds" => VISIBILITY,
        dead_letter_configuration: DeadLetterConfiguration<'a> = "DeadLetterConfiguration",
    }
    DeadLetterConfiguration<'a> {
        target_type: Text<'a> = "TargetType" => TARGET_TYPE.required(),
        max_receive_count: Integer = "MaxReceiveCount" => MAX_RECEIVE_COUNT,
    }
}

impl Attributes<'_> {
    pub(super) fn visibility_timeout(&self) -> Option<Duration> {
        self.visibility_timeout_seconds.map(|secs| Duration::from_secs(u64::from(secs.count())))
    }

    /// # Errors
    /// `ValidationException`
    pub(super) fn dead_letters(&self) -> Result<Option<DeadLetters>, Failure> {
        let Some(given) = &self.dead_letter_configuration else { return Ok(None) };
        match (given.target_type.as_deref(), given.max_receive_count) {
            (Some("BUILT_IN"), Some(receives)) => Ok(Some(DeadLetters::After { receives: receives.count() })),
            (Some("BUILT_IN"), None) => {
                Err(Failure::validation("MaxReceiveCount is required when TargetType is BUILT_IN."))
            }
            _ => Ok(Some(DeadLetters::Never)),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output<'a> {
    pub(super) queue_description: ShownQueue<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ShownQueue<'a> {
    queue_name: &'a str,
    #[serde(rename = "QueueARN")]
    queue_arn: String,
    queue_status: &'static str,
    queue_creation_timestamp: Time,
    stream_configuration_list: [ShownStream; 1],
    queue_attributes: ShownAttributes,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownStream {
    #[serde(rename = "StreamARN")]
    stream_arn: String,
    starting_position: ShownStart,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownStart {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<Time>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownAttributes {
    visibility_timeout_seconds: u64,
    dead_letter_configuration: ShownDeadLetters,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownDeadLetters {
    target_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_receive_count: Option<u32>,
}

/// What a queue is doing, as it is told: changes are done when they are answered, but the service says that they have begun.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Creating,
    Active,
    Updating,
}

pub(super) fn show<'a>(call: &Call<'_>, queue: &'a QueueDescription, status: Status) -> Output<'a> {
    let (kind, given) = match queue.start {
        QueueStart::TrimHorizon => ("TRIM_HORIZON", None),
        QueueStart::Latest => ("LATEST", None),
        QueueStart::AtTimestamp(time) => ("AT_TIMESTAMP", Some(time)),
    };
    // Where it really begins is not known at first.
    let timestamp = if status == Status::Creating { given } else { Some(queue.start_time) };
    let stream_arn = call.arn(&queue.stream);
    let starting_position = ShownStart { r#type: kind, timestamp: timestamp.map(Time) };
    let dead_letter_configuration = match queue.dead_letters {
        DeadLetters::After { receives } => {
            ShownDeadLetters { target_type: "BUILT_IN", max_receive_count: Some(receives) }
        }
        DeadLetters::Never => ShownDeadLetters { target_type: "NONE", max_receive_count: None },
    };
    let queue_description = ShownQueue {
        queue_name: &queue.name,
        queue_arn: names::queue_arn(call.region, &queue.id),
        queue_status: match status {
            Status::Creating => "CREATING",
            Status::Active => "ACTIVE",
            Status::Updating => "UPDATING",
        },
        queue_creation_timestamp: Time::seconds(queue.created),
        stream_configuration_list: [ShownStream { stream_arn, starting_position }],
        queue_attributes: ShownAttributes {
            visibility_timeout_seconds: queue.visibility_timeout.as_secs(),
            dead_letter_configuration,
        },
    };
    Output { queue_description }
}
