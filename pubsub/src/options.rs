//! What can be chosen of the service.

use std::sync::Arc;

use crate::{Transport, deferred::ChosenTransport};

/// What can be chosen of the service when it is opened.
#[derive(Debug, Clone)]
pub struct Options {
    region: String,
    account: String,
    public_url: String,
    transport: Option<ChosenTransport>,
    trusted: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            region: "us-east-1".into(),
            account: "000000000000".into(),
            public_url: "https://sns.us-east-1.amazonaws.com".into(),
            transport: None,
            trusted: Vec::new(),
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

    /// What carries messages to HTTP and HTTPS endpoints, in place of what the cargo feature `http` has built in.
    #[must_use]
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(ChosenTransport(Arc::new(transport)));
        self
    }

    /// Trusts further certificates, in PEM, where messages are delivered over HTTPS: those of servers, or of an authority of one's
    /// own. Those of the public authorities are trusted in any case. It has no effect on a [`transport`](Options::transport) of one's own.
    #[must_use]
    pub fn trust_certificate(mut self, pem: impl Into<String>) -> Self {
        self.trusted.push(pem.into());
        self
    }

    pub(crate) fn chosen_transport(&self) -> Option<Arc<dyn Transport>> {
        self.transport.as_ref().map(|chosen| Arc::clone(&chosen.0))
    }

    #[cfg(feature = "http")]
    pub(crate) fn trusted_certificates(&self) -> &[String] {
        &self.trusted
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
