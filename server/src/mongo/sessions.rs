//! Logical sessions: any `lsid` begins one, and half an hour of silence ends it.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicI64, Ordering},
};

use bson::{RawArrayBuf, RawBsonRef, RawDocument, rawdoc, spec::BinarySubtype};
use millpond::{Clock, docdb::Code};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::{arguments::Arguments, auth::Identity, failure::Failure};

/// How long a session lives without being used.
pub(crate) const TIMEOUT_MINUTES: i32 = 30;
const TIMEOUT_MILLIS: i64 = TIMEOUT_MINUTES as i64 * 60_000;
/// More are not remembered: the one that asks is told so.
const MAX_SESSIONS: usize = 1_000_000;
/// How often it is looked for those that are over.
const SWEEP_MILLIS: i64 = 60_000;

/// A session's id, and the digest of the user whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SessionId {
    id: [u8; 16],
    user: Option<[u8; 32]>,
}

impl SessionId {
    /// A new one.
    pub(crate) fn new(user: Option<&Identity>) -> SessionId {
        SessionId { id: uuid::Uuid::new_v4().into_bytes(), user: user.map(digest) }
    }

    /// The `lsid` of a command, if it has one.
    pub(crate) fn of(arguments: &Arguments<'_>, user: Option<&Identity>) -> Result<Option<SessionId>, Failure> {
        let Some(document) = arguments.document("lsid")? else { return Ok(None) };
        SessionId::parse(document, user).map(Some)
    }

    /// `{ id: UUID }`, with or without the `uid` that shows whose it is.
    pub(crate) fn parse(document: &RawDocument, user: Option<&Identity>) -> Result<SessionId, Failure> {
        let arguments = Arguments::of("OperationSessionInfo.lsid".to_owned(), document);
        let id = arguments.required("id", arguments.any("id"))?;
        arguments.ignore(&["uid", "txnNumber", "txnUUID"]);
        arguments.finish()?;
        match id {
            RawBsonRef::Binary(binary) if binary.subtype == BinarySubtype::Uuid => {
                let wrong =
                    |_| Failure::new(Code::INVALID_UUID, "uuid must be a 16-byte binary field with UUID (4) subtype");
                Ok(SessionId { id: binary.bytes.try_into().map_err(wrong)?, user: user.map(digest) })
            }
            other => Err(arguments.wrong_type("id", other, &["binData"])),
        }
    }

    /// The bytes by which the document store knows it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        [&self.id[..], self.user.as_ref().map_or(&[][..], |user| &user[..])].concat()
    }

    /// Its id as BSON has it.
    pub(crate) fn id(&self) -> bson::Binary {
        bson::Binary { subtype: BinarySubtype::Uuid, bytes: self.id.to_vec() }
    }
}

fn digest(user: &Identity) -> [u8; 32] {
    Sha256::digest(format!("{}@{}", user.name, user.database)).into()
}

/// The sessions that live, and when each was used last.
#[derive(Debug)]
pub(crate) struct Sessions {
    used: Mutex<HashMap<SessionId, i64>>,
    swept: AtomicI64,
    clock: Clock,
}

impl Sessions {
    pub(crate) fn new(clock: Clock) -> Sessions {
        Sessions { used: Mutex::default(), swept: AtomicI64::new(0), clock }
    }

    fn now(&self) -> i64 {
        i64::try_from(self.clock.now().as_millis()).unwrap_or(i64::MAX)
    }

    /// Begins a session, or keeps it alive.
    pub(crate) fn touch(&self, session: &SessionId) {
        let now = self.now();
        let mut used = self.used.lock();
        if now.saturating_sub(self.swept.load(Ordering::Relaxed)) > SWEEP_MILLIS {
            self.swept.store(now, Ordering::Relaxed);
            used.retain(|_, last| now.saturating_sub(*last) < TIMEOUT_MILLIS);
        }
        let is_full = used.len() >= MAX_SESSIONS;
        match used.get_mut(session) {
            Some(last) => *last = now,
            None if is_full => {}
            None => drop(used.insert(session.clone(), now)),
        }
    }

    /// Ends one.
    pub(crate) fn end(&self, session: &SessionId) {
        self.used.lock().remove(session);
    }

    /// Ends those of a user.
    pub(crate) fn end_of(&self, user: Option<&Identity>) {
        let user = user.map(digest);
        self.used.lock().retain(|session, _| session.user != user);
    }

    /// All of them, as `$listLocalSessions` shows them.
    pub(crate) fn shown(&self) -> RawArrayBuf {
        let mut shown = RawArrayBuf::new();
        for (session, last) in &*self.used.lock() {
            let user = session.user.unwrap_or_else(|| Sha256::digest([]).into());
            let user = bson::Binary { subtype: BinarySubtype::Generic, bytes: user.to_vec() };
            shown.push(rawdoc! {
                "_id": { "id": session.id(), "uid": user }, "lastUse": bson::DateTime::from_millis(*last),
            });
        }
        shown
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.used.lock().len()
    }

    /// Ends all.
    pub(crate) fn clear(&self) {
        self.used.lock().clear();
    }
}
