//! The program that simulated power cuts of documents are tried on; see `tests/powercut/README.md` for the tool and its protocol.
//!
//! ```text
//! cargo build --release -p millpond-docdb --example powercut-docdb
//! python3 tests/powercut/powercut.py --ops 2000 --images 60 --seed 1 -- target/release/examples/powercut-docdb fjall
//! ```
//!
//! Operation `i` belongs to one of four writers, which work at the same time. Each has a collection of its own with a unique
//! index: what it holds after each of its steps is known, and the check asks that it holds what the steps up to one that was
//! under way have left. A step writes to its own collection, to a collection that all share, and to a count of steps, in
//! one transaction; or it is one command that is sent twice under one transaction number, and has to be done once.
//! Meanwhile indexes of the shared collection are built and dropped.
#![allow(clippy::expect_used, clippy::panic, missing_docs, reason = "a test program: a panic is its verdict")]

use std::{collections::BTreeMap, fs::OpenOptions, io::Write, process::ExitCode};

use bson::{Document, RawDocumentBuf, rawdoc};
use millpond_docdb::{
    Code, Delete, DeleteStatement, Docdb, Error, Find, IndexSelection, Insert, Namespace, Retry, Update,
    UpdateModifications, UpdateStatement,
};
use millpond_engine::{BackendKind, Clock, Engine, Timestamp};

const WRITERS: u64 = 4;
const GROUP: u64 = 48;
const DATABASE: &str = "cut";

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
        [backend, "check", store, acked, attempted, seed] => {
            let checked = open(backend, store)
                .map_err(|error| format!("does not open: {error}"))
                .and_then(|docdb| check(&docdb, number(acked), number(attempted), number(seed)));
            match checked {
                Ok(()) => ExitCode::SUCCESS,
                Err(wrong) => fail(&wrong),
            }
        }
        _ => fail("usage: powercut-docdb BACKEND run STORE ACK_FILE N SEED | BACKEND check STORE ACKED ATTEMPTED SEED"),
    }
}

fn fail(wrong: &str) -> ExitCode {
    println!("{wrong}");
    ExitCode::FAILURE
}

fn open(backend: &str, store: &str) -> Result<Docdb, Error> {
    let options = Engine::options().clock(Clock::manual(Timestamp::from_millis(1_800_000_000_000)));
    let engine = match backend {
        "memory" => options.backend(BackendKind::Memory).open()?,
        "fjall" => options.backend(BackendKind::Fjall).path(store).open()?,
        other => panic!("no backend is called {other}"),
    };
    Docdb::open(&engine)
}

/// What an operation does to a writer's collection.
#[derive(Debug, Clone, Copy)]
enum Operation {
    /// Inserts documents, and counts them and itself, in one transaction.
    Insert { documents: i64 },
    /// Increments one document, in a command that is sent twice.
    Increment { id: i64 },
    /// Replaces the text of all documents of a key, in one transaction with the shared collection.
    Touch { key: i64 },
    /// Deletes one document, in a command that is sent twice.
    Delete { id: i64 },
    /// Inserts what the unique index refuses.
    Refused { id: i64 },
    /// Builds or drops an index of the shared collection.
    Index,
}

/// A number that looks like chance: SplitMix64.
fn chance(seed: u64, index: u64) -> u64 {
    let mut mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(index.wrapping_mul(0xD1B5_4A32_D192_ED03));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("a small number")
}

/// The ids of a writer's documents are those of the operations that made them, times eight.
fn operation(seed: u64, index: u64) -> Operation {
    let drawn = chance(seed, index);
    // An earlier operation of the same writer; its document may never have been there.
    let steps = (index / WRITERS).max(1);
    let earlier =
        signed((index % WRITERS + (drawn >> 16) % steps.min(40) * WRITERS + (steps - steps.min(40)) * WRITERS) * 8);
    match drawn % 16 {
        0..=5 => Operation::Insert { documents: signed(1 + (drawn >> 8) % 4) },
        6..=9 => Operation::Increment { id: earlier },
        10 | 11 => Operation::Touch { key: signed((drawn >> 16) % 10) },
        12 | 13 => Operation::Delete { id: earlier },
        14 => Operation::Refused { id: earlier },
        _ => Operation::Index,
    }
}

/// What a document says besides its id: how often it was incremented, and the operation that touched it last.
type Model = BTreeMap<i64, (i64, i64)>;

fn key_of(id: i64) -> i64 {
    id / 8 % 10
}

/// Takes the model through an operation.
fn step(model: &mut Model, index: u64, operation: Operation) {
    match operation {
        Operation::Insert { documents } => {
            for number in 0..documents {
                model.insert(signed(index * 8) + number, (0, -1));
            }
        }
        Operation::Increment { id } => {
            if let Some((count, _)) = model.get_mut(&id) {
                *count += 1;
            }
        }
        Operation::Touch { key } => {
            for (id, (_, touched)) in model.iter_mut() {
                if key_of(*id) == key {
                    *touched = signed(index);
                }
            }
        }
        Operation::Delete { id } => drop(model.remove(&id)),
        Operation::Refused { .. } | Operation::Index => {}
    }
}

