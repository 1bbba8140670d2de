//! The service's errors on the wire.

use hyper::{StatusCode, header::HeaderValue};
use millpond::{Timestamp, stream::Error};
use serde::Serialize;

use super::{extended_id, protocol::Protocol};
use crate::{
    aws::{Answer, answer::request_id, json::Failure},
    serve::chain,
};

/// Where the service's errors live. It does not say so.
const NAMESPACE: &str = "com.amazonaws.kinesis.v20131202";

/// An error of the service.
pub(super) fn failure(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::client(NAMESPACE, code, message)
}

/// A parameter that is not as it should be.
pub(super) fn invalid(message: impl Into<String>) -> Failure {
    failure("InvalidArgumentException", message)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let message = match &error {
            Error::ExpiredIterator { issued, now } => expired(*issued, *now),
            error => error.to_string(),
        };
        match error {
            Error::StreamNotFound { .. }
            | Error::StreamExists { .. }
            | Error::ShardNotFound { .. }
            | Error::ShardDoesNotExist { .. }
            | Error::ShardOver { .. }
            | Error::OnDemand { .. }
            | Error::ShardLimit { .. }
            | Error::ConsumerNotFound { .. }
            | Error::ConsumerExists { .. }
            | Error::InUse { .. }
            | Error::ActiveSubscription { .. }
            | Error::ExpiredIterator { .. }
            | Error::ThroughputExceeded { .. }
            | Error::NotFound(_)
            | Error::InvalidArgument(_)
            | Error::Validation(_)
            | Error::LimitExceeded(_)
            | Error::ResourceInUse(_) => failure(error.code(), message),
            // What this does not know, as the service's error may grow, is not the client's fault.
            _ => {
                let text = chain(&error);
                tracing::error!(error = text, "a request failed");
                Failure::internal(text)
            }
        }
    }
}

/// Of an iterator that is too old. The times are written as Java writes them.
fn expired(issued: Timestamp, now: Timestamp) -> String {
    format!(
        "Iterator expired. The iterator was created at time {} while right now it is {} which is further in the future than \
         the tolerated delay of 300000 milliseconds.",
        in_words(issued),
        in_words(now)
    )
}

/// As in `Wed Mar 04 01:02:40 UTC 2020`.
fn in_words(time: Timestamp) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = time.as_secs();
    let days = seconds / 86_400;
    // In years that begin with March the leap day is the last one. Source: Howard Hinnant, "chrono-compatible low-level date
    // algorithms".
    let of_era = (days + 719_468) % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12;
    let year = (days + 719_468) / 146_097 * 400 + year_of_era + u64::from(month < 2);
    let name = |names: &[&'static str], index: u64| names.get(index as usize).copied().unwrap_or_default();
    let (weekday, month) = (name(&WEEKDAYS, days % 7), name(&MONTHS, month));
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{weekday} {month} {day:02} {hour:02}:{minute:02}:{second:02} UTC {year}")
}

/// What is said to who wants to know whether a request would succeed, if it would.
pub(super) fn dry_run() -> Failure {
    failure("DryRunOperationException", "The request was rejected because the DryRun parameter was specified.")
}

/// An error as it is written.
#[derive(Serialize)]
struct Refusal<'a> {
    #[serde(rename = "__type")]
    code: &'a str,
    /// Spelled with a capital where the request could not be read.
    #[serde(rename = "Message", skip_serializing_if = "str::is_empty")]
    unread: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
}

/// The body of an error.
pub(super) fn body(protocol: Protocol, failure: &Failure) -> Vec<u8> {
    let (unread, message) = match failure.code() {
        "SerializationException" => (failure.message(), ""),
        _ => ("", failure.message()),
    };
    // Of two texts nothing can fail to be written.
    protocol.write(&Refusal { code: code(failure), unread, message }).unwrap_or_default()
}

/// The service's own name of an error.
pub(super) fn code(failure: &Failure) -> &'static str {
    match failure.status() {
        StatusCode::INTERNAL_SERVER_ERROR => "InternalFailure",
        _ => failure.code(),
    }
}

/// The answer to a request that is refused.
pub(super) fn refuse(protocol: Protocol, failure: &Failure) -> Answer {
    tracing::debug!(code = failure.code(), message = failure.message(), "refused");
    let body = body(protocol, failure);
    Answer { status: failure.status(), body, ..head(protocol.content_type()) }
}

/// An answer with nothing in it.
pub(super) fn head(content_type: &'static str) -> Answer {
    let extended_id = HeaderValue::from_str(&extended_id()).ok();
    Answer { extended_id, ..Answer::new(content_type, request_id()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_java_writes_them() {
        for (seconds, words) in [
            (0, "Thu Jan 01 00:00:00 UTC 1970"),
            (951_782_399, "Mon Feb 28 23:59:59 UTC 2000"),
            (951_782_400, "Tue Feb 29 00:00:00 UTC 2000"),
            (1_583_283_760, "Wed Mar 04 01:02:40 UTC 2020"),
            (4_107_542_400, "Mon Mar 01 00:00:00 UTC 2100"),
        ] {
            assert_eq!(in_words(Timestamp::from_secs(seconds)), words);
        }
    }

    #[test]
    fn errors_are_written_in_the_protocol_of_the_request() {
        let json = |failure: &Failure| String::from_utf8(body(Protocol::Json, failure)).unwrap();
        assert_eq!(json(&invalid("x")), r#"{"__type":"InvalidArgumentException","message":"x"}"#);
        assert_eq!(json(&Failure::serialization("x")), r#"{"__type":"SerializationException","Message":"x"}"#);
        assert_eq!(json(&Failure::serialization("")), r#"{"__type":"SerializationException"}"#);
        assert_eq!(code(&Failure::internal("x")), "InternalFailure");
        let cbor = body(Protocol::Cbor, &invalid("x"));
        assert_eq!(cbor, b"\xa2\x66__type\x78\x18InvalidArgumentException\x67message\x61x");
    }
}
