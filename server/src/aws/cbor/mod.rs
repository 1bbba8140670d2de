//! CBOR, which some SDKs speak in the place of JSON: smaller, and record data needs no Base64.
//!
//! Source: RFC 8949

mod head;
mod read;

pub(crate) use read::{Error, parse};

use ciborium::tag::Required;
use serde::{Serialize, Serializer};

/// The tag of a time.
const TIME: u64 = 1;

/// Writes what stands for `output`.
///
/// # Errors
/// Those of `output` itself; writing to memory has none.
pub(crate) fn write(output: &impl Serialize) -> Result<Vec<u8>, ciborium::ser::Error<std::io::Error>> {
    let mut body = Vec::new();
    ciborium::into_writer(output, &mut body)?;
    Ok(body)
}

/// Writes a time as the services do: whole milliseconds, where the RFC has seconds.
///
/// # Errors
/// Those of the serializer.
pub(crate) fn write_time<S: Serializer>(millis: u64, serializer: S) -> Result<S::Ok, S::Error> {
    Required::<u64, TIME>(millis).serialize(serializer)
}
