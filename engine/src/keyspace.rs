use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A keyspace's number inside its engine: dense, from 0, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KeyspaceId(pub(crate) u32);

/// A named, ordered map from bytes to bytes within an engine. Opened by [`Engine::keyspace`](crate::Engine::keyspace);
/// cheap to clone.
#[derive(Debug, Clone)]
pub struct Keyspace {
    pub(crate) engine: u64,
    pub(crate) id: KeyspaceId,
    name: Arc<str>,
    /// Whether the backend has it.
    made: Arc<AtomicBool>,
}

impl Keyspace {
    pub(crate) fn new(engine: u64, id: KeyspaceId, name: &str, is_made: bool) -> Self {
        Keyspace { engine, id, name: name.into(), made: Arc::new(AtomicBool::new(is_made)) }
    }

    pub(crate) fn is_made(&self) -> bool {
        self.made.load(Ordering::Acquire)
    }

    pub(crate) fn set_made(&self) {
        self.made.store(true, Ordering::Release);
    }

    /// The name it was opened by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

pub(crate) fn is_valid_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.' | b'-'))
}
