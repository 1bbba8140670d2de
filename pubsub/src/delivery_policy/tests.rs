use std::time::Duration;

use super::*;

fn retry(text: &str) -> RetryPolicy {
    DeliveryPolicy::of_subscription(text, false).unwrap().retry.unwrap()
}

fn delays(policy: &RetryPolicy) -> Vec<f64> {
    (1..).map_while(|failed| policy.delay(failed)).map(|delay| (delay.as_secs_f64() * 10.0).round() / 10.0).collect()
}

#[test]
fn the_default_over_http_is_three_retries_of_twenty_seconds() {
    let policy = RetryPolicy::of(Protocol::Http);
    assert_eq!(delays(&policy), [20.0; 3]);
    assert_eq!(policy.delay(0), None);
    assert_eq!(policy.delay(4), None);
    assert_eq!(policy.delay(u32::MAX), None);
}

#[test]
fn managed_endpoints_are_tried_for_over_23_days() {
    let policy = RetryPolicy::of(Protocol::Lambda);
    let all: Vec<Duration> = (1..).map_while(|failed| policy.delay(failed)).collect();
    assert_eq!(all.len(), 100_015);
    assert_eq!(all[..5], [0, 0, 0, 1, 1].map(Duration::from_secs));
    assert_eq!((all[5], all[14], all[15]), (Duration::from_secs(1), Duration::from_secs(20), Duration::from_secs(20)));
    assert!(all.iter().sum::<Duration>() > Duration::from_secs(23 * 86_400));
    let mail: Vec<Duration> = (1..).map_while(|failed| RetryPolicy::of(Protocol::Email).delay(failed)).collect();
    assert_eq!(mail.len(), 50);
    assert!(mail.iter().sum::<Duration>() > Duration::from_secs(6 * 3600));
}

#[test]
fn retries_go_through_four_phases() {
    let policy = retry(
        r#"{"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":60,"numRetries":50,"numNoDelayRetries":3,
            "numMinDelayRetries":2,"numMaxDelayRetries":35,"backoffFunction":"exponential"}}"#,
    );
    let all = delays(&policy);
    assert_eq!(all.len(), 50);
    assert_eq!(all[..5], [0.0, 0.0, 0.0, 1.0, 1.0]);
    assert_eq!((all[5], all[14]), (1.0, 60.0));
    assert!(all[5..15].windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(all[15..], [60.0; 35]);
}

#[test]
fn delays_grow_by_the_backoff_function() {
    let grown = |function| {
        delays(&retry(&format!(
            r#"{{"healthyRetryPolicy":{{"minDelayTarget":1,"maxDelayTarget":16,"numRetries":5,"backoffFunction":"{function}"}}}}"#
        )))
    };
    assert_eq!(grown("linear"), [1.0, 4.8, 8.5, 12.3, 16.0]);
    assert_eq!(grown("arithmetic"), [1.0, 2.5, 5.5, 10.0, 16.0]);
    assert_eq!(grown("geometric"), [1.0, 2.0, 4.0, 8.0, 16.0]);
    assert_eq!(grown("exponential"), [1.0, 2.0, 4.0, 8.0, 16.0]);
}

