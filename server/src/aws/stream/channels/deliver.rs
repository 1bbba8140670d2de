//! Delivering what is due to the directories that stand for buckets. An object is written before its channel is told, so that a
//! server that is killed in between delivers its records again, in another object.

use std::{
    io,
    sync::{Mutex, PoisonError},
};

use millpond::{
    Pond,
    stream::{Channel, ChannelBatch, Destination, Error as StreamError, S3Destination},
};
use tracing::debug;
use uuid::Uuid;

use super::{
    limits,
    object::{Objects, compress},
};
use crate::buckets::{Bucket, Buckets};

/// What cannot be in the name of a file.
const FORBIDDEN: [char; 2] = [':', '\\'];

/// Held while something is delivered: two who do so at a time would deliver the same.
static DELIVERING: Mutex<()> = Mutex::new(());

/// Why a channel does not deliver. It will be tried again.
#[derive(Debug, thiserror::Error)]
enum Undelivered {
    #[error("there is no bucket {0:?}")]
    NoBucket(String),
    #[error("the object cannot be written")]
    Write(#[from] io::Error),
    #[error(transparent)]
    Stream(#[from] StreamError),
}

/// Delivers what is due; gives how many records.
///
/// # Errors
/// Those of the service.
pub(in crate::aws) fn deliver(pond: &Pond, buckets: &Buckets) -> Result<u64, millpond::Error> {
    if !buckets.has_directory() {
        return Ok(0);
    }
    let _alone = DELIVERING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut delivered = 0;
    for channel in pond.streams().all_channels()? {
        match deliver_channel(&channel, buckets) {
            Ok(records) => delivered += records,
            // Others are not held up by one that cannot.
            Err(undelivered) => {
                debug!(channel = channel.id(), error = crate::serve::chain(&undelivered), "not delivered")
            }
        }
    }
    Ok(delivered)
}

fn deliver_channel(channel: &Channel, buckets: &Buckets) -> Result<u64, Undelivered> {
    let mut delivered = 0;
    while let Some(batch) = channel.due()? {
        if let Destination::S3(bucket) = &batch.channel.destination {
            write(&batch, bucket, buckets)?;
        }
        channel.delivered(&batch)?;
        delivered += batch.records.len() as u64;
    }
    Ok(delivered)
}

fn write(batch: &ChannelBatch, to: &S3Destination, buckets: &Buckets) -> Result<(), Undelivered> {
    let objects = Objects::of(&batch.records, batch.channel.format)?;
    let suffix = Uuid::new_v4().to_string();
    if !objects.delivered.is_empty() {
        let packed = compress(objects.delivered, to.compression)?;
        put(&find(buckets, &to.bucket_arn)?, &batch.object_key(&suffix), &packed)?;
    }
    if !objects.refused.is_empty() {
        let arn = to.dead_letters.as_ref().map_or(&to.bucket_arn, |bucket| &bucket.bucket_arn);
        put(&find(buckets, arn)?, &batch.error_key(&suffix), &objects.refused)?;
    }
    Ok(())
}

fn find(buckets: &Buckets, arn: &str) -> Result<Bucket, Undelivered> {
    let name = limits::bucket(arn).unwrap_or_default();
    buckets.find(name).map_err(|_| Undelivered::NoBucket(name.to_owned()))
}

fn put(bucket: &Bucket, key: &str, bytes: &[u8]) -> io::Result<()> {
    let key = key.replace(FORBIDDEN, "_");
    let mut file = bucket.create(&key)?;
    io::Write::write_all(&mut file, bytes)?;
    bucket.sync(&key, &file)
}
