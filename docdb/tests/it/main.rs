//! The document store through its public interface.
#![allow(clippy::unwrap_used, reason = "tests")]

mod smoke;
