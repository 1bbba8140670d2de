//! Lanes: a shard's records are handled in up to ten lanes at a time, each with those of its partition keys in their order.

use millpond_engine::Position;

/// The lane of a partition key among so many. Checkpoints rest on it, so it is the same for all time.
pub(crate) fn lane_of(partition_key: &[u8], lanes: u16) -> u16 {
    if lanes <= 1 {
        return 0;
    }
    let hash = blake3::hash(partition_key);
    let number = hash.as_bytes().first_chunk().copied().map_or(0, u64::from_be_bytes);
    // A remainder is less than `lanes`.
    u16::try_from(number % u64::from(lanes)).unwrap_or_default()
}

/// How far a shard was handled when it had another number of lanes: what is before the place of its lane of then is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Earlier {
    /// Where each lane of then went on; as many as there were.
    pub(crate) next: Vec<Position>,
}

impl Earlier {
    /// Whether a record was done then.
    pub(crate) fn has_done(&self, partition_key: &[u8], position: Position) -> bool {
        let lane = lane_of(partition_key, u16::try_from(self.next.len()).unwrap_or(u16::MAX));
        self.next.get(usize::from(lane)).is_some_and(|next| position < *next)
    }

    /// Whether a reader that begins here may meet what was done then.
    pub(crate) fn matters_from(&self, from: Position) -> bool {
        self.next.iter().any(|next| *next > from)
    }

    /// The first place that was not done in all lanes.
    pub(crate) fn first(&self) -> Position {
        self.next.iter().min().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_lane_and_share_all_lanes() {
        assert_eq!(lane_of(b"any", 1), 0);
        assert_eq!(lane_of(b"any", 0), 0);
        let mut counts = [0; 10];
        for key in 0..1000 {
            let lane = lane_of(format!("key-{key}").as_bytes(), 10);
            counts[usize::from(lane)] += 1;
        }
        assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
        // Stored checkpoints rest on these.
        let lanes = ["a", "b", "c", "d"].map(|key| lane_of(key.as_bytes(), 10));
        assert_eq!(lanes, [3, 9, 6, 7]);
    }

    #[test]
    fn what_was_done_in_other_lanes_stays_done() {
        let earlier = Earlier { next: vec![Position::new(10), Position::new(20)] };
        for key in [b"a".as_slice(), b"b", b"c"] {
            let end = if lane_of(key, 2) == 0 { 10 } else { 20 };
            assert!(earlier.has_done(key, Position::new(end - 1)));
            assert!(!earlier.has_done(key, Position::new(end)));
        }
        assert!(earlier.matters_from(Position::new(19)) && !earlier.matters_from(Position::new(20)));
        assert_eq!(earlier.first(), Position::new(10));
    }
}
