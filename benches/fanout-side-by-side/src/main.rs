//! Durable fan-out of one message to ten queues: Millpond's topics, a RabbitMQ fan-out exchange and moto; one run, one machine, the
//! same messages through the same loop.
//!
//! `fanout-side-by-side [--PROGRAM PATH]... [--dir DIR] [--short] [--store PART]...` prints the tables as Markdown; the script `run`
//! beside this package builds and installs what that takes. A rival whose program is not named is left out.
//!
//! [`store`] says what each store has to do, one file a store does it, [`server`] starts the ones that are processes,
//! [`message`] is what is published, [`measure`] measures, and [`report`] prints. Nothing counts that is not in all ten queues.

mod arguments;
mod http;
mod linked;
mod measure;
mod message;
mod rabbitmq;
mod report;
mod server;
mod sns;
mod store;

use std::{error::Error, path::Path};

use arguments::Arguments;
use measure::Plan;
use store::Subject;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let dir = tempfile::tempdir_in(&arguments.dir)?;
    let plan = if arguments.short { Plan::SHORT } else { Plan::FULL };

    let subjects = subjects(&arguments, dir.path())?;
    report::settings(&subjects);
    for bytes in plan.bytes {
        let lines = measure::all(plan, *bytes, &subjects)?;
        report::fanout(*bytes, &subjects, &lines);
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
    if let Some(program) = &arguments.millpond {
        add("Millpond HTTP", &|| sns::millpond(program, dir))?;
    }
    if let Some(program) = &arguments.rabbitmq {
        add("RabbitMQ", &|| rabbitmq::start(program, dir))?;
    }
    if let Some(program) = &arguments.moto {
        add("moto", &|| sns::moto(program, dir))?;
    }
    Ok(subjects)
}
