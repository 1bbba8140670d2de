//! Random sequences of operations, each of which must give what an ordered map gives.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    ops::Bound,
    sync::atomic::{AtomicU32, Ordering},
};

use bytes::Bytes;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};

use super::{Store, Subject, meanwhile, storage::contains};
use crate::{
    Durability, Engine, Error, Keyspace, Options, RangeRequest, Read, Snapshot, TransactOptions, Transaction,
    WriteBatch,
};

/// The seed of the sequences, unless another one is to be tried.
pub const SEED: u64 = 0x6D69_6C6C_706F_6E64;

/// How many sequences share a store, so that opening it again has little to read back.
const SEQUENCES_A_STORE: u32 = 200;

/// Runs `count` random sequences of operations against a model; the same seed gives the same sequences.
///
/// # Panics
/// When the engine and the model disagree, with the shortest sequence found that shows it.
pub fn sequences(subject: &Subject, count: u32, seed: u64) {
    for (part, first) in (0_u64..).zip((0..count).step_by(SEQUENCES_A_STORE as usize)) {
        let cases = SEQUENCES_A_STORE.min(count - first);
        let seed = [seed.to_be_bytes(), part.to_be_bytes()].concat();
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::XorShift, &seed));
        let store = subject.store();
        let engine = RefCell::new(Some(open(&store)));
        let number = AtomicU32::new(0);
        let outcome = runner.run(&vec(operation(), 1..24), |operations| {
            let sequence = Sequence::new(&store, &engine, number.fetch_add(1, Ordering::Relaxed));
            sequence.run(operations)
        });
        if let Err(failure) = outcome {
            panic!("{}: {failure}", subject.name);
        }
    }
}

/// Buffered: what a power cut takes is shown elsewhere, and a sync for each operation would take most of the time.
fn open(store: &Store<'_>) -> Engine {
    store.open_with(Options::default().durability(Durability::Buffered)).unwrap()
}

const PREFIX_BYTES: usize = size_of::<u32>();

/// A key of one of two keyspaces.
type Place = (bool, Vec<u8>);
type Model = BTreeMap<Place, Bytes>;

#[derive(Debug, Clone)]
struct Range {
    right: bool,
    from: Bound<Vec<u8>>,
    to: Bound<Vec<u8>>,
    reverse: bool,
    limit: usize,
    limit_bytes: usize,
}

#[derive(Debug, Clone)]
enum Look {
    Get(Place),
    Range(Range),
}

#[derive(Debug, Clone)]
enum Step {
    Look(Look),
    Write(Place, Option<Bytes>),
    /// Joins the transaction, and fails or not.
    Nested {
        writes: Vec<(Place, Option<Bytes>)>,
        fails: bool,
    },
}

#[derive(Debug, Clone)]
enum Operation {
    Look(Look),
    Batch(Vec<(Place, Option<Bytes>)>),
    Transact {
        steps: Vec<Step>,
        fails: bool,
        synced: bool,
    },
    /// A transaction that looks, while another one writes, and then writes itself.
    Overlap {
        looks: Vec<Look>,
        others: Vec<(Place, Option<Bytes>)>,
        own: Place,
    },
    TakeSnapshot,
    LookAtSnapshot(Look),
    Reopen,
}

/// Few keys, so that they meet, with bytes at both ends of the order.
fn place() -> impl Strategy<Value = Place> {
    let byte = prop_oneof![Just(0), Just(1), Just(b'a'), Just(0xFE), Just(0xFF)];
    (any::<bool>(), vec(byte, 0..4))
}

fn value() -> impl Strategy<Value = Option<Bytes>> {
    let filled =
        |bytes: std::ops::Range<usize>| (any::<u8>(), bytes).prop_map(|(byte, len)| Some(Bytes::from(vec![byte; len])));
    prop_oneof![3 => Just(None), 6 => filled(0..20), 1 => filled(20..6_000)]
}

fn writes() -> impl Strategy<Value = Vec<(Place, Option<Bytes>)>> {
    vec((place(), value()), 0..6)
}

