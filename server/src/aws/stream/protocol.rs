//! JSON 1.1 and CBOR 1.1. An operation is written once: its members are read, and its answer is written, by either.

use serde::{Deserialize, Serialize};

use crate::aws::{
    cbor,
    json::{self, Failure},
};

const JSON: &str = "application/x-amz-json-1.1";
const CBOR: &str = "application/x-amz-cbor-1.1";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Json,
    Cbor,
}

impl Protocol {
    /// That of a request with this content type.
    pub(super) fn of(content_type: &str) -> Option<Protocol> {
        match content_type.split(';').next().unwrap_or_default().trim() {
            JSON => Some(Protocol::Json),
            CBOR => Some(Protocol::Cbor),
            _ => None,
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Protocol::Json => JSON,
            Protocol::Cbor => CBOR,
        }
    }

    /// Reads a request.
    ///
    /// # Errors
    /// `SerializationException`, which says nothing of what is no object at all.
    pub(super) fn read<'a, T: Deserialize<'a>>(self, body: &'a [u8]) -> Result<T, Failure> {
        let unreadable = || Failure::serialization("");
        if !self.is_object(body) {
            return Err(unreadable());
        }
        match self {
            Protocol::Json => serde_json::from_slice(body).map_err(|error| {
                let text = error.to_string();
                // serde_json says where, at the end; the service does not.
                let end = text.rfind(" at line ").unwrap_or(text.len());
                if error.is_data() { Failure::serialization(text.get(..end).unwrap_or_default()) } else { unreadable() }
            }),
            Protocol::Cbor => cbor::parse(body).map_err(|error| match error {
                cbor::Error::Malformed(_) => unreadable(),
                cbor::Error::Unexpected(text) => Failure::serialization(text),
            }),
        }
    }

    /// Whether a body looks like members.
    fn is_object(self, body: &[u8]) -> bool {
        match self {
            Protocol::Json => body.trim_ascii_start().first() == Some(&b'{'),
            Protocol::Cbor => body.first().is_some_and(|head| head >> 5 == 5),
        }
    }

    /// Writes an answer.
    ///
    /// # Errors
    /// `InternalServerError` for what cannot be serialized.
    pub(super) fn write(self, output: &impl Serialize) -> Result<Vec<u8>, Failure> {
        match self {
            Protocol::Json => json::write(output),
            Protocol::Cbor => {
                cbor::write(output).map_err(|error| Failure::internal(format!("the answer cannot be written: {error}")))
            }
        }
    }
}
