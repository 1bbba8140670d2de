//! The limits of members, as the service's model has them.
//!
//! Source: botocore's model of Kinesis, 2013-12-02.

use super::checks::{Limits, Pattern};

pub(super) const STREAM_NAME: Limits = Limits::between(1, 128).pattern(NAME);
pub(super) const CONSUMER_NAME: Limits = STREAM_NAME;
pub(super) const SHARD_ID: Limits = STREAM_NAME;
pub(super) const STREAM_ARN: Limits = ARN.pattern(Pattern {
    text: r"arn:aws.*:kinesis:.*:\d{12}:stream/\S+",
    matches: |text| is_arn(text, &["stream/"], false),
});
pub(super) const QUEUE_ARN: Limits = ARN.pattern(Pattern {
    text: r"arn:aws.*:kinesis:.*:\d{12}:queue/\S+",
    matches: |text| is_arn(text, &["queue/"], false),
});
pub(super) const CHANNEL_ARN: Limits = ARN.pattern(Pattern {
    text: r"arn:aws.*:kinesis:.*:\d{12}:channel/\S+",
    matches: |text| is_arn(text, &["channel/"], false),
});
pub(super) const QUEUE_NAME: Limits = STREAM_NAME;
pub(super) const CHANNEL_NAME: Limits = STREAM_NAME;
/// Of lists that name streams, where one is meant.
pub(super) const STREAMS: Limits = Limits::between(1, 10_000);
pub(super) const RESOURCE_ARN: Limits = ARN.pattern(Pattern {
    text: r"arn:aws.*:kinesis:.*:\d{12}:.*(stream|channel|queue)/\S+",
    matches: |text| is_arn(text, &["stream/", "channel/", "queue/"], true),
});
pub(super) const CONSUMER_ARN: Limits = ARN.pattern(Pattern {
    text: r"^(arn):aws.*:kinesis:.*:\d{12}:.*stream\/[a-zA-Z0-9_.-]+\/consumer\/[a-zA-Z0-9_.-]+:[0-9]+",
    matches: is_consumer_arn,
});
pub(super) const STREAM_ID: Limits =
    Limits::between(1, 24).pattern(Pattern { text: "[a-z0-9]{20}-[a-z0-9]{3}", matches: is_stream_id });
pub(super) const HASH_KEY: Limits =
    Limits::ANY.pattern(Pattern { text: r"0|([1-9]\d{0,38})", matches: |text| is_number(text, 39) });
pub(super) const SEQUENCE_NUMBER: Limits =
    Limits::ANY.pattern(Pattern { text: r"0|([1-9]\d{0,128})", matches: |text| is_number(text, 129) });
pub(super) const PARTITION_KEY: Limits = Limits::between(1, 256);
pub(super) const DATA: Limits = Limits::between(0, 10_485_760);
pub(super) const ITERATOR: Limits = Limits::between(1, 512);
pub(super) const NEXT_TOKEN: Limits = Limits::between(1, 1_048_576);
pub(super) const MAX_RESULTS: Limits = Limits::between(1, 10_000);
pub(super) const KEY_ID: Limits = Limits::between(1, 2048);
pub(super) const ENCRYPTION_TYPE: Limits = Limits::one_of(&["NONE", "KMS"]);
pub(super) const POSITIVE: Limits = Limits::between(1, i64::MAX);
pub(super) const NATURAL: Limits = Limits::between(0, i64::MAX);
pub(super) const RECORD_KIB: Limits = Limits::between(1024, 10_240);
pub(super) const STREAM_MODE: Limits = Limits::one_of(&["PROVISIONED", "ON_DEMAND"]);
pub(super) const DISTRIBUTION: Limits = Limits::one_of(&["AUTO", "USER_PARTITION_KEY"]);
/// In the order in which the service tells them.
pub(super) const ITERATOR_TYPE: Limits =
    Limits::one_of(&["AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"]);
pub(super) const TAGS: Limits = Limits::between(1, 200).under(&TAG_KEY).of(&TAG_VALUE);
pub(super) const TAG_KEYS: Limits = Limits::between(1, 50).of(&TAG_KEY);
pub(super) const TAG_KEY: Limits = Limits::between(1, 128);
const TAG_VALUE: Limits = Limits::between(0, 256);
/// Of all ARNs of this service.
const ARN: Limits = Limits::between(1, 2048);

const NAME: Pattern = Pattern { text: "[a-zA-Z0-9_.-]+", matches: is_name };

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

