//! What the objects of a channel have in them.

use std::io::{self, Write};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::write::GzEncoder;
use millpond::stream::{Compression, Record, RecordFormat};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde::{Serialize, de::IgnoredAny};

/// Records as objects: those that are what they should be, and those that are not.
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) delivered: Vec<u8>,
    /// A line of JSON each.
    pub(super) refused: Vec<u8>,
}

/// A record that is not what it should be.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refused<'a> {
    error_code: &'static str,
    error_message: String,
    sequence_number: String,
    partition_key: &'a str,
    approximate_arrival_timestamp: u64,
    raw_data: String,
}

impl Objects {
    pub(super) fn of(records: &[Record], format: RecordFormat) -> io::Result<Objects> {
        let mut objects = Objects::default();
        for record in records {
            match check(&record.data, format) {
                Ok(()) => {
                    objects.delivered.extend_from_slice(&record.data);
                    // Bytes have no lines.
                    if format != RecordFormat::ByteArray {
                        objects.delivered.push(b'\n');
                    }
                }
                Err(reason) => objects.refuse(record, reason)?,
            }
        }
        Ok(objects)
    }

    fn refuse(&mut self, record: &Record, error_message: String) -> io::Result<()> {
        let refused = Refused {
            error_code: "InvalidRecordFormat",
            error_message,
            sequence_number: record.sequence_number.to_string(),
            partition_key: record.partition_key(),
            approximate_arrival_timestamp: record.arrived.as_millis(),
            raw_data: STANDARD.encode(&record.data),
        };
        serde_json::to_writer(&mut self.refused, &refused)?;
        self.refused.push(b'\n');
        Ok(())
    }
}

fn check(data: &[u8], format: RecordFormat) -> Result<(), String> {
    match format {
        RecordFormat::Json | RecordFormat::GsrJson => {
            serde_json::from_slice::<IgnoredAny>(data).map(drop).map_err(|error| format!("not JSON: {error}"))
        }
        RecordFormat::String => std::str::from_utf8(data).map(drop).map_err(|error| format!("not UTF-8: {error}")),
        RecordFormat::ByteArray => Ok(()),
    }
}

pub(super) fn compress(bytes: Vec<u8>, compression: Compression) -> io::Result<Vec<u8>> {
    match compression {
        Compression::None => Ok(bytes),
        Compression::Gzip => {
            let mut packed = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), flate2::Compression::default());
            packed.write_all(&bytes)?;
            packed.finish()
        }
        Compression::Zstd => Ok(compress_to_vec(&bytes[..], CompressionLevel::Fastest)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_compressed_is_read_back() {
        let bytes = b"{\"a\":1}\n".repeat(1000);
        let packed = compress(bytes.clone(), Compression::Gzip).unwrap();
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut read).unwrap();
        assert_eq!(read, bytes);
        let packed = compress(bytes.clone(), Compression::Zstd).unwrap();
        let mut read = Vec::new();
        ruzstd::decoding::StreamingDecoder::new(&packed[..]).unwrap().read_to_end(&mut read).unwrap();
        assert_eq!(read, bytes);
    }

    #[test]
    fn records_are_told_from_what_is_none() {
        assert!(check(b"{\"a\":[1]}", RecordFormat::Json).is_ok() && check(b"", RecordFormat::String).is_ok());
        assert!(check(b"{", RecordFormat::Json).is_err() && check(b"\xff", RecordFormat::String).is_err());
        assert!(check(b"\xff", RecordFormat::ByteArray).is_ok());
        // Nobody's stack is deep enough for all that somebody may put.
        assert!(check("[".repeat(1_000_000).as_bytes(), RecordFormat::Json).is_err());
    }
}
