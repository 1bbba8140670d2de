//! Attributes of queues, which are text on the wire, and what they set.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>

use std::{collections::BTreeMap, time::Duration};

use millpond::queue::{Changes, DeduplicationScope, Description, FifoThroughputLimit};

use super::{
    address,
    failure::{failure, invalid, invalid_attribute, unknown_attribute},
    policy_document, redrive,
};
use crate::aws::json::{Failure, Word};

const FIFO_SUFFIX: &str = ".fifo";

/// The queue that attributes are given for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target<'a> {
    /// One that is to be created.
    New { name: &'a str },
    /// One that there is.
    Existing { name: &'a str },
}

impl<'a> Target<'a> {
    pub(super) fn name(self) -> &'a str {
        let (Target::New { name } | Target::Existing { name }) = self;
        name
    }
}

/// What attributes of a request set.
///
/// # Errors
/// `InvalidAttributeName`, `InvalidAttributeValue`, `InvalidParameterValueException`.
pub(super) fn changes(attributes: &BTreeMap<String, Word>, target: Target<'_>) -> Result<Changes, Failure> {
    check_type(attributes.get("FifoQueue"), target)?;
    let mut changes = Changes::default();
    for (name, Word(value)) in attributes {
        change(&mut changes, name, value)?;
    }
    Ok(changes)
}

fn change(changes: &mut Changes, name: &str, value: &str) -> Result<(), Failure> {
    match name {
        "FifoQueue" => {}
        "DelaySeconds" => changes.delay = Some(seconds(name, value)?),
        "MaximumMessageSize" => changes.maximum_message_bytes = Some(number(name, value)?),
        "MessageRetentionPeriod" => changes.retention = Some(seconds(name, value)?),
        "ReceiveMessageWaitTimeSeconds" => changes.receive_wait = Some(seconds(name, value)?),
        "VisibilityTimeout" => changes.visibility_timeout = Some(seconds(name, value)?),
        "RedrivePolicy" => changes.redrive_policy = Some(redrive::policy(value)?),
        "RedriveAllowPolicy" => changes.redrive_allow_policy = Some(redrive::allow_policy(value)?),
        "Policy" => changes.policy = Some(policy_document::check(value)?),
        "KmsMasterKeyId" => changes.kms_master_key_id = Some(set(value).map(str::to_owned)),
        "KmsDataKeyReusePeriodSeconds" => changes.kms_data_key_reuse_period = Some(Some(seconds(name, value)?)),
        "SqsManagedSseEnabled" => changes.sqs_managed_sse = Some(flag(name, value)?),
        "ContentBasedDeduplication" => changes.content_based_deduplication = Some(flag(name, value)?),
        "DeduplicationScope" => {
            changes.deduplication_scope = Some(match value {
                "queue" => DeduplicationScope::Queue,
                "messageGroup" => DeduplicationScope::MessageGroup,
                _ => return Err(invalid_attribute(name)),
            });
        }
        "FifoThroughputLimit" => {
            changes.fifo_throughput_limit = Some(match value {
                "perQueue" => FifoThroughputLimit::PerQueue,
                "perMessageGroupId" => FifoThroughputLimit::PerMessageGroupId,
                _ => return Err(invalid_attribute(name)),
            });
        }
        _ => return Err(unknown_attribute(name)),
    }
    Ok(())
}