fn range() -> impl Strategy<Value = Range> {
    let bound = || {
        prop_oneof![
            Just(Bound::Unbounded),
            place().prop_map(|(_, key)| Bound::Included(key)),
            place().prop_map(|(_, key)| Bound::Excluded(key)),
        ]
    };
    let limit = prop_oneof![1_usize..4, Just(100)];
    let limit_bytes = prop_oneof![0_usize..30, Just(1 << 20)];
    (any::<bool>(), bound(), bound(), any::<bool>(), limit, limit_bytes).prop_map(
        |(right, from, to, reverse, limit, limit_bytes)| Range { right, from, to, reverse, limit, limit_bytes },
    )
}

fn look() -> impl Strategy<Value = Look> {
    prop_oneof![place().prop_map(Look::Get), range().prop_map(Look::Range)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => look().prop_map(Step::Look),
        4 => (place(), value()).prop_map(|(place, value)| Step::Write(place, value)),
        1 => (writes(), any::<bool>()).prop_map(|(writes, fails)| Step::Nested { writes, fails }),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let transact = (vec(step(), 0..8), prop::bool::weighted(0.2), prop::bool::weighted(0.05));
    let overlap = (vec(look(), 0..3), writes(), place());
    prop_oneof![
        200 => look().prop_map(Operation::Look),
        200 => writes().prop_map(Operation::Batch),
        200 => transact.prop_map(|(steps, fails, synced)| Operation::Transact { steps, fails, synced }),
        60 => overlap.prop_map(|(looks, others, own)| Operation::Overlap { looks, others, own }),
        40 => Just(Operation::TakeSnapshot),
        100 => look().prop_map(Operation::LookAtSnapshot),
        1 => Just(Operation::Reopen),
    ]
}

/// One sequence under way. All sequences of a run share a store, each under a prefix of its own.
struct Sequence<'a> {
    store: &'a Store<'a>,
    engine: &'a RefCell<Option<Engine>>,
    prefix: [u8; PREFIX_BYTES],
    keyspaces: [Keyspace; 2],
    model: Model,
    snapshot: Option<(Snapshot, Model)>,
}

