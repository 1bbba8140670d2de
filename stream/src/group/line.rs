//! Who waits for a change in a group, in memory: members look at its rows when they are told that they have changed, and at the latest
//! when they renew what they hold.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use millpond_engine::{Engine, wait::Waiters};
use parking_lot::Mutex;

use crate::log::LogId;

/// The lines of all groups of an engine, through whichever handles they were joined.
#[derive(Default)]
pub(crate) struct Lines {
    lines: Mutex<HashMap<(LogId, String), Weak<Line>>>,
    /// What the clock calls when it is moved by hand; it lives as long as this.
    watcher: OnceLock<Arc<dyn Fn() + Send + Sync>>,
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").finish_non_exhaustive()
    }
}

/// Those who wait for a change in one group.
#[derive(Debug, Default)]
pub(crate) struct Line {
    version: AtomicU64,
    pub(crate) waiters: Arc<Waiters>,
}

impl Lines {
    /// The line of a group.
    pub(crate) fn line(engine: &Engine, log: LogId, group: &str) -> Arc<Line> {
        let lines: Arc<Lines> = engine.shared();
        if engine.clock().is_manual() {
            let weak = Arc::downgrade(&lines);
            lines.watcher.get_or_init(|| {
                let watcher: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
                    if let Some(lines) = weak.upgrade() {
                        // Not under the lock: who is woken may look at once.
                        let all: Vec<_> = lines.lines.lock().values().filter_map(Weak::upgrade).collect();
                        all.iter().for_each(|line| line.wake());
                    }
                });
                engine.clock().watch(&watcher);
                watcher
            });
        }
        let mut all = lines.lines.lock();
        all.retain(|_, line| line.strong_count() > 0);
        let place = all.entry((log, group.to_owned())).or_default();
        place.upgrade().unwrap_or_else(|| {
            let line = Arc::default();
            *place = Arc::downgrade(&line);
            line
        })
    }
}

impl Line {
    /// Rises with each change. Read before the rows, it tells later whether they are still those.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    /// Tells that rows have changed.
    pub(crate) fn changed(&self) {
        self.version.fetch_add(1, Ordering::SeqCst);
        self.wake();
    }

    /// Has those who wait look again.
    pub(crate) fn wake(&self) {
        self.waiters.wake(usize::MAX);
    }
}