/// The type of a queue is in its name, and cannot be changed.
fn check_type(given: Option<&Word>, target: Target<'_>) -> Result<(), Failure> {
    let is_fifo_name = target.name().ends_with(FIFO_SUFFIX);
    let asked = given.map(|value| value.0.eq_ignore_ascii_case("true"));
    match (target, asked, is_fifo_name) {
        (_, None, false) | (_, Some(true), true) | (Target::Existing { .. }, None, true) => Ok(()),
        (Target::New { .. }, Some(true), false) => Err(invalid(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.",
        )),
        (Target::New { .. }, None | Some(false), true) => {
            Err(invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"))
        }
        (_, Some(_), false) => Err(unknown_attribute("FifoQueue")),
        (Target::Existing { .. }, Some(false), true) => Err(failure(
            "InvalidAttributeValue",
            "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
        )),
    }
}

/// An empty value takes away what need not be there.
fn set(value: &str) -> Option<&str> {
    (!value.is_empty()).then_some(value)
}

fn seconds(name: &str, value: &str) -> Result<Duration, Failure> {
    number(name, value).map(Duration::from_secs)
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, Failure> {
    value.parse().map_err(|_| invalid_attribute(name))
}

fn flag(name: &str, value: &str) -> Result<bool, Failure> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(invalid_attribute(name)),
    }
}

/// What is told of a queue.
const NAMES: [&str; 21] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "ContentBasedDeduplication",
    "CreatedTimestamp",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "LastModifiedTimestamp",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "Policy",
    "QueueArn",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
];

/// The names that are asked for; `All` asks for all of them.
///
/// # Errors
/// `InvalidAttributeName`.
pub(super) fn asked(names: &[String]) -> Result<Vec<&'static str>, Failure> {
    if names.iter().any(|name| name.eq_ignore_ascii_case("All")) {
        return Ok(NAMES.to_vec());
    }
    let known = |name: &String| NAMES.into_iter().find(|known| known == name).ok_or_else(|| unknown_attribute(name));
    names.iter().map(known).collect()
}

