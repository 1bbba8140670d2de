//! Millpond's queues beside RabbitMQ, NATS JetStream, Redis Streams, PostgreSQL and moto: one run, one machine, the same
//! messages through the same loop.
//!
//! `queues-side-by-side [--PROGRAM PATH]... [--dir DIR] [--quick] [--only PART] [--store PART] [--drain-all]` prints the
//! tables as Markdown; the script `run` beside this package builds and installs what that takes. A rival whose program is
//! not named is left out, and with `--only` the sections whose title does not have that part.
//!
//! [`queue`] says what each store has to do, one file a store does it, [`server`] starts the ones that are processes,
//! [`message`] is what is sent, [`flow`] and [`drain`] measure, and [`report`] prints. Nothing counts that was not received
//! as it was sent, once.

mod arguments;
mod drain;
mod flow;
mod http;
mod linked;
mod message;
mod nats;
mod postgresql;
mod queue;
mod rabbitmq;
mod redis;
mod report;
mod server;
mod sqs;

use std::{error::Error, fs, os::unix::fs::PermissionsExt as _, path::Path};

use arguments::Arguments;
use queue::Subject;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let dir = tempfile::tempdir_in(&arguments.dir)?;
    // PostgreSQL runs as a user of its own and has to get through.
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755))?;
    let plan = if arguments.quick { flow::Plan::QUICK } else { flow::Plan::FULL };

    let subjects = subjects(&arguments, dir.path())?;
    report::settings(&subjects);
    for (title, bytes) in [("Bodies of 200 bytes", 200), ("Bodies of 4 KB", 4096)] {
        if title.contains(&arguments.only) {
            let lines = flow::all(plan, bytes, &subjects)?;
            report::flow(title, &subjects, &lines);
        }
    }
    let title = "Drain";
    if title.contains(&arguments.only) {
        let is_drained = |subject: &&Subject| subject.is_millpond() || (arguments.drain_all && !subject.repeats);
        let drained = subjects.iter().filter(is_drained);
        let drained = drained.map(|subject| Ok((subject, drain::drain(plan.drained, subject)?)));
        report::drain(title, &drained.collect::<Result<Vec<_>, Failure>>()?);
    }
    Ok(())
}

/// The stores whose programs are named, Millpond first.
fn subjects(arguments: &Arguments, dir: &Path) -> Result<Vec<Subject>, Failure> {
    let mut subjects = Vec::new();
    let mut add = |name: &str, start: &dyn Fn() -> Result<Vec<Subject>, Failure>| -> Result<(), Failure> {
        if arguments.stores.is_empty() || arguments.stores.iter().any(|part| name.contains(part.as_str())) {
            eprintln!("starting {name}");
            subjects.extend(start().map_err(|error| format!("{name}: {error}"))?);
        }
        Ok(())
    };
    add("Millpond linked", &|| linked::start(dir))?;
    if let Some(program) = &arguments.rabbitmq {
        add("RabbitMQ", &|| rabbitmq::start(program, dir))?;
    }
    if let Some(program) = &arguments.nats {
        add("NATS", &|| nats::start(program, dir))?;
    }
    if let Some(program) = &arguments.redis {
        add("Redis", &|| redis::start(program, dir))?;
    }
    if let Some(programs) = &arguments.postgresql {
        add("PostgreSQL", &|| postgresql::start(programs, dir))?;
    }
    if let Some(program) = &arguments.millpond {
        add("Millpond HTTP", &|| sqs::millpond(program, dir))?;
    }
    if let Some(program) = &arguments.moto {
        add("moto", &|| sqs::moto(program, dir))?;
    }
    Ok(subjects)
}
