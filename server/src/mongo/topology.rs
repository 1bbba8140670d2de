//! What drivers are told about the replica set, and the cluster's time.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use bson::{RawDocumentBuf, Timestamp, oid::ObjectId, raw::cstr, rawdoc, spec::BinarySubtype};
use millpond::Clock;

/// How often the set was configured: it never is again.
pub(crate) const SET_VERSION: i32 = 1;
/// The term of the only election.
pub(crate) const TERM: i64 = 1;
/// The count of changes of the topology, which never changes.
pub(crate) const COUNTER: i64 = 6;
/// Wire versions of MongoDB 8.0 and all before.
pub(crate) const WIRE_VERSIONS: (i32, i32) = (0, 25);
/// The version that this server is like.
pub(crate) const VERSION: &str = "8.0.4";
pub(crate) const VERSION_PARTS: [i32; 4] = [8, 0, 4, 0];

/// The one member, from its start to its end.
#[derive(Debug)]
pub(crate) struct Topology {
    /// The set's name.
    pub(crate) set_name: String,
    /// The address that clients are told, if it is not the one that they connected to.
    host: Option<String>,
    /// Which process this is.
    pub(crate) process_id: ObjectId,
    /// The newest time, as the bits of a timestamp.
    time: AtomicU64,
    clock: Clock,
}

impl Topology {
    pub(crate) fn new(set_name: String, host: Option<String>, clock: Clock) -> Topology {
        Topology { set_name, host, process_id: ObjectId::new(), time: AtomicU64::new(0), clock }
    }

    /// The address that a client is told.
    pub(crate) fn host(&self, reached: SocketAddr) -> String {
        self.host.clone().unwrap_or_else(|| reached.to_string())
    }

    /// The primary's election.
    pub(crate) fn election_id() -> ObjectId {
        ObjectId::from_bytes([0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1])
    }

    pub(crate) fn version(&self) -> RawDocumentBuf {
        rawdoc! { "processId": self.process_id, "counter": COUNTER }
    }

    fn clock_bits(&self) -> u64 {
        (self.clock.now().as_secs() & u64::from(u32::MAX)) << 32 | 1
    }

    /// The time of the last write, or the clock's.
    pub(crate) fn now(&self) -> Timestamp {
        let bits = self.clock_bits();
        timestamp(self.time.fetch_max(bits, Ordering::Relaxed).max(bits))
    }

    /// The time of another write.
    pub(crate) fn tick(&self) -> Timestamp {
        let bits = self.clock_bits();
        let last = self.time.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(bits.max(last + 1)));
        timestamp(last.map_or(bits, |last| bits.max(last + 1)))
    }

    /// The milliseconds of the clock.
    pub(crate) fn millis(&self) -> i64 {
        i64::try_from(self.clock.now().as_millis()).unwrap_or(i64::MAX)
    }

    /// The clock as a date.
    pub(crate) fn date(&self) -> bson::DateTime {
        bson::DateTime::from_millis(self.millis())
    }

    /// Adds `$clusterTime` and `operationTime`.
    pub(crate) fn append_times(&self, reply: &mut RawDocumentBuf) {
        let now = self.now();
        let hash = bson::Binary { subtype: BinarySubtype::Generic, bytes: vec![0; 20] };
        let signature = rawdoc! { "hash": hash, "keyId": 0_i64 };
        reply.append(cstr!("$clusterTime"), rawdoc! { "clusterTime": now, "signature": signature });
        reply.append(cstr!("operationTime"), now);
    }
}

fn timestamp(bits: u64) -> Timestamp {
    let [t0, t1, t2, t3, i0, i1, i2, i3] = bits.to_be_bytes();
    Timestamp { time: u32::from_be_bytes([t0, t1, t2, t3]), increment: u32::from_be_bytes([i0, i1, i2, i3]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_moves_with_writes_and_with_the_clock_and_never_back() {
        let clock = Clock::manual(millpond::Timestamp::from_millis(5_000));
        let topology = Topology::new("rs0".to_owned(), None, clock.clone());
        let at = |time, increment| Timestamp { time, increment };
        assert_eq!(topology.now(), at(5, 1));
        assert_eq!(topology.tick(), at(5, 2));
        assert_eq!(topology.now(), at(5, 2));
        clock.advance(std::time::Duration::from_secs(2)).unwrap();
        assert_eq!(topology.now(), at(7, 1));
        assert_eq!(topology.tick(), at(7, 2));
    }
}
