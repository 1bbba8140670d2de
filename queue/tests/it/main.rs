//! The behaviour of queues through the public API, on the manual clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails panics")]

mod support;

mod attempts;
mod dead_letters;
mod deduplication;
mod fair_queues;
mod fairness;
mod fifo;
mod histories;
mod limits;
mod messages;
mod metrics;
mod model;
mod model_fifo;
mod moves;
mod queues;
mod receiving;
mod retention;
mod sending;
mod settings;
mod transactions;
mod typed;
mod visibility;
mod waiting;
mod worker;
