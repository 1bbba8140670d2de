//! Waiting for what a commit may bring: by blocking, or as a future in any runtime. The parts of which services build their
//! long polls.
//!
//! [`Waiters`] are those who wait for one thing; an effect of a commit ([`Transaction::on_commit`](crate::Transaction::on_commit))
//! wakes them. A [`Waiting`] is a place among them, and a [`Timer`] wakes it when its patience is over.

mod timer;
mod waiters;

pub use timer::Timer;
pub use waiters::{Waiter, Waiters, Waiting};
