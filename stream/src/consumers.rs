//! Registered consumers.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_RegisterStreamConsumer.html>

use millpond_engine::{RangeRequest, Read, Timestamp, Transaction};

use crate::{
    Consumer, Error, Resource, Result, attached, create_stream,
    layout::{self, ConsumerRecord, Tags},
    shared::Shared,
};

pub(crate) fn register(
    shared: &Shared,
    tx: &mut Transaction,
    stream: &str,
    name: &str,
    tags: &Tags,
) -> Result<Consumer> {
    create_stream::check_name(name)?;
    shared.need(tx, stream)?;
    let key = layout::consumer_key(stream, name);
    if tx.get(&shared.catalog, &key)?.is_some() {
        return Err(Error::ConsumerExists { stream: stream.to_owned(), consumer: name.to_owned() });
    }
    attached::check_consumers(shared, tx, stream)?;
    let created = tx.began();
    tx.put(&shared.catalog, key, layout::encode(&ConsumerRecord { created: created.as_millis() })?)?;
    shared.change(tx, stream, |record| {
        record.consumers += 1;
        Ok(())
    })?;
    if !tags.is_empty() {
        let resource = Resource::Consumer { stream: stream.to_owned(), name: name.to_owned() };
        attached::set_tags(shared, tx, &resource, tags)?;
    }
    Ok(Consumer { name: name.to_owned(), stream: stream.to_owned(), created })
}

pub(crate) fn deregister(shared: &Shared, tx: &mut Transaction, stream: &str, name: &str) -> Result<()> {
    need(shared, tx, stream, name)?;
    remove(shared, tx, stream, name)?;
    shared.change(tx, stream, |record| {
        record.consumers = record.consumers.saturating_sub(1);
        Ok(())
    })
}

/// Takes away a consumer's rows.
pub(crate) fn remove(shared: &Shared, tx: &mut Transaction, stream: &str, name: &str) -> Result<()> {
    attached::clear(shared, tx, &Resource::Consumer { stream: stream.to_owned(), name: name.to_owned() })?;
    Ok(tx.delete(&shared.catalog, layout::consumer_key(stream, name))?)
}

pub(crate) fn need(shared: &Shared, reader: &mut impl Read, stream: &str, name: &str) -> Result<Consumer> {
    shared.need(reader, stream)?;
    let Some(stored) = reader.get(&shared.catalog, &layout::consumer_key(stream, name))? else {
        return Err(Error::ConsumerNotFound { consumer: name.to_owned() });
    };
    consumer(stream, name, &stored)
}

fn consumer(stream: &str, name: &str, stored: &[u8]) -> Result<Consumer> {
    let record: ConsumerRecord = layout::decode(stored)?;
    let created = Timestamp::from_millis(record.created);
    Ok(Consumer { name: name.to_owned(), stream: stream.to_owned(), created })
}

/// All of a stream, by name. They are few.
pub(crate) fn list(shared: &Shared, reader: &mut impl Read, stream: &str) -> Result<Vec<Consumer>> {
    shared.need(reader, stream)?;
    let page = reader.range(&shared.catalog, &RangeRequest::prefix(&layout::consumers_prefix(stream)))?;
    let found = page.entries.iter().map(|(key, value)| consumer(stream, &layout::consumer_name(stream, key)?, value));
    found.collect()
}

pub(crate) fn names(shared: &Shared, reader: &mut impl Read, stream: &str) -> Result<Vec<String>> {
    Ok(list(shared, reader, stream)?.into_iter().map(|consumer| consumer.name).collect())
}