fn is_number(text: &str, digits: usize) -> bool {
    let is_whole = (1..=digits).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_whole && (text == "0" || !text.starts_with('0'))
}

fn is_stream_id(text: &str) -> bool {
    let is_part = |part: &str, length| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.split_once('-').is_some_and(|(long, short)| is_part(long, 20) && is_part(short, 3))
}

/// Whether a text is an ARN of this service, whose resource begins so, or has such a part.
fn is_arn(text: &str, kinds: &[&str], anywhere: bool) -> bool {
    // What stands between account and resource may hold anything, so every place where a resource may begin is tried.
    kinds.iter().any(|kind| {
        text.match_indices(kind).any(|(at, _)| {
            let (before, id) = (text.get(..at).unwrap_or_default(), text.get(at + kind.len()..).unwrap_or_default());
            let is_id = !id.is_empty() && !id.contains(char::is_whitespace);
            is_id && if anywhere { has_account(before) } else { ends_in_account(before) }
        })
    })
}

/// `^arn:aws.*:kinesis:.*:\d{12}:$`
fn ends_in_account(text: &str) -> bool {
    let Some((before, account)) = text.strip_suffix(':').and_then(|text| text.rsplit_once(':')) else { return false };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let service = before.strip_prefix("arn:aws").and_then(|rest| Some((rest, rest.find(":kinesis:")?)));
    // The colon before the account is one of its own.
    is_account && !text.contains('\n') && service.is_some()
}

/// `^arn:aws.*:kinesis:.*:\d{12}:.*$`
fn has_account(text: &str) -> bool {
    text.match_indices(':').any(|(at, _)| text.get(..=at).is_some_and(ends_in_account)) && !text.contains('\n')
}

fn is_consumer_arn(text: &str) -> bool {
    let named = text.rsplit_once("/consumer/").and_then(|(stream, consumer)| {
        let (name, created) = consumer.split_once(':')?;
        let (before, stream) = stream.rsplit_once("stream/")?;
        let is_created = !created.is_empty() && created.bytes().all(|byte| byte.is_ascii_digit());
        Some(is_name(name) && is_name(stream) && is_created && has_account(before))
    });
    named == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_told_from_what_is_none() {
        let is_stream = |text| is_arn(text, &["stream/"], false);
        let is_resource = |text| is_arn(text, &["stream/", "channel/", "queue/"], true);
        let arn = "arn:aws:kinesis:eu-west-1:000000000000:stream/a";
        for arn in [arn, "arn:aws-cn:kinesis:x:123456789012:stream/a/b", "arn:awsx:kinesis::000000000000:stream/a"] {
            assert!(is_stream(arn) && is_resource(arn), "{arn}");
        }
        for text in [
            "",
            "a",
            "arn:aws:kinesis:eu-west-1:000000000000:stream/",
            "arn:aws:kinesis:eu-west-1:000000000000:stream/a b",
            "arn:aws:kinesis:eu-west-1:00000000000:stream/a",
            "arn:aws:sqs:eu-west-1:000000000000:stream/a",
            "arn:aws:kinesis:eu-west-1:000000000000:table/a",
            "x:aws:kinesis:eu-west-1:000000000000:stream/a",
        ] {
            assert!(!is_stream(text) && !is_resource(text), "{text}");
        }
        let consumer = format!("{arn}/consumer/c:1731291806");
        assert!(is_consumer_arn(&consumer) && is_resource(&consumer) && is_stream(&consumer));
        assert!(is_resource("arn:aws:kinesis:eu-west-1:000000000000:queue/q"));
        for text in [arn, &consumer[..consumer.len() - 10], &format!("{consumer}x"), &consumer.replace("c:", "c d:")] {
            assert!(!is_consumer_arn(text), "{text}");
        }
    }

    #[test]
    fn numbers_have_no_leading_zero() {
        let key = |text: &str| is_number(text, 39);
        assert!(["0", "1", "340282366920938463463374607431768211456", &"9".repeat(39)].into_iter().all(key));
        assert!(!["", "01", "-1", "1.0", " 1", &"9".repeat(40)].into_iter().any(key));
    }

    #[test]
    fn stream_ids_have_two_parts() {
        assert!(is_stream_id("abcdefghij0123456789-a1b"));
        assert!(!["", "abc", "abcdefghij0123456789-a1", "Abcdefghij0123456789-a1b"].into_iter().any(is_stream_id));
    }
}
