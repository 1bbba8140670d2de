//! Millpond beside dynoxide-rs, dynalite and moto: one run, one machine, the same items and the same requests.
//!
//! `side-by-side --millpond BIN [--moto BIN] [--dynalite CLI.JS] [--dir DIR] [--quick] [--only PART]` prints the tables as Markdown; the
//! script `run` beside this package builds and installs what that takes. A rival whose program is not named is left out, and with `--only` the
//! sections whose title does not have that part.
//!
//! [`workload`] says what is stored and asked, [`linked`] asks libraries, [`http`] asks [`server`]s, [`measure`] runs
//! the clients and [`report`] prints. Nothing is measured that has not answered rightly.

mod arguments;
mod http;
mod linked;
mod measure;
mod report;
mod server;
mod store;
mod workload;

use std::error::Error;

use arguments::Arguments;
use measure::Plan;
use store::Subject;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn Error + Send + Sync>;
type Subjects = Result<Vec<Subject>, Failure>;
/// A title, what is measured, and what makes the stores.
type Section<'a> = (&'a str, &'a [workload::Step], &'a dyn Fn() -> Subjects);

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    if std::env::args().nth(1).as_deref() == Some(server::DYNOXIDE) {
        return server::serve_dynoxide(arguments.by_ref().skip(1));
    }
    let arguments = Arguments::parse(arguments)?;
    let plan = if arguments.quick { Plan::QUICK } else { Plan::FULL };
    let dir = tempfile::tempdir_in(&arguments.dir)?;

    let (all, writes) = (workload::READS_AND_WRITES, workload::WRITES);
    let sections: [Section<'_>; 5] = [
        ("Linked, on file", all, &|| linked::on_file(dir.path())),
        ("Linked, on file, acknowledged before the sync", writes, &|| linked::unsynced(dir.path())),
        ("Linked, in memory", all, &linked::in_memory),
        ("Over HTTP, on file", all, &|| server::on_file(&arguments, dir.path())),
        ("Over HTTP, in memory", all, &|| server::in_memory(&arguments)),
    ];
    for (title, steps, subjects) in sections {
        if title.contains(&arguments.only) {
            section(title, plan, steps, subjects()?)?;
        }
    }
    Ok(())
}

fn section(title: &str, plan: Plan, steps: &[workload::Step], subjects: Vec<Subject>) -> Result<(), Failure> {
    for subject in &subjects {
        eprintln!("{title}: {}", subject.name);
        store::load(subject, plan.partitions).map_err(|error| format!("{}: {error}", subject.name))?;
        store::check(subject, plan.partitions).map_err(|error| format!("{}: {error}", subject.name))?;
    }
    let lines = measure::all(plan, steps, &subjects)?;
    report::print(title, &subjects, &lines);
    Ok(())
}
