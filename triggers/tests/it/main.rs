//! The behaviour of triggers through the public API, on the manual clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails panics")]

mod support;

mod ages;
mod batching;
mod bisecting;
mod checks;
mod destinations;
mod exactly_once;
mod fifo;
mod filters;
mod histories;
#[cfg(feature = "http")]
mod http;
mod lanes;
mod lifecycle;
mod partial_failures;
mod queues;
mod resharding;
mod retries;
mod starting;
mod tables;
mod threads;
mod windows;
