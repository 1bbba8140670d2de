//! Applications: made, changed, listed and deleted.

use std::collections::BTreeMap;

use millpond_engine::{RangeRequest, Read, Transaction};

use super::{
    Described, DescribedPage, Platform,
    arn::{self, ApplicationArn},
    attributes,
};
use crate::{
    Error, Result,
    layout::{
        self,
        mobile::{
            APPLICATION_PREFIX, ApplicationRecord, DELETED_PREFIX, LAST_APPLICATION, MOBILE, application_key,
            deleted_key, endpoints_prefix, tokens_prefix,
        },
    },
    shared::Shared,
};

const PARAMETER: &str = "PlatformApplicationArn";
/// So many rows of a deleted application are removed in one transaction.
const AT_ONCE: usize = 1000;

pub(super) fn create(
    shared: &Shared,
    tx: &mut Transaction,
    name: &str,
    platform: Platform,
    given: &BTreeMap<String, String>,
    region: Option<&str>,
) -> Result<String> {
    attributes::check_name(name)?;
    attributes::check_application(given)?;
    attributes::check_credentials(platform, given)?;
    let mut record = match find(shared, tx, &ApplicationArn { platform, name: name.to_owned() })? {
        Some(record) => record,
        None => ApplicationRecord {
            id: next_id(shared, tx)?,
            arn: shared.arn(region, &format!("app/{platform}/{name}")),
            platform,
            name: name.to_owned(),
            created: tx.began().as_millis(),
            attributes: BTreeMap::from([("Enabled".to_owned(), "true".to_owned())]),
        },
    };
    attributes::merge(platform, &mut record.attributes, given);
    keep(shared, tx, &record)?;
    Ok(record.arn)
}

fn next_id(shared: &Shared, tx: &mut Transaction) -> Result<u64> {
    let rows = &shared.mobile.rows;
    let last = tx.get(rows, LAST_APPLICATION)?.map_or(Ok(0), |stored| layout::read_u64(&stored))?;
    tx.put(rows, LAST_APPLICATION, (last + 1).to_be_bytes().to_vec())?;
    Ok(last + 1)
}

fn keep(shared: &Shared, tx: &mut Transaction, record: &ApplicationRecord) -> Result<()> {
    Ok(tx.put(&shared.mobile.rows, application_key(record.platform, &record.name), layout::encode(record)?)?)
}

/// The application that an ARN names, if there is one.
pub(super) fn find(shared: &Shared, reader: &mut impl Read, arn: &ApplicationArn) -> Result<Option<ApplicationRecord>> {
    let stored = reader.get(&shared.mobile.rows, &application_key(arn.platform, &arn.name))?;
    stored.map(|stored| layout::decode(MOBILE, &stored)).transpose()
}

/// As [`find`], of an ARN as text.
///
/// # Errors
/// [`Error::NotFound`] if there is none.
pub(super) fn need(shared: &Shared, reader: &mut impl Read, arn: &str) -> Result<ApplicationRecord> {
    let found = match arn::application(arn, PARAMETER)? {
        Some(named) => find(shared, reader, &named)?,
        None => None,
    };
    found.ok_or_else(|| Error::NotFound { message: "PlatformApplication does not exist".into() })
}

pub(super) fn get(shared: &Shared, arn: &str) -> Result<BTreeMap<String, String>> {
    Ok(need(shared, &mut shared.engine.latest(), arn)?.attributes)
}

pub(super) fn set(shared: &Shared, tx: &mut Transaction, arn: &str, given: &BTreeMap<String, String>) -> Result<()> {
    let mut record = need(shared, tx, arn)?;
    attributes::check_application(given)?;
    attributes::merge(record.platform, &mut record.attributes, given);
    keep(shared, tx, &record)
}

pub(super) fn list(shared: &Shared, after: Option<&str>, max: usize) -> Result<DescribedPage> {
    let mut request = RangeRequest::prefix(APPLICATION_PREFIX).limit(max);
    if let Some(after) = after
        && let Some(after) = arn::application(after, "NextToken")?
    {
        request = request.resume_after(&application_key(after.platform, &after.name));
    }
    let page = shared.engine.snapshot()?.range(&shared.mobile.rows, &request)?;
    let mut entries = Vec::with_capacity(page.entries.len());
    for (_, stored) in &page.entries {
        let record: ApplicationRecord = layout::decode(MOBILE, stored)?;
        entries.push(Described { arn: record.arn, attributes: record.attributes });
    }
    let next = page.resume.and_then(|_| entries.last()).map(|last| last.arn.clone());
    Ok(DescribedPage { entries, next })
}

/// Deletes an application at once, and then its endpoints, page by page. Where that ends early, the next deletion goes on.
pub(super) fn delete(shared: &Shared, arn: &str) -> Result<()> {
    let Some(named) = arn::application(arn, PARAMETER)? else { return Ok(()) };
    let rows = &shared.mobile.rows;
    shared.engine.transact(|tx| -> Result<()> {
        let Some(record) = find(shared, tx, &named)? else { return Ok(()) };
        tx.delete(rows, application_key(record.platform, &record.name))?;
        Ok(tx.put(rows, deleted_key(record.id), Vec::new())?)
    })?;
    while shared.engine.transact(|tx| sweep(shared, tx))? {}
    Ok(())
}

/// Removes some of what a deleted application has left behind, if one has.
fn sweep(shared: &Shared, tx: &mut Transaction) -> Result<bool> {
    let rows = &shared.mobile.rows;
    let deleted = tx.range(rows, &RangeRequest::prefix(DELETED_PREFIX).limit(1))?;
    let Some((key, _)) = deleted.entries.first() else { return Ok(false) };
    let id = layout::read_u64(key.get(DELETED_PREFIX.len()..).unwrap_or_default())?;
    for prefix in [endpoints_prefix(id), tokens_prefix(id)] {
        let page = tx.range(rows, &RangeRequest::prefix(&prefix).limit(AT_ONCE))?;
        for (row, _) in &page.entries {
            tx.delete(rows, row.clone())?;
        }
        if page.resume.is_some() {
            return Ok(true);
        }
    }
    tx.delete(rows, key.clone())?;
    Ok(true)
}
