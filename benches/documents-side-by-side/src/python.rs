//! Python programs that use PyMongo: on Millpond, and with mongomock in its place. Each is a process of its own, on one thread.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    Failure,
    arguments::Arguments,
    measure::{Figures, Line, Plan, STEPS},
    movie::Movies,
    report,
    server::Server,
};

pub(crate) const TITLE: &str = "Over a connection, by PyMongo";
const PROGRAM: &str = include_str!("python.py");

pub(crate) fn section(arguments: &Arguments, plan: Plan, movies: &Movies, dir: &Path) -> Result<(), Failure> {
    let Some(python) = &arguments.python else { return Ok(()) };
    let documents = dir.join("documents.jsonl");
    let mut out = BufWriter::new(File::create(&documents)?);
    for id in 0..plan.documents {
        writeln!(out, "{}", movies.get(id))?;
    }
    out.flush()?;
    let server = arguments.millpond.as_ref().map(|program| Server::start(program, None)).transpose()?;
    let mut subjects = Vec::new();
    if let Some(server) = &server {
        subjects.push(("Millpond in memory", format!("mongodb://{}/?directConnection=true", server.address)));
    }
    if let Some(address) = &arguments.mongo_addr {
        subjects.push(("the server at --mongo-addr", format!("mongodb://{address}/?directConnection=true")));
    }
    subjects.push(("mongomock", "mongomock".to_owned()));
    subjects.retain(|(name, _)| arguments.measures(name));

    let mut all: Vec<HashMap<String, Figures>> = Vec::new();
    for (name, address) in &subjects {
        eprintln!("{TITLE}: {name}");
        all.push(run(python, address, &documents, plan).map_err(|error| format!("{name}: {error}"))?);
    }
    let figures = |name: &str| all.iter().map(|figures| figures.get(name).copied()).collect();
    let lines: Vec<_> = STEPS.iter().map(|(_, name)| Line { name, threads: 1, figures: figures(name) }).collect();
    let names: Vec<_> = subjects.iter().map(|(name, _)| (*name, "nothing is kept")).collect();
    report::print(TITLE, &names, &lines);
    Ok(())
}

/// Lines of a step's name, its rate and its median, separated by tabs.
fn run(python: &Path, address: &str, documents: &Path, plan: Plan) -> Result<HashMap<String, Figures>, Failure> {
    let output = Command::new(python)
        .args(["-c", PROGRAM, address])
        .arg(documents)
        .arg(plan.round.as_secs_f64().to_string())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("the program ended with {}", output.status).into());
    }
    let mut figures = HashMap::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let mut parts = line.split('\t');
        if let (Some(name), Some(rate), Some(p50)) = (parts.next(), parts.next(), parts.next()) {
            figures.insert(name.to_owned(), Figures { rate: rate.parse()?, p50: p50.parse()? });
        }
    }
    Ok(figures)
}
