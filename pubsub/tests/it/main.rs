//! The service through its public interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails panics")]

mod filter_models;
mod filters;
mod mobile;
mod outbox;
mod sms;
mod subscriptions;
mod topics;
