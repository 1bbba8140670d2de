//! Streams and their logs through their public calls.

#![allow(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod channels;
mod fan_out;
mod group_model;
mod groups;
mod kpl;
mod log;
mod record_queues;
mod streams;
