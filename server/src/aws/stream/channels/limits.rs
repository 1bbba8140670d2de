//! The limits of the members of channels, as the service's model has them.
//!
//! Source: botocore's model of Kinesis, 2013-12-02.

use crate::aws::stream::checks::{Limits, Pattern};

pub(super) const ROLE_ARN: Limits = Limits::between(1, 512)
    .pattern(Pattern { text: r"arn:aws[-a-z0-9]*:iam::\d{12}:role/[a-zA-Z_0-9+=,.@\-_/]+", matches: is_role });
pub(super) const BUCKET_ARN: Limits = Limits::between(1, 2048)
    .pattern(Pattern { text: r"arn:aws[-a-z0-9]*:s3:::[a-z0-9._-]{3,63}", matches: |text| bucket(text).is_some() });
pub(super) const OWNER: Limits = Limits::between(12, 12).pattern(Pattern { text: r"\d{12}", matches: is_account });
pub(super) const KEY_TEMPLATE: Limits = Limits::between(1, 1024)
    .pattern(Pattern { text: r"[0-9A-Za-z!\-_'.*()\/=:{}]+", matches: |text| is_of(text, b"!-_'.*()/=:{}") });
pub(super) const ERROR_PREFIX: Limits = Limits::between(1, 512)
    .pattern(Pattern { text: r"[0-9A-Za-z!\-_'.*()\/]+", matches: |text| is_of(text, b"!-_'.*()/") });
pub(super) const STORAGE_CLASS: Limits = Limits::one_of(&["STANDARD", "INTELLIGENT_TIERING", "GLACIER_IR"]);
pub(super) const COMPRESSION: Limits = Limits::one_of(&["NONE", "GZIP", "ZSTD"]);
pub(super) const TABLE_COMPRESSION: Limits = Limits::one_of(&["NONE", "ZSTD", "SNAPPY"]);
pub(super) const FORMAT: Limits = Limits::one_of(&["GSR_JSON", "JSON", "STRING", "BYTE_ARRAY"]);
pub(super) const SCHEMA_ARN: Limits = Limits::between(1, 512).pattern(Pattern {
    text: r"arn:aws[-a-z0-9]*:glue:[-a-z0-9]+:\d{12}:schema/[-a-zA-Z0-9_$#.]+/[-a-zA-Z0-9_$#.]+",
    matches: is_schema,
});
pub(super) const TABLE_BUCKET_ARN: Limits = Limits::between(1, 2048).pattern(Pattern {
    text: r"arn:aws[-a-z0-9]*:s3tables:[-a-z0-9]+:\d{12}:bucket/[a-z0-9_-]{3,63}",
    matches: is_table_bucket,
});
pub(super) const TABLE_NAME: Limits = Limits::between(1, 255).pattern(Pattern {
    text: "[0-9a-z_]+",
    matches: |text| !text.is_empty() && text.bytes().all(|byte| is_lower(byte) || byte == b'_'),
});
pub(super) const COLUMN: Limits =
    Limits::between(1, 255).pattern(Pattern { text: r"[a-zA-Z0-9\.\_]+", matches: |text| is_of(text, b"._") });
pub(super) const TRANSFORM: Limits = Limits::one_of(&["TIME_HOUR"]);
pub(super) const LOG_GROUP: Limits =
    Limits::between(1, 512).pattern(Pattern { text: r"[\.\-_/#A-Za-z0-9]+", matches: |text| is_of(text, b".-_/#") });
pub(super) const LOG_STREAM: Limits =
    Limits::between(1, 512).pattern(Pattern { text: "[^:*]*", matches: |text| !text.contains([':', '*']) });
pub(super) const ENCRYPTION_TYPE: Limits = Limits::one_of(&["KMS"]);

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_of(text: &str, others: &[u8]) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What comes after the service in an ARN of it: region, account, and resource.
fn parts<'a>(arn: &'a str, service: &str) -> Option<[&'a str; 3]> {
    let (partition, rest) = arn.strip_prefix("arn:aws")?.split_once(':')?;
    let rest = rest.strip_prefix(service)?.strip_prefix(':')?;
    let (region, rest) = rest.split_once(':')?;
    let (account, resource) = rest.split_once(':')?;
    is_region(partition).then_some([region, account, resource])
}

fn is_region(text: &str) -> bool {
    text.bytes().all(|byte| is_lower(byte) || byte == b'-')
}

fn is_role(arn: &str) -> bool {
    let Some(["", account, resource]) = parts(arn, "iam") else { return false };
    is_account(account) && resource.strip_prefix("role/").is_some_and(|name| is_of(name, b"_+=,.@-/"))
}

/// The name in the ARN of a bucket.
pub(super) fn bucket(arn: &str) -> Option<&str> {
    let ["", "", name] = parts(arn, "s3")? else { return None };
    let is_name = (3..=63).contains(&name.len()) && name.bytes().all(|byte| is_lower(byte) || b"._-".contains(&byte));
    is_name.then_some(name)
}

fn is_schema(arn: &str) -> bool {
    let Some([region, account, resource]) = parts(arn, "glue") else { return false };
    let names = resource.strip_prefix("schema/").and_then(|names| names.split_once('/'));
    let is_named = names.is_some_and(|(registry, schema)| is_of(registry, b"-_$#.") && is_of(schema, b"-_$#."));
    !region.is_empty() && is_region(region) && is_account(account) && is_named
}

fn is_table_bucket(arn: &str) -> bool {
    let Some([region, account, resource]) = parts(arn, "s3tables") else { return false };
    let is_named = resource.strip_prefix("bucket/").is_some_and(|name| {
        (3..=63).contains(&name.len()) && name.bytes().all(|byte| is_lower(byte) || b"_-".contains(&byte))
    });
    !region.is_empty() && is_region(region) && is_account(account) && is_named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_told_from_what_is_none() {
        for (matches, good, bad) in [
            (
                is_role as fn(&str) -> bool,
                "arn:aws:iam::000000000000:role/path/delivery+1",
                &["arn:aws:iam::0:role/a", "arn:aws:iam::000000000000:role/", "arn:aws:iam::000000000000:user/a"][..],
            ),
            (
                |arn| bucket(arn).is_some(),
                "arn:aws-cn:s3:::my.bucket-1",
                &["arn:aws:s3:::ab", "arn:aws:s3:::A bucket", "my-bucket", "arn:aws:s3:eu-west-1::bucket"],
            ),
            (
                is_schema,
                "arn:aws:glue:eu-west-1:000000000000:schema/registry/a.b",
                &["arn:aws:glue:eu-west-1:000000000000:schema/registry", "arn:aws:glue::000000000000:schema/a/b"],
            ),
            (
                is_table_bucket,
                "arn:aws:s3tables:eu-west-1:000000000000:bucket/lake_1",
                &["arn:aws:s3tables:eu-west-1:000000000000:bucket/a", "arn:aws:s3:::lake"],
            ),
        ] {
            assert!(matches(good), "{good}");
            for text in bad {
                assert!(!matches(text), "{text}");
            }
        }
    }
}
