//! The service through its public interface.

mod filters;
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails panics")]

mod mobile;
mod outbox;
mod sms;
mod subscriptions;
mod topics;
