//! Subscribing endpoints.
