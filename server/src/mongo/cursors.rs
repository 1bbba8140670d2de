//! Cursors that clients hold: where `getMore` goes on and what `killCursors` ends.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use bson::{RawArrayBuf, RawDocument, RawDocumentBuf};
use millpond::{
    Clock,
    docdb::{Code, Doc, RawCursor},
};
use parking_lot::Mutex;

use super::{failure::Failure, sessions::SessionId};

/// How long a cursor lives without being asked, unless it has none of this.
const IDLE_MILLIS: i64 = 600_000;
/// More cursors at a time are refused.
const MAX_CURSORS: usize = 100_000;
/// The documents of the first batch, if nothing else was asked for.
pub(crate) const FIRST_BATCH: u64 = 101;
/// The most bytes of the documents of a batch; the first document is there in any case.
const MAX_BATCH_BYTES: usize = 16 << 20;

/// Where a cursor's documents come from.
pub(crate) enum Source {
    Stored(Box<RawCursor>),
    Listed(VecDeque<RawDocumentBuf>),
}

/// A cursor between two batches.
pub(crate) struct Cursor {
    /// What it reads, `database.collection`.
    pub(crate) namespace: String,
    pub(crate) source: Source,
    /// How many documents may still be read; `None` is no limit.
    pub(crate) left: Option<u64>,
    pub(crate) session: Option<SessionId>,
    /// Whose it is, `user@database`.
    pub(crate) user: Option<String>,
    pub(crate) no_timeout: bool,
    /// Whether `getMore` waits at its end for more.
    pub(crate) awaits: bool,
    /// Whether the command that opened it had a time limit.
    pub(crate) has_time_limit: bool,
}

/// A batch of documents.
pub(crate) struct Batch {
    pub(crate) documents: RawArrayBuf,
    pub(crate) count: u64,
    /// Whether there is no more to come.
    pub(crate) ended: bool,
}

impl Cursor {
    pub(crate) fn new(namespace: String, source: Source) -> Cursor {
        Cursor {
            namespace,
            source,
            left: None,
            session: None,
            user: None,
            no_timeout: false,
            awaits: false,
            has_time_limit: false,
        }
    }

    /// A cursor over documents that are there already.
    pub(crate) fn listed(namespace: String, documents: impl IntoIterator<Item = RawDocumentBuf>) -> Cursor {
        Cursor::new(namespace, Source::Listed(documents.into_iter().collect()))
    }

    /// Reads the next documents, at most so many.
    pub(crate) fn read(&mut self, most: Option<u64>) -> Result<Batch, Failure> {
        let most = most.unwrap_or(u64::MAX);
        let mut batch = Batch { documents: RawArrayBuf::new(), count: 0, ended: false };
        let mut bytes = 0;
        while batch.count < most {
            if self.left == Some(0) {
                batch.ended = true;
                break;
            }
            let Some(document) = self.source.next()? else {
                batch.ended = !self.is_tailable();
                break;
            };
            let length = document.raw().as_bytes().len();
            if bytes + length > MAX_BATCH_BYTES && batch.count > 0 {
                self.source.put_back(document);
                break;
            }
            bytes += length;
            batch.count += 1;
            batch.documents.push(document.raw());
            self.left = self.left.map(|left| left - 1);
        }
        batch.ended |= self.left == Some(0) || self.source.is_over();
        Ok(batch)
    }

    pub(crate) fn is_tailable(&self) -> bool {
        matches!(&self.source, Source::Stored(cursor) if cursor.is_tailable())
    }

    /// Waits until there may be more, at most so long. No thread waits with it.
    pub(crate) async fn wait(&mut self, at_most: Duration) {
        if let Source::Stored(cursor) = &mut self.source {
            // Whether it was woken or the time is over: it looks.
            let _ = tokio::time::timeout(at_most, cursor.arrived()).await;
        }
    }
}

impl Source {
    fn next(&mut self) -> Result<Option<Document>, Failure> {
        Ok(match self {
            Source::Stored(cursor) => cursor.next_document()?.map(Document::Stored),
            Source::Listed(documents) => documents.pop_front().map(Document::Listed),
        })
    }

    fn put_back(&mut self, document: Document) {
        match (self, document) {
            (Source::Stored(cursor), Document::Stored(document)) => cursor.put_back(document),
            (Source::Listed(documents), Document::Listed(document)) => documents.push_front(document),
            (Source::Stored(_), Document::Listed(_)) | (Source::Listed(_), Document::Stored(_)) => {}
        }
    }

    fn is_over(&self) -> bool {
        matches!(self, Source::Listed(documents) if documents.is_empty())
    }
}

enum Document {
    Stored(Doc),
    Listed(RawDocumentBuf),
}

