//! Topics of Rust values.
