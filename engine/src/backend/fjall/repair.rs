//! The journal, before fjall reads it.
//!
//! fjall appends batches to the journal with the highest number: `start(1, items u32, sequence u64)`, items
//! `(2, type u8, compression u8, keyspace u64, key length u16, value length u32, stored length u32, key, value)` or
//! clears `(4, keyspace u64)`, and `end(3, xxh3 of the items' bytes u64, "FJL" 3)`, all little-endian. The file is
//! made longer than it is full, so a good journal goes on in zeros.
//!
//! A power cut keeps any subset of the pages that were written since the last sync. So a journal is read as: good
//! batches, then perhaps a bad place. If a good batch follows it that says that everything before it was synced, the bad
//! place was once whole and acknowledged: the store is damaged and is not opened. If none does, what begins at the bad
//! place is what a power cut leaves of unsynced batches, and it is cut off.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, Read as _, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use xxhash_rust::xxh3::Xxh3;

use super::{OWN_KEYSPACE_ID, SYNCED_KEY};
use crate::{Error, Result, directory::io_error};

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;
/// The highest of an item's types: a value, a tombstone, a weak tombstone.
const WEAK_TOMBSTONE: u8 = 2;
const PLAIN: u8 = 0;
const LZ4: u8 = 1;
const TRAILER: [u8; 4] = [b'F', b'J', b'L', 3];

/// Bytes of a start marker and the tag that follows it.
const HEAD_BYTES: usize = 14;
/// How far ahead of the last good batch's sequence a batch behind a bad place can be.
const SEQUENCE_AHEAD: u64 = 1 << 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Good {
    /// Where the batch ends.
    end: u64,
    sequence: u64,
    /// Whether it says that all batches before it were synced.
    follows_synced: bool,
}

/// What stands at a place in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Good(Good),
    /// All markers and lengths of a batch up to `end`, but not the bytes that its checksum is of: a page is missing
    /// inside a value.
    Torn {
        end: u64,
    },
    /// Nothing that can be read as a batch.
    Broken,
}

/// Cuts a torn end off the active journal of the fjall store at `store`, or refuses a damaged one.
pub(super) fn repair(store: &Path) -> Result<()> {
    let mut journals = journals(store)?;
    let active = journals.pop();
    for (_, sealed) in journals {
        // It was synced as a whole before the next one was begun, so all of it was acknowledged.
        let mut journal = Journal::open(&sealed)?;
        let (end, _) = journal.good_part()?;
        if journal.has_data_after(end)? {
            return Err(journal.damaged(end, "later journals"));
        }
    }
    let Some((_, path)) = active else { return Ok(()) };
    let mut journal = Journal::open(&path)?;
    let (end, last) = journal.good_part()?;
    if !journal.has_data_after(end)? {
        return Ok(());
    }
    journal.seek(end)?;
    let mut from = match journal.batch(end)? {
        // A value may hold what looks like a batch; it is not looked at where the torn batch can be told to end.
        Found::Torn { end } => end,
        _ => end + 1,
    };
    while let Some(good) = journal.next_good(from, last)? {
        if good.follows_synced {
            return Err(journal.damaged(end, "acknowledged commits"));
        }
        from = good.end;
    }
    tracing::warn!(journal = %path.display(), at = end, "a commit that was never acknowledged was torn by a power cut; it is cut off");
    journal.cut(end)
}

fn journals(store: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let wrong = |error| io_error("list the store", store, error);
    let entries = match fs::read_dir(store) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrong(error)),
    };
    let mut journals = Vec::new();
    for entry in entries {
        let path = entry.map_err(wrong)?.path();
        let number = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".jnl")?.parse().ok());
        if let Some(number) = number {
            journals.push((number, path));
        }
    }
    journals.sort();
    Ok(journals)
}

struct Journal {
    path: PathBuf,
    file: BufReader<File>,
    length: u64,
}

