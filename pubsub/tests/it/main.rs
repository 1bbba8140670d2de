//! The service through its public interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails panics")]

mod local;
mod subscriptions;
mod topics;
mod typed;
