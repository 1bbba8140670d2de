//! Reading delivery policies, with the service's texts for what they may not be.

use serde_json::{Map, Value};

use crate::check;

use super::{Backoff, DeliveryPolicy, RetryPolicy};

/// The most characters of a policy that are looked at.
const MOST_CHARACTERS: usize = 30_720;
const LONGEST_DELAY: u32 = 3600;
const MOST_RETRIES: u32 = 100;
/// What a topic's policy, or one of a subscription whose messages are not raw, may name as content.
const ENVELOPES: &[&str] = &["application/json", "text/plain"];
/// What may be named where messages are raw.
const RAW: &[&str] = &[
    "text/css",
    "text/csv",
    "text/html",
    "text/plain",
    "text/xml",
    "application/atom+xml",
    "application/json",
    "application/octet-stream",
    "application/soap+xml",
    "application/x-www-form-urlencoded",
    "application/xhtml+xml",
    "application/xml",
];

type Parsed<T> = Result<T, String>;

pub(super) fn topic(text: &str) -> Parsed<Option<DeliveryPolicy>> {
    let policy = object(text)?;
    only(&policy, &["http"])?;
    let Some(http) = member(&policy, "", "http")? else { return Ok(None) };
    only(
        http,
        &[
            "defaultHealthyRetryPolicy",
            "defaultSicklyRetryPolicy",
            "disableSubscriptionOverrides",
            "defaultThrottlePolicy",
            "defaultRequestPolicy",
        ],
    )?;
    let disable_subscription_overrides = match http.get("disableSubscriptionOverrides") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(disabled)) => *disabled,
        Some(_) => return refuse("http.disableSubscriptionOverrides must be a boolean"),
    };
    let mut given = member(http, "http.", "defaultHealthyRetryPolicy")?.cloned().unwrap_or_default();
    given.retain(|_, value| !value.is_null());
    Ok(Some(DeliveryPolicy {
        given,
        retry: retry(http, "http.", "defaultHealthyRetryPolicy")?,
        disable_subscription_overrides,
        max_receives_per_second: throttle(http, "http.", "defaultThrottlePolicy")?,
        content_type: content_type(http, "http.", "defaultRequestPolicy", ENVELOPES)?,
    }))
}

pub(super) fn subscription(text: &str, is_raw: bool) -> Parsed<DeliveryPolicy> {
    let policy = object(text)?;
    only(&policy, &["healthyRetryPolicy", "sicklyRetryPolicy", "throttlePolicy", "requestPolicy", "guaranteed"])?;
    Ok(DeliveryPolicy {
        given: Map::new(),
        retry: retry(&policy, "", "healthyRetryPolicy")?,
        disable_subscription_overrides: false,
        max_receives_per_second: throttle(&policy, "", "throttlePolicy")?,
        content_type: content_type(&policy, "", "requestPolicy", if is_raw { RAW } else { ENVELOPES })?,
    })
}

fn refuse<T>(why: impl AsRef<str>) -> Parsed<T> {
    Err(format!("DeliveryPolicy: {}", why.as_ref()))
}

fn object(text: &str) -> Parsed<Map<String, Value>> {
    if text.len() > MOST_CHARACTERS {
        return refuse("too long");
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        _ => refuse(check::not_json(text)),
    }
}

/// That there are no members but these.
fn only(object: &Map<String, Value>, known: &[&str]) -> Parsed<()> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(unknown) => refuse(format!("Unexpected JSON member: {unknown}")),
        None => Ok(()),
    }
}

fn member<'a>(object: &'a Map<String, Value>, path: &str, name: &str) -> Parsed<Option<&'a Map<String, Value>>> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(member)) => Ok(Some(member)),
        Some(_) => refuse(format!("{path}{name} must be a JSON object")),
    }
}

fn retry(object: &Map<String, Value>, path: &str, name: &str) -> Parsed<Option<RetryPolicy>> {
    let Some(policy) = member(object, path, name)? else { return Ok(None) };
    only(policy, &RetryPolicy::MEMBERS)?;
    let path = format!("{path}{name}.");
    let needed =
        |name| number(policy, &path, name)?.map_or_else(|| refuse(format!("{path}{name} must be specified")), Ok);
    let optional = |name| Ok::<u32, String>(number(policy, &path, name)?.unwrap_or(0));
    let retry = RetryPolicy {
        min_delay_target: needed("minDelayTarget")?,
        max_delay_target: needed("maxDelayTarget")?,
        num_retries: needed("numRetries")?,
        num_no_delay_retries: optional("numNoDelayRetries")?,
        num_min_delay_retries: optional("numMinDelayRetries")?,
        num_max_delay_retries: optional("numMaxDelayRetries")?,
        backoff_function: backoff(policy, &path)?,
    };
    check(&retry, &path)?;
    Ok(Some(retry))
}

