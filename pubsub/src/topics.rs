//! The service's handle.

use std::{fmt, sync::Arc};

use millpond_engine::{Engine, Transaction};
use millpond_queue::Queues;
use millpond_stream::Streams;

use crate::{CreateOptions, Endpoint, Error, Options, Protocol, Result, Topic, shared::Shared};

/// The topics of a store. Cheap to clone, and usable from any thread. Open the service once and clone it.
#[derive(Clone)]
pub struct Topics {
    pub(crate) shared: Arc<Shared>,
}

impl fmt::Debug for Topics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topics").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

impl Topics {
    /// Opens the service beside the queues and streams that it delivers to, which are those of one engine.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn open(queues: &Queues, streams: &Streams) -> Result<Topics> {
        Topics::open_with(queues, streams, Options::default())
    }

    /// [`open`](Topics::open), with all that can be chosen.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn open_with(queues: &Queues, streams: &Streams, options: Options) -> Result<Topics> {
        Ok(Topics { shared: Shared::open(queues, streams, options)? })
    }

    /// The engine below.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    /// What was chosen.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// Says where a server of this service is reached: see [`Options::public_url`].
    pub fn set_public_url(&self, url: &str) {
        self.shared.set_public_url(url);
    }

    /// The endpoint of a queue.
    #[must_use]
    pub fn queue_endpoint(&self, name: &str) -> Endpoint {
        let options = &self.shared.options;
        Endpoint::new(Protocol::Sqs, format!("arn:aws:sqs:{}:{}:{name}", options.region_name(), options.account_id()))
    }

    /// The endpoint of a stream.
    #[must_use]
    pub fn stream_endpoint(&self, name: &str) -> Endpoint {
        let options = &self.shared.options;
        let (region, account) = (options.region_name(), options.account_id());
        Endpoint::new(Protocol::Firehose, format!("arn:aws:firehose:{region}:{account}:deliverystream/{name}"))
    }

    /// Makes a topic. One that is there already, with the same attributes and tags, is given as it is.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], and those of the engine.
    pub fn create(&self, name: &str, options: &CreateOptions) -> Result<Topic> {
        self.shared.engine.transact(|tx| self.create_in(tx, name, options))
    }

    /// [`create`](Topics::create) in the caller's transaction.
    ///
    /// # Errors
    /// As [`create`](Topics::create).
    pub fn create_in(&self, _tx: &mut Transaction, name: &str, _options: &CreateOptions) -> Result<Topic> {
        Ok(self.named(name))
    }

    /// The topic of that name.
    ///
    /// # Errors
    /// [`Error::NotFound`], and those of the engine.
    pub fn get(&self, name: &str) -> Result<Topic> {
        self.shared.need(&mut self.shared.engine.latest(), name).map_err(Error::from)?;
        Ok(self.named(name))
    }

    fn named(&self, name: &str) -> Topic {
        Topic { shared: Arc::clone(&self.shared), name: name.into() }
    }
}
