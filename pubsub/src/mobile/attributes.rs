//! What names, tokens and attributes of applications and endpoints may be.

use std::collections::BTreeMap;

use super::Platform;
use crate::{Error, Result};

const NAME_BYTES: usize = 256;
const TOKEN_BYTES: usize = 8192;
const APPLE_TOKEN_DIGITS: usize = 400;
const USER_DATA_BYTES: usize = 2048;
/// How long a value may be where the service does not say it: a private key in PEM has some 3 KiB.
const VALUE_BYTES: usize = 64 << 10;

/// What is not given back.
const SECRETS: [&str; 2] = ["PlatformCredential", "PlatformPrincipal"];
/// What may be set of an application besides.
const SETTINGS: [&str; 10] = [
    "ApplePlatformBundleID",
    "ApplePlatformTeamID",
    "Enabled",
    "EventDeliveryFailure",
    "EventEndpointCreated",
    "EventEndpointDeleted",
    "EventEndpointUpdated",
    "FailureFeedbackRoleArn",
    "SuccessFeedbackRoleArn",
    "SuccessFeedbackSampleRate",
];

type Attributes = BTreeMap<String, String>;

fn refused(reason: impl std::fmt::Display) -> Error {
    Error::parameter(format!("Attributes Reason: {reason}"))
}

fn bad_value(name: &str, why: impl std::fmt::Display) -> Error {
    refused(format!("Invalid value for attribute: {name}: {why}"))
}

pub(super) fn check_name(name: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let reason = if name.is_empty() {
        "cannot be empty"
    } else if name.chars().count() > NAME_BYTES {
        "must be at most 256 characters long"
    } else if !name.bytes().all(allowed) {
        "must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'"
    } else {
        return Ok(());
    };
    let shown: String = name.chars().take(NAME_BYTES + 1).collect();
    Err(Error::parameter(format!("{shown} Reason: {reason}")))
}

/// What an application's credentials must be, whether they are right or not.
pub(super) fn check_credentials(platform: Platform, given: &Attributes) -> Result<()> {
    let has = |name| given.get(name).is_some_and(|value: &String| !value.is_empty());
    let (credential, principal) = (has("PlatformCredential"), has("PlatformPrincipal"));
    match (platform, credential, principal) {
        (Platform::Gcm, true, _) | (_, true, true) => Ok(()),
        (_, false, true) => Err(refused("PlatformPrincipal attribute provided without PlatformCredential")),
        (_, true, false) => Err(refused("PlatformCredential attribute provided without PlatformPrincipal")),
        (_, false, false) => Err(refused("Platform credentials are invalid")),
    }
}

pub(super) fn check_application(given: &Attributes) -> Result<()> {
    for (name, value) in given {
        let name = name.as_str();
        if !SECRETS.contains(&name) && !SETTINGS.contains(&name) {
            return Err(refused(format!("Invalid attribute name: {name}")));
        }
        if value.len() > VALUE_BYTES {
            return Err(bad_value(name, "must be at most 65536 bytes long in UTF-8 encoding"));
        }
        match name {
            "Enabled" => check_flag(value)?,
            "SuccessFeedbackSampleRate" if !value.parse().is_ok_and(|rate: u8| rate <= 100) && !value.is_empty() => {
                return Err(bad_value(name, "must be an integer between 0-100"));
            }
            "EventDeliveryFailure" | "EventEndpointCreated" | "EventEndpointDeleted" | "EventEndpointUpdated"
                if !is_topic_or_empty(value) =>
            {
                return Err(bad_value(name, "must be the ARN of a topic"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Puts what was given to what is kept and shown. Credentials are neither; how they prove who one is, is.
pub(super) fn merge(platform: Platform, kept: &mut Attributes, given: &Attributes) {
    for (name, value) in given.iter().filter(|(name, _)| !SECRETS.contains(&name.as_str())) {
        match (name.as_str(), value.as_str()) {
            ("Enabled", value) => kept.insert(name.clone(), value.to_ascii_lowercase()),
            (_, "") => kept.remove(name),
            (_, value) => kept.insert(name.clone(), value.to_owned()),
        };
    }
    let Some(credential) = given.get("PlatformCredential") else { return };
    let method = match platform {
        Platform::Gcm if credential.trim_start().starts_with('{') => "token",
        Platform::Gcm => "key",
        platform if platform.is_apple() && given.contains_key("ApplePlatformTeamID") => "token",
        platform if platform.is_apple() => "certificate",
        _ => return,
    };
    kept.insert("AuthenticationMethod".to_owned(), method.to_owned());
}

fn is_topic_or_empty(value: &str) -> bool {
    value.is_empty() || (value.starts_with("arn:") && value.split(':').count() == 6)
}

fn check_flag(value: &str) -> Result<()> {
    let is_flag = ["true", "false"].iter().any(|flag| value.eq_ignore_ascii_case(flag));
    is_flag.then_some(()).ok_or_else(|| bad_value("Enabled", "must be true or false"))
}

/// A token as it is kept: Apple's are in lower case.
pub(super) fn token(platform: Platform, given: &str) -> Result<String> {
    let wrong = |reason| Err(Error::parameter(format!("Token Reason: {reason}")));
    if given.is_empty() {
        return wrong("cannot be empty");
    }
    if given.len() > TOKEN_BYTES {
        return wrong("must be at most 8192 bytes long in UTF-8 encoding");
    }
    if !platform.is_apple() {
        return Ok(given.to_owned());
    }
    match given.len() <= APPLE_TOKEN_DIGITS && given.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(given.to_ascii_lowercase()),
        false => wrong("iOS device tokens must be no more than 400 hexadecimal characters"),
    }
}

/// The attributes of an endpoint as they are kept.
pub(super) fn endpoint(platform: Platform, given: &Attributes) -> Result<Attributes> {
    let mut checked = Attributes::new();
    for (name, value) in given {
        let value = match name.as_str() {
            "Enabled" => {
                check_flag(value)?;
                value.to_ascii_lowercase()
            }
            "Token" if value.is_empty() => return Err(bad_value(name, "cannot be empty")),
            "Token" => token(platform, value)?,
            "CustomUserData" if value.len() > USER_DATA_BYTES => {
                return Err(bad_value(name, "must be at most 2048 bytes long in UTF-8 encoding"));
            }
            "CustomUserData" => value.clone(),
            "ChannelId" | "UserId" if platform == Platform::Baidu && value.len() <= TOKEN_BYTES => value.clone(),
            _ => return Err(refused(format!("Invalid attribute name: {name}"))),
        };
        checked.insert(name.clone(), value);
    }
    Ok(checked)
}

/// What is said of an endpoint outside of its attributes.
pub(super) fn check_user_data(given: &str) -> Result<()> {
    match given.len() <= USER_DATA_BYTES {
        true => Ok(()),
        false => Err(Error::parameter("CustomUserData Reason: must be at most 2048 bytes long in UTF-8 encoding")),
    }
}
