//! Posting over HTTP and HTTPS.

use std::sync::{Arc, OnceLock};

use ureq::{
    Agent, Error as HttpError,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::transport::{Post, PostError, Transport};

/// Of an answer nothing is used but the status; as much as this is read so that the connection can be used again.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

/// Posts, without following redirects. Connections stay open for the next post. The certificates of the public authorities are trusted, and
/// others that were named besides.
pub(super) struct Http {
    trusted: Vec<Certificate<'static>>,
    public: OnceLock<Agent>,
    private: OnceLock<Agent>,
}

impl Http {
    /// Trusts the certificates of these texts in PEM, too. What is no certificate is passed over.
    pub(super) fn new(trusted: &[String]) -> Http {
        let items = trusted.iter().flat_map(|pem| parse_pem(pem.as_bytes())).filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(%error, "a certificate that is to be trusted cannot be read");
                None
            }
        });
        Http { trusted: items.collect(), public: OnceLock::new(), private: OnceLock::new() }
    }

    fn public(&self) -> &Agent {
        self.public.get_or_init(|| agent(RootCerts::WebPki))
    }

    fn private(&self) -> &Agent {
        self.private.get_or_init(|| agent(RootCerts::Specific(Arc::new(self.trusted.clone()))))
    }
}

fn agent(roots: RootCerts) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .tls_config(TlsConfig::builder().root_certs(roots).build());
    config.build().into()
}

impl Transport for Http {
    fn post(&self, post: &Post) -> Result<u16, PostError> {
        if !self.trusted.is_empty() && post.url.starts_with("https:") {
            match send(self.private(), post) {
                // Nothing was sent to a server that is not trusted. It may be one of the public's.
                Err(HttpError::Rustls(_)) => {}
                Err(HttpError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => {}
                answered => return answered.map_err(|error| refused(&error)),
            }
        }
        send(self.public(), post).map_err(|error| refused(&error))
    }
}

fn send(agent: &Agent, post: &Post) -> Result<u16, HttpError> {
    let mut request = agent.post(&post.url).config().timeout_global(Some(post.timeout)).build();
    for (name, value) in &post.headers {
        request = request.header(*name, value);
    }
    let mut response = request.send(post.body.as_bytes())?;
    let status = response.status().as_u16();
    let _ = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec();
    Ok(status)
}

fn refused(error: &HttpError) -> PostError {
    let is_permanent = matches!(error, HttpError::BadUri(_) | HttpError::Http(_));
    PostError { message: error.to_string(), is_permanent }
}
