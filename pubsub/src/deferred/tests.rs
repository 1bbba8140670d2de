//! Lanes against a store that is a set: whatever the order of commits, reads and attempts, each row is attempted, and none twice at a
//! time.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use millpond_engine::Timestamp;
use proptest::prelude::*;

use super::lanes::{Hold, Lanes, Work};
use crate::{SubscriptionId, layout::deferred::DeliveryKey};

fn lane(number: u8) -> SubscriptionId {
    SubscriptionId([number; 16])
}

fn key(due: u64, position: u64) -> DeliveryKey {
    DeliveryKey { due, position }
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn found() -> Lanes {
    let mut lanes = Lanes::default();
    lanes.are_all_found = true;
    lanes
}

#[test]
fn what_is_due_is_given_in_its_order_and_what_is_not_waits() {
    let mut lanes = found();
    for (due, position) in [(5, 2), (3, 1), (20, 3)] {
        lanes.added(lane(1), key(due, position), at(10));
    }
    assert_eq!(lanes.take(at(10)), Some(Work::Attempt(lane(1), key(3, 1))));
    assert_eq!(lanes.take(at(10)), Some(Work::Attempt(lane(1), key(5, 2))));
    assert_eq!(lanes.take(at(10)), None);
    assert!(!lanes.are_at_rest());
    lanes.done(lane(1), key(3, 1), at(10));
    lanes.done(lane(1), key(5, 2), at(10));
    assert!(lanes.are_at_rest());
    assert_eq!(lanes.next_alarm(), Some(at(20)));
    assert_eq!(lanes.take(at(19)), None);
    assert_eq!(lanes.take(at(20)), Some(Work::Attempt(lane(1), key(20, 3))));
    lanes.done(lane(1), key(20, 3), at(20));
    assert_eq!(lanes.next_alarm(), None);
}

#[test]
fn a_lane_has_a_few_deliveries_under_way_and_takes_its_turn() {
    let mut lanes = found();
    for position in 0..6 {
        lanes.added(lane(1), key(0, position), at(0));
        lanes.added(lane(2), key(0, position), at(0));
    }
    let taken: Vec<Work> = std::iter::from_fn(|| lanes.take(at(0))).collect();
    assert_eq!(taken.len(), 8);
    let of = |work: &Work| matches!(work, Work::Attempt(id, _) if *id == lane(1));
    let turns: Vec<bool> = taken.iter().map(of).collect();
    assert_eq!(turns, [true, false, true, false, true, false, true, false]);
}

#[test]
fn a_lane_that_waits_for_a_function_goes_on_when_there_is_one() {
    let mut lanes = found();
    lanes.added(lane(1), key(0, 1), at(0));
    assert!(lanes.take(at(0)).is_some());
    lanes.put_back(lane(1), key(0, 1), Some(Hold::Function("f".into())), at(0));
    lanes.added(lane(1), key(0, 2), at(0));
    assert_eq!(lanes.take(at(u64::MAX)), None);
    assert!(lanes.are_at_rest());
    lanes.attached("g", at(1));
    assert_eq!(lanes.take(at(1)), None);
    lanes.attached("f", at(1));
    assert_eq!(lanes.take(at(1)), Some(Work::Attempt(lane(1), key(0, 1))));
}

#[test]
fn so_many_are_permitted_in_a_second() {
    let mut lanes = found();
    for position in 0..4 {
        lanes.added(lane(1), key(0, position), at(0));
    }
    let mut permitted = Vec::new();
    for now in [0, 500, 999, 1000, 1999, 2000] {
        while let Some(Work::Attempt(id, key)) = lanes.take(at(now)) {
            if lanes.permit(id, key, 2, at(now)) {
                permitted.push((now, key.position));
                lanes.done(id, key, at(now));
            }
        }
    }
    assert_eq!(permitted, [(0, 0), (0, 1), (1000, 2), (1000, 3)]);
}

#[derive(Debug, Clone)]
enum Step {
    /// A commit, which is told of now or later.
    Add(u8, u64, bool),
    /// A thread takes something to do.
    Take,
    /// A thread comes to its end with what it took, in one of several ways.
    Finish(usize, u8),
    Tell(usize),
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..3_u8, 0..30_u64, any::<bool>()).prop_map(|(lane, due, told)| Step::Add(lane, due, told)),
        4 => Just(Step::Take),
        4 => (any::<usize>(), 0..6_u8).prop_map(|(which, how)| Step::Finish(which, how)),
        2 => any::<usize>().prop_map(Step::Tell),
        1 => (1..10_u64).prop_map(Step::Pass),
    ];
    proptest::collection::vec(step, 0..400)
}

