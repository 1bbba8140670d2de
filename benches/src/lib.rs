//! What the benchmarks share: the stores that are compared, and the work that they are given.
//!
//! - `cargo run --release -p millpond-benches --bin ratios`: Millpond's engine beside bare fjall, as a table of ratios.
//! - `cargo run --release -p millpond-benches --bin churn`: a million rows through the front of a range.
//! - `cargo bench -p millpond-benches`: the same hot paths under criterion, for changes between two versions.
//!
//! Stores are made in `MILLPOND_BENCH_DIR` if it is set, else in the build's target directory: it must be a real disk,
//! for on a file system in memory a sync costs nothing and durable figures mean nothing.

mod store;
mod workload;

pub use store::{Bare, Millpond, Store, directory, disk_bytes, settle};
pub use workload::{Keys, VALUE_BYTES, Values, load, per_second, writers};

/// Whatever stops a benchmark.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
