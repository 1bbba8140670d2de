//! What can be chosen of the service.

/// What can be chosen of the service when it is opened.
#[derive(Debug, Clone)]
pub struct Options {
    region: String,
    account: String,
    public_url: String,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            region: "us-east-1".into(),
            account: "000000000000".into(),
            public_url: "https://sns.us-east-1.amazonaws.com".into(),
        }
    }
}

impl Options {
    /// The region that ARNs name where no other is known: `us-east-1` unless told otherwise.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// The account that ARNs name: `000000000000` unless told otherwise.
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = account.into();
        self
    }

    /// Where a server of this service is reached, without a slash at its end: before the paths by which subscribers confirm, unsubscribe and find the
    /// certificate. [`Topics::set_public_url`](crate::Topics::set_public_url) changes it.
    #[must_use]
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = url.into();
        self
    }

    pub(crate) fn region_name(&self) -> &str {
        &self.region
    }

    pub(crate) fn account_id(&self) -> &str {
        &self.account
    }

    pub(crate) fn first_public_url(&self) -> &str {
        &self.public_url
    }
}
