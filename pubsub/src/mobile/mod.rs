//! Applications of mobile platforms, and the endpoints of devices: a sandbox. What is published to an endpoint is checked as the
//! service does, and is kept in the [outbox](crate::Outbox).

mod application;
mod arn;
mod attributes;
mod endpoint;
mod events;
mod platform;
mod push;

use std::{collections::BTreeMap, fmt, sync::Arc};

use millpond_engine::{Engine, Keyspace, Read, Transaction};

pub use self::platform::Platform;
pub(crate) use self::push::{deliver, publish};
use crate::{MessageId, PublishMessage, Result, Topics, layout::mobile::MOBILE, shared::Shared};

/// The rows of applications and endpoints.
#[derive(Debug)]
pub(crate) struct Mobile {
    rows: Keyspace,
}

impl Mobile {
    pub(crate) fn open(engine: &Engine) -> Result<Mobile> {
        Ok(Mobile { rows: engine.keyspace(MOBILE)? })
    }
}

/// Whether there is an endpoint of that ARN.
pub(crate) fn has_endpoint(shared: &Shared, reader: &mut impl Read, arn: &str) -> Result<bool> {
    let Ok(Some(named)) = arn::endpoint(arn, "Endpoint") else { return Ok(false) };
    Ok(endpoint::locate(shared, reader, &named)?.is_some())
}

/// The applications of mobile platforms, and the endpoints of devices on which these run. Cheap to clone, and usable from any
/// thread.
///
/// No platform is asked: credentials are taken as they are, and are not given back; a message to an endpoint is kept in the
/// [outbox](Topics::outbox). Topics that an application names in `EventEndpointCreated`, `EventEndpointUpdated` and
/// `EventEndpointDeleted` are told of its endpoints in the same commit; those that go with their application are not told of.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-mobile-application-as-subscriber.html>
#[derive(Clone)]
pub struct Applications {
    shared: Arc<Shared>,
}

/// An application or an endpoint: its ARN and its attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Described {
    /// Its ARN.
    pub arn: String,
    /// What the service shows of it.
    pub attributes: BTreeMap<String, String>,
}

/// A page of applications or endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DescribedPage {
    /// In the order of their keys.
    pub entries: Vec<Described>,
    /// Go on after this one, which is an ARN; `None` at the end.
    pub next: Option<String>,
}

impl fmt::Debug for Applications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Applications").finish_non_exhaustive()
    }
}

impl Topics {
    /// The applications of mobile platforms.
    #[must_use]
    pub fn applications(&self) -> Applications {
        Applications { shared: Arc::clone(&self.shared) }
    }

    /// Publishes a message to the endpoint of a device: it gets the text of its platform, or that of `default`. The message is
    /// kept in the [outbox](Topics::outbox).
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) where there is no such endpoint or the message is not one for
    /// it, [`Error::EndpointDisabled`](crate::Error::EndpointDisabled),
    /// [`Error::PlatformApplicationDisabled`](crate::Error::PlatformApplicationDisabled), and those of the engine.
    pub fn publish_to_endpoint(&self, arn: &str, message: impl Into<PublishMessage>) -> Result<MessageId> {
        let message = message.into();
        self.shared.engine.transact(|tx| publish(&self.shared, tx, arn, &message))
    }

    /// [`publish_to_endpoint`](Topics::publish_to_endpoint) in the caller's transaction.
    ///
    /// # Errors
    /// As [`publish_to_endpoint`](Topics::publish_to_endpoint).
    pub fn publish_to_endpoint_in(
        &self,
        tx: &mut Transaction,
        arn: &str,
        message: impl Into<PublishMessage>,
    ) -> Result<MessageId> {
        let message = message.into();
        tx.savepoint(|tx| publish(&self.shared, tx, arn, &message))
    }
}

impl Applications {
    /// Makes an application, and gives its ARN. One that is there already gets these attributes.
    ///
    /// Attributes are those of the service: `PlatformCredential` and, but for [`Platform::Gcm`], `PlatformPrincipal` are needed.
    /// The ARN names the region, or that of the service's [`Options`](crate::Options) if `None`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter), and those of the engine.
    pub fn create(
        &self,
        name: &str,
        platform: Platform,
        attributes: &BTreeMap<String, String>,
        region: Option<&str>,
    ) -> Result<String> {
        self.shared.engine.transact(|tx| application::create(&self.shared, tx, name, platform, attributes, region))
    }

    /// Deletes an application with its endpoints. Deleting one that is not there is not an error.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for what is no ARN of an application, and those of the engine.
    pub fn delete(&self, arn: &str) -> Result<()> {
        application::delete(&self.shared, arn)
    }

    /// The attributes of an application, without its credentials.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::InvalidParameter`](crate::Error::InvalidParameter), and those of the
    /// engine.
    pub fn attributes(&self, arn: &str) -> Result<BTreeMap<String, String>> {
        application::get(&self.shared, arn)
    }

    /// Sets attributes of an application; the others stay.
    ///
    /// # Errors
    /// As [`attributes`](Applications::attributes).
    pub fn set_attributes(&self, arn: &str, attributes: &BTreeMap<String, String>) -> Result<()> {
        self.shared.engine.transact(|tx| application::set(&self.shared, tx, arn, attributes))
    }

    /// A page of applications: at most so many after the one with an ARN.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn list(&self, after: Option<&str>, max: usize) -> Result<DescribedPage> {
        application::list(&self.shared, after, max)
    }

    /// Makes the endpoint of a device, and gives its ARN. One that has the token and these attributes is given as it is. An
    /// attribute `CustomUserData` goes before the argument.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound) where there is no such application,
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) where the token has other attributes, or is none of the
    /// platform's, and those of the engine.
    pub fn create_endpoint(
        &self,
        application_arn: &str,
        token: &str,
        custom_user_data: Option<&str>,
        attributes: &BTreeMap<String, String>,
    ) -> Result<String> {
        let shared = &self.shared;
        shared.engine.transact(|tx| endpoint::create(shared, tx, application_arn, token, custom_user_data, attributes))
    }

    /// Deletes an endpoint. Deleting one that is not there is not an error.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for what is no ARN of an endpoint, and those of the engine.
    pub fn delete_endpoint(&self, arn: &str) -> Result<()> {
        self.shared.engine.transact(|tx| endpoint::delete(&self.shared, tx, arn))
    }

    /// The attributes of an endpoint.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::InvalidParameter`](crate::Error::InvalidParameter), and those of the
    /// engine.
    pub fn endpoint_attributes(&self, arn: &str) -> Result<BTreeMap<String, String>> {
        endpoint::get(&self.shared, arn)
    }

    /// Sets attributes of an endpoint; the others stay.
    ///
    /// # Errors
    /// As [`endpoint_attributes`](Applications::endpoint_attributes), and
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) where another endpoint has the token.
    pub fn set_endpoint_attributes(&self, arn: &str, attributes: &BTreeMap<String, String>) -> Result<()> {
        self.shared.engine.transact(|tx| endpoint::set(&self.shared, tx, arn, attributes))
    }

    /// A page of an application's endpoints: at most so many after the one with an ARN.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::InvalidParameter`](crate::Error::InvalidParameter), and those of the
    /// engine.
    pub fn endpoints(&self, application_arn: &str, after: Option<&str>, max: usize) -> Result<DescribedPage> {
        endpoint::list(&self.shared, application_arn, after, max)
    }
}
