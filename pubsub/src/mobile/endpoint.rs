//! Endpoints: made, changed, listed and deleted.

use std::{collections::BTreeMap, sync::Arc};

use millpond_engine::{RangeRequest, Read, Transaction};
use uuid::Uuid;

use super::{
    Described, DescribedPage, Platform, application,
    arn::{self, EndpointArn},
    attributes,
    events::{Event, tell},
};
use crate::{
    Error, Result,
    layout::{
        self,
        mobile::{ApplicationRecord, EndpointRecord, MOBILE, endpoint_key, endpoints_prefix, token_key},
    },
    shared::Shared,
};

const PARAMETER: &str = "EndpointArn";
const TOKEN: &str = "Token";
const USER_DATA: &str = "CustomUserData";

pub(super) fn create(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    application_arn: &str,
    token: &str,
    custom_user_data: Option<&str>,
    given: &BTreeMap<String, String>,
) -> Result<String> {
    let application = application::need(shared, tx, application_arn)?;
    let platform = application.platform;
    let wanted = wanted(platform, token, custom_user_data, given)?;
    let token = wanted.get(TOKEN).map_or(token, String::as_str);
    let rows = &shared.mobile.rows;
    if let Some(id) = having(shared, tx, &application, token)?
        && let Some(found) = find(shared, tx, &application, &id)?
    {
        return match found.attributes == wanted {
            true => Ok(found.arn),
            false => Err(already(&found.arn)),
        };
    }
    let id = id_of(&application.arn, token);
    if find(shared, tx, &application, &id)?.is_some() {
        return Err(Error::parameter("This endpoint is already registered with a different token."));
    }
    let uuid = Uuid::from_bytes(id).hyphenated();
    let arn = format!("{}/{uuid}", application.arn.replacen(":app/", ":endpoint/", 1));
    tx.put(rows, token_key(application.id, token), id.to_vec())?;
    let record = EndpointRecord { arn, created: tx.began().as_millis(), attributes: wanted };
    keep(shared, tx, &application, &id, &record)?;
    tell(shared, tx, &application, &record.arn, Event::Created)?;
    Ok(record.arn)
}

/// The attributes that an endpoint is to have.
fn wanted(
    platform: Platform,
    token: &str,
    custom_user_data: Option<&str>,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let token = attributes::token(platform, token)?;
    if let Some(data) = custom_user_data {
        attributes::check_user_data(data)?;
    }
    let mut wanted = BTreeMap::from([("Enabled".to_owned(), "true".to_owned())]);
    wanted.extend(custom_user_data.map(|data| (USER_DATA.to_owned(), data.to_owned())));
    wanted.extend(attributes::endpoint(platform, given)?);
    if platform == Platform::Baidu {
        let is_whole = wanted.contains_key("UserId") && wanted.get("ChannelId") == Some(&token);
        let why = "Attributes Reason: BAIDU endpoints need a UserId, and a ChannelId that is the Token";
        is_whole.then_some(()).ok_or_else(|| Error::parameter(why))?;
    }
    wanted.insert(TOKEN.to_owned(), token);
    wanted.retain(|name, value| name != USER_DATA || !value.is_empty());
    Ok(wanted)
}

/// An endpoint is known by its first token for good: made again after it was deleted, it has the same ARN.
fn id_of(application: &str, token: &str) -> [u8; 16] {
    let hash = blake3::Hasher::new().update(application.as_bytes()).update(&[0]).update(token.as_bytes()).finalize();
    let mut short = [0; 16];
    for (to, from) in short.iter_mut().zip(hash.as_bytes()) {
        *to = *from;
    }
    uuid::Builder::from_md5_bytes(short).into_uuid().into_bytes()
}

fn already(arn: &str) -> Error {
    Error::parameter(format!(
        "Token Reason: Endpoint {arn} already exists with the same Token, but different attributes."
    ))
}

/// The endpoint that has a token.
fn having(
    shared: &Shared,
    reader: &mut impl Read,
    application: &ApplicationRecord,
    token: &str,
) -> Result<Option<[u8; 16]>> {
    let stored = reader.get(&shared.mobile.rows, &token_key(application.id, token))?;
    let id = stored.map(|stored| stored.as_ref().try_into());
    id.transpose().map_err(|_| Error::Corrupt { keyspace: MOBILE, detail: "an endpoint's id is not sixteen bytes" })
}

