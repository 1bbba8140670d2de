//! Making topics.
