//! Millpond's streams beside a plain file, walrus, NATS JetStream, Redis Streams, ferrokinesis and kinesalite: one run, one
//! machine, the same records through the same loop.
//!
//! `streams-side-by-side [--PROGRAM PATH]... [--dir DIR] [--quick] [--only PART] [--store PART]` prints the tables as Markdown;
//! the script `run` beside this package builds and installs what that takes. A rival whose program is not named is left out,
//! and with `--only` the sections whose title does not have that part.
//!
//! [`record`] is what is appended, [`store`] says what each store of logs has to do, and one file a store does it; [`append`]
//! and [`tail`] measure them. [`kinesis`] are the servers, [`wire`] is their language, and [`served`] measures them.
//! [`measure`] is the rounds of them all, and [`report`] prints. Nothing counts that cannot be read back as it was appended.

mod append;
mod arguments;
mod http;
mod kinesis;
mod linked;
mod measure;
mod nats;
mod raw;
mod record;
mod redis;
mod report;
mod served;
mod server;
mod store;
mod tail;
mod walrus;
mod wire;

use std::{error::Error, path::Path};

use arguments::Arguments;
use kinesis::Server;
use measure::Plan;
use store::Subject;
use wire::Encoding;

type Failure = Box<dyn Error + Send + Sync>;

const APPEND: &str = "Append";
const TAIL: &str = "Tail reads";
const HTTP: [(&str, Encoding); 2] = [("HTTP with JSON", Encoding::Json), ("HTTP with CBOR", Encoding::Cbor)];

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let dir = tempfile::tempdir_in(&arguments.dir)?;
    let plan = if arguments.quick { Plan::QUICK } else { Plan::FULL };
    let wants = |title: &str| title.contains(&arguments.only);

    let (mut raw, mut subjects, mut servers) = (raw::start(dir.path())?, Vec::new(), Vec::new());
    if wants(APPEND) || wants(TAIL) {
        subjects = self::subjects(&arguments, dir.path())?;
    }
    if HTTP.iter().any(|(title, _)| wants(title)) {
        servers = self::servers(&arguments, dir.path())?;
    }
    report::settings(&std::iter::once(&raw).chain(&subjects).collect::<Vec<_>>(), &servers);

    if wants(APPEND) {
        let lines = append::all(plan, &mut raw, &mut subjects)?;
        report::append(APPEND, &subjects, &lines);
    }
    if wants(TAIL) {
        subjects.insert(0, raw);
        let figures = tail::all(plan, &mut subjects)?;
        report::tail(TAIL, &subjects, &figures);
    }
    for (title, encoding) in HTTP {
        if wants(title) {
            let lines = served::all(plan, encoding, &servers)?;
            report::served(title, &servers, &lines);
        }
    }
    Ok(())
}

/// The stores whose programs are named, Millpond first.
fn subjects(arguments: &Arguments, dir: &Path) -> Result<Vec<Subject>, Failure> {
    let mut subjects = Vec::new();
    let mut add = |name: &str, start: &dyn Fn() -> Result<Subject, Failure>| -> Result<(), Failure> {
        if arguments.measures(name) {
            eprintln!("starting {name}");
            subjects.push(start().map_err(|error| format!("{name}: {error}"))?);
        }
        Ok(())
    };
    add(linked::LINKED, &|| linked::start(dir))?;
    add("walrus", &|| walrus::start(dir))?;
    if let Some(program) = &arguments.nats {
        add("NATS", &|| nats::start(program, dir))?;
    }
    if let Some(program) = &arguments.redis {
        add("Redis", &|| redis::start(program, dir))?;
    }
    Ok(subjects)
}

/// Those that speak Kinesis, Millpond first.
fn servers(arguments: &Arguments, dir: &Path) -> Result<Vec<Server>, Failure> {
    let mut servers = Vec::new();
    let mut add = |name: &str, start: &dyn Fn() -> Result<Vec<Server>, Failure>| -> Result<(), Failure> {
        if arguments.measures(name) {
            eprintln!("starting {name}");
            servers.extend(start().map_err(|error| format!("{name}: {error}"))?);
        }
        Ok(())
    };
    if let Some(program) = &arguments.millpond {
        add("Millpond HTTP", &|| kinesis::millpond(program, dir))?;
    }
    if let Some(program) = &arguments.ferrokinesis {
        add("ferrokinesis", &|| kinesis::ferrokinesis(program, dir))?;
    }
    if let Some(script) = &arguments.kinesalite {
        add("kinesalite", &|| kinesis::kinesalite(script, dir))?;
    }
    Ok(servers)
}
