//! One connection, as commands see it.

use std::{net::SocketAddr, sync::OnceLock};

use bson::{RawDocument, RawDocumentBuf};
use parking_lot::Mutex;

use super::auth::{Conversation, Identity};

/// Who is at the other end.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) connection_id: i32,
    pub(crate) peer: SocketAddr,
    /// The address that it connected to.
    pub(crate) reached: SocketAddr,
    /// What its first hello said about it.
    pub(crate) metadata: OnceLock<RawDocumentBuf>,
    /// As whom it has authenticated.
    pub(crate) identity: Mutex<Option<Identity>>,
    /// What it has begun of authenticating.
    pub(crate) conversation: Mutex<Option<Conversation>>,
}

impl Client {
    pub(crate) fn new(connection_id: i32, peer: SocketAddr, reached: SocketAddr) -> Client {
        Client {
            connection_id,
            peer,
            reached,
            metadata: OnceLock::new(),
            identity: Mutex::default(),
            conversation: Mutex::default(),
        }
    }

    /// The name of the program, if its first hello said it.
    pub(crate) fn application(&self) -> Option<&str> {
        application(self.metadata.get()?)
    }

    /// The user, if it has authenticated.
    pub(crate) fn user(&self) -> Option<Identity> {
        self.identity.lock().clone()
    }
}

/// The name of the program in what a hello says of its client.
pub(crate) fn application(metadata: &RawDocument) -> Option<&str> {
    metadata.get_document("application").ok()?.get_str("name").ok()
}
