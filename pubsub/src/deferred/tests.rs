//! Lanes in memory.
