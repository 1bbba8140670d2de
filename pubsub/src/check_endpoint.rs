//! What endpoints must look like.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>

use millpond_engine::Transaction;

use crate::{Endpoint, Error, Protocol, Result, check, layout::TopicRecord, mobile, shared::Shared};

const LONGEST_ADDRESS: usize = 2048;

/// That an endpoint may be subscribed to a topic.
pub(crate) fn run(shared: &Shared, tx: &mut Transaction, topic: &TopicRecord, endpoint: &Endpoint) -> Result<()> {
    check(topic, endpoint)?;
    let address = endpoint.address.as_str();
    // Of all that can be subscribed the service asks only for these whether they are there.
    if endpoint.protocol == Protocol::Application && !mobile::has_endpoint(shared, tx, address)? {
        let why = format!("Endpoint Reason: Endpoint does not exist for endpoint arn{address}");
        return Err(Error::parameter(why));
    }
    Ok(())
}

fn check(topic: &TopicRecord, endpoint: &Endpoint) -> Result<()> {
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
        Protocol::Http if !is_url(address, "http://") => Err("Endpoint must match the specified protocol"),
        Protocol::Https if !is_url(address, "https://") => Err("Endpoint must match the specified protocol"),
        Protocol::Email | Protocol::EmailJson if !is_mail_address(address) => Err("Email address"),
        _ => Ok(()),
    };
    known.map_err(Error::parameter)?;
    if endpoint.protocol == Protocol::Application && !is_arn(address, "sns", "endpoint/") {
        return Err(Error::parameter(format!("Application endpoint arn invalid:{address}")));
    }
    if endpoint.protocol == Protocol::Sms && !is_phone_number(address) {
        return Err(Error::plain_parameter(format!("Invalid SMS endpoint: {address}")));
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
        && !address.contains(|character: char| character.is_whitespace() || ";,<>()[]\\".contains(character))
        && address
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
}

/// A number as E.164 has it, with or without the plus; single hyphens, points and slashes between its digits do not count.
fn is_phone_number(address: &str) -> bool {
    let digits = address.strip_prefix('+').unwrap_or(address);
    let mut count = 0;
    let mut after_digit = false;
    for character in digits.chars() {
        match character {
            '0'..='9' => (count, after_digit) = (count + 1, true),
            '-' | '.' | '/' if after_digit => after_digit = false,
            _ => return false,
        }
    }
    (2..=15).contains(&count) && after_digit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_are_those_of_e_164() {
        for good in ["+123123123", "15551234567", "+1-555.123/4567", "+94771952226", "12"] {
            assert!(is_phone_number(good), "{good}");
        }
        for bad in [
            "",
            "+",
            "1",
            "NAA+15551234567",
            "+1a234",
            "+1--555",
            "-1555",
            "1555-",
            "+1234567890123456",
            "++15551234567",
            "１２３",
        ] {
            assert!(!is_phone_number(bad), "{bad}");
        }
    }

    #[test]
    fn addresses_are_urls_mail_addresses_and_arns() {
        assert!(is_url("http://localhost:8080/x?y=z", "http://") && is_url("http://user:word@host", "http://"));
        for bad in ["http://", "http:///x", "http://:80", "https://host", "HTTP://host", "http://a b"] {
            assert!(!is_url(bad, "http://"), "{bad}");
        }
        assert!(is_mail_address("user@example.com"));
        for bad in ["this is not an email", "user", "@example.com", "user@", "a@b@c", "a b@c"] {
            assert!(!is_mail_address(bad), "{bad}");
        }
        assert!(is_arn("arn:aws:lambda:us-east-1:0:function:f:1", "lambda", "function:"));
        for bad in [
            "",
            "arn",
            "arn:aws:lambda:::",
            "arn:aws:lambda:::function:",
            "arn:aws:sqs:::function:f",
            "x:aws:lambda:::function:f",
        ] {
            assert!(!is_arn(bad, "lambda", "function:"), "{bad}");
        }
    }
}
