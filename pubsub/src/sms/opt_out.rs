//! Numbers whose owners do not want messages.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/sms_manage.html>

use std::time::Duration;

use millpond_engine::{RangeRequest, Read, Transaction};

use super::{NumbersPage, number};
use crate::{
    Error, Result,
    layout::{
        self,
        sms::{OPTED_IN, OPTED_OUT, number_key},
    },
    shared::Shared,
};

/// A number can be opted in once within it.
const BETWEEN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// As if the owner had answered `STOP`.
pub(super) fn opt_out(shared: &Shared, tx: &mut Transaction, given: &str) -> Result<()> {
    let number = number::need(given)?;
    Ok(tx.put(&shared.sms.rows, number_key(OPTED_OUT, &number), Vec::new())?)
}

pub(super) fn opt_in(shared: &Shared, tx: &mut Transaction, given: &str) -> Result<()> {
    let number = number::need(given)?;
    if !is_opted_out(shared, tx, &number)? {
        return Ok(());
    }
    let rows = &shared.sms.rows;
    let before = tx.get(rows, &number_key(OPTED_IN, &number))?.map(|stored| layout::read_u64(&stored)).transpose()?;
    let now = tx.began();
    if before.is_some_and(|before| now.saturating_since(layout::time(before)) < BETWEEN) {
        return Err(Error::parameter("PhoneNumber Reason: a phone number can be opted in only once every 30 days"));
    }
    tx.put(rows, number_key(OPTED_IN, &number), now.as_millis().to_be_bytes().to_vec())?;
    Ok(tx.delete(rows, number_key(OPTED_OUT, &number))?)
}

/// Of a number as it is kept.
pub(super) fn is_opted_out(shared: &Shared, reader: &mut impl Read, number: &str) -> Result<bool> {
    Ok(reader.get(&shared.sms.rows, &number_key(OPTED_OUT, number))?.is_some())
}

pub(super) fn list(shared: &Shared, after: Option<&str>, max: usize) -> Result<NumbersPage> {
    let mut request = RangeRequest::prefix(&[OPTED_OUT]).limit(max);
    if let Some(after) = after {
        request = request.resume_after(&number_key(OPTED_OUT, after));
    }
    let page = shared.engine.snapshot()?.range(&shared.sms.rows, &request)?;
    let numbers: Vec<String> = page.entries.iter().filter_map(|(key, _)| super::number_of(key)).collect();
    let next = page.resume.and_then(|_| numbers.last().cloned());
    Ok(NumbersPage { numbers, next })
}
