//! The document store through its public interface.
#![allow(clippy::unwrap_used, reason = "tests")]

mod indexes;
mod plans;
mod smoke;
