//! Time as an argument: every deadline in Millpond reads an engine's [`Clock`].

use std::{
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use parking_lot::Mutex;

use crate::{Error, Result};

/// A moment, in whole milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// From milliseconds since 1970.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Timestamp(millis)
    }

    /// From seconds since 1970; saturates far beyond any calendar.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Timestamp(secs.saturating_mul(1000))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// This moment and `by` later, at most the end of time.
    #[must_use]
    pub fn saturating_add(self, by: Duration) -> Self {
        Timestamp(self.0.saturating_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long ago `earlier` was, or zero if it is still to come.
    #[must_use]
    pub fn saturating_since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// As a date and a time of day in UTC, to the millisecond: `2023-11-14T22:13:20.000Z`. With a precision of 0, as in `{:.0}`, to
/// the second.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.as_secs();
        let (year, month, day) = date(secs / 86_400);
        let (hour, minute, second) = (secs / 3600 % 24, secs / 60 % 60, secs % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        match f.precision() {
            Some(0) => f.write_str("Z"),
            _ => write!(f, ".{:03}Z", self.0 % 1000),
        }
    }
}

/// Year, month and day of a day since 1970, by whole cycles of 400 years that begin in March.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days.saturating_add(719_468);
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (cycle * 400 + year + next, month, day)
}

/// An engine's source of time: the system's, or one that a test moves by hand. Clones share one time.
///
/// It never runs backwards within one engine, restarts included: the engine stores the highest time it has shown.
///
/// ```
/// use std::time::Duration;
/// use millpond_engine::{Clock, Timestamp};
///
/// let clock = Clock::manual(Timestamp::from_secs(1_000));
/// clock.advance(Duration::from_secs(30))?;
/// assert_eq!(clock.now(), Timestamp::from_secs(1_030));
/// # Ok::<(), millpond_engine::Error>(())
/// ```
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    manual: bool,
    /// The highest time shown; for a manual clock, the time itself.
    latest: AtomicU64,
    /// Who is told when a manual clock is moved.
    watchers: Mutex<Vec<Weak<dyn Fn() + Send + Sync>>>,
}

impl Inner {
    fn new(manual: bool, latest: u64) -> Arc<Inner> {
        Arc::new(Inner { manual, latest: AtomicU64::new(latest), watchers: Mutex::default() })
    }
}

impl Clock {
    /// The system's time, held where it is while the system's clock goes back.
    #[must_use]
    pub fn system() -> Self {
        Clock(Inner::new(false, 0))
    }

    /// A clock that moves only by [`advance`](Clock::advance) and [`set`](Clock::set).
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Clock(Inner::new(true, start.0))
    }

    /// The present moment.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    pub fn now(&self) -> Timestamp {
        if self.0.manual {
            return Timestamp(self.0.latest.load(Ordering::SeqCst));
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Timestamp(self.0.latest.fetch_max(millis, Ordering::SeqCst).max(millis))
    }

    /// Moves a manual clock forward.
    ///
    /// # Errors
    /// [`Error::ClockNotManual`] for the system clock.
    pub fn advance(&self, by: Duration) -> Result<()> {
        if !self.0.manual {
            return Err(Error::ClockNotManual);
        }
        let step = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let moved = self.0.latest.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |at| Some(at.saturating_add(step)));
        debug_assert!(moved.is_ok(), "the update always gives a value");
        self.tell();
        Ok(())
    }

    /// Sets a manual clock to a moment that is not before its present one.
    ///
    /// # Errors
    /// [`Error::ClockNotManual`] for the system clock, [`Error::ClockBackwards`] for an earlier moment.
    pub fn set(&self, to: Timestamp) -> Result<()> {
        if !self.0.manual {
            return Err(Error::ClockNotManual);
        }
        let before = self.0.latest.fetch_max(to.0, Ordering::SeqCst);
        if before > to.0 {
            return Err(Error::ClockBackwards { now_millis: before, asked_millis: to.0 });
        }
        self.tell();
        Ok(())
    }

    /// Has a function called after each time that a manual clock was moved, for as long as the function lives: who waits for
    /// a moment can then look again. It is called on the thread that moves the clock.
    pub fn watch(&self, watcher: &Arc<dyn Fn() + Send + Sync>) {
        let mut watchers = self.0.watchers.lock();
        watchers.retain(|watcher| watcher.strong_count() > 0);
        watchers.push(Arc::downgrade(watcher));
    }

    fn tell(&self) {
        // Not under the lock: a watcher may drop another one, or watch anew.
        let watchers: Vec<_> = self.0.watchers.lock().iter().filter_map(Weak::upgrade).collect();
        watchers.iter().for_each(|watcher| watcher());
    }

    /// Whether only the program moves it.
    #[must_use]
    pub fn is_manual(&self) -> bool {
        self.0.manual
    }

    /// Lifts the clock to a time that the store has already seen.
    pub(crate) fn at_least(&self, floor: Timestamp) {
        self.0.latest.fetch_max(floor.0, Ordering::SeqCst);
    }

    /// An independent clock that starts where this one stands.
    pub(crate) fn fork(&self) -> Clock {
        Clock(Inner::new(self.0.manual, self.0.latest.load(Ordering::SeqCst)))
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("manual", &self.0.manual).field("now_millis", &self.now().as_millis()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watcher_is_told_when_the_clock_moves_for_as_long_as_it_lives() {
        let clock = Clock::manual(Timestamp::default());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (of_watcher, watched) = (Arc::clone(&seen), clock.clone());
        let watcher: Arc<dyn Fn() + Send + Sync> = Arc::new(move || of_watcher.lock().push(watched.now().as_secs()));
        clock.watch(&watcher);
        clock.advance(Duration::from_secs(2)).unwrap();
        clock.set(Timestamp::from_secs(5)).unwrap();
        assert!(clock.set(Timestamp::from_secs(4)).is_err());
        drop(watcher);
        clock.advance(Duration::from_secs(2)).unwrap();
        assert_eq!(*seen.lock(), [2, 5]);
    }

    #[test]
    fn moments_are_written_as_dates() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_007, "2000-02-28T23:59:59.007Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_791_504_762_511, "2026-10-09T00:12:42.511Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(Timestamp::from_millis(millis).to_string(), text);
        }
        assert_eq!(format!("{:.0}", Timestamp::from_millis(999)), "1970-01-01T00:00:00Z");
        assert!(Timestamp::from_millis(u64::MAX).to_string().ends_with('Z'));
    }
}
