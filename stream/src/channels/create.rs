//! Making channels.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateChannel.html>

use millpond_engine::{RangeRequest, Transaction};

use super::{
    ChannelLogging, CreateChannel, DeadLetterBucket, Destination, DestinationKind, checks,
    layout::{self, ChannelRow, NAMES},
};
use crate::{ACCOUNT, Error, Resource, Result, account, attached, create_stream, layout as catalog, shared::Shared};

/// What the keys of records begin with that are not what they should be, unless told otherwise.
const ERROR_PREFIX: &str = "kinesis-channel-errors/";
const LOG_STREAM: &str = "DestinationDelivery";

/// Gives the id of the new channel.
pub(crate) fn run(shared: &Shared, tx: &mut Transaction, options: &CreateChannel) -> Result<String> {
    let CreateChannel { name, stream, .. } = options;
    create_stream::check_name(name)?;
    checks::check(options)?;
    let found = shared.need(tx, stream)?;
    if !found.is_on_demand {
        return Err(Error::Validation(format!(
            "Stream {stream} under account {ACCOUNT} is in provisioned capacity mode. Channels are only supported in on-demand \
             capacity mode."
        )));
    }
    if tx.get(&shared.channels, &layout::name_key(name))?.is_some() {
        return Err(Error::ResourceInUse(format!("Channel {name} under account {ACCOUNT} already exists.")));
    }
    check_count(shared, tx, stream, options.destination.kind())?;
    let last = tx.get(&shared.channels, layout::LAST_NUMBER)?.map_or(Ok(0), |last| catalog::decode::<u64>(&last))?;
    let number = last.saturating_add(1);
    tx.put(&shared.channels, layout::LAST_NUMBER, catalog::encode(&number)?)?;
    let created = tx.began();
    let id = catalog::new_id("channel", number, created);
    let row = ChannelRow {
        number,
        name: name.clone(),
        created: created.as_millis(),
        role_arn: options.role_arn.clone(),
        stream: stream.clone(),
        log: found.log,
        // What is committed from now on has a higher position.
        start: shared.engine.last_position().next().get(),
        format: options.format,
        schema_arn: options.schema_arn.clone(),
        destination: filled(&options.destination),
        encryption_key: options.encryption_key.clone(),
        logging: ChannelLogging {
            is_enabled: options.logging.is_enabled,
            group: Some(options.logging.group.clone().unwrap_or_else(|| format!("/aws/kinesis/{name}/{id}"))),
            stream: Some(options.logging.stream.clone().unwrap_or_else(|| LOG_STREAM.to_owned())),
        },
    };
    tx.put(&shared.channels, layout::channel_key(&id), catalog::encode(&row)?)?;
    tx.put(&shared.channels, layout::name_key(name), id.clone())?;
    shared.change(tx, stream, |record| {
        record.channels += 1;
        Ok(())
    })?;
    if !options.tags.is_empty() {
        attached::set_tags(shared, tx, &Resource::Channel { id: id.clone() }, &options.tags)?;
    }
    Ok(id)
}

/// A stream has one channel to buckets, and one to tables.
///
/// Source: <https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html>
fn check_count(shared: &Shared, tx: &mut Transaction, stream: &str, kind: DestinationKind) -> Result<()> {
    let limits = account::limits(shared, tx)?;
    if limits.channels >= limits.channel_limit {
        return Err(Error::LimitExceeded(format!(
            "Account {ACCOUNT} has reached the limit of {} channels.",
            limits.channel_limit
        )));
    }
    // There are no more of them than that limit.
    let names = tx.range(&shared.channels, &RangeRequest::prefix(NAMES))?;
    for (_, id) in names.entries {
        let other = layout::channel(shared, tx, &layout::id(&id)?)?;
        if other.is_some_and(|other| other.stream == stream && other.destination.kind() == kind) {
            let kind = if kind == DestinationKind::S3 { "a general purpose S3 bucket" } else { "streaming tables" };
            return Err(Error::LimitExceeded(format!(
                "Stream {stream} under account {ACCOUNT} has reached the limit of one channel to {kind}."
            )));
        }
    }
    Ok(())
}

/// A destination with what was left to the service.
fn filled(destination: &Destination) -> Destination {
    let mut destination = destination.clone();
    let error_prefix = Some(ERROR_PREFIX.to_owned());
    match &mut destination {
        Destination::S3(bucket) => {
            let (bucket_arn, expected_owner) = (bucket.bucket_arn.clone(), bucket.expected_owner.clone());
            let same = DeadLetterBucket { bucket_arn, expected_owner, error_prefix: None };
            let dead_letters = bucket.dead_letters.get_or_insert(same);
            dead_letters.error_prefix = dead_letters.error_prefix.take().or(error_prefix);
        }
        Destination::S3Tables(table) => {
            table.dead_letters.error_prefix = table.dead_letters.error_prefix.take().or(error_prefix);
        }
    }
    destination
}
