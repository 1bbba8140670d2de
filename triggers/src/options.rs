//! What can be chosen of the service.

/// What can be chosen of the triggers when they are opened.
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) threads: usize,
    pub(crate) region: String,
    pub(crate) account: String,
}

impl Default for Options {
    fn default() -> Self {
        Options { threads: 16, region: "us-east-1".into(), account: "000000000000".into() }
    }
}

impl Options {
    /// The most threads that handlers run on, all triggers together: 16 unless told otherwise, and at least 1. They are started when
    /// they are first needed. A handler holds one for as long as it runs.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.clamp(1, 4096);
        self
    }

    /// The region in ARNs of events: `us-east-1` unless told otherwise.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// The account in ARNs of events: `000000000000` unless told otherwise.
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = account.into();
        self
    }
}
