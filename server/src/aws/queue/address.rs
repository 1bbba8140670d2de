//! How queues are called on the wire: by URLs and ARNs. Accounts, hosts and regions do not separate queues, so only the name in
//! them counts.

use millpond::queue::Queue;

use super::failure::{failure, missing, no_such_queue};
use crate::aws::{
    Call,
    json::{Failure, Word},
};

/// Of all queues, and of all clients.
pub(super) const ACCOUNT: &str = "000000000000";

/// The URL of a queue, at the address that the client has used.
pub(super) fn url(call: &Call<'_>, name: &str) -> String {
    format!("http://{}/{ACCOUNT}/{name}", call.host())
}

pub(super) fn arn(region: &str, name: &str) -> String {
    format!("arn:aws:sqs:{region}:{ACCOUNT}:{name}")
}

/// What an ARN says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Arn<'a> {
    pub(super) service: &'a str,
    pub(super) name: &'a str,
}

impl<'a> Arn<'a> {
    /// Of `arn:<partition>:<service>:<region>:<account-id>:<resource-id>`.
    pub(super) fn parse(text: &'a str) -> Option<Arn<'a>> {
        let mut parts = text.splitn(6, ':');
        let mut part = || parts.next().filter(|part| !part.is_empty());
        let (prefix, _partition, service, _region, _account, name) =
            (part()?, part()?, part()?, part()?, part()?, part()?);
        (prefix == "arn" && !name.contains(':')).then_some(Arn { service, name })
    }
}

/// The name of the queue that the request's own address is that of.
pub(super) fn path<'a>(call: &'a Call<'_>) -> Option<&'a str> {
    let (account, name) = call.path().strip_prefix('/')?.split_once('/')?;
    (!account.is_empty() && !name.is_empty()).then(|| last(name))
}

/// The queue that a request is for: that of its `QueueUrl`, which may be a bare name, or else of its address.
///
/// # Errors
/// `QueueDoesNotExist`, and in the Query protocol `InvalidAddress` if none is named.
pub(super) fn queue(call: &Call<'_>, url: Option<Word>) -> Result<Queue, Failure> {
    Ok(call.pond.queues().get(&name(call, url)?)?)
}

/// The name of the queue that a request is for.
pub(super) fn name(call: &Call<'_>, url: Option<Word>) -> Result<String, Failure> {
    let url = url.map(|url| url.0).filter(|url| !url.is_empty());
    let named = url.as_deref().map(last).or_else(|| path(call));
    match named {
        Some(name) => Ok(name.to_owned()),
        None if call.dialect().is_some() => {
            let text = format!("The address http://{}/ is not valid for this endpoint.", call.host());
            Err(failure("InvalidAddress", text))
        }
        None => Err(no_such_queue()),
    }
}

fn last(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    path.rsplit('/').next().unwrap_or_default()
}

/// The name in an ARN that a request has to give.
///
/// # Errors
/// `MissingRequiredParameterException`, `InvalidParameterValueException`.
pub(super) fn required_arn(arn: Option<Word>, parameter: &str) -> Result<String, Failure> {
    let arn = arn.filter(|arn| !arn.0.is_empty()).ok_or_else(|| missing(parameter))?;
    given_arn(&arn.0, parameter)
}

/// The name in an ARN.
///
/// # Errors
/// `InvalidParameterValueException`.
pub(super) fn given_arn(arn: &str, parameter: &str) -> Result<String, Failure> {
    let form = "arn:<partition>:<service>:<region>:<account-id>:<resource-id>";
    let arn = Arn::parse(arn).filter(|arn| arn.service == super::SERVICE);
    let refused = || super::failure::invalid(format!("You must use this format to specify the {parameter}: {form}"));
    arn.map(|arn| arn.name.to_owned()).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_called_by_the_last_part_of_its_url() {
        for url in [
            "orders",
            "http://localhost:4566/000000000000/orders",
            "https://sqs.eu-west-1.amazonaws.com/123456789012/orders",
            "http://x/queue/eu-west-1/1/orders/?a#b",
            "/000000000000/orders",
        ] {
            assert_eq!(last(url), "orders", "{url}");
        }
        assert_eq!((last(""), last("http://x/"), last("?")), ("", "x", ""));
    }

    #[test]
    fn arns_have_six_parts() {
        assert_eq!(arn("eu-west-1", "a.fifo"), "arn:aws:sqs:eu-west-1:000000000000:a.fifo");
        assert_eq!(Arn::parse("arn:aws:sqs:eu-west-1:1:a.fifo"), Some(Arn { service: "sqs", name: "a.fifo" }));
        for text in [
            "",
            "a",
            "arn:aws:sqs:eu-west-1:1",
            "arn:aws:sqs:eu-west-1:1:",
            "arn:aws:sqs::1:a",
            "x:aws:sqs:e:1:a",
            "arn:aws:sqs:e:1:a:b",
        ] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}
