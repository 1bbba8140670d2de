//! The rows of text messages: settings and phone numbers. Numbers are kept as `+` and digits.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `pubsub.sms` | `00` | the settings |
//! | `pubsub.sms` | `01` number | nothing: its owner opted out |
//! | `pubsub.sms` | `02` number | u64 as it is: when it was last opted in, in milliseconds |
//! | `pubsub.sms` | `03` number | a number of the sandbox |
//! | `pubsub.sms` | `04` number | a number that messages can come from |

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) const SMS: &str = "pubsub.sms";
pub(crate) const SETTINGS: &[u8] = &[0];
/// Before the numbers that opted out.
pub(crate) const OPTED_OUT: u8 = 1;
/// Before the numbers that were opted in.
pub(crate) const OPTED_IN: u8 = 2;
/// Before the numbers of the sandbox.
pub(crate) const SANDBOX: u8 = 3;
/// Before the numbers that messages can come from.
pub(crate) const ORIGINATION: u8 = 4;

/// The settings as stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// What was set, by the names of the service and as it was given, once it was checked.
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) is_in_sandbox: bool,
}

/// A number of the sandbox as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SandboxRecord {
    pub(crate) is_verified: bool,
    pub(crate) password: String,
    pub(crate) created: u64,
}

pub(crate) fn number_key(kind: u8, number: &str) -> Vec<u8> {
    [&[kind], number.as_bytes()].concat()
}
