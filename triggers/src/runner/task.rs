//! What the runner runs.

use std::task::Waker;

use millpond_engine::Timestamp;

/// Something that is done piece by piece.
pub(crate) trait Task: Send {
    /// Does a bounded piece of work.
    fn step(&mut self, context: &Context<'_>) -> Next;
}

/// What a task is told when it is run.
pub(crate) struct Context<'a> {
    /// Has it run again.
    pub(crate) waker: &'a Waker,
    pub(crate) now: Timestamp,
    /// Whether this is to be its last piece of work.
    pub(crate) is_stopping: bool,
}

/// What a task is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Go on, once others had their turn.
    Again,
    /// Run when it is woken, or at that moment.
    Wait(Option<Timestamp>),
    /// Nothing more.
    Over,
}
