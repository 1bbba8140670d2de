//! Byte strings in JSON: Base64, written from where the bytes lie into the body.

use std::io::{self, Write};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::ser::Formatter;

/// How many bytes are encoded at a time: groups of three, so that the parts can stand beside each other.
const PART_BYTES: usize = 3 * 1024;

/// Compact JSON, in which what serializes itself as bytes is Base64.
pub(super) struct Blobs;

impl Formatter for Blobs {
    fn write_byte_array<W: ?Sized + Write>(&mut self, writer: &mut W, bytes: &[u8]) -> io::Result<()> {
        let mut encoded = [0; PART_BYTES / 3 * 4];
        writer.write_all(b"\"")?;
        for part in bytes.chunks(PART_BYTES) {
            let length = STANDARD.encode_slice(part, &mut encoded).map_err(io::Error::other)?;
            writer.write_all(encoded.get(..length).unwrap_or_default())?;
        }
        writer.write_all(b"\"")
    }
}
