//! The behaviour of queues through the public API, on the manual clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails panics")]

mod support;

mod dead_letters;

mod fairness;
mod fifo;
mod receiving;
mod sending;
