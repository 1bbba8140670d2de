//! What a channel can be set to.

use super::{
    CreateChannel, Destination, RecordFormat,
    template::{self},
};
use crate::{Error, Result};

/// Source: <https://docs.aws.amazon.com/streams/latest/dev/data-delivery-s3-about.html>
const FRESHNESS_SECS: std::ops::RangeInclusive<u32> = 300..=900;
/// The key that the service has itself.
const SERVICE_KEY: &str = "alias/aws/kinesis";

pub(crate) fn check(options: &CreateChannel) -> Result<()> {
    freshness(options.destination.freshness_secs())?;
    let refuse = |text: &str| Err(Error::Validation(text.to_owned()));
    match (&options.destination, options.format) {
        (Destination::S3(_), RecordFormat::GsrJson) => {
            return refuse("RecordFormatType GSR_JSON is only supported for streaming table destinations.");
        }
        (Destination::S3Tables(_), RecordFormat::String | RecordFormat::ByteArray) => {
            return refuse(
                "RecordFormatType STRING and BYTE_ARRAY are only supported for general purpose S3 destinations.",
            );
        }
        (Destination::S3Tables(_), _) if options.schema_arn.is_none() => {
            return refuse("GSRSchemaARN is required when the channel destination is a streaming table.");
        }
        (Destination::S3(bucket), _) => bucket.key_template.as_deref().map_or(Ok(()), template::check)?,
        (Destination::S3Tables(_), _) => {}
    }
    if options.encryption_key.as_ref().is_some_and(|key| key.ends_with(SERVICE_KEY) || key == "aws/kinesis") {
        return refuse("The key aws/kinesis cannot be used: a channel needs a customer managed key.");
    }
    Ok(())
}

pub(crate) fn freshness(secs: u32) -> Result<()> {
    match FRESHNESS_SECS.contains(&secs) {
        true => Ok(()),
        false => Err(Error::Validation(format!(
            "DataFreshnessInSeconds must be between {} and {}.",
            FRESHNESS_SECS.start(),
            FRESHNESS_SECS.end()
        ))),
    }
}
