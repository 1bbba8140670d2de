//! How topics and subscriptions are called on the wire: by ARNs. Accounts and regions do not separate topics, so only the name
//! in an ARN counts.

use millpond::pubsub::{SubscriptionId, Topic};

use super::failure::{invalid, missing, reason};
use crate::aws::{
    Call,
    json::{Failure, Word},
};

/// `arn:<partition>:sns:<region>:<account-id>:<topic>`
const ELEMENTS: usize = 6;

/// The name of the topic whose ARN a request has to give.
///
/// # Errors
/// `InvalidParameter`.
pub(super) fn topic(given: Option<Word>, parameter: &str) -> Result<String, Failure> {
    let arn = given.ok_or_else(|| missing(parameter))?.0;
    let resource = resource(&arn, parameter)?;
    match resource.contains([':', '/']) {
        true => Err(invalid(parameter)),
        false => Ok(resource.to_owned()),
    }
}

/// The topic whose ARN a request has to give.
///
/// # Errors
/// `InvalidParameter`, `NotFound`.
pub(super) fn find_topic(call: &Call<'_>, given: Option<Word>, parameter: &str) -> Result<Topic, Failure> {
    Ok(call.pond.topics().get(&topic(given, parameter)?)?)
}

/// A subscription by its ARN, which a request has to give.
///
/// # Errors
/// `InvalidParameter`.
pub(super) fn subscription(given: Option<Word>) -> Result<SubscriptionId, Failure> {
    const PARAMETER: &str = "SubscriptionArn";
    let arn = given.ok_or_else(|| missing(PARAMETER))?.0;
    let resource = resource(&arn, PARAMETER)?;
    let id = resource.split_once(':').and_then(|(_, id)| id.parse().ok());
    id.ok_or_else(|| invalid("SubscriptionId"))
}

/// What an ARN of this service names.
///
/// # Errors
/// `InvalidParameter`.
pub(super) fn resource<'a>(arn: &'a str, parameter: &str) -> Result<&'a str, Failure> {
    let mut elements = arn.splitn(ELEMENTS, ':');
    let (prefix, service) = (elements.next(), elements.nth(1));
    match (elements.nth(2), service) {
        (Some(resource), Some(super::SERVICE)) if prefix == Some("arn") => Ok(resource),
        (Some(_), _) => Err(invalid(parameter)),
        (None, _) => {
            let count = arn.split(':').count();
            Err(reason(parameter, format_args!("An ARN must have at least {ELEMENTS} elements, not {count}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic_of(arn: &str) -> Result<String, String> {
        topic(Some(Word(arn.to_owned())), "TopicArn").map_err(|failure| failure.message().to_owned())
    }

    #[test]
    fn a_topic_is_called_by_the_last_element_of_its_arn() {
        for arn in
            ["arn:aws:sns:us-east-1:000000000000:orders", "arn:aws-cn:sns:cn-north-1:1:orders", "arn::sns:::orders"]
        {
            assert_eq!(topic_of(arn), Ok("orders".to_owned()));
        }
    }

    #[test]
    fn what_is_no_arn_of_a_topic_is_refused_in_the_services_words() {
        let elements =
            |count| format!("Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not {count}");
        for (arn, text) in [
            ("", elements(1)),
            ("orders", elements(1)),
            ("arn:aws:sns:us-east-1:orders", elements(5)),
            ("x:aws:sns:us-east-1:1:orders", "Invalid parameter: TopicArn".to_owned()),
            ("arn:aws:sqs:us-east-1:1:orders", "Invalid parameter: TopicArn".to_owned()),
            ("arn:aws:sns:us-east-1:1:orders:c2b3a1d4", "Invalid parameter: TopicArn".to_owned()),
            ("arn:aws:sns:us-east-1:1:app/GCM/a", "Invalid parameter: TopicArn".to_owned()),
        ] {
            assert_eq!(topic_of(arn), Err(text), "{arn}");
        }
        let absent = topic(None, "TopicArn").unwrap_err();
        assert_eq!(absent.message(), "Invalid parameter: TopicArn Reason: no value for required parameter");
    }

    #[test]
    fn a_subscription_is_called_by_the_id_in_its_arn() {
        let read = |arn: &str| {
            subscription(Some(Word(arn.to_owned())))
                .map(|id| id.to_string())
                .map_err(|failure| failure.message().to_owned())
        };
        let id = "1b1f2a3c-0000-4000-8000-0123456789ab";
        assert_eq!(read(&format!("arn:aws:sns:us-east-1:1:orders:{id}")), Ok(id.to_owned()));
        for arn in
            ["arn:aws:sns:us-east-1:1:orders", "arn:aws:sns:us-east-1:1:orders:x", "arn:aws:sns:us-east-1:1:a:b:c"]
        {
            assert_eq!(read(arn), Err("Invalid parameter: SubscriptionId".to_owned()), "{arn}");
        }
        assert_eq!(
            read("PendingConfirmation"),
            Err("Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1".to_owned())
        );
    }
}