impl<'a> Sequence<'a> {
    fn new(store: &'a Store<'a>, engine: &'a RefCell<Option<Engine>>, number: u32) -> Sequence<'a> {
        let keyspaces = keyspaces(&engine.borrow().clone().unwrap());
        Sequence { store, engine, prefix: number.to_be_bytes(), keyspaces, model: Model::new(), snapshot: None }
    }

    fn run(mut self, operations: Vec<Operation>) -> Result<(), TestCaseError> {
        for operation in operations {
            self.apply(operation)?;
        }
        // Whatever was not looked at is looked at now.
        for right in [false, true] {
            let (from, to) = (Bound::Unbounded, Bound::Unbounded);
            let range = Range { right, from, to, reverse: false, limit: 1_000, limit_bytes: usize::MAX };
            self.apply(Operation::Look(Look::Range(range)))?;
        }
        Ok(())
    }

    fn engine(&self) -> Engine {
        self.engine.borrow().clone().unwrap()
    }

    fn apply(&mut self, operation: Operation) -> Result<(), TestCaseError> {
        match operation {
            Operation::Look(look) => {
                self.look(&mut self.engine().snapshot().unwrap(), &self.model, &look)?;
                if let Look::Get(place) = &look {
                    let found = self.engine().get(self.keyspace(place.0), &self.key(&place.1)).unwrap();
                    prop_assert_eq!(found.as_ref(), self.model.get(place));
                }
            }
            Operation::Batch(writes) => {
                self.engine().write(self.batch(&writes)).unwrap();
                change(&mut self.model, writes);
            }
            Operation::Transact { steps, fails, synced } => self.transact(steps, fails, synced)?,
            Operation::Overlap { looks, others, own } => self.overlap(&looks, others, own)?,
            Operation::TakeSnapshot => self.snapshot = Some((self.engine().snapshot().unwrap(), self.model.clone())),
            Operation::LookAtSnapshot(look) => {
                if let Some((mut snapshot, model)) = self.snapshot.take() {
                    self.look(&mut snapshot, &model, &look)?;
                    self.snapshot = Some((snapshot, model));
                }
            }
            Operation::Reopen => self.reopen(),
        }
        Ok(())
    }

    fn reopen(&mut self) {
        if self.engine().capabilities().persistent {
            self.snapshot = None;
            drop(self.engine.borrow_mut().take());
            let engine = open(self.store);
            self.keyspaces = keyspaces(&engine);
            *self.engine.borrow_mut() = Some(engine);
        }
    }

    fn transact(&mut self, steps: Vec<Step>, fails: bool, synced: bool) -> Result<(), TestCaseError> {
        let engine = self.engine();
        let durability = if synced { Durability::Sync } else { Durability::Buffered };
        let mut model = self.model.clone();
        let committed = engine.transact_with(&TransactOptions::default().durability(durability), |tx| {
            model.clone_from(&self.model);
            for step in &steps {
                match step {
                    Step::Look(look) => self.look(tx, &model, look)?,
                    Step::Write(place, value) => {
                        self.write(tx, place, value.as_ref());
                        change(&mut model, [(place.clone(), value.clone())]);
                    }
                    Step::Nested { writes, fails } => {
                        let joined = engine.transact(|inner| {
                            writes.iter().for_each(|(place, value)| self.write(inner, place, value.as_ref()));
                            if *fails { Err(Ended::Wanted) } else { Ok(()) }
                        });
                        match joined {
                            Ok(()) => change(&mut model, writes.clone()),
                            Err(Ended::Wanted) => {}
                            Err(failed) => return Err(failed),
                        }
                    }
                }
            }
            if fails { Err(Ended::Wanted) } else { Ok(()) }
        });
        match committed {
            Ok(()) => self.model = model,
            Err(Ended::Wanted) => {}
            Err(ended) => return Err(ended.into()),
        }
        Ok(())
    }

    fn overlap(
        &mut self,
        looks: &[Look],
        others: Vec<(Place, Option<Bytes>)>,
        own: Place,
    ) -> Result<(), TestCaseError> {
        let engine = self.engine();
        let mut after = self.model.clone();
        change(&mut after, others.clone());
        let committed = engine.transact_with(&TransactOptions::default().optimistic_only(1), |tx| {
            for look in looks {
                self.look(tx, &self.model, look)?;
            }
            let batch = self.batch(&others);
            meanwhile(|| engine.write(batch).unwrap());
            self.write(tx, &own, Some(&Bytes::from("own")));
            Ok::<_, Ended>(())
        });
        let conflicted = match committed {
            Ok(()) => false,
            Err(Ended::Engine(Error::Conflict { .. })) => true,
            Err(ended) => return Err(ended.into()),
        };
        // A transaction whose reads would now give something else must lose, one whose keys nobody wrote must not.
        let stale = looks.iter().any(|look| is_stale(&seen(&self.model, look), &seen(&after, look)));
        let touched = looks.iter().any(|look| others.iter().any(|(place, _)| may_see(look, place)));
        prop_assert!(conflicted || !stale, "a stale read was committed");
        prop_assert!(touched || !conflicted, "a conflict without a cause");
        if !conflicted {
            after.insert(own, Bytes::from("own"));
        }
        self.model = after;
        Ok(())
    }

    fn look(&self, read: &mut impl Read, model: &Model, look: &Look) -> Result<(), TestCaseError> {
        match look {
            Look::Get((right, key)) => {
                let found = read.get(self.keyspace(*right), &self.key(key)).unwrap();
                prop_assert_eq!(Seen::Value(found), seen(model, look));
            }
            Look::Range(range) => {
                let page = read.range(self.keyspace(range.right), &self.request(range)).unwrap();
                let own = |key: Bytes| key.slice(PREFIX_BYTES..).to_vec();
                let entries = page.entries.into_iter().map(|(key, value)| (own(key), value)).collect();
                prop_assert_eq!(Seen::Page(entries, page.resume.map(own)), seen(model, look));
            }
        }
        Ok(())
    }

    fn keyspace(&self, right: bool) -> &Keyspace {
        let [left, other] = &self.keyspaces;
        if right { other } else { left }
    }

    fn key(&self, key: &[u8]) -> Vec<u8> {
        [&self.prefix, key].concat()
    }

    fn request(&self, range: &Range) -> RangeRequest {
        // Unbounded means the end of the sequence's own keys.
        let own = RangeRequest::prefix(&self.prefix);
        let bound = |bound: &Bound<Vec<u8>>, end: &Bound<Bytes>| match bound {
            Bound::Unbounded => end.clone(),
            Bound::Included(key) => Bound::Included(self.key(key).into()),
            Bound::Excluded(key) => Bound::Excluded(self.key(key).into()),
        };
        RangeRequest { from: bound(&range.from, &own.from), to: bound(&range.to, &own.to), ..own }
            .reverse_if(range.reverse)
            .limit(range.limit)
            .limit_bytes(range.limit_bytes)
    }

    fn batch(&self, writes: &[(Place, Option<Bytes>)]) -> WriteBatch {
        let mut batch = WriteBatch::new();
        for ((right, key), value) in writes {
            match value {
                Some(value) => batch.put(self.keyspace(*right), self.key(key), value.clone()),
                None => batch.delete(self.keyspace(*right), self.key(key)),
            }
        }
        batch
    }

    fn write(&self, tx: &mut Transaction, (right, key): &Place, value: Option<&Bytes>) {
        let written = match value {
            Some(value) => tx.put(self.keyspace(*right), self.key(key), value.clone()),
            None => tx.delete(self.keyspace(*right), self.key(key)),
        };
        written.unwrap();
    }
}

fn keyspaces(engine: &Engine) -> [Keyspace; 2] {
    ["left", "right"].map(|name| engine.keyspace(name).unwrap())
}

fn change(model: &mut Model, writes: impl IntoIterator<Item = (Place, Option<Bytes>)>) {
    for (place, value) in writes {
        match value {
            Some(value) => model.insert(place, value),
            None => model.remove(&place),
        };
    }
}

/// How a transaction's closure ended.
#[derive(Debug)]
enum Ended {
    /// As the sequence asked.
    Wanted,
    Engine(Error),
    Failed(TestCaseError),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        Ended::Engine(error)
    }
}