fn check(retry: &RetryPolicy, path: &str) -> Parsed<()> {
    let at_least = |name: &str, least| refuse(format!("{path}{name} must be greater than or equal to {least}"));
    let at_most = |name: &str, most| refuse(format!("{path}{name} must be less than or equal to {most}"));
    if retry.min_delay_target < 1 {
        return at_least("minDelayTarget", "1");
    }
    if retry.min_delay_target > LONGEST_DELAY {
        return at_most("minDelayTarget", LONGEST_DELAY);
    }
    if retry.max_delay_target < retry.min_delay_target {
        return at_least("maxDelayTarget", "minDelayTarget");
    }
    if retry.max_delay_target > LONGEST_DELAY {
        return at_most("maxDelayTarget", LONGEST_DELAY);
    }
    if retry.num_retries > MOST_RETRIES {
        return at_most("numRetries", MOST_RETRIES);
    }
    let phases = [retry.num_no_delay_retries, retry.num_min_delay_retries, retry.num_max_delay_retries];
    if phases.iter().map(|count| u64::from(*count)).sum::<u64>() > u64::from(retry.num_retries) {
        return at_least("numRetries", "the sum of numNoDelayRetries, numMinDelayRetries and numMaxDelayRetries");
    }
    let all: f64 =
        (1..=retry.num_retries).filter_map(|failed| retry.delay(failed)).map(|delay| delay.as_secs_f64()).sum();
    if all > f64::from(LONGEST_DELAY) {
        return refuse(format!(
            "{}: the total retry time must be less than or equal to {LONGEST_DELAY} seconds",
            path.trim_end_matches('.')
        ));
    }
    Ok(())
}

fn number(object: &Map<String, Value>, path: &str, name: &str) -> Parsed<Option<u32>> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match (value.as_u64(), value.as_i64()) {
            (Some(number), _) => Ok(Some(u32::try_from(number).unwrap_or(u32::MAX))),
            (None, Some(_)) => refuse(format!("{path}{name} must be greater than or equal to 0")),
            (None, None) => refuse(format!("{path}{name} must be an integer")),
        },
    }
}

fn backoff(object: &Map<String, Value>, path: &str) -> Parsed<Backoff> {
    match object.get("backoffFunction") {
        None | Some(Value::Null) => Ok(Backoff::Linear),
        Some(Value::String(name)) if name == "linear" => Ok(Backoff::Linear),
        Some(Value::String(name)) if name == "arithmetic" => Ok(Backoff::Arithmetic),
        Some(Value::String(name)) if name == "geometric" => Ok(Backoff::Geometric),
        Some(Value::String(name)) if name == "exponential" => Ok(Backoff::Exponential),
        Some(_) => refuse(format!("{path}backoffFunction must be one of [linear, arithmetic, geometric, exponential]")),
    }
}

fn throttle(object: &Map<String, Value>, path: &str, name: &str) -> Parsed<Option<u32>> {
    let Some(policy) = member(object, path, name)? else { return Ok(None) };
    only(policy, &["maxReceivesPerSecond"])?;
    let path = format!("{path}{name}.");
    match number(policy, &path, "maxReceivesPerSecond")? {
        Some(0) => refuse(format!("{path}maxReceivesPerSecond must be greater than or equal to 1")),
        most => Ok(most),
    }
}

fn content_type(object: &Map<String, Value>, path: &str, name: &str, known: &[&str]) -> Parsed<Option<String>> {
    let Some(policy) = member(object, path, name)? else { return Ok(None) };
    only(policy, &["headerContentType"])?;
    match policy.get("headerContentType") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(content)) if is_known(content, known) => Ok(Some(content.clone())),
        Some(_) => refuse(format!("{path}{name}.headerContentType is not supported")),
    }
}

/// Whether it is one of these media types, with or without parameters that a header may have.
fn is_known(content: &str, known: &[&str]) -> bool {
    let media = content.split(';').next().unwrap_or_default().trim();
    known.contains(&media)
        && content.len() <= 256
        && content.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}
