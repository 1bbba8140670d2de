//! Delivering again what a topic has kept.