impl From<TestCaseError> for Ended {
    fn from(error: TestCaseError) -> Ended {
        Ended::Failed(error)
    }
}

impl From<Ended> for TestCaseError {
    fn from(ended: Ended) -> TestCaseError {
        match ended {
            Ended::Failed(error) => error,
            other => TestCaseError::fail(format!("{other:?}")),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Seen {
    Value(Option<Bytes>),
    /// The entries, and where the next page begins.
    Page(Vec<(Vec<u8>, Bytes)>, Option<Vec<u8>>),
}

/// What the model shows.
fn seen(model: &Model, look: &Look) -> Seen {
    let range = match look {
        Look::Get(place) => return Seen::Value(model.get(place).cloned()),
        Look::Range(range) => range,
    };
    let inside = model.iter().filter(|(place, _)| may_see(look, place));
    let mut all: Vec<_> = inside.map(|((_, key), value)| (key.clone(), value.clone())).collect();
    if range.reverse {
        all.reverse();
    }
    let mut bytes = 0;
    let full = |(at, (key, value)): (usize, &(Vec<u8>, Bytes))| {
        let full = at >= range.limit || (at > 0 && bytes >= range.limit_bytes);
        bytes += PREFIX_BYTES + key.len() + value.len();
        full
    };
    let resume = all.iter().enumerate().position(full).map(|next| {
        all.truncate(next);
        all.last().map(|(key, _)| key.clone())
    });
    Seen::Page(all, resume.flatten())
}

/// Whether what was seen no longer holds. That a page may be followed by another is no promise.
fn is_stale(before: &Seen, after: &Seen) -> bool {
    match (before, after) {
        (Seen::Page(before, Some(_)), Seen::Page(after, _)) => before != after,
        _ => before != after,
    }
}

/// Whether a change of that place can change what is seen, wherever its page ends.
fn may_see(look: &Look, (right, key): &Place) -> bool {
    match look {
        Look::Get((own_right, own_key)) => (own_right, own_key) == (right, key),
        Look::Range(range) => {
            let (from, to) = (range.from.as_ref().map(Vec::as_slice), range.to.as_ref().map(Vec::as_slice));
            range.right == *right && contains(from, to, key)
        }
    }
}
