//! Millpond's document store beside PoloDB, SQLite with JSON and mongomock: one run, one machine, the same documents and the
//! same questions.
//!
//! `documents-side-by-side [--millpond BIN] [--mongo-addr HOST:PORT] [--python BIN] [--data FILE] [--dir DIR] [--quick]
//! [--only PART] [--store PART]` prints the tables as Markdown; the script `run` beside this package builds and installs what that
//! takes. What is not named is left out, and with `--only` the sections whose title does not have that part.
//!
//! [`movie`] is what is stored, [`store`] says what is asked of each store, and one file a store does it; [`measure`] runs the
//! threads and [`report`] prints. Nothing is measured that has not answered rightly.

mod arguments;
mod measure;
mod millpond;
mod movie;
#[cfg(feature = "polodb")]
mod polodb;
mod python;
mod report;
mod server;
mod sqlite;
mod store;
mod wire;

use std::{error::Error, path::Path};

use arguments::Arguments;
use measure::Plan;
use millpond_engine::Durability;
use movie::Movies;
use server::Server;
use sqlite::Form;
use store::{Store, Subject};

type Failure = Box<dyn Error + Send + Sync>;
type Subjects = Result<Vec<Subject>, Failure>;
type Section<'a> = (&'a str, &'a dyn Fn() -> Subjects);

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let plan = if arguments.quick { Plan::QUICK } else { Plan::FULL };
    let dir = tempfile::tempdir_in(&arguments.dir)?;
    let dir = dir.path();
    let movies = match &arguments.data {
        Some(file) => Movies::from_file(file)?,
        None => Movies::generated(),
    };
    let sections: [Section<'_>; 4] = [
        ("Linked, synced", &|| synced(&arguments, dir)),
        ("Linked, acknowledged before the sync", &|| buffered(&arguments, dir)),
        ("Linked, in memory", &|| in_memory(&arguments)),
        ("Over a connection, by MongoDB's driver for Rust", &|| served(&arguments, dir)),
    ];
    for (title, subjects) in sections {
        if title.contains(&arguments.only) {
            section(title, plan, &movies, subjects()?)?;
        }
    }
    if python::TITLE.contains(&arguments.only) {
        python::section(&arguments, plan, &movies, dir)?;
    }
    Ok(())
}

fn section(title: &str, plan: Plan, movies: &Movies, subjects: Vec<Subject>) -> Result<(), Failure> {
    if subjects.is_empty() {
        return Ok(());
    }
    for subject in &subjects {
        eprintln!("{title}: {}", subject.name);
        store::load(subject, movies, plan.documents).map_err(|error| format!("{}: {error}", subject.name))?;
        store::check(subject, movies, plan.documents).map_err(|error| format!("{}: {error}", subject.name))?;
    }
    let lines = measure::all(plan, movies, &subjects)?;
    let names: Vec<_> = subjects.iter().map(|subject| (subject.name, subject.promise)).collect();
    report::print(title, &names, &lines);
    Ok(())
}

/// The stores of a section that are to be measured, Millpond first.
struct Chosen<'a> {
    arguments: &'a Arguments,
    subjects: Vec<Subject>,
}

impl Chosen<'_> {
    fn add<S: Store + 'static>(
        &mut self,
        name: &'static str,
        promise: &'static str,
        start: impl FnOnce() -> Result<S, Failure>,
    ) -> Result<(), Failure> {
        if self.arguments.measures(name) {
            let store = start().map_err(|error| format!("{name}: {error}"))?;
            self.subjects.push(Subject { name, promise, store: Box::new(store) });
        }
        Ok(())
    }
}

fn synced(arguments: &Arguments, dir: &Path) -> Subjects {
    let mut chosen = Chosen { arguments, subjects: Vec::new() };
    chosen.add("Millpond", "synced (its default)", || {
        millpond::Linked::on_file(&dir.join("millpond-synced"), Durability::Sync)
    })?;
    #[cfg(feature = "polodb")]
    chosen.add("PoloDB", "synced (it has no option)", || polodb::Linked::on_file(&dir.join("polodb")))?;
    for (name, form) in [("SQLite JSON", Form::Text), ("SQLite JSONB", Form::Binary)] {
        chosen.add(name, "synced (WAL, synchronous=FULL)", || {
            Ok(sqlite::Linked::on_file(&dir.join(format!("full-{form:?}.db")), form, "FULL"))
        })?;
    }
    Ok(chosen.subjects)
}

/// A crash of the process loses nothing, a power cut the last moments.
fn buffered(arguments: &Arguments, dir: &Path) -> Subjects {
    let mut chosen = Chosen { arguments, subjects: Vec::new() };
    chosen.add("Millpond", "Durability::Buffered", || {
        millpond::Linked::on_file(&dir.join("millpond-buffered"), Durability::Buffered)
    })?;
    for (name, form) in [("SQLite JSON", Form::Text), ("SQLite JSONB", Form::Binary)] {
        chosen.add(name, "WAL, synchronous=NORMAL", || {
            Ok(sqlite::Linked::on_file(&dir.join(format!("normal-{form:?}.db")), form, "NORMAL"))
        })?;
    }
    Ok(chosen.subjects)
}

fn in_memory(arguments: &Arguments) -> Subjects {
    let mut chosen = Chosen { arguments, subjects: Vec::new() };
    chosen.add("Millpond", "nothing is kept", millpond::Linked::in_memory)?;
    for (name, form) in [("SQLite JSON", Form::Text), ("SQLite JSONB", Form::Binary)] {
        chosen.add(name, "nothing is kept", || sqlite::Linked::in_memory(form))?;
    }
    Ok(chosen.subjects)
}

fn served(arguments: &Arguments, dir: &Path) -> Subjects {
    let mut chosen = Chosen { arguments, subjects: Vec::new() };
    if let Some(program) = &arguments.millpond {
        chosen.add("Millpond in memory", "nothing is kept", || {
            let server = Server::start(program, None)?;
            wire::Served::at(&server.address.clone(), Some(server))
        })?;
        chosen.add("Millpond on disk", "synced (its default)", || {
            let server = Server::start(program, Some(&dir.join("millpond-served")))?;
            wire::Served::at(&server.address.clone(), Some(server))
        })?;
    }
    if let Some(address) = &arguments.mongo_addr {
        chosen.add("the server at --mongo-addr", "its default", || wire::Served::at(address, None))?;
    }
    Ok(chosen.subjects)
}
