//! One thread, so that a history is the same each time, and is made smaller where it fails.

use std::time::Duration;

use millpond_stream::{Batch, Error, Member, StartingPosition};
use proptest::{collection::vec, prelude::*, sample::Index};

use super::*;

/// Of the leases; the clock moves by a third of it.
const STEP: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
enum Op {
    Put {
        producer: u32,
        count: u32,
    },
    Join,
    Leave(Index),
    /// It is not heard of any more, and what it was given is checkpointed too late, or never.
    Crash(Index),
    Poll {
        member: Index,
        max: usize,
    },
    Checkpoint(Index),
    Drop(Index),
    Reshard {
        pick: usize,
        splits: bool,
    },
    Pass,
    Reopen,
    Maintain,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        12 => (0..PRODUCERS, 1..5_u32).prop_map(|(producer, count)| Op::Put { producer, count }),
        2 => Just(Op::Join),
        1 => any::<Index>().prop_map(Op::Leave),
        1 => any::<Index>().prop_map(Op::Crash),
        14 => (any::<Index>(), 1..6_usize).prop_map(|(member, max)| Op::Poll { member, max }),
        10 => any::<Index>().prop_map(Op::Checkpoint),
        1 => any::<Index>().prop_map(Op::Drop),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(pick, splits)| Op::Reshard { pick, splits }),
        3 => Just(Op::Pass),
        1 => Just(Op::Reopen),
        1 => Just(Op::Maintain),
    ];
    vec(op, 1..250)
}

struct Given {
    batch: Batch,
    /// The number of the member, and whether that is heard of.
    member: u32,
    is_live: bool,
}

/// What has to come of a history.
struct Model {
    home: Home,
    members: Vec<(u32, Member)>,
    next_member: u32,
    given: Vec<Given>,
    put: [u32; PRODUCERS as usize],
    done: [u32; PRODUCERS as usize],
    /// In the transactional form, what was done is also counted by the transactions themselves.
    is_transactional: bool,
}

impl Model {
    fn new(is_on_disk: bool, is_transactional: bool) -> Model {
        let home = Home::new(is_on_disk);
        let group = home.stream().consumer_group("g").start_at(StartingPosition::Latest);
        group.create().unwrap();
        let (put, done) = ([0; PRODUCERS as usize], [0; PRODUCERS as usize]);
        Model { home, members: Vec::new(), next_member: 0, given: Vec::new(), put, done, is_transactional }
    }

    fn join(&mut self) {
        let member = self.home.stream().consumer_group("g").join(&format!("m{}", self.next_member)).unwrap();
        self.members.push((self.next_member, member));
        self.next_member += 1;
    }

    /// The number of the member and its handle, taken out of those who are there.
    fn part(&mut self, at: &Index) -> Option<(u32, Member)> {
        (!self.members.is_empty()).then(|| self.members.remove(at.index(self.members.len())))
    }

    fn lose(&mut self, member: u32) {
        self.given.iter_mut().filter(|given| given.member == member).for_each(|given| given.is_live = false);
    }

    fn poll(&mut self, at: &Index, max: usize) {
        if self.members.is_empty() {
            return;
        }
        let (member, polled) = &self.members[at.index(self.members.len())];
        let Some(batch) = polled.poll(max, Duration::ZERO).unwrap() else { return };
        assert!((1..=max).contains(&batch.records().len()));
        let mut next = self.done;
        for record in batch.records() {
            let (producer, nth) = parse(&record.data);
            assert_eq!(next[producer as usize], nth, "order is broken, or a record is given that was done with");
            next[producer as usize] += 1;
            for given in self.given.iter().filter(|given| given.is_live) {
                let is_other = given.batch.records().iter().all(|other| other.data != record.data);
                assert!(is_other, "a record is given twice, though nobody has crashed");
            }
        }
        self.given.push(Given { batch, member: *member, is_live: true });
    }

    fn checkpoint(&mut self, at: &Index) {
        if self.given.is_empty() {
            return;
        }
        let given = self.given.remove(at.index(self.given.len()));
        let outcome = match self.is_transactional {
            true => self.done_in(&given.batch),
            false => given.batch.checkpoint(),
        };
        match outcome {
            Ok(()) => self.count(&given.batch),
            Err(error) => {
                assert!(matches!(error, Error::LeaseLost { .. }), "{error:?}");
                assert!(!given.is_live, "a live member has lost a shard");
            }
        }
    }

