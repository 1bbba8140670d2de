//! How the objects of a channel are called.
//!
//! Source: <https://docs.aws.amazon.com/streams/latest/dev/data-delivery-s3-key-template.html>

use millpond_engine::Timestamp;

use super::{ChannelDescription, Compression, RecordFormat};
use crate::{Error, Result};

const DEFAULT: &str = "kinesis-channel/!{channel-name}/!{channel-id}/!{yyyy}/!{MM}/!{dd}/!{HH}/\
                       !{channel-name}-!{channel-id}-!{yyyy}-!{MM}-!{dd}-!{HH}-!{mm}!{extension}";
const EXTENSION: &str = "!{extension}";
const VARIABLES: [&str; 8] = ["channel-name", "channel-id", "yyyy", "MM", "dd", "HH", "mm", "extension"];

/// Whether a template is one, and its keys can be those of objects.
pub(crate) fn check(template: &str) -> Result<()> {
    let refuse = |reason: &str| Err(Error::Validation(format!("OutputKeyTemplate {template} is not valid: {reason}.")));
    if template.starts_with('/') || template.ends_with('/') || template.contains("//") {
        return refuse("a key neither begins nor ends with a slash, nor has two in a row");
    }
    if template.split('/').any(|part| part == "." || part == "..") {
        return refuse("a key has no part that is a dot or two");
    }
    let mut rest = template;
    while let Some((_, after)) = rest.split_once("!{") {
        let Some((name, after)) = after.split_once('}') else { return refuse("a variable has no end") };
        if !VARIABLES.contains(&name) {
            return refuse(&format!("there is no variable {name}"));
        }
        rest = after;
    }
    Ok(())
}

/// The key of an object whose oldest record was put at a time, which a suffix tells from all others.
pub(crate) fn render(template: Option<&str>, channel: &ChannelDescription, time: Timestamp, suffix: &str) -> String {
    let template = template.unwrap_or(DEFAULT);
    // The suffix comes before the extension, which would be none in the middle of a name.
    let template = match template.strip_suffix(EXTENSION) {
        Some(name) => format!("{name}-{suffix}{EXTENSION}"),
        None => format!("{template}-{suffix}"),
    };
    let compression = match &channel.destination {
        super::Destination::S3(bucket) => bucket.compression,
        super::Destination::S3Tables(_) => Compression::None,
    };
    let extension = [extension_of(channel.format), compressed(compression)].concat();
    let time = time.to_string();
    let part = |from: usize, to: usize| time.get(from..to).unwrap_or_default();
    let values =
        [&channel.name, &channel.id, part(0, 4), part(5, 7), part(8, 10), part(11, 13), part(14, 16), &extension];
    let mut key = template;
    for (name, value) in VARIABLES.iter().zip(values) {
        key = key.replace(&format!("!{{{name}}}"), value);
    }
    key
}

fn extension_of(format: RecordFormat) -> &'static str {
    match format {
        RecordFormat::GsrJson | RecordFormat::Json => ".json",
        RecordFormat::String => ".txt",
        RecordFormat::ByteArray => ".bin",
    }
}

fn compressed(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "",
        Compression::Gzip => ".gz",
        Compression::Zstd => ".zst",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_told_from_what_is_none() {
        for template in [DEFAULT, "a", "a/b=!{yyyy}/c", "!{channel-id}", "a.b", "..a/b.."] {
            assert!(check(template).is_ok(), "{template}");
        }
        for template in ["/a", "a/", "a//b", "../a", "a/./b", "!{year}", "!{yyyy", "a!{}"] {
            assert!(check(template).is_err(), "{template}");
        }
    }
}