#[test]
fn what_a_policy_may_not_be_is_refused_with_the_services_text() {
    let healthy = |rest: &str| {
        format!(r#"{{"healthyRetryPolicy":{{"minDelayTarget":1,"maxDelayTarget":2,"numRetries":3{rest}}}}}"#)
    };
    let of_subscription = [
        (
            "{invalidjson}",
            "failed to parse JSON. Unexpected character ('i' (code 105)): was expecting double-quote to start field name\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 2]",
        ),
        ("[]", "failed to parse JSON."),
        (r#"{"http":{}}"#, "Unexpected JSON member: http"),
        (r#"{"healthyRetryPolicy":1}"#, "healthyRetryPolicy must be a JSON object"),
        (
            r#"{"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":2}}"#,
            "healthyRetryPolicy.numRetries must be specified",
        ),
        (
            r#"{"healthyRetryPolicy":{"minDelayTarget":0,"maxDelayTarget":0,"numRetries":0}}"#,
            "healthyRetryPolicy.minDelayTarget must be greater than or equal to 1",
        ),
        (
            r#"{"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":3601,"numRetries":0}}"#,
            "healthyRetryPolicy.maxDelayTarget must be less than or equal to 3600",
        ),
        (
            r#"{"healthyRetryPolicy":{"minDelayTarget":1.5,"maxDelayTarget":3601,"numRetries":0}}"#,
            "healthyRetryPolicy.minDelayTarget must be an integer",
        ),
        (
            r#"{"healthyRetryPolicy":{"minDelayTarget":-1,"maxDelayTarget":3601,"numRetries":0}}"#,
            "healthyRetryPolicy.minDelayTarget must be greater than or equal to 0",
        ),
        (&healthy(r#","colour":1"#), "Unexpected JSON member: colour"),
        (
            &healthy(r#","backoffFunction":"cubic""#),
            "healthyRetryPolicy.backoffFunction must be one of [linear, arithmetic, geometric, exponential]",
        ),
        (
            &healthy(r#","numNoDelayRetries":4294967295,"numMaxDelayRetries":4294967295"#),
            "healthyRetryPolicy.numRetries must be greater than or equal to the sum of numNoDelayRetries, numMinDelayRetries and numMaxDelayRetries",
        ),
        (
            r#"{"healthyRetryPolicy":{"minDelayTarget":1000,"maxDelayTarget":2000,"numRetries":100}}"#,
            "healthyRetryPolicy: the total retry time must be less than or equal to 3600 seconds",
        ),
        (
            r#"{"throttlePolicy":{"maxReceivesPerSecond":0}}"#,
            "throttlePolicy.maxReceivesPerSecond must be greater than or equal to 1",
        ),
        (r#"{"requestPolicy":{"headerContentType":"text/csv"}}"#, "requestPolicy.headerContentType is not supported"),
        (
            r#"{"requestPolicy":{"headerContentType":"text/plain;\r\nx: y"}}"#,
            "requestPolicy.headerContentType is not supported",
        ),
    ];
    for (text, why) in of_subscription {
        assert_eq!(DeliveryPolicy::of_subscription(text, false), Err(format!("DeliveryPolicy: {why}")), "{text}");
    }
    let of_topic = [
        (r#"{"throttlePolicy":{}}"#, "Unexpected JSON member: throttlePolicy"),
        (
            r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":2,"numRetries":101}}}"#,
            "http.defaultHealthyRetryPolicy.numRetries must be less than or equal to 100",
        ),
        (r#"{"http":{"disableSubscriptionOverrides":"true"}}"#, "http.disableSubscriptionOverrides must be a boolean"),
    ];
    for (text, why) in of_topic {
        assert_eq!(DeliveryPolicy::of_topic(text), Err(format!("DeliveryPolicy: {why}")), "{text}");
    }
    assert!(DeliveryPolicy::of_subscription(r#"{"requestPolicy":{"headerContentType":"text/csv"}}"#, true).is_ok());
}

#[test]
fn policies_are_shown_as_the_service_shows_them() {
    let topic = |text| DeliveryPolicy::of_topic(text).unwrap().map(|policy| policy.text_of_topic().unwrap());
    assert_eq!(topic("{}"), None);
    assert_eq!(topic(r#"{"http":null}"#), None);
    let nothing = r#"{"http":{"disableSubscriptionOverrides":false}}"#;
    assert_eq!(topic(r#"{"http":{"defaultHealthyRetryPolicy":null}}"#).as_deref(), Some(nothing));
    let some = r#"{"http":{"defaultRequestPolicy":{"headerContentType":"application/json"},
        "defaultHealthyRetryPolicy":{"numRetries":1,"maxDelayTarget":6,"minDelayTarget":5,"numMaxDelayRetries":null}}}"#;
    let shown = r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":5,"maxDelayTarget":6,"numRetries":1},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"application/json"}}}"#;
    assert_eq!(topic(some).as_deref(), Some(shown));
    assert_eq!(topic(shown).as_deref(), Some(shown));
    let subscription = |text| DeliveryPolicy::of_subscription(text, true).unwrap().text_of_subscription().unwrap();
    assert_eq!(
        subscription(r#"{"requestPolicy":{"headerContentType":"text/csv"}}"#),
        r#"{"healthyRetryPolicy":null,"sicklyRetryPolicy":null,"throttlePolicy":null,"requestPolicy":{"headerContentType":"text/csv"},"guaranteed":false}"#
    );
    let full = r#"{"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":1,"numRetries":0,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"sicklyRetryPolicy":null,"throttlePolicy":{"maxReceivesPerSecond":1000},"requestPolicy":null,"guaranteed":false}"#;
    assert_eq!(subscription(full), full);
}
