//! Tumbling windows: spans of time of one length, one after the other, to one of which each record belongs.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html>

use std::time::Duration;

use bytes::Bytes;
use millpond_engine::Timestamp;

/// The longest state that a window carries on. One that grows longer ends its window early.
pub const MAX_STATE_BYTES: usize = 1 << 20;

/// A span of time, without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first moment.
    pub start: Timestamp,
    /// The first moment after it.
    pub end: Timestamp,
}

impl Window {
    /// The window of that length in which a moment lies. Windows begin at multiples of their length since 1970.
    #[must_use]
    pub(crate) fn of(moment: Timestamp, length: Duration) -> Window {
        let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX).max(1);
        let start = Timestamp::from_millis(moment.as_millis() / millis * millis);
        Window { start, end: start.saturating_add(length) }
    }

    /// Whether a moment lies within it.
    #[must_use]
    pub fn contains(&self, moment: Timestamp) -> bool {
        (self.start..self.end).contains(&moment)
    }
}

/// A window that was begun: what survives a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenWindow {
    pub(crate) window: Window,
    pub(crate) state: Bytes,
    /// Its state has grown too long, so it is to end before its time.
    pub(crate) ends_early: bool,
}

impl OpenWindow {
    /// The window after an invocation that gave this state.
    pub(crate) fn with_state(window: Window, state: Bytes) -> Self {
        let ends_early = state.len() > MAX_STATE_BYTES;
        OpenWindow { window, state, ends_early }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_moment_lies_in_one_window() {
        let length = Duration::from_secs(120);
        let window = Window::of(Timestamp::from_secs(1_607_497_475), length);
        assert_eq!((window.start.as_secs(), window.end.as_secs()), (1_607_497_440, 1_607_497_560));
        assert!(window.contains(window.start) && !window.contains(window.end));
        assert_eq!(Window::of(window.end, length).start, window.end);
        assert_eq!(Window::of(Timestamp::default(), Duration::ZERO).start, Timestamp::default());
    }

    #[test]
    fn a_state_that_is_too_long_ends_its_window() {
        let window = Window::of(Timestamp::from_secs(5), Duration::from_secs(10));
        assert!(!OpenWindow::with_state(window, vec![0; MAX_STATE_BYTES].into()).ends_early);
        assert!(OpenWindow::with_state(window, vec![0; MAX_STATE_BYTES + 1].into()).ends_early);
    }
}
