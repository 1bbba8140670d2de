//! The service through its public interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails panics")]

mod fifo;
mod filters;
mod mobile;
mod outbox;
mod publish;
mod publish_model;
mod replay;
mod sms;
mod subscriptions;
mod topics;
mod world;
