//! The streams as Kinesis speaks, in JSON and CBOR: one file an operation or a small family of them.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/Welcome.html>

#![allow(dead_code, unused_imports)]
mod checks;
mod event_stream;
mod failure;
mod limits;
mod member;
mod protocol;
mod request;
mod shown;
mod token;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use uuid::Uuid;

/// The prefix of this service's targets.
pub(super) const TARGET: &str = "Kinesis_20131202";
/// The name of this service in a credential scope.
pub(super) const SERVICE: &str = "kinesis";

/// 80 bytes that mean nothing to anybody, as the service gives.
fn extended_id() -> String {
    let mut bytes = [0; 80];
    bytes.chunks_exact_mut(16).for_each(|part| part.copy_from_slice(Uuid::new_v4().as_bytes()));
    STANDARD.encode(bytes)
}
