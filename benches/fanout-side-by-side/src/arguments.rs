use std::path::PathBuf;

use crate::Failure;

/// What to measure, and where the programs are.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    pub(crate) millpond: Option<PathBuf>,
    pub(crate) moto: Option<PathBuf>,
    pub(crate) rabbitmq: Option<PathBuf>,
    /// Where all data is kept; it should be on a disk.
    pub(crate) dir: PathBuf,
    pub(crate) short: bool,
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
                "--moto" => parsed.moto = Some(text()?.into()),
                "--rabbitmq" => parsed.rabbitmq = Some(text()?.into()),
                "--dir" => parsed.dir = text()?.into(),
                "--short" => parsed.short = true,
                "--store" => parsed.stores.push(text()?),
                _ => return Err(format!("unknown argument {argument}").into()),
            }
        }
        // The servers have working directories of their own.
        parsed.dir = std::path::absolute(&parsed.dir)?;
        Ok(parsed)
    }
}
