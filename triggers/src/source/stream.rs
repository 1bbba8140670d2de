//! Streams.

use bytes::Bytes;

/// A record of a stream.
#[derive(Clone, Debug)]
pub struct StreamRecord {
    pub(crate) partition_key: String,
    pub sequence_number: String,
    pub data: Bytes,
}

impl StreamRecord {
    pub fn partition_key(&self) -> &str {
        &self.partition_key
    }
}
