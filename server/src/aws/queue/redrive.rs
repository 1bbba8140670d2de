//! The policies of dead-letter queues, which are JSON in an attribute, in the one form in which they are given back.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>

use std::collections::BTreeMap;

use millpond::queue::{RedriveAllowPolicy, RedrivePolicy};
use serde_json::{Map, Value, json};

use super::{
    SERVICE,
    address::{Arn, arn},
    failure::{failure, invalid, invalid_value},
};
use crate::aws::json::{Failure, Word};

const POLICY: &str = "RedrivePolicy";
const ALLOW_POLICY: &str = "RedriveAllowPolicy";
/// What reasons begin with that the queue service gives, and that are said of the whole value.
const REASONS: [(&str, &str); 4] = [
    ("Dead letter target ", POLICY),
    ("Dead-letter queue ", POLICY),
    ("Invalid value for maxReceiveCount", POLICY),
    ("Amazon SQS can't create the redrive allow policy", ALLOW_POLICY),
];

/// Reads a redrive policy; an empty one takes away what is set.
///
/// # Errors
/// `InvalidAttributeValue` for what is no JSON object, `InvalidParameterValueException`.
pub(super) fn policy(text: &str) -> Result<Option<RedrivePolicy>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    let Ok(given) = serde_json::from_str::<Map<String, Value>>(text) else {
        let message = "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.";
        return Err(failure("InvalidAttributeValue", message));
    };
    let refused = |reason: &str| invalid_value(text, POLICY, reason);
    let lacks = |name| refused(&format!("Redrive policy does not contain mandatory attribute: {name}."));
    let count = given.get("maxReceiveCount").ok_or_else(|| lacks("maxReceiveCount"))?;
    let target = given.get("deadLetterTargetArn").ok_or_else(|| lacks("deadLetterTargetArn"))?;
    let shown = count.as_str().map_or_else(|| count.to_string(), str::to_owned);
    let wrong_count = || {
        let most = "valid values are from 1 to 1000 both inclusive.";
        refused(&format!("Invalid value for maxReceiveCount: {shown}, {most}"))
    };
    let max_receive_count = shown.parse().ok().filter(|count| (1..=1000).contains(count)).ok_or_else(wrong_count)?;
    let target = target.as_str().and_then(Arn::parse);
    let target = target.ok_or_else(|| refused("Invalid value for deadLetterTargetArn."))?;
    if given.len() > 2 {
        return Err(refused("Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn]."));
    }
    if target.service != SERVICE {
        return Err(refused("Only SQS queues are valid resources for deadLetterTargetArn."));
    }
    Ok(Some(RedrivePolicy { dead_letter_queue: target.name.to_owned(), max_receive_count }))
}

/// Reads whose dead-letter queue a queue may be; an empty text takes away what is set.
///
/// # Errors
/// `InvalidAttributeValue` for what has another shape, `InvalidParameterValueException`.
pub(super) fn allow_policy(text: &str) -> Result<Option<RedriveAllowPolicy>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    let (permission, sources) = permission(text).ok_or_else(|| {
        let reason = "Amazon SQS can't create the redrive allow policy, as it\u{2019}s in an unsupported format.";
        failure("InvalidAttributeValue", format!("Invalid value for the parameter {ALLOW_POLICY}. Reason: {reason}"))
    })?;
    let refused = |reason: &str| {
        invalid_value(text, ALLOW_POLICY, &format!("Amazon SQS can't create the redrive allow policy. {reason}"))
    };
    match (permission, sources) {
        ("byQueue", Some(sources)) if !sources.is_empty() => {
            let names = sources.iter().map(|source| Some(Arn::parse(source)?.name.to_owned())).collect::<Option<_>>();
            let names = names.ok_or_else(|| refused("The sourceQueueArns value must be a list of queue ARNs."))?;
            Ok(Some(RedriveAllowPolicy::ByQueue(names)))
        }
        ("byQueue", _) => Err(refused(
            "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.",
        )),
        (_, Some(_)) => {
            Err(refused("To specify one or more source queue ARNs, you must set redrivePermission to byQueue."))
        }
        ("denyAll", None) => Ok(Some(RedriveAllowPolicy::DenyAll)),
        (_, None) => Ok(Some(RedriveAllowPolicy::AllowAll)),
    }
}

/// What is permitted, and to which queues, of a text that has the right shape.
fn permission(text: &str) -> Option<(&'static str, Option<Vec<String>>)> {
    let given: Map<String, Value> = serde_json::from_str(text).ok()?;
    let permission = given.get("redrivePermission")?.as_str()?;
    let permission = ["allowAll", "denyAll", "byQueue"].into_iter().find(|known| *known == permission)?;
    let sources = match given.get("sourceQueueArns") {
        Some(sources) => Some(serde_json::from_value(sources.clone()).ok()?),
        None => None,
    };
    let known = 1 + usize::from(sources.is_some());
    (given.len() == known).then_some((permission, sources))
}

pub(super) fn show(region: &str, policy: &RedrivePolicy) -> String {
    let target = arn(region, &policy.dead_letter_queue);
    json!({ "deadLetterTargetArn": target, "maxReceiveCount": policy.max_receive_count }).to_string()
}

