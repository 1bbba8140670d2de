//! The program that simulated power cuts of queues are tried on; see `tests/powercut/README.md` for the tool and its protocol.
//!
//! ```text
//! cargo build --release -p millpond-queue --example powercut-queue
//! python3 tests/powercut/powercut.py --ops 2000 --images 60 --seed 1 -- target/release/examples/powercut-queue fjall
//! ```
//!
//! Operation `i` belongs to one of eight writers, which work at the same time. Each has queues of its own, in which it sends,
//! receives and deletes alone: what they hold after each of its steps is known, and the check asks that they hold what the
//! steps up to one that was under way have left, and nothing else. Besides there are two queues that all writers share; what
//! they received and deleted there is noted in keyspaces, and the check asks that it goes together with what is left.
//!
//! - `workload`: the operations
//! - `run`: applies them
//! - `model`: what a writer's queues hold after its operations
//! - `check`: whether a store holds that
#![allow(clippy::expect_used, clippy::panic, missing_docs, reason = "a test program: a panic is its verdict")]

mod check;
mod model;
mod run;
mod workload;

use std::process::ExitCode;

use millpond_engine::{BackendKind, Clock, Durability, Engine, Keyspace, Timestamp};
use millpond_queue::{Options, Queues};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().expect("a number");
    match args.as_slice() {
        [backend, "run", store, acks, operations, seed] => {
            let seed = number(seed);
            let receives = if seed.is_multiple_of(2) { Durability::Buffered } else { Durability::Sync };
            let store = Store::open(backend, store, workload::time_of(0), receives).expect("the store opens");
            run::run(&store, acks, number(operations), seed);
            // The store is left as it is, as a power cut would.
            std::process::exit(0);
        }
        [backend, "check", store, acked, attempted, seed] => {
            let (acked, attempted, seed) = (number(acked), number(attempted), number(seed));
            // Without waiting for what a receive has moved, it could not be counted.
            match Store::open(backend, store, workload::time_of(acked), Durability::Sync) {
                Err(error) => fail(&format!("does not open: {error}")),
                Ok(store) => match check::check(&store, acked, attempted, seed) {
                    Ok(()) => ExitCode::SUCCESS,
                    Err(wrong) => fail(&wrong),
                },
            }
        }
        _ => fail("usage: powercut-queue BACKEND run STORE ACK_FILE N SEED | BACKEND check STORE ACKED ATTEMPTED SEED"),
    }
}

fn fail(wrong: &str) -> ExitCode {
    println!("{wrong}");
    ExitCode::FAILURE
}

/// An engine with its queues, and the keyspaces in which the operations note what they cannot know beforehand.
struct Store {
    engine: Engine,
    queues: Queues,
    /// By operation: what it received from a queue of its writer, in the same transaction.
    journal: Keyspace,
    /// By message: the operation that handled it, in the transaction that deleted it.
    effects: Keyspace,
    /// By operation: what it received from a shared queue, after it was received and before it is deleted.
    claims: Keyspace,
    /// By operation: what it deleted from a shared queue, after it was deleted.
    done: Keyspace,
}

impl Store {
    fn open(backend: &str, store: &str, now: Timestamp, receives: Durability) -> millpond_queue::Result<Store> {
        let options = Engine::options().clock(Clock::manual(now));
        let engine = match backend {
            "memory" => options.backend(BackendKind::Memory).open()?,
            "fjall" => options.backend(BackendKind::Fjall).path(store).open()?,
            other => panic!("no backend is called {other}"),
        };
        Ok(Store {
            queues: Queues::open_with(&engine, Options::default().cooldowns(false).receives(receives))?,
            journal: engine.keyspace("journal")?,
            effects: engine.keyspace("effects")?,
            claims: engine.keyspace("claims")?,
            done: engine.keyspace("done")?,
            engine,
        })
    }
}
