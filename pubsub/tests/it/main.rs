//! The service through its public interface.

mod filters;
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails panics")]

mod local;
mod subscriptions;
mod topics;
mod typed;
mod fifo;
mod publish;
mod publish_model;
mod replay;
mod mobile;
mod outbox;
mod sms;
mod subscriptions;
mod topics;
mod world;
