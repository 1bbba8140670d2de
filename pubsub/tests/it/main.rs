//! The service through its public interface, on the manual clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails panics")]

#[cfg(feature = "http")]
mod delivery;
mod envelope;
mod fifo;
mod filter_models;
mod filters;
mod functions;
mod local;
mod mobile;
mod outbox;
mod publish;
mod publish_model;
mod replay;
mod sms;
mod subscription_model;
mod subscriptions;
mod topics;
mod typed;
#[cfg(feature = "http")]
mod web;
mod world;
