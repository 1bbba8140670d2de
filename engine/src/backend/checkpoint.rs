//! A copy of a store, made from a snapshot while commits go on.
//!
//! The copy is made beside its place and renamed into it when it is whole and synced, so that what stands under the
//! asked name is a whole store or nothing.

use std::{
    fs, io,
    ops::Bound,
    path::{Path, PathBuf},
};

use super::{Backend, Batch, Op};
use crate::{
    Error, Result,
    directory::{create_directory, io_error, sync_directory},
};

/// How much is copied in one batch.
const COPY_BYTES: usize = 8 << 20;

/// Copies `from` to a store in `dir`, which `open` makes.
pub(super) fn checkpoint<B: Backend>(from: &B, dir: &Path, open: impl FnOnce(&Path) -> Result<B>) -> Result<()> {
    let unfinished = beside(dir)?;
    let wrong = |error| io_error("make the checkpoint's directory", dir, error);
    match fs::read_dir(dir) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(refused(dir, "it is not empty; a checkpoint goes to a new or an empty directory"));
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(wrong(error)),
    }
    if unfinished.try_exists().map_err(wrong)? {
        return Err(refused(&unfinished, "it is the rest of a checkpoint that was cut short; remove it first"));
    }
    create_directory(&unfinished).map_err(wrong)?;
    let copied = open(&unfinished).and_then(|to| copy(from, &to)).and_then(|()| {
        fs::rename(&unfinished, dir).map_err(wrong)?;
        sync_directory(dir.parent().unwrap_or(Path::new(""))).map_err(wrong)
    });
    if copied.is_err() {
        // It was made here, and the first error is the one to tell.
        let _ = fs::remove_dir_all(&unfinished);
    }
    copied
}

fn refused(path: &Path, detail: &str) -> Error {
    Error::UnknownStore { path: path.to_owned(), detail: detail.to_owned() }
}

/// The name under which a copy is made, in the same directory, so that a rename suffices in the end.
fn beside(dir: &Path) -> Result<PathBuf> {
    let Some(name) = dir.file_name() else {
        return Err(refused(dir, "a checkpoint needs a directory that has a name"));
    };
    let mut name = name.to_owned();
    name.push(".unfinished");
    Ok(dir.with_file_name(name))
}

fn copy<B: Backend>(from: &B, to: &B) -> Result<()> {
    let view = from.snapshot()?;
    // The list comes after, so that it has each keyspace that a visible transaction wrote to.
    for (id, name) in from.keyspaces() {
        to.create_keyspace(id, &name)?;
        let (mut batch, mut bytes) = (Batch::default(), 0);
        for entry in view.range(id, Bound::Unbounded, Bound::Unbounded, false) {
            let (key, value) = entry?;
            bytes += key.len() + value.len();
            batch.ops.push(Op { keyspace: id, key, value: Some(value) });
            if bytes >= COPY_BYTES {
                to.apply(&std::mem::take(&mut batch), false)?;
                bytes = 0;
            }
        }
        to.apply(&batch, false)?;
    }
    to.apply(&Batch::default(), true)
}
