//! The store's clock.

use std::time::Duration;

use hyper::{Method, StatusCode};
use millpond::Pond;
use serde::Deserialize;
use serde_json::json;

use super::{Answered, broken, not_allowed, read, refused};
use crate::{buckets::Buckets, serve};

/// So long a clock that was moved waits for deliveries that have become due. A subscriber that takes longer has no part in it.
const DELIVERING: Duration = Duration::from_secs(1);

/// By how much the clock is to be moved.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: f64,
}

/// Shows the clock, or moves it forward and does what has become due.
pub(super) fn answer(pond: &Pond, buckets: &Buckets, method: &Method, body: &[u8]) -> Answered {
    match *method {
        Method::GET => {}
        Method::POST => advance(pond, buckets, body)?,
        _ => return Err(not_allowed("the clock is shown by GET and moved by POST")),
    }
    Ok(json!({ "now_millis": pond.clock().now().as_millis(), "manual": pond.clock().is_manual() }))
}

fn advance(pond: &Pond, buckets: &Buckets, body: &[u8]) -> Result<(), (StatusCode, String)> {
    if !pond.clock().is_manual() {
        let message = "the clock is the system's, and not to be moved: start with --manual-clock";
        return Err((StatusCode::NOT_FOUND, message.to_owned()));
    }
    let example = "{\"advance_seconds\": 1.5}";
    let Advance { advance_seconds } = read(body, example)?;
    let by = Duration::try_from_secs_f64(advance_seconds)
        .map_err(|error| refused(format!("{example} is expected: {error}")))?;
    pond.clock().advance(by).map_err(|error| broken(&error))?;
    serve::maintain(pond, buckets).map_err(|error| broken(&error))?;
    if !pond.topics().wait_until_idle_for(DELIVERING) {
        tracing::debug!("deliveries are still under way");
    }
    Ok(())
}
