//! The bytes of an object, unpacked and counted, and no more of them at a time than are needed.

use std::{
    cell::Cell,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    rc::Rc,
};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::{GZIP, ZSTD};

/// The most that one line of JSON, or one record of CSV, may have. An item of 400 KB needs at most six times as much, and
/// several may stand in a line.
pub(super) const MAX_RECORD_BYTES: u64 = 4 << 20;

/// What may still be read before the next record begins. Both ends share it.
#[derive(Clone, Debug)]
pub(super) struct Allowance(Rc<Cell<u64>>);

impl Allowance {
    pub(super) fn new() -> Allowance {
        Allowance(Rc::new(Cell::new(MAX_RECORD_BYTES)))
    }

    /// A record has ended.
    pub(super) fn renew(&self) {
        self.0.set(MAX_RECORD_BYTES);
    }
}

/// An object's content. It ends in an error where it cannot be unpacked, or where a record is too long.
pub(super) struct Content {
    unpacked: Box<dyn Read>,
    allowance: Allowance,
    pub(super) read: Rc<Cell<u64>>,
}

impl Content {
    pub(super) fn new(file: File, compression: &str, allowance: Allowance) -> io::Result<Content> {
        let is_empty = file.metadata()?.len() == 0;
        let file = BufReader::new(file);
        let unpacked: Box<dyn Read> = match compression {
            // Nothing at all is no archive, but there is nothing wrong in it.
            _ if is_empty => Box::new(io::empty()),
            GZIP => Box::new(MultiGzDecoder::new(file)),
            ZSTD => Box::new(Frames::new(file)?),
            _ => Box::new(file),
        };
        Ok(Content { unpacked, allowance, read: Rc::default() })
    }
}

/// What is packed with zstd, in one frame or in several.
struct Frames {
    frame: Option<StreamingDecoder<BufReader<File>, FrameDecoder>>,
}

impl Frames {
    fn new(file: BufReader<File>) -> io::Result<Frames> {
        Ok(Frames { frame: Some(StreamingDecoder::new(file).map_err(io::Error::other)?) })
    }
}

impl Read for Frames {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(frame) = &mut self.frame {
            let count = frame.read(into)?;
            if count > 0 || into.is_empty() {
                return Ok(count);
            }
            let Some(ended) = self.frame.take() else { break };
            let mut rest = ended.into_inner();
            if !rest.fill_buf()?.is_empty() {
                *self = Frames::new(rest)?;
            }
        }
        Ok(0)
    }
}

impl Read for Content {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.allowance.0.get();
        if left == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a record is too long"));
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
        let count = self.unpacked.read(into.get_mut(..most).unwrap_or_default())?;
        self.allowance.0.set(left.saturating_sub(count as u64));
        self.read.set(self.read.get().saturating_add(count as u64));
        Ok(count)
    }
}
