use std::path::Path;

#[cfg(feature = "docdb")]
use millpond_docdb::Docdb;
use millpond_engine::{BackendKind, Clock, Durability, Engine, Error as EngineError, Transaction};
#[cfg(feature = "kv")]
use millpond_kv::Kv;
#[cfg(feature = "pubsub")]
use millpond_pubsub::Topics;
#[cfg(feature = "queue")]
use millpond_queue::Queues;
#[cfg(feature = "stream")]
use millpond_stream::Streams;
#[cfg(feature = "triggers")]
use millpond_triggers::Triggers;

use crate::Result;

/// One engine and the services on it. Cheap to clone; all clones share one store.
#[derive(Clone, Debug)]
pub struct Pond {
    engine: Engine,
    #[cfg(feature = "docdb")]
    docdb: Docdb,
    #[cfg(feature = "kv")]
    kv: Kv,
    #[cfg(feature = "queue")]
    queues: Queues,
    #[cfg(feature = "pubsub")]
    topics: Topics,
    #[cfg(feature = "stream")]
    streams: Streams,
    #[cfg(feature = "triggers")]
    triggers: Triggers,
}

/// How to open a [`Pond`].
#[derive(Debug, Clone, Default)]
pub struct Options {
    engine: millpond_engine::Options,
    services: Services,
}

/// What can be chosen of each service.
#[derive(Debug, Clone, Default)]
struct Services {
    #[cfg(feature = "kv")]
    kv: millpond_kv::Options,
    #[cfg(feature = "pubsub")]
    pubsub: millpond_pubsub::Options,
    #[cfg(feature = "queue")]
    queue: millpond_queue::Options,
    #[cfg(feature = "stream")]
    stream: millpond_stream::Options,
    #[cfg(feature = "triggers")]
    triggers: millpond_triggers::Options,
}

impl Options {
    /// The store's directory; it is created if it is not there. Without one the pond lives in memory.
    #[must_use]
    pub fn path(mut self, path: impl AsRef<Path>) -> Self {
        self.engine = self.engine.path(path);
        self
    }

    /// What stores the bytes: fjall where there is a path, memory where there is none, unless told otherwise.
    #[must_use]
    pub fn backend(mut self, backend: BackendKind) -> Self {
        self.engine = self.engine.backend(backend);
        self
    }

    /// When commits are acknowledged: [`Durability::Sync`] unless told otherwise.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.engine = self.engine.durability(durability);
        self
    }

    /// The source of time: the system's unless told otherwise.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.engine = self.engine.clock(clock);
        self
    }

    /// How many bytes of blocks the backend may cache; 64 MiB unless told otherwise.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: u64) -> Self {
        self.engine = self.engine.cache_bytes(bytes);
        self
    }

    /// What can be chosen of the key-value service.
    #[cfg(feature = "kv")]
    #[must_use]
    pub fn kv(mut self, options: millpond_kv::Options) -> Self {
        self.services.kv = options;
        self
    }

    /// What can be chosen of the topics.
    #[cfg(feature = "pubsub")]
    #[must_use]
    pub fn pubsub(mut self, options: millpond_pubsub::Options) -> Self {
        self.services.pubsub = options;
        self
    }

    /// What can be chosen of the queue service.
    #[cfg(feature = "queue")]
    #[must_use]
    pub fn queue(mut self, options: millpond_queue::Options) -> Self {
        self.services.queue = options;
        self
    }

    /// What can be chosen of the stream service.
    #[cfg(feature = "stream")]
    #[must_use]
    pub fn stream(mut self, options: millpond_stream::Options) -> Self {
        self.services.stream = options;
        self
    }

    /// What can be chosen of the triggers.
    #[cfg(feature = "triggers")]
    #[must_use]
    pub fn triggers(mut self, options: millpond_triggers::Options) -> Self {
        self.services.triggers = options;
        self
    }

    /// Opens the pond.
    ///
    /// # Errors
    /// Those of [`millpond_engine::Options::open`], and those of the services that find their data damaged.
    pub fn open(self) -> Result<Pond> {
        Pond::over(self.engine.open()?, self.services)
    }
}

