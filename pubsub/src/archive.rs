//! The messages of a first-in-first-out topic that are kept to be replayed.
