//! What an operation knows when it parses and evaluates filters, expressions, updates and pipelines.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use bson::{RawArrayBuf, RawBson, RawDocumentBuf, oid::ObjectId};
use millpond_engine::{Clock, Timestamp};

use crate::{
    collation::Collation,
    error::{Code, Result, refuse},
};

/// One operation's collation, time and variables. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// The collation of the operation, or else of the collection; none for the simple one.
    pub(crate) collation: Option<Arc<Collation>>,
    /// `$$NOW`: the engine's clock when the operation began.
    pub(crate) now: Timestamp,
    /// Variables of `let`, with their values: user variables of the command, or of a `$lookup`.
    pub(crate) variables: Arc<[(Box<str>, RawBson)]>,
    /// When the operation has to be over; one expression can loop for longer than any patience.
    pub(crate) deadline: Option<Arc<Deadline>>,
}

#[derive(Debug)]
pub(crate) struct Deadline {
    clock: Clock,
    at: Timestamp,
    /// The clock is looked at now and then only.
    checks: AtomicU32,
}

impl Context {
    pub(crate) fn new(now: Timestamp) -> Self {
        Context { collation: None, now, variables: Arc::new([]), deadline: None }
    }

    /// The same with another collation.
    pub(crate) fn with_collation(mut self, collation: Option<Arc<Collation>>) -> Self {
        self.collation = collation;
        self
    }

    /// The same for an operation that has to be over then.
    pub(crate) fn until(mut self, deadline: Option<&(Clock, Timestamp)>) -> Self {
        self.deadline =
            deadline.map(|(clock, at)| Arc::new(Deadline { clock: clock.clone(), at: *at, checks: AtomicU32::new(0) }));
        self
    }

    /// Refuses to go on after the deadline, for what loops within one expression.
    ///
    /// # Errors
    /// [`Code::MAX_TIME_MS_EXPIRED`].
    pub(crate) fn check_deadline(&self) -> Result<()> {
        const BETWEEN: u32 = 256;
        match &self.deadline {
            Some(deadline)
                if deadline.checks.fetch_add(1, Ordering::Relaxed) % BETWEEN == BETWEEN - 1
                    && deadline.clock.now() > deadline.at =>
            {
                refuse(Code::MAX_TIME_MS_EXPIRED, "operation exceeded time limit")
            }
            _ => Ok(()),
        }
    }

    /// The value of a variable of `let`.
    pub(crate) fn variable(&self, name: &str) -> Option<&RawBson> {
        self.variables.iter().rev().find(|(known, _)| &**known == name).map(|(_, value)| value)
    }

    /// `$$NOW` as BSON has it.
    pub(crate) fn now_bson(&self) -> bson::DateTime {
        bson::DateTime::from_millis(i64::try_from(self.now.as_millis()).unwrap_or(i64::MAX))
    }

    /// A new id, of this operation's second.
    pub(crate) fn new_id(&self) -> ObjectId {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        // The random part of ids is that of the driver's library: one value a process.
        let process: [u8; 5] = {
            let bytes = ObjectId::new().bytes();
            [bytes[4], bytes[5], bytes[6], bytes[7], bytes[8]]
        };
        let seconds = u32::try_from(self.now.as_secs()).unwrap_or(u32::MAX);
        let [_, counter @ ..] = COUNTER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        ObjectId::from_parts(seconds, process, counter)
    }
}

/// What is known of a document beside its fields: `$meta`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Metadata {
    /// `textScore`.
    pub(crate) text_score: Option<f64>,
    /// `geoNearDistance`.
    pub(crate) geo_distance: Option<f64>,
    /// `geoNearPoint`.
    pub(crate) geo_point: Option<RawBson>,
    /// `recordId`.
    pub(crate) record_id: Option<RawBson>,
    /// `indexKey`.
    pub(crate) index_key: Option<RawDocumentBuf>,
    /// `sortKey`.
    pub(crate) sort_key: Option<RawArrayBuf>,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_loop_ends_after_the_deadline() {
        let clock = Clock::manual(Timestamp::from_millis(1000));
        let context = Context::new(clock.now()).until(Some(&(clock.clone(), Timestamp::from_millis(2000))));
        assert!((0..1000).all(|_| context.check_deadline().is_ok()));
        clock.advance(Duration::from_secs(2)).unwrap();
        let ended = (0..1000).find_map(|_| context.check_deadline().err());
        assert_eq!(ended.map(|ended| ended.code()), Some(Code::MAX_TIME_MS_EXPIRED));
        assert!((0..1000).all(|_| Context::new(clock.now()).check_deadline().is_ok()));
    }
}
