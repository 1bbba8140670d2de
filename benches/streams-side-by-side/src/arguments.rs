use std::path::PathBuf;

use crate::Failure;

/// What to measure, and where the programs are.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    pub(crate) millpond: Option<PathBuf>,
    pub(crate) nats: Option<PathBuf>,
    pub(crate) redis: Option<PathBuf>,
    pub(crate) ferrokinesis: Option<PathBuf>,
    /// The script of kinesalite.
    pub(crate) kinesalite: Option<PathBuf>,
    /// Where all data is kept; it should be on a disk.
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
                "--millpond" => parsed.millpond = Some(path(text()?)?),
                "--nats" => parsed.nats = Some(path(text()?)?),
                "--redis" => parsed.redis = Some(path(text()?)?),
                "--ferrokinesis" => parsed.ferrokinesis = Some(path(text()?)?),
                "--kinesalite" => parsed.kinesalite = Some(path(text()?)?),
                "--dir" => parsed.dir = text()?.into(),
                "--quick" => parsed.quick = true,
                "--only" => parsed.only = text()?,
                "--store" => parsed.stores.push(text()?),
                _ => return Err(format!("unknown argument {argument}").into()),
            }
        }
        parsed.dir = path(parsed.dir)?;
        Ok(parsed)
    }

    /// Whether a store of this name is to be measured.
    pub(crate) fn measures(&self, name: &str) -> bool {
        self.stores.is_empty() || self.stores.iter().any(|part| name.contains(part.as_str()))
    }
}

/// The servers have working directories of their own, and walrus takes that of this process.
fn path(text: impl Into<PathBuf>) -> Result<PathBuf, Failure> {
    Ok(std::path::absolute(text.into())?)
}
