//! The binary under the AWS SDK and MongoDB's driver for Rust, unmodified but for the endpoint, and under what no SDK would send.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod durability;
mod items;
mod kinesis_sdk;
mod mongodb_driver;
mod movies;
mod queues;
mod queues_wire;
mod server;
mod sns;
mod stream_events;
mod streams;
mod wire;
