//! The service through its public interface.

mod filters;
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails panics")]

mod fifo;
mod publish;
mod publish_model;
mod replay;
#[cfg(feature = "http")]
mod delivery;
mod envelope;
mod functions;
mod mobile;
mod outbox;
mod sms;
mod subscriptions;
mod topics;
mod world;
#[cfg(feature = "http")]
mod web;
