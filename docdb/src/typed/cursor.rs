//! Cursors over documents of a type.

use std::{marker::PhantomData, time::Duration};

use bson::Document;
use serde::de::DeserializeOwned;

use crate::{cursor::RawCursor, error::Result, value::Doc};

/// The documents that an operation found, read as they are asked for.
///
/// It holds a snapshot of the store while it lives, or, from `run_in`, the caller's transaction. An error ends it.
#[derive(Debug)]
pub struct Cursor<T = Document, C = RawCursor> {
    documents: C,
    over: bool,
    of: PhantomData<fn() -> T>,
}

impl<T, C> Cursor<T, C> {
    pub(crate) fn new(documents: C) -> Self {
        Cursor { documents, over: false, of: PhantomData }
    }

    /// The same cursor with documents of another type.
    #[must_use]
    pub fn with_type<U>(self) -> Cursor<U, C> {
        Cursor { documents: self.documents, over: self.over, of: PhantomData }
    }

    /// The documents as they are stored, without being turned into a type.
    #[must_use]
    pub fn into_raw(self) -> C {
        self.documents
    }
}

impl<T> Cursor<T> {
    /// Waits until there may be more for a cursor that stays open at the end of a capped collection, at most so long. Where
    /// the clock stands still, so does the wait.
    pub fn wait(&mut self, at_most: Duration) {
        self.documents.wait(at_most);
    }
}

impl<T: DeserializeOwned, C: Iterator<Item = Result<Doc>>> Iterator for Cursor<T, C> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        if self.over {
            return None;
        }
        let document = self.documents.next()?;
        self.over = document.is_err();
        Some(document.and_then(|document| Ok(bson::deserialize_from_slice(document.bytes())?)))
    }
}