impl Journal {
    fn open(path: &Path) -> Result<Journal> {
        let open = || -> io::Result<Journal> {
            let file = OpenOptions::new().read(true).write(true).open(path)?;
            let length = file.metadata()?.len();
            Ok(Journal { path: path.to_owned(), file: BufReader::with_capacity(1 << 16, file), length })
        };
        open().map_err(|error| io_error("open the journal", path, error))
    }

    fn error(&self, error: io::Error) -> Error {
        io_error("read the journal", &self.path, error)
    }

    fn seek(&mut self, to: u64) -> Result<()> {
        self.file.seek(SeekFrom::Start(to)).map(drop).map_err(|error| self.error(error))
    }

    fn damaged(&self, at: u64, followers: &str) -> Error {
        let detail = format!("the commit at byte {at} is damaged, and {followers} follow it");
        Error::Corrupt { file: self.path.clone(), detail }
    }

    /// Where the unbroken row of good batches ends, and the sequence of the last one.
    fn good_part(&mut self) -> Result<(u64, u64)> {
        let (mut end, mut last) = (0, 0);
        self.seek(0)?;
        while let Found::Good(good) = self.batch(end)? {
            if end > 0 && good.sequence <= last {
                break;
            }
            (end, last) = (good.end, good.sequence);
        }
        Ok((end, last))
    }

    /// The first good batch that begins at `from` or after it, with a sequence that can follow `last`.
    fn next_good(&mut self, from: u64, last: u64) -> Result<Option<Good>> {
        let mut at = from;
        let mut window = Vec::new();
        while at + (HEAD_BYTES as u64) < self.length {
            self.seek(at)?;
            window.clear();
            let read = (&mut self.file).take(1 << 20).read_to_end(&mut window).map_err(|error| self.error(error))?;
            if read < HEAD_BYTES {
                return Ok(None);
            }
            let heads = window.windows(HEAD_BYTES).enumerate();
            let candidates: Vec<usize> = heads.filter(|(_, head)| may_start(head, last)).map(|(i, _)| i).collect();
            for candidate in candidates {
                let start = at + candidate as u64;
                self.seek(start)?;
                if let Found::Good(good) = self.batch(start)? {
                    return Ok(Some(good));
                }
            }
            at += (read - HEAD_BYTES + 1) as u64;
        }
        Ok(None)
    }

    /// Reads the batch at `start`, where the file is positioned.
    fn batch(&mut self, start: u64) -> Result<Found> {
        let left = self.length.saturating_sub(start);
        let mut reader = BatchReader { file: &mut self.file, left, hash: Xxh3::new() };
        let read = reader.batch();
        let end = start + (left - reader.left);
        match read {
            Ok(Some(Read { sequence, follows_synced, matches: true })) => {
                Ok(Found::Good(Good { end, sequence, follows_synced }))
            }
            Ok(Some(_)) => Ok(Found::Torn { end }),
            Ok(None) => Ok(Found::Broken),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Found::Broken),
            Err(error) => Err(self.error(error)),
        }
    }

    /// Whether anything but zeros stands at or after `from`.
    fn has_data_after(&mut self, from: u64) -> Result<bool> {
        let mut at = from;
        let mut buffer = vec![0; 1 << 16];
        while let Some(next) = self.next_data(at) {
            self.file.seek(SeekFrom::Start(next)).map_err(|error| self.error(error))?;
            let read = self.file.read(&mut buffer).map_err(|error| self.error(error))?;
            if read == 0 {
                return Ok(false);
            }
            if buffer.iter().take(read).any(|byte| *byte != 0) {
                return Ok(true);
            }
            at = next + read as u64;
        }
        Ok(false)
    }

    /// Skips the hole that an allocated but unwritten end of a file is, where the system can tell.
    fn next_data(&self, at: u64) -> Option<u64> {
        if at >= self.length {
            return None;
        }
        #[cfg(target_os = "linux")]
        match rustix::fs::seek(self.file.get_ref(), rustix::fs::SeekFrom::Data(at)) {
            Ok(next) => return Some(next),
            Err(rustix::io::Errno::NXIO) => return None,
            Err(_) => {}
        }
        Some(at)
    }

    fn cut(self, at: u64) -> Result<()> {
        let cut = || -> io::Result<()> {
            self.file.get_ref().set_len(at)?;
            self.file.get_ref().sync_all()
        };
        cut().map_err(|error| io_error("cut off the torn end of the journal", &self.path, error))
    }
}