    fn count(&mut self, batch: &Batch) {
        for record in batch.records() {
            let (producer, nth) = parse(&record.data);
            assert_eq!(self.done[producer as usize], nth, "a record is done with twice, or before another one");
            self.done[producer as usize] += 1;
        }
    }

    fn done_in(&self, batch: &Batch) -> Result<(), Error> {
        let engine = self.home.engine();
        let effects = engine.keyspace("effects")?;
        engine.transact(|tx| {
            for record in batch.records() {
                tx.add(&effects, record.data.clone(), 1)?;
            }
            batch.checkpoint_in(tx)
        })
    }

    fn run(&mut self, op: &Op) {
        match op {
            Op::Put { producer, count } => {
                let first = self.put[*producer as usize];
                let records = (first..first + count).map(|nth| record(*producer, nth));
                self.home.stream().append_batch(records).unwrap();
                self.put[*producer as usize] += count;
            }
            Op::Join if self.members.len() < 6 => self.join(),
            Op::Join => {}
            Op::Leave(at) => {
                if let Some((number, member)) = self.part(at) {
                    member.leave().unwrap();
                    self.lose(number);
                }
            }
            Op::Crash(at) => {
                if let Some((number, _)) = self.part(at) {
                    self.lose(number);
                }
            }
            Op::Poll { member, max } => self.poll(member, *max),
            Op::Checkpoint(at) => self.checkpoint(at),
            Op::Drop(at) if !self.given.is_empty() => drop(self.given.remove(at.index(self.given.len()))),
            Op::Drop(_) => {}
            Op::Reshard { pick, splits } => reshard(self.home.stream(), *pick, *splits),
            Op::Pass => {
                self.home.pass(STEP);
                self.members.iter().for_each(|(_, member)| member.renew().unwrap());
            }
            Op::Reopen => {
                self.members.clear();
                self.given.clear();
                self.home.reopen();
            }
            Op::Maintain => drop(self.home.stream().streams().maintain().unwrap()),
        }
    }

    /// All that was put is done with in the end, by whoever is there.
    fn finish(mut self) {
        // Some of them are gone.
        self.members.truncate(self.next_member as usize % 4);
        self.given.clear();
        self.join();
        for _ in 0..5 {
            self.run(&Op::Pass);
        }
        loop {
            let before = self.done;
            for nth in 0..self.members.len() {
                let (_, member) = &self.members[nth];
                while let Some(batch) = member.poll(7, Duration::ZERO).unwrap() {
                    match self.is_transactional {
                        true => self.done_in(&batch).unwrap(),
                        false => batch.checkpoint().unwrap(),
                    }
                    for record in batch.records() {
                        let (producer, nth) = parse(&record.data);
                        assert_eq!(self.done[producer as usize], nth);
                        self.done[producer as usize] += 1;
                    }
                }
            }
            if self.done == before {
                break;
            }
        }
        assert_eq!(self.done, self.put);
        // Leases move one at a time.
        for _ in 0..20 {
            self.members.iter().for_each(|(_, member)| member.renew().unwrap());
        }
        let metrics = self.home.stream().consumer_group("g").metrics().unwrap();
        assert!(metrics.is_caught_up(), "{metrics:?}");
        let shares: Vec<usize> = metrics.members.iter().map(|member| member.shards).collect();
        assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1, "{metrics:?}");
        if self.is_transactional {
            self.check_effects();
        }
    }

    fn check_effects(&self) {
        use millpond_engine::Read;
        let effects = self.home.engine().keyspace("effects").unwrap();
        let mut snapshot = self.home.engine().snapshot().unwrap();
        for (producer, put) in (0..).zip(self.put) {
            for nth in 0..put {
                let count = snapshot.counter(&effects, &record(producer, nth).data).unwrap();
                assert_eq!(count, 1, "{producer} {nth}");
            }
        }
    }
}

fn check(ops: &[Op], is_on_disk: bool, is_transactional: bool) {
    let mut model = Model::new(is_on_disk, is_transactional);
    ops.iter().for_each(|op| model.run(op));
    model.finish();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_record_is_given_in_order_and_twice_only_after_a_crash(ops in ops()) {
        check(&ops, false, false);
    }

    #[test]
    fn every_record_takes_effect_exactly_once(ops in ops()) {
        check(&ops, false, true);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn a_store_on_disk_that_is_opened_again_goes_on_where_it_was(ops in ops()) {
        check(&ops, true, true);
    }
}
