//! MongoDB's face: a one-node replica set that drivers and shells connect to.
//!
//! [`connection`] keeps a client and [`wire`] knows the bytes. [`call`] is what all commands have in common: who asks, within
//! which session, whether that is allowed, and what every reply carries. [`commands`] has the table of commands and a file
//! for each family; a command takes its [`arguments`], calls the document store, and writes its [`reply`].
//!
//! What only a server has is here as well: [`auth`] (users, roles, SCRAM), [`cursors`], [`sessions`], the [`topology`] that is told to drivers, and
//! [`fail_point`]s.

mod arguments;
mod auth;
mod call;
mod client;
mod commands;
mod concerns;
mod connection;
mod cursors;
mod face;
mod fail_point;
mod failure;
mod operations;
mod parameters;
mod reply;
mod sessions;
mod topology;
mod wire;

pub(crate) use connection::serve;
pub(crate) use face::{Face, Settings};