impl Document {
    fn raw(&self) -> &RawDocument {
        match self {
            Document::Stored(document) => document.raw(),
            Document::Listed(document) => document,
        }
    }
}

struct Slot {
    namespace: String,
    session: Option<SessionId>,
    user: Option<String>,
    no_timeout: bool,
    used: i64,
    /// `None` while a batch is being read.
    cursor: Option<Box<Cursor>>,
}

/// All cursors that are open, by their ids.
pub(crate) struct Cursors {
    open: Mutex<HashMap<i64, Slot>>,
    clock: Clock,
}

/// What became of a cursor that was to be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Killed {
    Killed,
    NotFound,
}

impl Cursors {
    pub(crate) fn new(clock: Clock) -> Cursors {
        Cursors { open: Mutex::default(), clock }
    }

    fn now(&self) -> i64 {
        i64::try_from(self.clock.now().as_millis()).unwrap_or(i64::MAX)
    }

    /// Keeps a cursor, and gives it its id.
    pub(crate) fn keep(&self, cursor: Cursor) -> Result<i64, Failure> {
        let now = self.now();
        let mut open = self.open.lock();
        if open.len() >= MAX_CURSORS {
            return Err(Failure::new(Code::EXCEEDED_MEMORY_LIMIT, format!("more than {MAX_CURSORS} cursors are open")));
        }
        let id = loop {
            let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
            let id = (high ^ low.rotate_left(32)) & 0x7fff_ffff_ffff_ffff;
            let id = id.cast_signed();
            if id != 0 && !open.contains_key(&id) {
                break id;
            }
        };
        let slot = Slot {
            namespace: cursor.namespace.clone(),
            session: cursor.session.clone(),
            user: cursor.user.clone(),
            no_timeout: cursor.no_timeout,
            used: now,
            cursor: Some(Box::new(cursor)),
        };
        open.insert(id, slot);
        Ok(id)
    }

    /// Takes a cursor to read a batch of it.
    pub(crate) fn take(
        &self,
        id: i64,
        namespace: &str,
        session: Option<&SessionId>,
        user: Option<&str>,
    ) -> Result<Box<Cursor>, Failure> {
        let now = self.now();
        let mut open = self.open.lock();
        let not_found = || Failure::new(Code::CURSOR_NOT_FOUND, format!("cursor id {id} not found"));
        let slot = open.get_mut(&id).filter(|slot| !slot.is_over(now)).ok_or_else(not_found)?;
        if slot.namespace != namespace {
            let message = format!(
                "Requested getMore on namespace '{namespace}', but cursor belongs to a different namespace {}",
                slot.namespace
            );
            return Err(Failure::new(Code::UNAUTHORIZED, message));
        }
        if slot.user.as_deref() != user {
            return Err(Failure::new(
                Code::UNAUTHORIZED,
                format!("cursor id {id} was not created by the authenticated user"),
            ));
        }
        let (code, how) = match (&slot.session, session) {
            (None, None) => (0, ""),
            (Some(its), Some(asked)) if its == asked => (0, ""),
            (None, Some(_)) => (50736, "was not created in a session, in a session"),
            (Some(_), None) => (50737, "was created in a session, without an lsid"),
            (Some(_), Some(_)) => (50738, "was created in another session"),
        };
        if code != 0 {
            return Err(Failure::new(Code(code), format!("Cannot run getMore on cursor {id}, which {how}")));
        }
        slot.used = now;
        slot.cursor.take().ok_or_else(|| Failure::new(Code::CURSOR_IN_USE, format!("cursor id {id} is already in use")))
    }

    /// Gives a cursor back that has more; one that was killed meanwhile is dropped.
    pub(crate) fn give_back(&self, id: i64, cursor: Box<Cursor>) -> bool {
        let now = self.now();
        match self.open.lock().get_mut(&id) {
            Some(slot) => {
                slot.used = now;
                slot.cursor = Some(cursor);
                true
            }
            None => false,
        }
    }

    /// Ends a cursor.
    pub(crate) fn remove(&self, id: i64) {
        let removed = self.open.lock().remove(&id);
        drop(removed);
    }

    /// Ends a cursor on a namespace for whoever may.
    pub(crate) fn kill(&self, id: i64, namespace: &str, user: Option<&str>) -> Killed {
        let mut open = self.open.lock();
        match open.get(&id) {
            Some(slot) if slot.namespace == namespace && (slot.user.is_none() || slot.user.as_deref() == user) => {
                let removed = open.remove(&id);
                drop(open);
                drop(removed);
                Killed::Killed
            }
            _ => Killed::NotFound,
        }
    }

    /// Ends the cursors that nobody has asked for too long: each holds a snapshot of the store.
    pub(crate) fn sweep(&self) {
        let now = self.now();
        self.open.lock().retain(|_, slot| !slot.is_over(now));
    }

