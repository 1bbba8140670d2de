//! Members of answers that the protocols write differently.

use millpond::Timestamp;
use serde::{Serialize, Serializer};

use crate::aws::cbor;

/// A time: seconds in JSON, tagged milliseconds in CBOR.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time(pub(super) Timestamp);

impl Time {
    /// To the second, as the service tells when something was made.
    pub(super) fn seconds(time: Timestamp) -> Time {
        Time(Timestamp::from_millis(time.as_secs() * 1000))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let millis = self.0.as_millis();
        match serializer.is_human_readable() {
            // The nearest float to so many milliseconds is written with three decimals at most.
            true => serializer.serialize_f64(millis as f64 / 1000.0),
            false => cbor::write_time(millis, serializer),
        }
    }
}

/// Bytes: Base64 in JSON.
#[derive(Debug, Clone, Copy)]
pub(super) struct Data<'a>(pub(super) &'a [u8]);

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}
