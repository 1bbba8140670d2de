//! Functions behind an address.

use std::time::Duration;

use serde_json::Value;

use crate::{Batch, BoxError, Outcome};

/// Unless told otherwise, and the longest that a function of the service runs.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_TIMEOUT: Duration = Duration::from_secs(900);
/// The longest answer that is read.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MAX_ANSWER_BYTES: u64 = 6 << 20;

/// A function behind an address (`http://host:port/path`): it is sent a `POST` with the service's event for each batch, and has
/// handled it when it answers with a status of 200 to 299. Anything else, and no answer in time, is a failure of the batch.
///
/// The answer may be empty, or a JSON object: its `batchItemFailures`, a list of objects with an `itemIdentifier`, count where the trigger
/// [takes them](crate::TriggerBuilder::report_batch_item_failures), and its `state` where it has windows.
///
/// The time in which it has to answer is the system's, not that of the engine's clock. TLS is not built in.
#[derive(Debug, Clone)]
pub struct Endpoint {
    agent: ureq::Agent,
    url: String,
    headers: Vec<(String, String)>,
    timeout: Duration,
}

impl Endpoint {
    /// The function at this address.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        let endpoint =
            |timeout| ureq::Agent::config_builder().timeout_global(Some(timeout)).http_status_as_error(false);
        let agent = endpoint(DEFAULT_TIMEOUT).build().into();
        Endpoint { agent, url: url.into(), headers: Vec::new(), timeout: DEFAULT_TIMEOUT }
    }

    /// How long it has for its answer, connecting included: 30 s unless told otherwise, at least a millisecond and at most 900 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.clamp(Duration::from_millis(1), MAX_TIMEOUT);
        let config = ureq::Agent::config_builder().timeout_global(Some(self.timeout)).http_status_as_error(false);
        self.agent = config.build().into();
        self
    }

    /// With a further header, such as one that authorizes.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn call(&self, batch: &Batch, is_reporting: bool) -> Result<Outcome, BoxError> {
        let mut request = self.agent.post(&self.url).header("content-type", "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut response = request.send(batch.to_event().to_string())?;
        let body = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_string()?;
        if !response.status().is_success() {
            return Err(format!("the function answered with status {}", response.status().as_u16()).into());
        }
        read(&body, is_reporting)
    }
}

/// What an answer says. Names that cannot be understood are failures of the whole batch, as they are to the service.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>
fn read(body: &str, is_reporting: bool) -> Result<Outcome, BoxError> {
    if body.trim().is_empty() {
        return Ok(Outcome::done());
    }
    let answer: Value = serde_json::from_str(body)?;
    let mut failures = Vec::new();
    match answer.get("batchItemFailures").filter(|_| is_reporting) {
        None | Some(Value::Null) => {}
        Some(Value::Array(members)) => {
            for member in members {
                let identifier = member.get("itemIdentifier").and_then(Value::as_str);
                failures.push(identifier.ok_or("a batch item failure has no itemIdentifier")?.to_owned());
            }
        }
        Some(_) => return Err("batchItemFailures is no list".into()),
    }
    let outcome = Outcome::failed(failures);
    Ok(match answer.get("state") {
        None | Some(Value::Null) => outcome,
        Some(state) => outcome.with_state(state.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_the_service_reads_them() {
        for body in ["", "  ", "null", "{}", r#"{"batchItemFailures":null}"#, r#"{"batchItemFailures":[]}"#, "5"] {
            assert_eq!(read(body, true).unwrap(), Outcome::done(), "{body}");
        }
        let failed = r#"{"batchItemFailures":[{"itemIdentifier":"1"},{"itemIdentifier":""}],"state":{"a":1}}"#;
        let expected = Outcome::failed(["1", ""]).with_state(r#"{"a":1}"#);
        assert_eq!(read(failed, true).unwrap(), expected);
        // One that is not set to report is not listened to.
        assert_eq!(read(failed, false).unwrap(), Outcome::done().with_state(r#"{"a":1}"#));
        for body in [
            "{",
            r#"{"batchItemFailures":{}}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"item":"1"}]}"#,
        ] {
            assert!(read(body, true).is_err(), "{body}");
        }
    }
}