pub(super) fn show_allow(region: &str, policy: &RedriveAllowPolicy) -> String {
    match policy {
        RedriveAllowPolicy::AllowAll => json!({ "redrivePermission": "allowAll" }),
        RedriveAllowPolicy::DenyAll => json!({ "redrivePermission": "denyAll" }),
        RedriveAllowPolicy::ByQueue(names) => {
            let sources: Vec<_> = names.iter().map(|name| arn(region, name)).collect();
            json!({ "redrivePermission": "byQueue", "sourceQueueArns": sources })
        }
    }
    .to_string()
}

/// Says of the attribute as it was given what the queue service says of the policy in it.
pub(super) fn explain(refused: Failure, attributes: &BTreeMap<String, Word>) -> Failure {
    let known = REASONS.iter().find(|(start, _)| refused.message().starts_with(start));
    match known.and_then(|(_, name)| Some((name, attributes.get(*name)?))) {
        Some((name, Word(value))) => {
            invalid(format!("Value {value} for parameter {name} is invalid. Reason: {}", refused.message()))
        }
        None => refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redrive_policy_is_read_and_shown_in_one_form() {
        for text in [
            r#"{"deadLetterTargetArn":"arn:aws:sqs:x:1:dead","maxReceiveCount":3}"#,
            r#" {"maxReceiveCount":"3", "deadLetterTargetArn":"arn:aws:sqs:x:1:dead"}"#,
        ] {
            let policy = policy(text).unwrap().unwrap();
            assert_eq!((policy.dead_letter_queue.as_str(), policy.max_receive_count), ("dead", 3));
            let shown = r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:000000000000:dead","maxReceiveCount":3}"#;
            assert_eq!(show("eu-west-1", &policy), shown);
        }
        assert_eq!(policy("").unwrap(), None);
    }

    #[test]
    fn what_is_wrong_with_a_redrive_policy_is_said_in_order() {
        let arn = "arn:aws:sqs:x:1:dead";
        for (text, reason) in [
            ("{}".to_owned(), "Redrive policy does not contain mandatory attribute: maxReceiveCount."),
            (
                r#"{"maxReceiveCount":0}"#.to_owned(),
                "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.",
            ),
            (
                format!(r#"{{"maxReceiveCount":"x","deadLetterTargetArn":"{arn}"}}"#),
                "Invalid value for maxReceiveCount: x, valid values are from 1 to 1000 both inclusive.",
            ),
            (
                format!(r#"{{"maxReceiveCount":1001,"deadLetterTargetArn":"{arn}"}}"#),
                "Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive.",
            ),
            (
                r#"{"maxReceiveCount":1,"deadLetterTargetArn":"dead"}"#.to_owned(),
                "Invalid value for deadLetterTargetArn.",
            ),
            (
                format!(r#"{{"maxReceiveCount":1,"deadLetterTargetArn":"{arn}","x":1}}"#),
                "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn].",
            ),
            (
                r#"{"maxReceiveCount":1,"deadLetterTargetArn":"arn:aws:sns:x:1:dead"}"#.to_owned(),
                "Only SQS queues are valid resources for deadLetterTargetArn.",
            ),
        ] {
            let message = policy(&text).unwrap_err().message().to_owned();
            assert_eq!(message, format!("Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}"));
        }
        for text in ["[]", "{", "7"] {
            assert_eq!(policy(text).unwrap_err().code(), "InvalidAttributeValue");
        }
    }

    #[test]
    fn an_allow_policy_is_read_and_shown_in_one_form() {
        for (text, shown) in [
            (r#"{"redrivePermission":"allowAll"}"#, r#"{"redrivePermission":"allowAll"}"#),
            (r#"{ "redrivePermission":"denyAll" }"#, r#"{"redrivePermission":"denyAll"}"#),
            (
                r#"{"sourceQueueArns":["arn:aws:sqs:x:1:a"],"redrivePermission":"byQueue"}"#,
                r#"{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:r:000000000000:a"]}"#,
            ),
        ] {
            assert_eq!(show_allow("r", &allow_policy(text).unwrap().unwrap()), shown);
        }
        for (text, code) in [
            ("x", "InvalidAttributeValue"),
            (r#"{"redrivePermission":"some"}"#, "InvalidAttributeValue"),
            (r#"{"redrivePermission":"denyAll","x":1}"#, "InvalidAttributeValue"),
            (r#"{"redrivePermission":"byQueue","sourceQueueArns":[1]}"#, "InvalidAttributeValue"),
            (r#"{"redrivePermission":"byQueue"}"#, "InvalidParameterValueException"),
            (r#"{"redrivePermission":"byQueue","sourceQueueArns":[]}"#, "InvalidParameterValueException"),
            (
                r#"{"redrivePermission":"allowAll","sourceQueueArns":["arn:aws:sqs:x:1:a"]}"#,
                "InvalidParameterValueException",
            ),
        ] {
            assert_eq!(allow_policy(text).unwrap_err().code(), code, "{text}");
        }
    }

    #[test]
    fn reasons_are_said_of_the_attribute_as_it_was_given() {
        let attributes = BTreeMap::from([("RedrivePolicy".to_owned(), Word("{x}".to_owned()))]);
        let explained = |message: &str| explain(invalid(message), &attributes).message().to_owned();
        assert_eq!(
            explained("Dead letter target does not exist."),
            "Value {x} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist."
        );
        assert_eq!(explained("Something else."), "Something else.");
    }
}
