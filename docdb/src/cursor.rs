//! Cursors: results that are read bit by bit.

use std::time::Duration;

use crate::{error::Result, value::Doc};

/// The result of a `find` or an `aggregate`, read as it is asked for. It holds a snapshot of the store while it lives.
#[derive(Debug)]
pub struct RawCursor {
    _private: (),
}

impl RawCursor {
    /// The next document. `None` is the end; of a tailable cursor, the end for now.
    ///
    /// # Errors
    /// Those of evaluating filters and expressions on documents, and of the engine. The cursor is over then.
    pub fn next_document(&mut self) -> Result<Option<Doc>> {
        Ok(None)
    }

    /// Puts a document back that did not fit: the next call returns it again.
    pub fn put_back(&mut self, document: Doc) {
        let _ = document;
    }

    /// Whether the cursor stays open at its end: a tailable one on a capped collection.
    #[must_use]
    pub fn is_tailable(&self) -> bool {
        false
    }

    /// Whether a tailable cursor has lost its place, since the collection was dropped or what it had read last has been
    /// overwritten (the next read fails with [`Code::CAPPED_POSITION_LOST`](crate::Code::CAPPED_POSITION_LOST) or `QueryPlanKilled`).
    ///
    /// Waits until there may be more for a tailable cursor, at most so long.
    pub fn wait(&mut self, at_most: Duration) {
        let _ = at_most;
    }
}

impl Iterator for RawCursor {
    type Item = Result<Doc>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_document().transpose()
    }
}
