//! A sharded log.

pub mod log;
