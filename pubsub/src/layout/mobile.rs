//! The rows of mobile applications and endpoints.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `pubsub.mobile` | `00` | u64: the highest application id ever given, as it is |
//! | `pubsub.mobile` | `01` platform, `/`, name | an application's record |
//! | `pubsub.mobile` | `02` application id, endpoint id | an endpoint's record |
//! | `pubsub.mobile` | `03` application id, BLAKE3 of a token | the id of the endpoint that has the token |
//! | `pubsub.mobile` | `04` application id | nothing: the application was deleted, and has endpoints that are still to be removed |
//!
//! An application's id is never given twice, so what a deleted one has left behind cannot show again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Platform;

pub(crate) const MOBILE: &str = "pubsub.mobile";
/// Key of the highest application id.
pub(crate) const LAST_APPLICATION: &[u8] = &[0];
/// Before the platforms and names of applications.
pub(crate) const APPLICATION_PREFIX: &[u8] = &[1];
const ENDPOINT: u8 = 2;
const TOKEN: u8 = 3;
/// Before the ids of applications whose endpoints are to be removed.
pub(crate) const DELETED_PREFIX: &[u8] = &[4];

/// An application as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ApplicationRecord {
    pub(crate) id: u64,
    pub(crate) arn: String,
    pub(crate) platform: Platform,
    pub(crate) name: String,
    pub(crate) created: u64,
    /// What the service shows, by its names and as it was given, once it was checked.
    pub(crate) attributes: BTreeMap<String, String>,
}

/// An endpoint as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EndpointRecord {
    pub(crate) arn: String,
    pub(crate) created: u64,
    pub(crate) attributes: BTreeMap<String, String>,
}

pub(crate) fn application_key(platform: Platform, name: &str) -> Vec<u8> {
    [APPLICATION_PREFIX, platform.name().as_bytes(), b"/", name.as_bytes()].concat()
}

/// Before the ids of an application's endpoints.
pub(crate) fn endpoints_prefix(application: u64) -> Vec<u8> {
    [&[ENDPOINT][..], &application.to_be_bytes()].concat()
}

pub(crate) fn endpoint_key(application: u64, id: &[u8; 16]) -> Vec<u8> {
    [&endpoints_prefix(application)[..], id].concat()
}

/// Before the tokens of an application's endpoints.
pub(crate) fn tokens_prefix(application: u64) -> Vec<u8> {
    [&[TOKEN][..], &application.to_be_bytes()].concat()
}

pub(crate) fn token_key(application: u64, token: &str) -> Vec<u8> {
    [&tokens_prefix(application)[..], blake3::hash(token.as_bytes()).as_bytes()].concat()
}

pub(crate) fn deleted_key(application: u64) -> Vec<u8> {
    [DELETED_PREFIX, &application.to_be_bytes()].concat()
}
