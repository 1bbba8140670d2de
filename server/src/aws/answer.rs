use std::pin::Pin;

use hyper::{StatusCode, header::HeaderValue};
use uuid::Uuid;

use super::json::{self, Failure};
use crate::body::Events;

/// An answer, whatever it says.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) request_id: String,
    /// What clients that knew the Query protocol know an error of the JSON protocol by.
    pub(crate) query_error: Option<HeaderValue>,
    /// Whether the client is told the CRC-32 of the body as it is sent. Clients of DynamoDB alone look at it so.
    pub(crate) has_checksum: bool,
    /// A second id, as the service of streams gives.
    pub(crate) extended_id: Option<HeaderValue>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Nothing, successfully.
    pub(crate) fn new(content_type: &'static str, request_id: String) -> Answer {
        Answer {
            status: StatusCode::OK,
            content_type: Some(content_type),
            request_id,
            query_error: None,
            has_checksum: false,
            extended_id: None,
            body: Vec::new(),
        }
    }

    /// As DynamoDB answers.
    pub(crate) fn checked(status: StatusCode, body: Vec<u8>) -> Answer {
        Answer { status, has_checksum: true, body, ..Answer::new(json::CONTENT_TYPE, long_request_id()) }
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Answer {
        Answer::checked(failure.status(), failure.body())
    }
}

/// What becomes of a request.
pub(crate) enum Reply {
    Now(Answer),
    Later(Later),
    /// What follows the head of an answer, as long as there is more.
    Events(Answer, Box<dyn Events>),
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Reply {
        Reply::Now(answer)
    }
}

impl From<Failure> for Reply {
    fn from(failure: Failure) -> Reply {
        Answer::from(failure).into()
    }
}

/// A request that waits for what may come, and holds no thread meanwhile.
pub(crate) struct Later {
    /// Its work is done while it is polled, and may block.
    pub(crate) answer: Pin<Box<dyn Future<Output = Answer> + Send>>,
    /// The answer if the server ends before.
    pub(crate) otherwise: Answer,
}

/// 52 letters and digits, as those of DynamoDB are.
pub(crate) fn long_request_id() -> String {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digits = |number: u128| (0..26).map(move |at| DIGITS[(number >> (at * 5) & 31) as usize] as char);
    digits(Uuid::new_v4().as_u128()).chain(digits(Uuid::new_v4().as_u128())).collect()
}

/// A UUID, as those of the other services are.
pub(crate) fn request_id() -> String {
    Uuid::new_v4().hyphenated().to_string()
}
