use std::path::PathBuf;

use crate::Failure;

/// What to measure, and where the programs are.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) millpond: PathBuf,
    pub(crate) moto: Option<PathBuf>,
    pub(crate) dynalite: Option<PathBuf>,
    /// Where the stores on file are made; it should be on a disk.
    pub(crate) dir: PathBuf,
    pub(crate) quick: bool,
    /// A part of the titles of the sections to measure.
    pub(crate) only: String,
}

impl Arguments {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Arguments, Failure> {
        let (mut millpond, mut moto, mut dynalite, mut dir) = (None, None, None, None);
        let (mut quick, mut only) = (false, String::new());
        while let Some(argument) = arguments.next() {
            let mut text = || arguments.next().ok_or(format!("{argument} needs a value"));
            let mut path = || text().map(PathBuf::from);
            match argument.as_str() {
                "--millpond" => millpond = Some(path()?),
                "--moto" => moto = Some(path()?),
                "--dynalite" => dynalite = Some(path()?),
                "--dir" => dir = Some(path()?),
                "--quick" => quick = true,
                "--only" => only = text()?,
                _ => return Err(format!("unknown argument {argument}").into()),
            }
        }
        let millpond = millpond.ok_or("--millpond has to name the program")?;
        Ok(Arguments { millpond, moto, dynalite, dir: dir.unwrap_or_else(|| ".".into()), quick, only })
    }
}