    /// Ends the cursors of a session.
    pub(crate) fn kill_session(&self, session: &SessionId) {
        self.open.lock().retain(|_, slot| slot.session.as_ref() != Some(session));
    }

    /// Ends the cursors of a user's sessions.
    pub(crate) fn kill_sessions_of(&self, user: Option<&str>) {
        self.open.lock().retain(|_, slot| slot.session.is_none() || slot.user.as_deref() != user);
    }

    /// Ends all cursors of sessions.
    pub(crate) fn kill_sessions(&self) {
        self.open.lock().retain(|_, slot| slot.session.is_none());
    }

    /// How many are open, and how many of them never time out.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let open = self.open.lock();
        (open.len(), open.values().filter(|slot| slot.no_timeout).count())
    }
}

impl Slot {
    /// Whether nobody has asked for too long.
    fn is_over(&self, now: i64) -> bool {
        !self.no_timeout && self.cursor.is_some() && now.saturating_sub(self.used) >= IDLE_MILLIS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::rawdoc;
    use millpond::Timestamp;

    fn numbers(count: i32) -> Cursor {
        Cursor::listed("d.c".to_owned(), (0..count).map(|number| rawdoc! { "_id": number }))
    }

    #[test]
    fn batches_end_at_what_was_asked_for_at_the_limit_and_at_the_end() {
        let mut cursor = numbers(5);
        let first = cursor.read(Some(2)).unwrap();
        assert_eq!((first.count, first.ended), (2, false));
        let rest = cursor.read(None).unwrap();
        assert_eq!((rest.count, rest.ended), (3, true));
        let mut limited = Cursor { left: Some(3), ..numbers(5) };
        let all = limited.read(Some(10)).unwrap();
        assert_eq!((all.count, all.ended), (3, true));
        assert_eq!(numbers(5).read(Some(0)).unwrap().count, 0);
    }

    #[test]
    fn a_batch_has_at_most_16_mebibytes() {
        let large = || rawdoc! { "text": "x".repeat(6 << 20) };
        let mut cursor = Cursor::listed("d.c".to_owned(), [large(), large(), large()]);
        assert_eq!(cursor.read(None).unwrap().count, 2);
        assert_eq!(cursor.read(None).unwrap().count, 1);
    }

    #[test]
    fn cursors_belong_to_a_namespace_and_a_session_and_are_read_by_one_at_a_time() {
        let cursors = Cursors::new(Clock::manual(Timestamp::from_millis(0)));
        let id = cursors.keep(numbers(3)).unwrap();
        let code = |taken: Result<Box<Cursor>, Failure>| taken.err().map(|failure| failure.code.0);
        assert_eq!(code(cursors.take(id + 1, "d.c", None, None)), Some(43));
        assert_eq!(code(cursors.take(id, "d.x", None, None)), Some(13));
        assert_eq!(code(cursors.take(id, "d.c", Some(&SessionId::new(None)), None)), Some(50736));
        let taken = cursors.take(id, "d.c", None, None).unwrap();
        assert_eq!(code(cursors.take(id, "d.c", None, None)), Some(12051));
        assert!(cursors.give_back(id, taken));
        let taken = cursors.take(id, "d.c", None, None).unwrap();
        assert_eq!(cursors.kill(id, "d.c", None), Killed::Killed);
        assert!(!cursors.give_back(id, taken));
    }

    #[test]
    fn the_cursors_of_a_user_end_without_those_of_others() {
        let cursors = Cursors::new(Clock::manual(Timestamp::from_millis(0)));
        let of = |user: Option<&str>| {
            let session = Some(SessionId::new(None));
            cursors.keep(Cursor { user: user.map(str::to_owned), session, ..numbers(1) }).unwrap()
        };
        let (own, other) = (of(Some("a@admin")), of(Some("b@admin")));
        cursors.kill_sessions_of(Some("a@admin"));
        let left = cursors.open.lock().keys().copied().collect::<Vec<_>>();
        assert_eq!((left, own == other), (vec![other], false));
    }

    #[test]
    fn a_cursor_that_nobody_asks_ends_after_ten_minutes() {
        let clock = Clock::manual(Timestamp::from_millis(0));
        let cursors = Cursors::new(clock.clone());
        let idle = cursors.keep(numbers(1)).unwrap();
        let kept = cursors.keep(Cursor { no_timeout: true, ..numbers(1) }).unwrap();
        clock.advance(Duration::from_secs(601)).unwrap();
        assert!(cursors.take(idle, "d.c", None, None).is_err());
        cursors.sweep();
        assert_eq!(cursors.counts(), (1, 1));
        assert!(cursors.take(kept, "d.c", None, None).is_ok());
    }
}
