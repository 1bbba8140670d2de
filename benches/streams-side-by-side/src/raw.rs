//! A plain file, the yardstick: batches are written one after the other, each synced before the next.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    Failure,
    record::{BYTES, Record},
    store::{PAGE, Producer, Promise, Reader, See, Store, Subject},
};

pub(crate) const NAME: &str = "raw file";

pub(crate) fn start(dir: &Path) -> Result<Subject, Failure> {
    let path = dir.join("raw");
    let store = Box::new(Raw { file: open(&path)?, path });
    let settings = "`write` at the end of one file, then `fdatasync`, for each batch of 100: the better one of a single writer and of \
                    16 that take turns; and once more for each batch of 1,600"
        .to_owned();
    Ok(Subject { name: NAME, promise: Promise::Synced, settings, store })
}

/// Anew, so that no round writes over what the disk has already given to the file.
fn open(path: &Path) -> Result<Arc<Mutex<File>>, Failure> {
    if path.exists() {
        std::fs::remove_file(path)?;
    }
    Ok(Arc::new(Mutex::new(OpenOptions::new().create_new(true).append(true).read(true).open(path)?)))
}

struct Raw {
    path: PathBuf,
    file: Arc<Mutex<File>>,
}

impl Store for Raw {
    fn clear(&mut self) -> Result<(), Failure> {
        self.file = open(&self.path)?;
        Ok(())
    }

    fn producer(&self, _number: usize) -> Result<Box<dyn Producer + '_>, Failure> {
        Ok(Box::new(Writer(Arc::clone(&self.file))))
    }

    fn reader(&self) -> Result<Box<dyn Reader + '_>, Failure> {
        Ok(Box::new(Pages { file: File::open(&self.path)?, at: 0, page: vec![0; PAGE * BYTES] }))
    }
}

struct Writer(Arc<Mutex<File>>);

impl Producer for Writer {
    fn append(&mut self, records: &[Record]) -> Result<(), Failure> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(records.as_flattened())?;
        Ok(file.sync_data()?)
    }
}

struct Pages {
    file: File,
    at: u64,
    page: Vec<u8>,
}

impl Reader for Pages {
    fn page(&mut self, see: &mut See<'_>) -> Result<usize, Failure> {
        let read = self.file.read_at(&mut self.page, self.at)?;
        self.at += read as u64;
        let records = self.page.get(..read).unwrap_or_default().chunks(BYTES);
        let count = records.len();
        for record in records {
            see(record)?;
        }
        Ok(count)
    }
}
