//! The service through its public interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails panics")]

#[cfg(feature = "http")]
mod delivery;
mod envelope;
mod functions;
mod mobile;
mod outbox;
mod sms;
mod subscriptions;
mod topics;
#[cfg(feature = "http")]
mod web;
