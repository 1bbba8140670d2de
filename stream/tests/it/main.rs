//! Streams and their logs through their public calls.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test reports")]

mod channels;
mod edges;
mod fan_out;
mod group_model;
mod groups;
mod histories;
mod kpl;
mod log;
mod model;
mod record_queues;
mod streams;
mod support;
