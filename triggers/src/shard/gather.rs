//! Reading records until there is a batch of them.

use millpond_engine::Timestamp;
use millpond_stream::log::{Error as LogError, Most, Records};

use super::lane::Lane;
use crate::{Result, job::MAX_BATCH_BYTES, lane::lane_of, meter::add, runner::Context, window::Window};

/// What is read at a time.
const PAGE: Most = Most { records: 1000, bytes: 1 << 20 };
/// After so many pages others have their turn.
const MAX_PAGES: usize = 8;
/// A checkpoint is stored after so many records that are not for this lane, even if there is none that is.
const MAX_PASSED: usize = 10_000;

/// What has come of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gathered {
    /// So many of the records that are pending are a batch.
    Batch(usize),
    /// The open window is over.
    WindowEnd,
    /// All records of the shard are done.
    ShardEnd,
    /// There is none yet; one may be due at that moment.
    Wait(Option<Timestamp>),
    /// There is more to read.
    Part,
}

/// The records that a batch would have.
struct Cut {
    records: usize,
    /// No further record can join it.
    is_full: bool,
}

impl Lane {
    pub(super) fn gather(&mut self, context: &Context<'_>) -> Result<Gathered> {
        let mut is_at_tail = self.is_read;
        let mut pages = 0;
        while self.wants_more() && !is_at_tail {
            if pages == MAX_PAGES {
                return Ok(Gathered::Part);
            }
            pages += 1;
            // First in line, then a look: nothing that comes between is missed.
            let watch = self.log.logs().watch(self.log.id(), self.shard);
            self.end_watch();
            self.watch = Some(watch);
            let Some(page) = self.read()? else {
                // The shard was cleared away: nothing of it is kept any more.
                (self.is_read, is_at_tail) = (true, true);
                break;
            };
            is_at_tail = page.records.is_empty() || page.is_end;
            self.take(page, context.now)?;
        }
        let gathered = self.decide(context.now, is_at_tail);
        if let Gathered::Wait(_) = gathered {
            if self.passed >= MAX_PASSED {
                self.store_passed();
            }
            if let Some(watch) = &self.watch
                && watch.poll(&std::task::Context::from_waker(context.waker)).is_ready()
            {
                return Ok(Gathered::Part);
            }
        }
        Ok(gathered)
    }

    fn wants_more(&self) -> bool {
        let batch_size = usize::try_from(self.job.config.batch_size).unwrap_or(usize::MAX);
        self.pending.len() < batch_size && self.pending_bytes < MAX_BATCH_BYTES
    }

    fn read(&self) -> Result<Option<Records>> {
        match self.log.logs().follow(self.log.id(), self.shard, self.scanned, PAGE) {
            Err(LogError::NoShard { .. }) => Ok(None),
            found => Ok(Some(found?)),
        }
    }

    fn take(&mut self, page: Records, now: Timestamp) -> Result<()> {
        let mut filtered = 0;
        for stored in page.records {
            let position = stored.position;
            let (key, record) = self.log.record(self.shard, stored)?;
            let is_done = || self.earlier.iter().any(|earlier| earlier.has_done(&key, position));
            self.passed += 1;
            if lane_of(&key, self.lanes) == self.lane && !is_done() {
                if self.job.filters.pass(&record) {
                    self.passed -= 1;
                    self.since.get_or_insert(now);
                    self.pending_bytes += record.event_bytes();
                    self.pending.push_back(record);
                } else {
                    filtered += 1;
                }
            }
            self.scanned = position.next();
        }
        self.scanned = self.scanned.max(page.next);
        self.is_read = page.is_end;
        add(&self.job.meter.filtered, filtered);
        Ok(())
    }

    fn decide(&self, now: Timestamp, is_at_tail: bool) -> Gathered {
        let config = &self.job.config;
        let open = self.row.window.as_ref();
        if let Some(open) = open {
            // A window of another length than now is over as well.
            let is_over = match self.pending.front() {
                Some(first) => Window::of(first.arrived(), config.tumbling_window) != open.window,
                None => self.is_read || (is_at_tail && now >= open.window.end),
            };
            if is_over || open.ends_early || !config.has_windows() {
                return Gathered::WindowEnd;
            }
        }
        let (Some(first), Some(since)) = (self.pending.front(), self.since) else {
            let end = open.map(|open| open.window.end);
            return if self.is_read { Gathered::ShardEnd } else { Gathered::Wait(end) };
        };
        let cut = self.cut();
        let mut due = since.saturating_add(config.batching_window);
        if config.has_windows() {
            due = due.min(Window::of(first.arrived(), config.tumbling_window).end);
        }
        if cut.is_full || self.is_read || now >= due { Gathered::Batch(cut.records) } else { Gathered::Wait(Some(due)) }
    }

    /// A batch ends with the most records, with the most bytes, and with its window.
    fn cut(&self) -> Cut {
        let config = &self.job.config;
        let most = usize::try_from(config.batch_size).unwrap_or(usize::MAX);
        let length = config.tumbling_window;
        let window = self.pending.front().filter(|_| config.has_windows()).map(|it| Window::of(it.arrived(), length));
        let (mut records, mut bytes) = (0, 0);
        for record in &self.pending {
            let is_in_window = window.is_none_or(|window| window.contains(record.arrived()));
            bytes += record.event_bytes();
            if records == most || !is_in_window || (bytes > MAX_BATCH_BYTES && records > 0) {
                return Cut { records, is_full: true };
            }
            records += 1;
        }
        Cut { records, is_full: records == most || bytes >= MAX_BATCH_BYTES }
    }
}

impl From<LogError> for crate::handler::Refused {
    fn from(error: LogError) -> Self {
        crate::handler::Refused::Other(error.into())
    }
}