/// Whether these bytes can be a start marker and the tag of its first item.
fn may_start(head: &[u8], last: u64) -> bool {
    let (&[START, a, b, c, d, ref sequence @ .., ITEM | CLEAR], items) = (head, 1..1 << 28) else { return false };
    let sequence = sequence.try_into().map(u64::from_le_bytes).unwrap_or(0);
    items.contains(&u32::from_le_bytes([a, b, c, d])) && sequence > last && sequence - last < SEQUENCE_AHEAD
}

/// A batch whose markers and lengths are whole.
struct Read {
    sequence: u64,
    follows_synced: bool,
    /// Whether the checksum is that of the items.
    matches: bool,
}

struct BatchReader<'a> {
    file: &'a mut BufReader<File>,
    left: u64,
    hash: Xxh3,
}

impl BatchReader<'_> {
    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        if self.left < N as u64 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.file.read_exact(&mut bytes)?;
        self.left -= N as u64;
        Ok(bytes)
    }

    fn hashed<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let bytes = self.take::<N>()?;
        self.hash.update(&bytes);
        Ok(bytes)
    }

    /// Reads one batch, or `None` where there is none.
    fn batch(&mut self) -> io::Result<Option<Read>> {
        if self.take::<1>()? != [START] {
            return Ok(None);
        }
        let items = u32::from_le_bytes(self.take()?);
        let sequence = u64::from_le_bytes(self.take()?);
        let mut follows_synced = false;
        for _ in 0..items {
            match self.hashed::<1>()? {
                [ITEM] => match self.item()? {
                    Some(says) => follows_synced |= says,
                    None => return Ok(None),
                },
                [CLEAR] => {
                    self.hashed::<8>()?;
                }
                _ => return Ok(None),
            }
        }
        if self.take::<1>()? != [END] {
            return Ok(None);
        }
        let matches = u64::from_le_bytes(self.take()?) == self.hash.digest();
        Ok((self.take()? == TRAILER).then_some(Read { sequence, follows_synced, matches }))
    }

    /// Reads an item and says whether it is the mark of a batch that follows synced ones; `None` if it is no item.
    fn item(&mut self) -> io::Result<Option<bool>> {
        let [kind, compression] = self.hashed()?;
        let keyspace = u64::from_le_bytes(self.hashed()?);
        let key_bytes = u16::from_le_bytes(self.hashed()?);
        let value_bytes = u32::from_le_bytes(self.hashed()?);
        let stored_bytes = u32::from_le_bytes(self.hashed()?);
        // A wrong length must not be taken for one: what it skips would not be looked at.
        let plain = compression == PLAIN && value_bytes == stored_bytes;
        if kind > WEAK_TOMBSTONE || !(plain || compression == LZ4) || key_bytes == 0 {
            return Ok(None);
        }
        let rest = u64::from(key_bytes) + u64::from(stored_bytes);
        if self.left < rest {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= rest;
        let mut key = vec![0; usize::from(key_bytes)];
        self.file.read_exact(&mut key)?;
        self.hash.update(&key);
        let mut value_left = stored_bytes as usize;
        let mut chunk = [0; 4096];
        while value_left > 0 {
            let part = chunk.get_mut(..value_left.min(4096)).unwrap_or_default();
            self.file.read_exact(part)?;
            self.hash.update(part);
            value_left -= part.len();
        }
        Ok(Some(keyspace == OWN_KEYSPACE_ID && key == SYNCED_KEY))
    }
}

#[cfg(test)]
mod tests;
