//! Describing and listing channels.

use std::ops::Bound;

use millpond_engine::{RangeRequest, Read, Timestamp};

use super::{
    ChannelDescription, ChannelPage,
    layout::{self, ChannelRow, NAMES},
};
use crate::{ACCOUNT, Error, Result, shared::Shared};

/// The channel of that id.
///
/// # Errors
/// [`Error::NotFound`] if there is none.
pub(crate) fn need(shared: &Shared, reader: &mut impl Read, id: &str) -> Result<ChannelRow> {
    layout::channel(shared, reader, id)?.ok_or_else(|| not_found(id))
}

fn not_found(id: &str) -> Error {
    Error::NotFound(format!("Channel {id} under account {ACCOUNT} not found."))
}

pub(crate) fn describe(shared: &Shared, reader: &mut impl Read, id: &str) -> Result<ChannelDescription> {
    let row = need(shared, reader, id)?;
    show(shared, reader, id.to_owned(), row)
}

pub(crate) fn show(shared: &Shared, reader: &mut impl Read, id: String, row: ChannelRow) -> Result<ChannelDescription> {
    // A stream is not deleted before its channels are.
    let stream_created = match shared.find(reader, &row.stream)? {
        Some(stream) => stream.created(),
        None => return Err(not_found(&id)),
    };
    Ok(ChannelDescription {
        id,
        name: row.name,
        created: Timestamp::from_millis(row.created),
        role_arn: row.role_arn,
        stream: row.stream,
        stream_created,
        format: row.format,
        schema_arn: row.schema_arn,
        destination: row.destination,
        encryption_key: row.encryption_key,
        logging: row.logging,
    })
}

/// The channels after a name, of some streams if they are given.
pub(crate) fn run(shared: &Shared, streams: &[String], after: Option<&str>, max: usize) -> Result<ChannelPage> {
    let mut page = ChannelPage { channels: Vec::new(), has_more: false };
    let mut reader = shared.engine.snapshot()?;
    for id in ids(shared, after)? {
        // Between the two looks it may have been deleted.
        let Some(row) = layout::channel(shared, &mut reader, &id)? else { continue };
        if !streams.is_empty() && !streams.contains(&row.stream) {
            continue;
        }
        if page.channels.len() >= max.max(1) {
            page.has_more = true;
            break;
        }
        page.channels.push(show(shared, &mut reader, id, row)?);
    }
    Ok(page)
}

/// Those of all channels after a name. They are few.
pub(crate) fn ids(shared: &Shared, after: Option<&str>) -> Result<Vec<String>> {
    let from = layout::name_key(after.unwrap_or_default());
    let to = [NAMES.first().map_or(0, |byte| byte + 1)];
    let names = RangeRequest::between(Bound::Excluded(&from), Bound::Excluded(&to));
    shared.engine.snapshot()?.scan(&shared.channels, &names)?.map(|entry| layout::id(&entry?.1)).collect()
}
