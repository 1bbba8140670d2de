//! What all connections share.

use std::sync::{
    Arc,
    atomic::{AtomicI32, AtomicI64, Ordering},
};

use millpond::{Pond, docdb::Docdb};
use tokio::sync::{Semaphore, watch};

use super::{
    auth::Users, cursors::Cursors, fail_point::FailPoints, operations::Operations, parameters::Parameters,
    sessions::Sessions, topology::Topology, wire::MAX_MESSAGE_BYTES,
};

/// The messages of all connections that are being read or answered; further ones wait.
const MAX_MESSAGES_BYTES: usize = 8 * MAX_MESSAGE_BYTES;

/// How the face is to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// The name of the replica set.
    pub(crate) set_name: String,
    /// The address that clients are told, if it is not the one that they connected to.
    pub(crate) host: Option<String>,
    /// Whether there are commands for tests: `configureFailPoint`.
    pub(crate) test_commands: bool,
}

/// The port that MongoDB's drivers connect to.
pub(crate) struct Face {
    pub(crate) docdb: Docdb,
    pub(crate) settings: Settings,
    pub(crate) topology: Topology,
    pub(crate) users: Users,
    pub(crate) cursors: Cursors,
    pub(crate) sessions: Sessions,
    pub(crate) fail_points: FailPoints,
    pub(crate) operations: Operations,
    pub(crate) parameters: Parameters,
    /// When it began, in milliseconds.
    pub(crate) started: i64,
    /// A permit a byte.
    pub(crate) room: Arc<Semaphore>,
    /// Whether the end has begun: nobody waits any more.
    pub(crate) closing: watch::Sender<bool>,
    connections: AtomicI32,
    pub(crate) open_connections: AtomicI64,
}

impl Face {
    /// # Errors
    /// Those of reading the users.
    pub(crate) fn open(pond: &Pond, settings: Settings) -> Result<Face, millpond::Error> {
        let clock = pond.clock().clone();
        let topology = Topology::new(settings.set_name.clone(), settings.host.clone(), clock.clone());
        let started = topology.millis();
        Ok(Face {
            docdb: pond.docdb().clone(),
            users: Users::open(pond.docdb())?,
            cursors: Cursors::new(clock.clone()),
            sessions: Sessions::new(clock.clone()),
            fail_points: FailPoints::default(),
            operations: Operations::default(),
            parameters: Parameters::default(),
            room: Arc::new(Semaphore::new(MAX_MESSAGES_BYTES)),
            closing: watch::Sender::new(false),
            connections: AtomicI32::new(1),
            open_connections: AtomicI64::new(0),
            topology,
            started,
            settings,
        })
    }

    /// Ends connections once they have their answers, and answers those that wait.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Lets go of what nobody uses any more; to be called from time to time.
    pub(crate) fn sweep(&self) {
        self.cursors.sweep();
    }

    pub(crate) fn next_connection(&self) -> i32 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }
}
