//! The tags of topics.
