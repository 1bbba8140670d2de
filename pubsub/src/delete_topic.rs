//! Deleting topics.
