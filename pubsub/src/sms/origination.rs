//! The numbers that messages can come from.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_PhoneNumberInformation.html>

use millpond_engine::{RangeRequest, Timestamp, Transaction};
use serde::{Deserialize, Serialize};

use super::number;
use crate::{
    Result,
    layout::{
        self,
        sms::{ORIGINATION, SMS, number_key},
    },
    shared::Shared,
};

/// A number that messages can come from. The service is given them elsewhere; here a test adds them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginationNumber {
    /// The number: `+` and digits.
    pub number: String,
    /// Its state, such as `ACTIVE`.
    pub status: String,
    /// Its country, by two letters.
    pub country: String,
    /// `Transactional`, `Promotional` or `Premium`.
    pub route_type: String,
    /// Of `SMS`, `MMS` and `VOICE`.
    pub capabilities: Vec<String>,
    /// When it was added, in milliseconds; it is set when it is.
    pub created: u64,
}

impl OriginationNumber {
    /// A number of the United States that is active and sends transactional text messages.
    pub fn new(number: impl Into<String>) -> OriginationNumber {
        OriginationNumber {
            number: number.into(),
            status: "ACTIVE".into(),
            country: "US".into(),
            route_type: "Transactional".into(),
            capabilities: vec!["SMS".into()],
            created: 0,
        }
    }

    /// When it was added.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        Timestamp::from_millis(self.created)
    }
}

/// A page of numbers that messages can come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct OriginationPage {
    /// The numbers, in order.
    pub numbers: Vec<OriginationNumber>,
    /// Go on after this one; `None` at the end.
    pub next: Option<String>,
}

pub(super) fn add(shared: &Shared, tx: &mut Transaction, given: &OriginationNumber) -> Result<()> {
    let number = number::need(&given.number)?;
    let key = number_key(ORIGINATION, &number);
    let record = OriginationNumber { number, created: tx.began().as_millis(), ..given.clone() };
    Ok(tx.put(&shared.sms.rows, key, layout::encode(&record)?)?)
}

pub(super) fn remove(shared: &Shared, tx: &mut Transaction, given: &str) -> Result<()> {
    let number = number::need(given)?;
    Ok(tx.delete(&shared.sms.rows, number_key(ORIGINATION, &number))?)
}

pub(super) fn list(shared: &Shared, after: Option<&str>, max: usize) -> Result<OriginationPage> {
    let mut request = RangeRequest::prefix(&[ORIGINATION]).limit(max);
    if let Some(after) = after {
        request = request.resume_after(&number_key(ORIGINATION, after));
    }
    let page = shared.engine.snapshot()?.range(&shared.sms.rows, &request)?;
    let numbers = page.entries.iter().map(|(_, stored)| layout::decode(SMS, stored));
    let numbers: Vec<OriginationNumber> = numbers.collect::<Result<_>>()?;
    let next = page.resume.and_then(|_| numbers.last()).map(|last| last.number.clone());
    Ok(OriginationPage { numbers, next })
}
