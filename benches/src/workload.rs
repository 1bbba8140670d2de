//! Keys, values and writers, the same in each run.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{Failure, Store};

/// Length of a value.
pub const VALUE_BYTES: usize = 200;

/// A generator of the SplitMix64 sequence: fast, and good enough to spread keys.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Keys of 16 bytes in random order: the nth key is always the same.
#[derive(Debug)]
pub struct Keys {
    loaded: u64,
    drawn: AtomicU64,
}

impl Keys {
    /// Draws among `loaded` keys, in an order that `seed` fixes.
    #[must_use]
    pub fn new(loaded: u64, seed: u64) -> Self {
        Keys { loaded, drawn: AtomicU64::new(mix(seed)) }
    }

    /// The nth key.
    #[must_use]
    pub fn nth(n: u64) -> [u8; 16] {
        (u128::from(mix(n)) << 64 | u128::from(n)).to_be_bytes()
    }

    /// One of the loaded keys.
    #[must_use]
    pub fn draw(&self) -> [u8; 16] {
        Keys::nth(mix(self.drawn.fetch_add(1, Ordering::Relaxed)) % self.loaded)
    }
}

/// Values that do not compress.
#[derive(Debug)]
pub struct Values {
    pool: Vec<u8>,
}

impl Default for Values {
    fn default() -> Self {
        Values { pool: (0..1 << 17).flat_map(|n| mix(n).to_be_bytes()).collect() }
    }
}

impl Values {
    /// The nth value, of [`VALUE_BYTES`].
    #[must_use]
    pub fn nth(&self, n: u64) -> &[u8] {
        let last = self.pool.len() - VALUE_BYTES;
        let start = usize::try_from(mix(n)).unwrap_or(usize::MAX) % last;
        self.pool.get(start..start + VALUE_BYTES).unwrap_or_default()
    }
}

/// Fills a store with the first `count` keys.
///
/// # Errors
/// Those of the store.
pub fn load(store: &dyn Store, count: u64, values: &Values) -> Result<(), Failure> {
    for start in (0..count).step_by(1000) {
        let entries: Vec<_> = (start..count.min(start + 1000)).map(|n| (Keys::nth(n), values.nth(n))).collect();
        store.put_all(&entries)?;
    }
    Ok(())
}

/// How often a second `operation` can be done, measured over `count` times.
///
/// # Errors
/// The first of the operation's.
pub fn per_second(count: u64, mut operation: impl FnMut(u64) -> Result<(), Failure>) -> Result<f64, Failure> {
    let began = Instant::now();
    (0..count).try_for_each(&mut operation)?;
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

/// Commits a second of so many threads, each of which sets one key after the other and waits for each commit. The keys
/// begin at `first`; gives the rate, and how many were set.
///
/// # Errors
/// The first of the store's.
pub fn writers(
    store: &dyn Store,
    threads: usize,
    duration: Duration,
    first: u64,
    values: &Values,
) -> Result<(f64, u64), Failure> {
    let next = AtomicU64::new(first);
    let start = Barrier::new(threads + 1);
    thread::scope(|scope| {
        let write = || -> Result<(), Failure> {
            start.wait();
            let began = Instant::now();
            while began.elapsed() < duration {
                let n = next.fetch_add(1, Ordering::Relaxed);
                store.put(&Keys::nth(n), values.nth(n))?;
            }
            Ok(())
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(write)).collect();
        start.wait();
        let began = Instant::now();
        for thread in running {
            thread.join().map_err(|_| "a writer panicked")??;
        }
        let count = next.load(Ordering::Relaxed) - first;
        Ok((count as f64 / began.elapsed().as_secs_f64(), count))
    })
}