fn named(collection: &str) -> Namespace {
    Namespace::new(DATABASE, collection).expect("a name")
}

fn own(writer: u64) -> Namespace {
    named(&format!("own{writer}"))
}

fn document(id: i64) -> RawDocumentBuf {
    let text = "text ".repeat(usize::try_from(id % 97).unwrap_or(0));
    rawdoc! { "_id": id, "unique": format!("u{id}"), "key": key_of(id), "count": 0_i64, "touched": -1_i64, "text": text, "list": [id, id + 1] }
}

fn update(filter: RawDocumentBuf, change: RawDocumentBuf, retry: Option<Retry>) -> Update {
    let update = UpdateModifications::Document(change);
    let statement = UpdateStatement { filter, update, multi: retry.is_none(), upsert: false, ..Default::default() };
    Update { statements: vec![statement], retry, ..Default::default() }
}

fn run(docdb: &Docdb, acks: &str, operations: u64, seed: u64) {
    for writer in 0..WRITERS {
        let indexes = [
            rawdoc! { "key": { "unique": 1 }, "name": "unique", "unique": true },
            rawdoc! { "key": { "key": 1, "count": -1 }, "name": "key" },
            rawdoc! { "key": { "list": 1 }, "name": "list" },
        ];
        docdb.create_indexes(&own(writer), &indexes).expect("the indexes");
        let counts =
            Insert { documents: vec![rawdoc! { "_id": signed(writer), "inserted": 0_i64 }], ..Default::default() };
        docdb.insert(&named("counts"), counts).expect("the counts");
    }
    docdb.create_indexes(&named("shared"), &[rawdoc! { "key": { "writer": 1 }, "name": "writer" }]).expect("an index");
    let mut acks = OpenOptions::new().create(true).append(true).open(acks).expect("the acknowledgements");
    let mut start = 0;
    while start < operations {
        let end = (start + GROUP).min(operations);
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                scope.spawn(move || {
                    for index in (start..end).filter(|index| index % WRITERS == writer) {
                        apply(docdb, index, operation(seed, index))
                            .unwrap_or_else(|error| panic!("operation {index}: {error}"));
                    }
                });
            }
        });
        start = end;
        acks.write_all(&end.to_be_bytes()).expect("an acknowledgement is written");
    }
}

fn retry(index: u64) -> Option<Retry> {
    let mut session = vec![0; 48];
    session[0] = u8::try_from(index % WRITERS).expect("few writers");
    Some(Retry { session, transaction: signed(index), statements: None })
}

fn apply(docdb: &Docdb, index: u64, operation: Operation) -> Result<(), Error> {
    let writer = index % WRITERS;
    match operation {
        Operation::Insert { documents } => docdb.engine().transact(|tx| -> Result<(), Error> {
            let ids: Vec<i64> = (0..documents).map(|number| signed(index * 8) + number).collect();
            let made = Insert { documents: ids.iter().map(|id| document(*id)).collect(), ..Default::default() };
            assert!(docdb.insert_in(tx, &own(writer), made)?.errors.is_empty(), "operation {index}");
            let shared =
                ids.iter().map(|id| rawdoc! { "_id": *id, "writer": signed(writer), "touched": -1_i64 }).collect();
            assert!(
                docdb
                    .insert_in(tx, &named("shared"), Insert { documents: shared, ..Default::default() })?
                    .errors
                    .is_empty()
            );
            let counted =
                update(rawdoc! { "_id": signed(writer) }, rawdoc! { "$inc": { "inserted": documents } }, None);
            assert_eq!(docdb.update_in(tx, &named("counts"), &counted)?.modified, 1);
            Ok(())
        }),
        Operation::Increment { id } => {
            let increment = update(rawdoc! { "_id": id }, rawdoc! { "$inc": { "count": 1_i64 } }, retry(index));
            let first = docdb.update(&own(writer), &increment)?;
            let again = docdb.update(&own(writer), &increment)?;
            assert_eq!((first.modified, again.modified, first.errors.len()), (again.modified, first.modified, 0));
            Ok(())
        }
        Operation::Touch { key } => docdb.engine().transact(|tx| -> Result<(), Error> {
            let touched = rawdoc! { "$set": { "touched": signed(index) } };
            let own = docdb.update_in(tx, &own(writer), &update(rawdoc! { "key": key }, touched.clone(), None))?;
            let of_all = rawdoc! { "_id": { "$lt": 0_i64 }, "writer": signed(writer) };
            docdb.update_in(tx, &named("shared"), &update(of_all, touched, None))?;
            assert!(own.errors.is_empty());
            Ok(())
        }),
        Operation::Delete { id } => {
            let statement = DeleteStatement { filter: rawdoc! { "_id": id }, multi: false, ..Default::default() };
            let delete = Delete { statements: vec![statement], retry: retry(index), ..Default::default() };
            let (first, again) = (docdb.delete(&own(writer), &delete)?, docdb.delete(&own(writer), &delete)?);
            assert_eq!(first.deleted, again.deleted);
            Ok(())
        }
        Operation::Refused { id } => {
            let filter = Find { filter: rawdoc! { "_id": id }, ..Default::default() };
            let is_there = docdb.find(&own(writer), &filter)?.next().transpose()?.is_some();
            if is_there {
                let twin = rawdoc! { "_id": format!("twin{index}"), "unique": format!("u{id}") };
                let refused = docdb.insert(&own(writer), Insert { documents: vec![twin], ..Default::default() })?;
                assert_eq!(refused.errors.first().map(|refused| refused.error.code()), Some(Code::DUPLICATE_KEY));
            }
            Ok(())
        }
        Operation::Index => {
            let name = format!("built{writer}");
            let dropped = docdb.drop_indexes(&named("shared"), &IndexSelection::Name(name.clone()));
            if dropped.is_err() {
                let field = format!("touched{}", if writer.is_multiple_of(2) { "" } else { "2" });
                let mut key = RawDocumentBuf::new();
                key.append(bson::raw::CString::try_from(field).expect("a name").as_ref(), 1);
                key.append(bson::raw::cstr!("writer"), signed(writer) + 1);
                docdb.create_indexes(&named("shared"), &[rawdoc! { "key": key, "name": name }])?;
            }
            Ok(())
        }
    }
}

