//! The sandbox: who is in it reaches numbers alone that were verified.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-sms-sandbox.html>

use millpond_engine::{RangeRequest, Read, Transaction};
use uuid::Uuid;

use super::{SandboxNumber, SandboxPage, TextMessages, number, number_of, opt_out};
use crate::{
    Captured, Error, Protocol, Result,
    layout::{
        self,
        sms::{SANDBOX, SMS, SandboxRecord, number_key},
    },
    outbox,
    shared::Shared,
};

/// An account has so many.
const NUMBERS: usize = 10;
/// Adds a number, and sends it a password. One that waits for its password gets another.
pub(super) fn add(shared: &Shared, tx: &mut Transaction, given: &str, language: Option<&str>) -> Result<()> {
    let number = number::need(given)?;
    if let Some(language) = language.filter(|language| !TextMessages::SANDBOX_LANGUAGES.contains(language)) {
        let shown: String = language.chars().take(64).collect();
        return Err(Error::parameter(format!("LanguageCode Reason: {shown} is not supported")));
    }
    if opt_out::is_opted_out(shared, tx, &number)? {
        return Err(Error::OptedOut { message: format!("Phone number {number} is opted out") });
    }
    let rows = &shared.sms.rows;
    let key = number_key(SANDBOX, &number);
    match read(shared, tx, &number)? {
        Some(known) if known.is_verified => return Ok(()),
        Some(_) => {}
        None => {
            let all = tx.range(rows, &RangeRequest::prefix(&[SANDBOX]).limit(NUMBERS))?;
            if all.entries.len() >= NUMBERS {
                let message = format!("The SMS sandbox holds up to {NUMBERS} phone numbers");
                return Err(Error::Refused { code: "UserError", message });
            }
        }
    }
    let password = password();
    let mut sent =
        Captured::new(Protocol::Sms, &number, format!("{password} is your verification code for Amazon SNS."));
    sent.details.insert("OneTimePassword".to_owned(), password.clone());
    sent.details.insert("LanguageCode".to_owned(), language.unwrap_or("en-US").to_owned());
    outbox::record(shared, tx, &sent)?;
    let record = SandboxRecord { is_verified: false, password, created: tx.began().as_millis() };
    Ok(tx.put(rows, key, layout::encode(&record)?)?)
}

/// Six digits.
fn password() -> String {
    format!("{:06}", Uuid::new_v4().as_u128() % 1_000_000)
}

fn read(shared: &Shared, reader: &mut impl Read, number: &str) -> Result<Option<SandboxRecord>> {
    let stored = reader.get(&shared.sms.rows, &number_key(SANDBOX, number))?;
    stored.map(|stored| layout::decode(SMS, &stored)).transpose()
}

fn missing(number: &str) -> Error {
    Error::ResourceNotFound { message: format!("Phone number {number} is not in the SMS sandbox") }
}

pub(super) fn verify(shared: &Shared, tx: &mut Transaction, given: &str, password: &str) -> Result<()> {
    let number = number::need(given)?;
    if !(5..=8).contains(&password.len()) || !password.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::parameter("OneTimePassword Reason: must be 5 to 8 digits"));
    }
    let mut record = read(shared, tx, &number)?.ok_or_else(|| missing(&number))?;
    if record.is_verified {
        return Ok(());
    }
    if record.password != password {
        return Err(Error::Verification { message: "The one-time password is invalid".into() });
    }
    record.is_verified = true;
    Ok(tx.put(&shared.sms.rows, number_key(SANDBOX, &number), layout::encode(&record)?)?)
}

pub(super) fn delete(shared: &Shared, tx: &mut Transaction, given: &str) -> Result<()> {
    let number = number::need(given)?;
    read(shared, tx, &number)?.ok_or_else(|| missing(&number))?;
    Ok(tx.delete(&shared.sms.rows, number_key(SANDBOX, &number))?)
}

pub(super) fn is_verified(shared: &Shared, reader: &mut impl Read, number: &str) -> Result<bool> {
    Ok(read(shared, reader, number)?.is_some_and(|record| record.is_verified))
}

pub(super) fn list(shared: &Shared, after: Option<&str>, max: usize) -> Result<SandboxPage> {
    let mut request = RangeRequest::prefix(&[SANDBOX]).limit(max);
    if let Some(after) = after {
        request = request.resume_after(&number_key(SANDBOX, after));
    }
    let page = shared.engine.snapshot()?.range(&shared.sms.rows, &request)?;
    let mut numbers = Vec::with_capacity(page.entries.len());
    for (key, stored) in &page.entries {
        let record: SandboxRecord = layout::decode(SMS, stored)?;
        let number = number_of(key).unwrap_or_default();
        numbers.push(SandboxNumber { number, is_verified: record.is_verified });
    }
    let next = page.resume.and_then(|_| numbers.last()).map(|last| last.number.clone());
    Ok(SandboxPage { numbers, next })
}