impl Pond {
    /// Opens the pond in a directory, or makes one, on the default backend.
    ///
    /// # Errors
    /// As [`Options::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Pond> {
        Pond::options().path(path).open()
    }

    /// A pond in memory.
    ///
    /// # Errors
    /// None that is expected: opening an empty store in memory has nothing to fail on.
    pub fn in_memory() -> Result<Pond> {
        Pond::options().open()
    }

    /// Everything that can be chosen when a pond opens.
    #[must_use]
    pub fn options() -> Options {
        Options::default()
    }

    fn over(engine: Engine, services: Services) -> Result<Pond> {
        let Services {
            #[cfg(feature = "kv")]
            kv,
            #[cfg(feature = "pubsub")]
            pubsub,
            #[cfg(feature = "queue")]
            queue,
            #[cfg(feature = "stream")]
            stream,
            #[cfg(feature = "triggers")]
            triggers,
        } = services;
        #[cfg(feature = "queue")]
        let queues = Queues::open_with(&engine, queue)?;
        #[cfg(feature = "stream")]
        let streams = Streams::open_with(&engine, stream)?;
        Ok(Pond {
            #[cfg(feature = "docdb")]
            docdb: Docdb::open(&engine)?,
            #[cfg(feature = "kv")]
            kv: Kv::open_with(&engine, kv)?,
            #[cfg(feature = "pubsub")]
            topics: Topics::open_with(&queues, &streams, pubsub)?,
            #[cfg(feature = "queue")]
            queues,
            #[cfg(feature = "stream")]
            streams,
            #[cfg(feature = "triggers")]
            triggers: Triggers::open_with(&engine, triggers)?,
            engine,
        })
    }

    /// The document store: databases of collections of documents, with the language of MongoDB.
    #[cfg(feature = "docdb")]
    #[must_use]
    pub fn docdb(&self) -> &Docdb {
        &self.docdb
    }

    /// The key-value service: tables of items under a partition key and an optional sort key.
    #[cfg(feature = "kv")]
    #[must_use]
    pub fn kv(&self) -> &Kv {
        &self.kv
    }

    /// The queue service: durable queues of messages, first-in-first-out or not.
    #[cfg(feature = "queue")]
    #[must_use]
    pub fn queues(&self) -> &Queues {
        &self.queues
    }

    /// The stream service: sharded logs of records, which stay for as long as they are kept, whoever reads them.
    #[cfg(feature = "stream")]
    #[must_use]
    pub fn streams(&self) -> &Streams {
        &self.streams
    }

    /// The topics: messages that reach all who subscribed.
    #[cfg(feature = "pubsub")]
    #[must_use]
    pub fn topics(&self) -> &Topics {
        &self.topics
    }

    /// The triggers: functions on queues, streams and the changes of tables.
    #[cfg(feature = "triggers")]
    #[must_use]
    pub fn triggers(&self) -> &Triggers {
        &self.triggers
    }

    /// The engine below the services, for keyspaces of the caller's own that commit together with them. Names that
    /// start with a service's name and a dot (`docdb.`, `kv.`, `pubsub.`, `queue.`, `stream.`, `triggers.`) belong to that service.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The pond's source of time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        self.engine.clock()
    }

    /// Runs one serializable transaction over all services and waits until it is durable. Give `tx` to their
    /// operations that end in `_in`. The closure may run more than once; see
    /// [`Engine::transact`](millpond_engine::Engine::transact).
    ///
    /// # Errors
    /// The closure's own, and those of the commit.
    pub fn transact<T, E: From<EngineError>>(&self, f: impl FnMut(&mut Transaction) -> Result<T, E>) -> Result<T, E> {
        self.engine.transact(f)
    }

    /// Writes a consistent copy of the pond to a directory that does not exist or is empty. Writes go on meanwhile.
    ///
    /// # Errors
    /// As [`Engine::checkpoint`](millpond_engine::Engine::checkpoint).
    pub fn checkpoint(&self, dir: impl AsRef<Path>) -> Result<()> {
        Ok(self.engine.checkpoint(dir)?)
    }

    /// An independent copy of a pond in memory, its clock included, in about the time of a few pointers.
    ///
    /// # Errors
    /// As [`Engine::fork`](millpond_engine::Engine::fork).
    pub fn fork(&self) -> Result<Pond> {
        let services = Services {
            #[cfg(feature = "kv")]
            kv: self.kv.options().clone(),
            #[cfg(feature = "pubsub")]
            pubsub: self.topics.options().clone(),
            #[cfg(feature = "queue")]
            queue: self.queues.options().clone(),
            #[cfg(feature = "stream")]
            stream: self.streams.options().clone(),
            #[cfg(feature = "triggers")]
            triggers: self.triggers.options().clone(),
        };
        Pond::over(self.engine.fork()?, services)
    }

    /// Makes everything durable and refuses all further use, of all clones too. Triggers finish what they are handling first, and topics what
    /// they are delivering.
    ///
    /// # Errors
    /// Those of the last sync.
    pub fn close(self) -> Result<()> {
        #[cfg(feature = "pubsub")]
        self.topics.stop();
        #[cfg(feature = "triggers")]
        self.triggers.stop();
        Ok(self.engine.close()?)
    }
}