pub(super) fn find(
    shared: &Shared,
    reader: &mut impl Read,
    application: &ApplicationRecord,
    id: &[u8; 16],
) -> Result<Option<EndpointRecord>> {
    let stored = reader.get(&shared.mobile.rows, &endpoint_key(application.id, id))?;
    stored.map(|stored| layout::decode(MOBILE, &stored)).transpose()
}

fn keep(
    shared: &Shared,
    tx: &mut Transaction,
    application: &ApplicationRecord,
    id: &[u8; 16],
    record: &EndpointRecord,
) -> Result<()> {
    Ok(tx.put(&shared.mobile.rows, endpoint_key(application.id, id), layout::encode(record)?)?)
}

/// The endpoint that an ARN names, with its application.
pub(super) fn locate(
    shared: &Shared,
    reader: &mut impl Read,
    arn: &EndpointArn,
) -> Result<Option<(ApplicationRecord, EndpointRecord)>> {
    let Some(application) = application::find(shared, reader, &arn.application)? else { return Ok(None) };
    let found = find(shared, reader, &application, &arn.id)?;
    Ok(found.map(|found| (application, found)))
}

fn need(shared: &Shared, reader: &mut impl Read, arn: &str) -> Result<([u8; 16], ApplicationRecord, EndpointRecord)> {
    let missing = || Error::NotFound { message: "Endpoint does not exist".into() };
    let named = arn::endpoint(arn, PARAMETER)?.ok_or_else(missing)?;
    let (application, found) = locate(shared, reader, &named)?.ok_or_else(missing)?;
    Ok((named.id, application, found))
}

pub(super) fn get(shared: &Shared, arn: &str) -> Result<BTreeMap<String, String>> {
    Ok(need(shared, &mut shared.engine.latest(), arn)?.2.attributes)
}

pub(super) fn set(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    arn: &str,
    given: &BTreeMap<String, String>,
) -> Result<()> {
    let (id, application, mut record) = need(shared, tx, arn)?;
    let given = attributes::endpoint(application.platform, given)?;
    let rows = &shared.mobile.rows;
    if let Some(token) = given.get(TOKEN).filter(|token| record.attributes.get(TOKEN) != Some(token)) {
        if let Some(other) = having(shared, tx, &application, token)?.filter(|other| *other != id)
            && let Some(other) = find(shared, tx, &application, &other)?
        {
            return Err(already(&other.arn));
        }
        if let Some(old) = record.attributes.get(TOKEN) {
            tx.delete(rows, token_key(application.id, old))?;
        }
        tx.put(rows, token_key(application.id, token), id.to_vec())?;
    }
    record.attributes.extend(given);
    record.attributes.retain(|name, value| name != USER_DATA || !value.is_empty());
    keep(shared, tx, &application, &id, &record)?;
    tell(shared, tx, &application, &record.arn, Event::Updated)
}

pub(super) fn delete(shared: &Arc<Shared>, tx: &mut Transaction, arn: &str) -> Result<()> {
    let Some(named) = arn::endpoint(arn, PARAMETER)? else { return Ok(()) };
    let Some((application, record)) = locate(shared, tx, &named)? else { return Ok(()) };
    let rows = &shared.mobile.rows;
    if let Some(token) = record.attributes.get(TOKEN) {
        tx.delete(rows, token_key(application.id, token))?;
    }
    tx.delete(rows, endpoint_key(application.id, &named.id))?;
    tell(shared, tx, &application, &record.arn, Event::Deleted)
}

pub(super) fn list(shared: &Shared, application_arn: &str, after: Option<&str>, max: usize) -> Result<DescribedPage> {
    let mut snapshot = shared.engine.snapshot()?;
    let application = application::need(shared, &mut snapshot, application_arn)?;
    let mut request = RangeRequest::prefix(&endpoints_prefix(application.id)).limit(max);
    if let Some(after) = after
        && let Some(after) = arn::endpoint(after, "NextToken")?
    {
        request = request.resume_after(&endpoint_key(application.id, &after.id));
    }
    let page = snapshot.range(&shared.mobile.rows, &request)?;
    let mut entries = Vec::with_capacity(page.entries.len());
    for (_, stored) in &page.entries {
        let record: EndpointRecord = layout::decode(MOBILE, stored)?;
        entries.push(Described { arn: record.arn, attributes: record.attributes });
    }
    let next = page.resume.and_then(|_| entries.last()).map(|last| last.arn.clone());
    Ok(DescribedPage { entries, next })
}
