//! The program that simulated power cuts of topics are tried on; see `tests/powercut/README.md` for the tool and its
//! protocol.
//!
//! ```text
//! cargo build --release -p millpond-pubsub --example powercut-pubsub
//! python3 tests/powercut/powercut.py --ops 2000 --images 60 --seed 1 -- target/release/examples/powercut-pubsub fjall
//! ```
//!
//! Operation `i` belongs to one of four writers, which work at the same time. Each has a standard topic and a
//! first-in-first-out topic, each with several queues and the former with two functions. It publishes to them one by
//! one, in batches, under deduplication ids that it has used before, to both in a transaction that also writes a row,
//! and subscribes and unsubscribes a queue. The check asks that all its queues and rows hold what its operations up to
//! one that was under way have left: so each message is in all queues or in none. Besides there is a topic to which all
//! writers publish; its queues hold the same messages in the same order.
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

use std::{process::ExitCode, sync::Arc};

use millpond_engine::{BackendKind, Clock, Engine, Keyspace, Timestamp};
use millpond_pubsub::{Attached, Topics};
use millpond_queue::{Options, Queues};
use millpond_stream::Streams;

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
            let checked = Store::open(backend, store, workload::time_of(acked))
                .map_err(|error| format!("does not open: {error}"))
                .and_then(|store| check::check(&store, acked, attempted, seed));
            match checked {
                Ok(()) => ExitCode::SUCCESS,
                Err(wrong) => fail(&wrong),
            }
        }
        _ => {
            fail("usage: powercut-pubsub BACKEND run STORE ACK_FILE N SEED | BACKEND check STORE ACKED ATTEMPTED SEED")
        }
    }
}

fn fail(wrong: &str) -> ExitCode {
    println!("{wrong}");
    ExitCode::FAILURE
}

/// An engine with its topics, and the keyspaces in which the operations and the function note what they do.
struct Store {
    engine: Engine,
    queues: Queues,
    topics: Topics,
    /// By operation that publishes in a transaction of its own: empty.
    journal: Keyspace,
    /// By message: how often the function has handled it.
    handled: Keyspace,
}

impl Store {
    fn open(backend: &str, store: &str, now: Timestamp) -> millpond_pubsub::Result<Store> {
        let options = Engine::options().clock(Clock::manual(now));
        let engine = match backend {
            "memory" => options.backend(BackendKind::Memory).open()?,
            "fjall" => options.backend(BackendKind::Fjall).path(store).open()?,
            other => panic!("no backend is called {other}"),
        };
        let queues = Queues::open_with(&engine, Options::default().cooldowns(false))?;
        let topics = Topics::open(&queues, &Streams::open(&engine)?)?;
        let (journal, handled) = (engine.keyspace("journal")?, engine.keyspace("handled")?);
        Ok(Store { engine, queues, topics, journal, handled })
    }

    /// Attaches the function that notes each message in the transaction that takes it out.
    fn attach(&self) -> Attached {
        let handled = Arc::new(self.handled.clone());
        self.topics.attach_in(workload::HANDLING, move |tx, message| -> millpond_engine::Result<()> {
            let key = workload::number_of(message.text()).expect("a text names its message").to_be_bytes().to_vec();
            let before = tx.get(&handled, &key)?.map_or(0, |count| count.first().copied().unwrap_or(0));
            tx.put(&handled, key, vec![before + 1])
        })
    }
}
