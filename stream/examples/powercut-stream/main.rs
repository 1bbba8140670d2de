//! The program that simulated power cuts of streams are tried on; see `tests/powercut/README.md` for the tool and its protocol.
//!
//! ```text
//! cargo build --release -p millpond-stream --example powercut-stream
//! python3 tests/powercut/powercut.py --ops 2000 --images 60 --seed 1 -- target/release/examples/powercut-stream fjall
//! ```
//!
//! Operation `i` belongs to one of eight writers, which work at the same time. Each has streams of its own: what they hold after each
//! of its operations is known, and the check asks that they hold what the operations up to one that was under way have left, and
//! nothing else. Besides there is a stream that all writers share.
//!
//! With the backend `unsynced` nothing waits for a sync, and the check has to find losses.
//!
//! - `workload`: the operations
//! - `run`: applies them
//! - `model`: what a writer's streams hold after its operations
//! - `check`: whether a store holds that
#![allow(clippy::expect_used, clippy::panic, missing_docs, reason = "a test program: a panic is its verdict")]

mod check;
mod model;
mod run;
mod workload;

use std::process::ExitCode;

use millpond_engine::{BackendKind, Clock, Durability, Engine, Keyspace, Timestamp};
use millpond_stream::{Options, Streams};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().expect("a number");
    match args.as_slice() {
        [backend, "run", store, acks, operations, seed] => {
            let store = Store::open(backend, store, workload::time_of(0)).expect("the store opens");
            run::run(&store, acks, number(operations), number(seed));
            // The store is left as it is, as a power cut would.
            std::process::exit(0);
        }
        [backend, "check", store, acked, attempted, seed] => {
            let (acked, attempted, seed) = (number(acked), number(attempted), number(seed));
            match Store::open(backend, store, workload::time_of(acked)) {
                Err(error) => fail(&format!("does not open: {error}")),
                Ok(store) => match check::check(&store, acked, attempted, seed) {
                    Ok(()) => ExitCode::SUCCESS,
                    Err(wrong) => fail(&wrong),
                },
            }
        }
        _ => {
            fail("usage: powercut-stream BACKEND run STORE ACK_FILE N SEED | BACKEND check STORE ACKED ATTEMPTED SEED")
        }
    }
}

fn fail(wrong: &str) -> ExitCode {
    println!("{wrong}");
    ExitCode::FAILURE
}

/// An engine with its streams, and the keyspace in which the operations note what they cannot know beforehand.
struct Store {
    engine: Engine,
    streams: Streams,
    /// By number of a record: the sequence number that it was given, once that was told.
    numbers: Keyspace,
}

impl Store {
    fn open(backend: &str, store: &str, now: Timestamp) -> millpond_stream::Result<Store> {
        let options = Engine::options().clock(Clock::manual(now));
        let engine = match backend {
            "memory" => options.backend(BackendKind::Memory).open()?,
            "fjall" => options.backend(BackendKind::Fjall).path(store).open()?,
            "unsynced" => options.backend(BackendKind::Fjall).path(store).durability(Durability::Buffered).open()?,
            other => panic!("no backend is called {other}"),
        };
        // Readers fall out of so small a tail.
        let streams = Streams::open_with(&engine, Options::default().tail_bytes(50_000, 500_000))?;
        Ok(Store { streams, numbers: engine.keyspace("numbers")?, engine })
    }
}
