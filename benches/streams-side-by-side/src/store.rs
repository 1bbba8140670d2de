//! What every store that is appended to has to do.

use crate::{Failure, record::Record};

/// How many records a pipelined producer may have appended that are not acknowledged.
pub(crate) const AHEAD: usize = 100;
/// The most that a reader takes at once.
pub(crate) const PAGE: usize = 1000;

/// A store, and what one has to know of it to compare it.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) promise: Promise,
    /// The version, the settings, and what an acknowledged append means here.
    pub(crate) settings: String,
    pub(crate) store: Box<dyn Store>,
}

/// What an acknowledged append has survived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// It is on the disk.
    Synced,
    /// A power cut may take it away.
    NotSynced,
}

impl Subject {
    pub(crate) fn is_millpond(&self) -> bool {
        self.name.starts_with("Millpond")
    }
}

/// One log.
pub(crate) trait Store: Sync {
    /// Empties the log, and comes back when the work of that is over. No client is open.
    fn clear(&mut self) -> Result<(), Failure>;

    /// Each thread has its own, and its own number from 0.
    fn producer(&self, number: usize) -> Result<Box<dyn Producer + '_>, Failure>;

    /// The same for appends that do not wait for their acknowledgement, if the store has them.
    fn pipeline(&self, _number: usize) -> Result<Option<Box<dyn Pipeline + '_>>, Failure> {
        Ok(None)
    }

    /// From the first record on. The records of one producer come in their order.
    fn reader(&self) -> Result<Box<dyn Reader + '_>, Failure>;
}

pub(crate) trait Producer: Send {
    /// Appends 1 or 100 records in one call, and comes back when all of them are acknowledged.
    fn append(&mut self, records: &[Record]) -> Result<(), Failure>;
}

pub(crate) trait Pipeline: Send {
    /// Appends one record and comes back as soon as at most [`AHEAD`] are not acknowledged. Says how many were since the last
    /// call; they are acknowledged in the order of the calls.
    fn append(&mut self, record: &Record) -> Result<usize, Failure>;

    /// Waits for all acknowledgements that are missing, and says how many these were.
    fn settle(&mut self) -> Result<usize, Failure>;
}

pub(crate) trait Reader: Send {
    /// Shows the next [`PAGE`] records, or fewer if there are no more, and says how many.
    fn page(&mut self, see: &mut See<'_>) -> Result<usize, Failure>;
}

/// Looks at one record.
pub(crate) type See<'a> = dyn FnMut(&[u8]) -> Result<(), Failure> + 'a;
