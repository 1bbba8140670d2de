//! Server parameters: what `getParameter` shows and `setParameter` keeps.

use std::collections::BTreeMap;

use bson::{RawBson, rawdoc};
use parking_lot::Mutex;

/// Parameters by their names. None of them changes what the server does; tools and test suites read and set them.
#[derive(Debug)]
pub(crate) struct Parameters(Mutex<BTreeMap<String, RawBson>>);

impl Default for Parameters {
    fn default() -> Self {
        let known: [(&str, RawBson); 14] = [
            ("authenticationMechanisms", bson::rawbson!(["SCRAM-SHA-1", "SCRAM-SHA-256"])),
            ("clientCursorMonitorFrequencySecs", 4_i32.into()),
            ("cursorTimeoutMillis", 600_000_i64.into()),
            ("featureCompatibilityVersion", RawBson::Document(rawdoc! { "version": "8.0" })),
            ("internalQueryExecMaxBlockingSortBytes", 104_857_600_i64.into()),
            ("localLogicalSessionTimeoutMinutes", 30_i32.into()),
            ("logLevel", 0_i32.into()),
            ("maxTransactionLockRequestTimeoutMillis", 5_i32.into()),
            ("notablescan", false.into()),
            ("quiet", false.into()),
            ("requireApiVersion", false.into()),
            ("scramIterationCount", 10_000_i32.into()),
            ("transactionLifetimeLimitSeconds", 60_i32.into()),
            ("ttlMonitorEnabled", true.into()),
        ];
        Parameters(Mutex::new(known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
    }
}

impl Parameters {
    pub(crate) fn get(&self, name: &str) -> Option<RawBson> {
        self.0.lock().get(name).cloned()
    }

    pub(crate) fn all(&self) -> BTreeMap<String, RawBson> {
        let known = self.0.lock();
        // Those that begin with `$` have commands of their own.
        known
            .iter()
            .filter(|(name, _)| !name.starts_with('$'))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// Sets one, whether it is there or not.
    pub(crate) fn put(&self, name: &str, value: RawBson) {
        self.0.lock().insert(name.to_owned(), value);
    }

    /// Sets one that is there, and gives what it was.
    pub(crate) fn set(&self, name: &str, value: RawBson) -> Option<RawBson> {
        let mut known = self.0.lock();
        let place = known.get_mut(name)?;
        Some(std::mem::replace(place, value))
    }
}
