//! What only Millpond has on this port, for tests: the store's clock, what topics would have sent, and what no client of the
//! service can do to text messages.

mod clock;
mod outbox;
mod text_messages;

use hyper::{StatusCode, http::request::Parts};
use millpond::Pond;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    aws::{Answer, long_request_id},
    buckets::Buckets,
    serve,
};

/// Below which no service has an address.
pub(crate) const PATH: &str = "/_millpond/";
const CLOCK: &str = "/_millpond/clock";
const OUTBOX: &str = "/_millpond/outbox";
const TEXT_MESSAGES: &str = "/_millpond/text-messages";
const CONTENT_TYPE: &str = "application/json";

type Refused = (StatusCode, String);
type Answered = Result<Value, Refused>;

/// The answer to a request below [`PATH`]: JSON.
pub(crate) fn answer(pond: &Pond, buckets: &Buckets, head: &Parts, body: &[u8]) -> Answer {
    let answered = match head.uri.path() {
        CLOCK => clock::answer(pond, buckets, &head.method, body),
        OUTBOX => outbox::answer(pond, head),
        TEXT_MESSAGES => text_messages::answer(pond, &head.method, body),
        other => {
            let message = format!("there is no {other}; there are {CLOCK}, {OUTBOX} and {TEXT_MESSAGES}");
            Err((StatusCode::NOT_FOUND, message))
        }
    };
    let (status, body) = match answered {
        Ok(body) => (StatusCode::OK, body),
        Err((status, message)) => (status, json!({ "message": message })),
    };
    Answer { status, body: Value::to_string(&body).into_bytes(), ..Answer::new(CONTENT_TYPE, long_request_id()) }
}

/// Reads the body of a request.
fn read<T: DeserializeOwned>(body: &[u8], example: &str) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| refused(format!("{example} is expected: {error}")))
}

fn refused(message: String) -> Refused {
    (StatusCode::BAD_REQUEST, message)
}

fn not_allowed(message: &str) -> Refused {
    (StatusCode::METHOD_NOT_ALLOWED, message.to_owned())
}

fn broken(error: &dyn std::error::Error) -> Refused {
    (StatusCode::INTERNAL_SERVER_ERROR, serve::chain(error))
}
