//! What every backend has to pass: the promises of the [crate page](crate), each as a named check through the public
//! API, and random sequences of operations against an ordered map.
//!
//! A check opens stores of its own in temporary directories, waits for nothing by the clock, and panics as an assertion
//! does when a promise is broken. What a backend says it cannot do in its [`Capabilities`](crate::Capabilities) has to
//! be refused with [`Error::Unsupported`](crate::Error::Unsupported).
//!
//! ```
//! use millpond_engine::{BackendKind, conformance::{self, Subject}};
//!
//! let subject = Subject::backend(BackendKind::Memory);
//! conformance::run(&subject);
//! conformance::sequences(&subject, 10, conformance::SEED);
//! ```

#![allow(clippy::unwrap_used, clippy::panic, reason = "a check that fails panics, as an assertion does")]

mod appends;
mod durability;
mod sequences;
mod storage;
#[cfg(test)]
mod tests;
mod transactions;

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    thread,
};

use tempfile::TempDir;

pub use self::sequences::{SEED, sequences};
use crate::{BackendKind, Clock, Engine, Error, Keyspace, Options, RangeRequest, Result, Timestamp, Transaction};

type Opens = dyn Fn(&Path, Options) -> Result<Engine> + Send + Sync;

/// The backend under test.
pub struct Subject {
    name: String,
    opens: Box<Opens>,
}

impl Subject {
    /// A backend of this crate.
    #[must_use]
    pub fn backend(kind: BackendKind) -> Subject {
        Subject::new(&kind.to_string(), move |path, options| match kind {
            BackendKind::Memory => options.backend(kind).open(),
            _ => options.backend(kind).path(path).open(),
        })
    }

    /// Any other way to open an engine in a directory.
    pub fn new(name: &str, opens: impl Fn(&Path, Options) -> Result<Engine> + Send + Sync + 'static) -> Subject {
        Subject { name: name.to_owned(), opens: Box::new(opens) }
    }

    /// A place for a store, with a clock of its own.
    fn store(&self) -> Store<'_> {
        let directory = tempfile::tempdir().unwrap();
        Store { subject: self, directory, clock: Clock::manual(Timestamp::from_secs(1_000)) }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subject").field(&self.name).finish()
    }
}

/// One store of a check, which can be opened again and again.
struct Store<'a> {
    subject: &'a Subject,
    directory: TempDir,
    clock: Clock,
}

impl Store<'_> {
    fn open(&self) -> Engine {
        self.open_with(Options::default().clock(self.clock.clone())).unwrap()
    }

    fn open_with(&self, options: Options) -> Result<Engine> {
        (self.subject.opens)(&self.directory.path().join("store"), options)
    }
}

/// A promise, and the function that panics when it is broken.
type Check = (&'static str, fn(&Subject));

/// Lists functions as checks under their names.
macro_rules! checks {
    ($($module:ident: $($check:ident)+;)+) => {
        &[$($((stringify!($check), $module::$check as fn(&Subject)),)+)+]
    };
}

const CHECKS: &[Check] = checks! {
    storage:
        keyspaces_are_separate_and_found_again_by_name
        a_keyspace_is_made_when_it_is_written_to
        a_value_is_what_was_put_last
        limits_are_met_at_their_edges
        ranges_hold_what_lies_between_their_bounds
        keys_longer_than_any_are_not_there_and_bound_ranges
        pages_make_up_the_range
        a_snapshot_is_one_moment_of_all_keyspaces
        a_snapshot_outlives_the_change_of_everything
        a_batch_is_all_or_nothing_and_its_last_change_counts;
    transactions:
        a_transaction_reads_its_own_writes
        a_failed_transaction_leaves_nothing
        a_transaction_sees_one_moment
        a_transaction_has_one_time
        a_changed_read_is_a_conflict
        a_phantom_is_a_conflict
        what_was_not_looked_at_does_not_conflict
        writes_that_read_nothing_do_not_conflict
        write_skew_does_not_happen
        a_conflict_runs_the_transaction_again
        concurrent_increments_are_all_counted
        a_nested_transaction_joins_the_outer_one
        a_savepoint_takes_back_what_fails
        effects_run_after_the_commit_and_only_then;
    appends:
        appended_rows_stand_in_the_order_of_their_commits
        appends_conflict_with_reads_of_their_range_alone
        a_failed_step_appends_nothing
        positions_never_come_again
        rows_beside_an_appended_one_name_its_place
        counters_are_added_to_by_all_at_once;
    durability:
        tickets_can_be_waited_for_and_awaited
        a_dropped_ticket_still_commits
        everything_is_there_after_opening_again
        a_store_is_open_once
        a_closed_engine_refuses_everything
        the_clock_does_not_run_backwards
        statistics_count_what_was_done
        a_checkpoint_is_a_store_of_one_moment
        a_fork_goes_its_own_way;
};

/// Runs every named check.
///
/// # Panics
/// When a check fails, after all have run, with the names of those that failed.
pub fn run(subject: &Subject) {
    let failed = failures(subject);
    assert!(failed.is_empty(), "{} does not conform: {}", subject.name, failed.join(", "));
}

/// The names of the checks that fail.
fn failures(subject: &Subject) -> Vec<&'static str> {
    let fails = |(_, check): &&Check| catch_unwind(AssertUnwindSafe(|| check(subject))).is_err();
    CHECKS.iter().filter(fails).map(|(name, _)| *name).collect()
}

/// The keys of a range as text, in the order they come.
fn keys(entries: &[(bytes::Bytes, bytes::Bytes)]) -> Vec<String> {
    entries.iter().map(|(key, _)| String::from_utf8(key.to_vec()).unwrap()).collect()
}

fn all_keys(engine: &Engine, keyspace: &Keyspace) -> Vec<String> {
    keys(&engine.snapshot().unwrap().range(keyspace, &RangeRequest::all()).unwrap().entries)
}

fn get(engine: &Engine, keyspace: &Keyspace, key: &str) -> Option<String> {
    engine.get(keyspace, key.as_bytes()).unwrap().map(|value| String::from_utf8(value.to_vec()).unwrap())
}

fn put(engine: &Engine, keyspace: &Keyspace, key: &'static str, value: &'static str) {
    engine.transact(|tx| tx.put(keyspace, key, value)).unwrap();
}

/// Does something from another thread, where it is not part of a transaction under way on this one.
fn meanwhile<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(f).join().unwrap())
}

/// Runs a transaction once, and says whether it lost to another.
fn conflicts(engine: &Engine, f: impl FnMut(&mut Transaction) -> Result<()>) -> bool {
    match engine.transact_with(&crate::TransactOptions::default().optimistic_only(1), f) {
        Ok(()) => false,
        Err(Error::Conflict { attempts: 1 }) => true,
        Err(error) => panic!("{error}"),
    }
}
