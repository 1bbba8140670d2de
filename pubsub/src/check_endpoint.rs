//! What endpoints must look like.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>

use crate::{Endpoint, Error, Protocol, Result, check, layout::TopicRecord};

const LONGEST_ADDRESS: usize = 2048;

/// That an endpoint may be subscribed to a topic.
pub(crate) fn run(topic: &TopicRecord, endpoint: &Endpoint) -> Result<()> {
    let address = endpoint.address.as_str();
    if address.is_empty() {
        return Err(Error::parameter("Endpoint Reason: Endpoint must be specified"));
    }
    if address.len() > LONGEST_ADDRESS || address.chars().any(|character| character.is_control()) {
        return Err(Error::parameter("Endpoint Reason: Endpoint is too long or has control characters"));
    }
    if topic.is_fifo() && endpoint.protocol != Protocol::Sqs {
        return Err(Error::parameter(format!("Invalid protocol type: {}", endpoint.protocol)));
    }
    let known = match endpoint.protocol {
        Protocol::Sqs if !is_arn(address, "sqs", "") => Err("SQS endpoint ARN"),
        Protocol::Lambda if !is_arn(address, "lambda", "function:") => Err("Lambda endpoint ARN"),
        Protocol::Firehose if !is_arn(address, "firehose", "deliverystream/") => Err("Firehose endpoint ARN"),
        Protocol::Application if !is_arn(address, "sns", "endpoint/") => Err("ApplicationEndpoint ARN"),
        Protocol::Http if !is_url(address, "http://") => Err("Endpoint must match the specified protocol"),
        Protocol::Https if !is_url(address, "https://") => Err("Endpoint must match the specified protocol"),
        Protocol::Email | Protocol::EmailJson if !is_mail_address(address) => Err("Email address"),
        _ => Ok(()),
    };
    known.map_err(Error::parameter)?;
    if endpoint.protocol == Protocol::Sms && !is_phone_number(address) {
        return Err(Error::parameter(format!("Invalid SMS endpoint: {address}")));
    }
    if endpoint.protocol == Protocol::Sqs && address.ends_with(".fifo") && !topic.is_fifo() {
        // The service says it twice.
        return Err(Error::parameter(
            "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
        ));
    }
    Ok(())
}

fn is_arn(address: &str, service: &str, resource: &str) -> bool {
    check::arn(address)
        .is_some_and(|arn| arn[2] == service && arn[5].strip_prefix(resource).is_some_and(|name| !name.is_empty()))
}

fn is_url(address: &str, scheme: &str) -> bool {
    let rest = address.strip_prefix(scheme);
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':', '?', '#']) && !rest.contains(' '))
}

fn is_mail_address(address: &str) -> bool {
    address.len() <= 320
        && !address.contains(char::is_whitespace)
        && address
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
}

/// A number as E.164 has it; blanks, hyphens, points and brackets between its digits do not count.
fn is_phone_number(address: &str) -> bool {
    let digits = address.strip_prefix('+').unwrap_or(address);
    let mut count = 0;
    let mut after_mark = false;
    for character in digits.chars() {
        match character {
            '0'..='9' => (count, after_mark) = (count + 1, false),
            '-' | '.' | ' ' | '(' | ')' | '/' if !after_mark => after_mark = true,
            _ => return false,
        }
    }
    (2..=15).contains(&count) && !after_mark
}
