//! The program that simulated power cuts are tried on; see `tests/powercut/README.md` for the tool and its protocol.
//!
//! ```text
//! cargo build --release -p millpond-engine --features sled --example powercut
//! python3 tests/powercut/powercut.py --ops 4000 --images 60 --seed 1 -- target/release/examples/powercut fjall
//! ```
//!
//! Operation `i` belongs to one of eight writers, each with keys of its own, and puts or deletes the same key in two
//! keyspaces in one transaction. Writers work at the same time, so their commits share groups. A put's value names its
//! operation and is otherwise bytes that do not compress, up to 400 KB. The check asks that each key holds, whole and
//! in both keyspaces alike, what the last acknowledged operation left there or one that was under way. Each transaction
//! also appends its number to a log, and puts it into a keyspace that is made anew after some operations: whatever was
//! acknowledged has to be in both, and nothing that was not tried.
#![allow(clippy::expect_used, clippy::panic, missing_docs, reason = "a test program: a panic is its verdict")]

use std::{collections::BTreeMap, fs::OpenOptions, io::Write, path::Path, process::ExitCode};

use bytes::Bytes;
use millpond_engine::{BackendKind, Engine, Error, Keyspace, RangeRequest};

const WRITERS: u64 = 8;
const KEYS_OF_A_WRITER: u64 = 12;
/// After so many operations another keyspace is made.
const BLOCK: u64 = 100;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().expect("a number");
    match args.as_slice() {
        [backend, "run", store, acks, operations, seed] => {
            run(&open(backend, store).expect("the store opens"), acks, number(operations), number(seed));
            // The store is left as it is, as a power cut would.
            std::process::exit(0);
        }
        [backend, "check", store, acked, attempted, seed] => match open(backend, store) {
            Err(error) => fail(&format!("does not open: {error}")),
            Ok(engine) => match check(&engine, number(acked), number(attempted), number(seed)) {
                Ok(()) => ExitCode::SUCCESS,
                Err(wrong) => fail(&wrong),
            },
        },
        _ => fail("usage: powercut BACKEND run STORE ACK_FILE N SEED | BACKEND check STORE ACKED ATTEMPTED SEED"),
    }
}

fn fail(wrong: &str) -> ExitCode {
    println!("{wrong}");
    ExitCode::FAILURE
}

fn open(backend: &str, store: &str) -> Result<Engine, Error> {
    let options = match backend {
        "memory" => Engine::options().backend(BackendKind::Memory),
        "fjall" => Engine::options().backend(BackendKind::Fjall).path(store),
        "sled" => Engine::options().backend(BackendKind::Sled).path(store),
        other => panic!("no backend is called {other}"),
    };
    options.open()
}

/// A stream of numbers from a seed (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

struct Operation {
    key: Vec<u8>,
    /// The two keyspaces' values, or `None` for a deletion.
    values: Option<[Vec<u8>; 2]>,
}

fn operation(seed: u64, index: u64) -> Operation {
    let mut numbers = Numbers(seed.wrapping_mul(0x1_0000_0001) ^ index.wrapping_mul(0xD6E8_FEB8_6659_FD93));
    let key = format!("{:02}-{:04}", index % WRITERS, numbers.below(KEYS_OF_A_WRITER)).into_bytes();
    let mut value = || {
        let bytes = match numbers.below(100) {
            0..70 => numbers.below(300),
            70..92 => numbers.below(8_000),
            92..99 => numbers.below(60_000),
            _ => numbers.below(400_000),
        };
        let mut value = index.to_be_bytes().to_vec();
        value.extend((0..bytes / 8).flat_map(|_| numbers.next().to_le_bytes()));
        value
    };
    let values = [value(), value()];
    Operation { key, values: (numbers.below(6) != 0).then_some(values) }
}

/// Groups of differing sizes, so that what is acknowledged at once is sometimes one commit and sometimes many.
fn group_end(seed: u64, start: u64, operations: u64) -> u64 {
    (start + 1 + Numbers(seed ^ start).below(40)).min(operations)
}

fn run(engine: &Engine, acks: &str, operations: u64, seed: u64) {
    let keyspaces = ["left", "right", "log"].map(|name| engine.keyspace(name).expect("a keyspace"));
    let mut acks = OpenOptions::new().create(true).append(true).open(Path::new(acks)).expect("the acknowledgements");
    let mut start = 0;
    while start < operations {
        let end = group_end(seed, start, operations);
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let keyspaces = &keyspaces;
                scope.spawn(move || {
                    for index in (start..end).filter(|index| index % WRITERS == writer) {
                        write(engine, keyspaces, index, &operation(seed, index));
                    }
                });
            }
        });
        start = end;
        acks.write_all(&end.to_be_bytes()).expect("an acknowledgement is written");
    }
}

