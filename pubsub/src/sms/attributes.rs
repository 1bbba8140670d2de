//! The settings that hold for all text messages.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_SetSMSAttributes.html>

use std::collections::BTreeMap;

use millpond_engine::{Read, Transaction};

use crate::{
    Error, Result,
    layout::{
        self,
        sms::{SETTINGS, SMS, Settings},
    },
    shared::Shared,
};

/// The limit that an account begins with, in dollars.
const FIRST_SPEND_LIMIT: &str = "1";
const SENDER_CHARACTERS: usize = 11;

pub(super) fn settings(shared: &Shared, reader: &mut impl Read) -> Result<Settings> {
    let stored = reader.get(&shared.sms.rows, SETTINGS)?;
    stored.map_or(Ok(Settings::default()), |stored| layout::decode(SMS, &stored))
}

pub(super) fn keep(shared: &Shared, tx: &mut Transaction, settings: &Settings) -> Result<()> {
    Ok(tx.put(&shared.sms.rows, SETTINGS, layout::encode(settings)?)?)
}

/// All attributes, or those of these names that are known.
pub(super) fn get(shared: &Shared, names: &[&str]) -> Result<BTreeMap<String, String>> {
    let mut attributes = settings(shared, &mut shared.engine.latest())?.attributes;
    attributes.entry("MonthlySpendLimit".to_owned()).or_insert_with(|| FIRST_SPEND_LIMIT.to_owned());
    attributes.retain(|name, _| names.is_empty() || names.contains(&name.as_str()));
    Ok(attributes)
}

/// Sets these attributes; what is empty is as if it had never been set. The others stay.
pub(super) fn set(shared: &Shared, tx: &mut Transaction, given: &BTreeMap<String, String>) -> Result<()> {
    let mut settings = settings(shared, tx)?;
    for (name, value) in given {
        check(name, value)?;
        match value.is_empty() {
            true => settings.attributes.remove(name),
            false => settings.attributes.insert(name.clone(), value.clone()),
        };
    }
    keep(shared, tx, &settings)
}

fn check(name: &str, value: &str) -> Result<()> {
    let is_fit = match name {
        _ if value.is_empty() => KNOWN.contains(&name),
        "MonthlySpendLimit" => value.parse::<u32>().is_ok(),
        "DeliveryStatusIAMRole" => is_role(value),
        "DeliveryStatusSuccessSamplingRate" => value.parse::<u8>().is_ok_and(|rate| rate <= 100),
        "DefaultSenderID" => is_sender_id(value),
        "DefaultSMSType" => is_message_type(value),
        "UsageReportS3Bucket" => is_bucket(value),
        _ => false,
    };
    match is_fit {
        true => Ok(()),
        // The service says no more of them than that, and says it without naming the parameter.
        false if KNOWN.contains(&name) => Err(refused(format!("{name} is invalid"))),
        false => Err(refused(format!("{name} is not a valid attribute"))),
    }
}

const KNOWN: [&str; 6] = [
    "DefaultSMSType",
    "DefaultSenderID",
    "DeliveryStatusIAMRole",
    "DeliveryStatusSuccessSamplingRate",
    "MonthlySpendLimit",
    "UsageReportS3Bucket",
];

fn refused(message: String) -> Error {
    Error::Refused { code: "InvalidParameter", message }
}

pub(super) fn is_message_type(value: &str) -> bool {
    matches!(value, "Promotional" | "Transactional")
}

/// Up to 11 letters, digits and hyphens, with a letter among them.
pub(super) fn is_sender_id(value: &str) -> bool {
    value.len() <= SENDER_CHARACTERS
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn is_role(value: &str) -> bool {
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    matches!(&parts[..], &["arn", _, "iam", "", account, role] if !account.is_empty() && role.starts_with("role/"))
        && value.len() <= 2048
}

fn is_bucket(value: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = value.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(byte))
        && edge(bytes.first())
        && edge(bytes.last())
}
