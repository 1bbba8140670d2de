//! What only Millpond has on this port: the store's clock, for tests.

use std::time::Duration;

use hyper::{Method, StatusCode, http::request::Parts};
use millpond::Pond;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    aws::{Answer, long_request_id},
    buckets::Buckets,
    serve,
};

/// Below which no service has an address.
pub(crate) const PATH: &str = "/_millpond/";
const CLOCK: &str = "/_millpond/clock";
const CONTENT_TYPE: &str = "application/json";

/// By how much the clock is to be moved.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: f64,
}

/// Shows the clock, or moves it forward and does what has become due.
pub(crate) fn answer(pond: &Pond, buckets: &Buckets, head: &Parts, body: &[u8]) -> Answer {
    let answered = match (head.uri.path(), &head.method) {
        (CLOCK, &Method::GET) => Ok(()),
        (CLOCK, &Method::POST) => advance(pond, buckets, body),
        (CLOCK, _) => Err((StatusCode::METHOD_NOT_ALLOWED, "the clock is shown by GET and moved by POST".to_owned())),
        (other, _) => Err((StatusCode::NOT_FOUND, format!("there is no {other}; there is {CLOCK}"))),
    };
    let (status, body) = match answered {
        Ok(()) => (
            StatusCode::OK,
            json!({ "now_millis": pond.clock().now().as_millis(), "manual": pond.clock().is_manual() }),
        ),
        Err((status, message)) => (status, json!({ "message": message })),
    };
    Answer { status, body: Value::to_string(&body).into_bytes(), ..Answer::new(CONTENT_TYPE, long_request_id()) }
}

fn advance(pond: &Pond, buckets: &Buckets, body: &[u8]) -> Result<(), (StatusCode, String)> {
    if !pond.clock().is_manual() {
        let message = "the clock is the system's, and not to be moved: start with --manual-clock";
        return Err((StatusCode::NOT_FOUND, message.to_owned()));
    }
    let wrong =
        |reason: String| (StatusCode::BAD_REQUEST, format!("{{\"advance_seconds\": 1.5}} is expected: {reason}"));
    let Advance { advance_seconds } = serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))?;
    let by = Duration::try_from_secs_f64(advance_seconds).map_err(|error| wrong(error.to_string()))?;
    let failed = |error: &dyn std::error::Error| (StatusCode::INTERNAL_SERVER_ERROR, serve::chain(error));
    pond.clock().advance(by).map_err(|error| failed(&error))?;
    serve::maintain(pond, buckets).map_err(|error| failed(&error))
}
