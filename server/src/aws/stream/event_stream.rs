//! The frames of an event stream: a prelude of two lengths and their checksum, headers, what the event holds, and a checksum of it all.
//!
//! Source: <https://smithy.io/2.0/aws/amazon-eventstream.html>

use bytes::Bytes;

/// The content type of an answer that is an event stream.
pub(super) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// A header's value is a string.
const STRING: u8 = 7;
const PRELUDE_BYTES: usize = 12;
const CHECKSUM_BYTES: usize = 4;

/// An event of a type.
pub(super) fn event(event_type: &str, content_type: &str, payload: &[u8]) -> Bytes {
    frame(&[(":message-type", "event"), (":event-type", event_type), (":content-type", content_type)], payload)
}

/// An error that ends the stream.
pub(super) fn exception(code: &str, content_type: &str, payload: &[u8]) -> Bytes {
    frame(&[(":message-type", "exception"), (":exception-type", code), (":content-type", content_type)], payload)
}

fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Bytes {
    let headers_bytes: usize = headers.iter().map(|(name, value)| 4 + name.len() + value.len()).sum();
    let total_bytes = PRELUDE_BYTES + headers_bytes + payload.len() + CHECKSUM_BYTES;
    let mut frame = Vec::with_capacity(total_bytes);
    // Names and values are constants here, and a payload is bounded by what one answer may hold.
    frame.extend_from_slice(&(total_bytes as u32).to_be_bytes());
    frame.extend_from_slice(&(headers_bytes as u32).to_be_bytes());
    checksum(&mut frame);
    for (name, value) in headers {
        frame.push(name.len() as u8);
        frame.extend_from_slice(name.as_bytes());
        frame.push(STRING);
        frame.extend_from_slice(&(value.len() as u16).to_be_bytes());
        frame.extend_from_slice(value.as_bytes());
    }
    frame.extend_from_slice(payload);
    checksum(&mut frame);
    frame.into()
}

/// Adds the checksum of all that is there.
fn checksum(frame: &mut Vec<u8>) {
    frame.extend_from_slice(&crc32fast::hash(frame).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_laid_out_as_the_encoding_says() {
        let whole = event("E", "t", b"{}");
        let headers = b"\x0d:message-type\x07\x00\x05event\x0b:event-type\x07\x00\x01E\x0d:content-type\x07\x00\x01t";
        assert_eq!(whole[..4], (whole.len() as u32).to_be_bytes());
        assert_eq!(whole[4..8], (headers.len() as u32).to_be_bytes());
        assert_eq!(whole[8..12], crc32fast::hash(&whole[..8]).to_be_bytes());
        assert_eq!(whole[12..12 + headers.len()], headers[..]);
        assert_eq!(&whole[12 + headers.len()..whole.len() - 4], b"{}");
        assert_eq!(whole[whole.len() - 4..], crc32fast::hash(&whole[..whole.len() - 4]).to_be_bytes());
    }
}