/// An attribute of a queue; `None` where the queue has none.
pub(super) fn value(region: &str, name: &str, queue: &Description, attribute: &str) -> Option<String> {
    let settings = &queue.settings;
    let fifo = settings.fifo.as_ref();
    let of_seconds = |duration: Duration| Some(duration.as_secs().to_string());
    match attribute {
        "ApproximateNumberOfMessages" => Some(queue.counts.visible.to_string()),
        "ApproximateNumberOfMessagesDelayed" => Some(queue.counts.delayed.to_string()),
        "ApproximateNumberOfMessagesNotVisible" => Some(queue.counts.in_flight.to_string()),
        "ContentBasedDeduplication" => Some(fifo?.content_based_deduplication.to_string()),
        "CreatedTimestamp" => Some(queue.created.as_secs().to_string()),
        "DeduplicationScope" => Some(match fifo?.deduplication_scope {
            DeduplicationScope::Queue => "queue".to_owned(),
            DeduplicationScope::MessageGroup => "messageGroup".to_owned(),
        }),
        "DelaySeconds" => of_seconds(settings.delay),
        "FifoQueue" => fifo.map(|_| "true".to_owned()),
        "FifoThroughputLimit" => Some(match fifo?.throughput_limit {
            FifoThroughputLimit::PerQueue => "perQueue".to_owned(),
            FifoThroughputLimit::PerMessageGroupId => "perMessageGroupId".to_owned(),
        }),
        // It is of no use without a key, and not shown.
        "KmsDataKeyReusePeriodSeconds" => {
            settings.kms_master_key_id.as_ref()?;
            of_seconds(settings.kms_data_key_reuse_period.unwrap_or(Duration::from_secs(300)))
        }
        "KmsMasterKeyId" => settings.kms_master_key_id.clone(),
        "LastModifiedTimestamp" => Some(queue.modified.as_secs().to_string()),
        "MaximumMessageSize" => Some(settings.maximum_message_bytes.to_string()),
        "MessageRetentionPeriod" => of_seconds(settings.retention),
        "Policy" => settings.policy.clone(),
        "QueueArn" => Some(address::arn(region, name)),
        "ReceiveMessageWaitTimeSeconds" => of_seconds(settings.receive_wait),
        "RedriveAllowPolicy" => {
            settings.redrive_allow_policy.as_ref().map(|policy| redrive::show_allow(region, policy))
        }
        "RedrivePolicy" => settings.redrive_policy.as_ref().map(|policy| redrive::show(region, policy)),
        "SqsManagedSseEnabled" => Some(settings.sqs_managed_sse.to_string()),
        "VisibilityTimeout" => of_seconds(settings.visibility_timeout),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(target: Target<'_>, attributes: &[(&str, &str)]) -> Result<Changes, String> {
        let attributes =
            attributes.iter().map(|(name, value)| ((*name).to_owned(), Word((*value).to_owned()))).collect();
        changes(&attributes, target).map_err(|failure| failure.message().to_owned())
    }

    const STANDARD: Target<'_> = Target::New { name: "a" };
    const FIFO: Target<'_> = Target::New { name: "a.fifo" };

    #[test]
    fn text_becomes_what_it_sets() {
        let read = read(
            FIFO,
            &[
                ("DelaySeconds", "5"),
                ("FifoQueue", "True"),
                ("ContentBasedDeduplication", "FALSE"),
                ("DeduplicationScope", "messageGroup"),
                ("KmsMasterKeyId", ""),
                ("Policy", ""),
            ],
        );
        let expected = Changes {
            delay: Some(Duration::from_secs(5)),
            content_based_deduplication: Some(false),
            deduplication_scope: Some(DeduplicationScope::MessageGroup),
            kms_master_key_id: Some(None),
            policy: Some(None),
            ..Default::default()
        };
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn what_sets_nothing_is_refused() {
        for (name, value, text) in [
            ("VisibilityTimeout", "", "Invalid value for the parameter VisibilityTimeout."),
            ("VisibilityTimeout", " 2", "Invalid value for the parameter VisibilityTimeout."),
            ("VisibilityTimeout", "65.2", "Invalid value for the parameter VisibilityTimeout."),
            ("DelaySeconds", "-1", "Invalid value for the parameter DelaySeconds."),
            ("SqsManagedSseEnabled", "yes", "Invalid value for the parameter SqsManagedSseEnabled."),
            ("DeduplicationScope", "all", "Invalid value for the parameter DeduplicationScope."),
            ("QueueArn", "x", "Unknown Attribute QueueArn."),
            ("All", "x", "Unknown Attribute All."),
        ] {
            assert_eq!(read(FIFO_EXISTING, &[(name, value)]), Err(text.to_owned()));
        }
    }

    const FIFO_EXISTING: Target<'_> = Target::Existing { name: "a.fifo" };

    #[test]
    fn the_type_is_in_the_name() {
        let unknown = "Unknown Attribute FifoQueue.";
        let standard_name = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
        let fifo_name = "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.";
        let fixed = "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.";
        let existing = Target::Existing { name: "a" };
        for (target, given, refused) in [
            (STANDARD, None, None),
            (STANDARD, Some("false"), Some(unknown)),
            (STANDARD, Some("true"), Some(fifo_name)),
            (FIFO, Some("true"), None),
            (FIFO, Some("false"), Some(standard_name)),
            (FIFO, None, Some(standard_name)),
            (existing, Some("true"), Some(unknown)),
            (existing, Some("false"), Some(unknown)),
            (FIFO_EXISTING, Some("true"), None),
            (FIFO_EXISTING, Some("false"), Some(fixed)),
            (FIFO_EXISTING, None, None),
        ] {
            let attributes: Vec<_> = given.map(|value| ("FifoQueue", value)).into_iter().collect();
            assert_eq!(read(target, &attributes).err().as_deref(), refused, "{target:?} {given:?}");
        }
    }

    #[test]
    fn names_that_are_asked_for_are_known() {
        assert_eq!(asked(&["All".into(), "x".into()]).unwrap().len(), 21);
        assert_eq!(asked(&["Policy".into()]).unwrap(), ["Policy"]);
        assert!(asked(&["policy".into()]).is_err());
        assert!(asked(&[]).unwrap().is_empty());
    }
}
