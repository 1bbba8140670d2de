use std::path::PathBuf;

use crate::Failure;

/// What to measure, and where the programs are.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    pub(crate) millpond: Option<PathBuf>,
    /// A server to ask that runs already: `HOST:PORT`.
    pub(crate) mongo_addr: Option<String>,
    /// A Python that has PyMongo and mongomock.
    pub(crate) python: Option<PathBuf>,
    /// A file like movies.json, in the place of made-up documents.
    pub(crate) data: Option<PathBuf>,
    /// Where the stores on file are made; it should be on a disk.
    pub(crate) dir: PathBuf,
    pub(crate) quick: bool,
    /// A part of the titles of the sections to measure.
    pub(crate) only: String,
    /// Parts of the names of the stores to measure; all if there are none.
    pub(crate) stores: Vec<String>,
}

impl Arguments {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Arguments, Failure> {
        let mut parsed = Arguments { dir: ".".into(), ..Arguments::default() };
        while let Some(argument) = arguments.next() {
            let mut text = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--millpond" => parsed.millpond = Some(text()?.into()),
                "--mongo-addr" => parsed.mongo_addr = Some(text()?),
                "--python" => parsed.python = Some(text()?.into()),
                "--data" => parsed.data = Some(text()?.into()),
                "--dir" => parsed.dir = text()?.into(),
                "--quick" => parsed.quick = true,
                "--only" => parsed.only = text()?,
                "--store" => parsed.stores.push(text()?),
                _ => return Err(format!("unknown argument {argument}").into()),
            }
        }
        Ok(parsed)
    }

    pub(crate) fn measures(&self, store: &str) -> bool {
        self.stores.is_empty() || self.stores.iter().any(|part| store.contains(part.as_str()))
    }
}
