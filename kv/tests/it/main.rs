//! The service through its public calls, on an engine in memory with a clock that the tests move.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test reports")]

mod backups;
mod batches;
mod conditions;
mod contributor_insights;
mod indexes;
mod items;
mod kinesis_destinations;
mod legacy;
mod messages;
mod partiql;
mod properties;
mod queries;
mod recovery;
mod resource_policies;
mod scans;
mod streams;
mod support;
mod tables;
mod tags;
mod throttling;
mod time_to_live;
mod transact;
mod transactions;
mod typed;
mod updates;