/// What threads have taken, reads with what the store held when they looked.
enum Taken {
    Read(SubscriptionId, Vec<DeliveryKey>, Option<DeliveryKey>),
    Attempt(SubscriptionId, DeliveryKey),
}

#[derive(Default)]
struct World {
    lanes: Lanes,
    rows: BTreeMap<SubscriptionId, BTreeSet<DeliveryKey>>,
    untold: Vec<(SubscriptionId, DeliveryKey)>,
    taken: Vec<Taken>,
    last: u64,
    now: u64,
}

impl World {
    fn add(&mut self, id: SubscriptionId, due: u64) {
        self.last += 1;
        let added = key(due, self.last);
        self.rows.entry(id).or_default().insert(added);
        self.untold.push((id, added));
    }

    fn tell(&mut self, which: usize) {
        if !self.untold.is_empty() {
            let (id, key) = self.untold.remove(which % self.untold.len());
            self.lanes.added(id, key, at(self.now));
        }
    }

    fn take(&mut self) -> bool {
        let taken = match self.lanes.take(at(self.now)) {
            None => return false,
            Some(Work::Read(id, from, most)) => {
                let rows: Vec<DeliveryKey> =
                    self.rows.get(&id).into_iter().flat_map(|rows| rows.range(from..)).copied().collect();
                let keys: Vec<DeliveryKey> = rows.iter().copied().take(most).collect();
                let next = (rows.len() > most).then(|| keys[most - 1].next());
                Taken::Read(id, keys, next)
            }
            Some(Work::Attempt(id, key)) => {
                let is_free = |taken: &Taken| !matches!(taken, Taken::Attempt(i, k) if (*i, *k) == (id, key));
                assert!(self.taken.iter().all(is_free), "twice at a time");
                assert!(key.due <= self.now, "before its time");
                Taken::Attempt(id, key)
            }
        };
        self.taken.push(taken);
        true
    }

    fn finish(&mut self, which: usize, how: u8) {
        if self.taken.is_empty() {
            return;
        }
        let now = at(self.now);
        match self.taken.remove(which % self.taken.len()) {
            Taken::Read(id, ..) if how == 0 => {
                self.lanes.not_read(id, now.saturating_add(Duration::from_millis(2)), now)
            }
            Taken::Read(id, keys, next) => self.lanes.read(id, &keys, next, now),
            Taken::Attempt(id, key) => {
                let was_there = self.rows.get(&id).is_some_and(|rows| rows.contains(&key));
                match how {
                    // Its row stands, and it is attempted again.
                    0 => return self.lanes.put_back(id, key, Some(Hold::Until(at(self.now + 3))), now),
                    // Its row is replaced by one that is due later.
                    1 if was_there => {
                        self.add(id, self.now + 4);
                        let (_, added) = self.untold.pop().unwrap();
                        self.lanes.added(id, added, now);
                    }
                    _ => {}
                }
                self.rows.entry(id).or_default().remove(&key);
                self.lanes.done(id, key, now);
            }
        }
    }
}

proptest! {
    #[test]
    fn every_row_is_attempted(steps in steps(), left_over in proptest::collection::vec((0..3_u8, 0..30_u64), 0..40)) {
        let mut world = World::default();
        for (number, due) in left_over {
            world.add(lane(number), due);
        }
        world.untold.clear();
        let kept: Vec<SubscriptionId> = world.rows.keys().copied().collect();
        let mut kept = kept.into_iter();
        for step in steps {
            match step {
                Step::Add(number, due, is_told) => {
                    world.add(lane(number), due);
                    if is_told {
                        world.tell(usize::MAX);
                    }
                }
                Step::Take => drop(world.take()),
                Step::Finish(which, how) => world.finish(which, how),
                Step::Tell(which) => world.tell(which),
                Step::Pass(millis) => world.now += millis,
            }
            // The store's lanes are found meanwhile, one after the other.
            match kept.next() {
                Some(id) => world.lanes.found(id, at(world.now)),
                None => world.lanes.are_all_found = true,
            }
        }
        for id in kept {
            world.lanes.found(id, at(world.now));
        }
        world.lanes.are_all_found = true;
        while !world.untold.is_empty() {
            world.tell(0);
        }
        for _ in 0..200 {
            while world.take() {}
            while !world.taken.is_empty() {
                world.finish(0, 9);
            }
            world.now += 1;
        }
        prop_assert!(world.rows.values().all(BTreeSet::is_empty), "{:?} are left", world.rows);
        prop_assert!(world.lanes.are_at_rest() && world.lanes.next_alarm().is_none());
    }
}