fn documents(docdb: &Docdb, namespace: &Namespace) -> Result<Vec<Document>, String> {
    let cursor = docdb.find(namespace, &Find::default()).map_err(|error| error.to_string())?;
    cursor
        .map(|found| Document::try_from(&*found.map_err(|error| error.to_string())?).map_err(|error| error.to_string()))
        .collect()
}

fn check(docdb: &Docdb, acked: u64, attempted: u64, seed: u64) -> Result<(), String> {
    let say = |error: Error| error.to_string();
    let shared = documents(docdb, &named("shared"))?;
    let counts = documents(docdb, &named("counts"))?;
    for writer in 0..WRITERS {
        let found: Model = documents(docdb, &own(writer))?
            .iter()
            .map(|document| {
                let number =
                    |name| document.get_i64(name).map_err(|error| format!("writer {writer}: {error} in {document}"));
                Ok((number("_id")?, (number("count")?, number("touched")?)))
            })
            .collect::<Result<_, String>>()?;
        let number = |document: &Document, name| document.get_i64(name).unwrap_or(-1);
        let noted = shared.iter().filter(|document| number(document, "writer") == signed(writer)).count();
        let counted = counts.iter().find(|document| number(document, "_id") == signed(writer));
        let counted = counted.map_or(-1, |document| number(document, "inserted"));
        let (mut model, mut inserted) = (Model::new(), 0);
        let mut is_possible = false;
        let mut steps = (0..attempted).filter(|index| index % WRITERS == writer).peekable();
        loop {
            let next = steps.next();
            if next.is_none_or(|index| index >= acked) {
                is_possible |= model == found && inserted == counted && inserted == signed(noted as u64);
            }
            let Some(index) = next else { break };
            let operation = operation(seed, index);
            if let Operation::Insert { documents } = operation {
                inserted += documents;
            }
            step(&mut model, index, operation);
        }
        if !is_possible {
            return Err(format!(
                "writer {writer} holds {} documents, counts {counted} and noted {noted}, which no step from {acked} to {attempted} leaves; the last leaves {} of {inserted}",
                found.len(),
                model.len()
            ));
        }
        // What was done is known to be done.
        let last =
            (0..acked).rev().filter(|index| index % WRITERS == writer).find_map(|index| match operation(seed, index) {
                Operation::Increment { id } => Some((index, id)),
                _ => None,
            });
        let later = |from: u64| {
            (from + 1..attempted).any(|index| {
                index % WRITERS == writer
                    && matches!(operation(seed, index), Operation::Increment { .. } | Operation::Delete { .. })
            })
        };
        if let Some((index, id)) = last.filter(|(index, _)| !later(*index)) {
            let increment = update(rawdoc! { "_id": id }, rawdoc! { "$inc": { "count": 1_i64 } }, retry(index));
            let again = docdb.update(&own(writer), &increment).map_err(say)?;
            if again.retried != [0] {
                return Err(format!("operation {index} was acknowledged, and is done again"));
            }
        }
    }
    let names = (0..WRITERS).map(own).chain([named("shared"), named("counts")]);
    for name in names {
        let validated = docdb.validate(&name).map_err(say)?;
        if !validated.errors.is_empty() || validated.invalid_documents != 0 {
            return Err(format!("{name}: {:?}", validated.errors));
        }
    }
    // It goes on, on what is there.
    let more = Insert { documents: vec![rawdoc! { "_id": "more", "writer": "none" }], ..Default::default() };
    match docdb.insert(&named("shared"), more).map_err(say)?.errors.is_empty() {
        true => Ok(()),
        false => Err("no document can be inserted".to_owned()),
    }
}