fn block(engine: &Engine, index: u64) -> Result<Keyspace, Error> {
    engine.keyspace(&format!("block-{}", index / BLOCK))
}

fn write(engine: &Engine, [left, right, log]: &[Keyspace; 3], index: u64, operation: &Operation) {
    let block = block(engine, index).expect("a keyspace");
    let number = index.to_be_bytes().to_vec();
    let done = engine.transact(|tx| -> Result<(), Error> {
        tx.append(log, "log", 1, number.clone())?;
        tx.put(&block, number.clone(), "")?;
        for (side, keyspace) in [left, right].into_iter().enumerate() {
            match &operation.values {
                Some(values) => tx.put(keyspace, operation.key.clone(), values[side].clone())?,
                None => {
                    tx.get(keyspace, &operation.key)?;
                    tx.delete(keyspace, operation.key.clone())?;
                }
            }
        }
        Ok(())
    });
    done.expect("a transaction commits");
}

/// The numbers of operations in a keyspace's keys or values, in the order of the keys.
fn numbers(engine: &Engine, keyspace: &Keyspace, of: fn(&(Bytes, Bytes)) -> &[u8]) -> Result<Vec<u64>, Error> {
    let read = |entry: Result<(Bytes, Bytes), Error>| Ok(u64::from_be_bytes(of(&entry?).try_into().expect("a number")));
    engine.snapshot()?.scan(keyspace, &RangeRequest::all())?.map(read).collect()
}

/// What was acknowledged is in the log, once, and in its block.
fn check_numbers(engine: &Engine, acked: u64, attempted: u64) -> Result<(), String> {
    let said = |error: Error| error.to_string();
    let mut logged = numbers(engine, &engine.keyspace("log").map_err(said)?, |(_, value)| value).map_err(said)?;
    logged.sort_unstable();
    let mut blocks = Vec::new();
    for start in (0..attempted).step_by(usize::try_from(BLOCK).expect("a small number")) {
        blocks.extend(numbers(engine, &block(engine, start).map_err(said)?, |(key, _)| key).map_err(said)?);
    }
    for (name, found) in [("the log", logged), ("the blocks", blocks)] {
        let of_acked: Vec<u64> = found.iter().copied().filter(|index| *index < acked).collect();
        let is_once = found.windows(2).all(|pair| pair[0] < pair[1]);
        if of_acked != (0..acked).collect::<Vec<_>>() || !is_once || found.last().is_some_and(|last| *last >= attempted)
        {
            return Err(format!("{name}: {} of {acked} operations, and up to {:?}", of_acked.len(), found.last()));
        }
    }
    Ok(())
}

fn check(engine: &Engine, acked: u64, attempted: u64, seed: u64) -> Result<(), String> {
    check_numbers(engine, acked, attempted)?;
    let mut found: [BTreeMap<Vec<u8>, Vec<u8>>; 2] = Default::default();
    for (side, name) in ["left", "right"].into_iter().enumerate() {
        let keyspace = engine.keyspace(name).map_err(|error| error.to_string())?;
        let snapshot = engine.snapshot().map_err(|error| error.to_string())?;
        for entry in snapshot.scan(&keyspace, &RangeRequest::all()).map_err(|error| error.to_string())? {
            let (key, value) = entry.map_err(|error| error.to_string())?;
            found[side].insert(key.to_vec(), value.to_vec());
        }
    }
    // Which operations may have been the last on each key: one acknowledged (or none yet), and those under way.
    let mut allowed: BTreeMap<Vec<u8>, Vec<Option<u64>>> = BTreeMap::new();
    for index in 0..attempted {
        let last = allowed.entry(operation(seed, index).key).or_insert_with(|| vec![None]);
        if index < acked {
            last.clear();
        }
        last.push(Some(index));
    }
    for key in found.iter().flat_map(BTreeMap::keys) {
        if !allowed.contains_key(key) {
            return Err(format!("{} was never written", String::from_utf8_lossy(key)));
        }
    }
    for (key, candidates) in allowed {
        let states = [found[0].get(&key), found[1].get(&key)];
        let matches = candidates.iter().any(|candidate| {
            let values = candidate.and_then(|index| operation(seed, index).values);
            states == [values.as_ref().map(|v| &v[0]), values.as_ref().map(|v| &v[1])]
        });
        if !matches {
            let seen = states.map(|state| state.map(|v| (v.len(), v.get(..8).map(<[u8]>::to_vec))));
            let key = String::from_utf8_lossy(&key).into_owned();
            return Err(format!("{key} holds {seen:?}, none of the operations {candidates:?} left that"));
        }
    }
    Ok(())
}
