//! Writing and reading the fields of a row.

use bytes::{Buf, BufMut, Bytes};
use millpond_engine::Timestamp;

use crate::{Error, Result};

/// Appends fields to a row.
#[derive(Debug)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new(version: u8) -> Self {
        Writer(vec![version])
    }

    pub(super) fn with_capacity(version: u8, bytes: usize) -> Self {
        let mut row = Vec::with_capacity(bytes + 1);
        row.push(version);
        Writer(row)
    }

    pub(super) fn u8(&mut self, value: u8) -> &mut Self {
        self.0.put_u8(value);
        self
    }

    pub(super) fn u32(&mut self, value: u32) -> &mut Self {
        self.0.put_u32(value);
        self
    }

    pub(super) fn u64(&mut self, value: u64) -> &mut Self {
        self.0.put_u64(value);
        self
    }

    pub(super) fn time(&mut self, value: Timestamp) -> &mut Self {
        self.u64(value.as_millis())
    }

    /// Bytes of a known number.
    pub(super) fn raw(&mut self, value: &[u8]) -> &mut Self {
        self.0.extend_from_slice(value);
        self
    }

    /// Bytes after their number. A value of the engine is shorter than what a u32 counts, and it refuses longer ones.
    pub(super) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.0.put_u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
        self.raw(value)
    }

    pub(super) fn text(&mut self, value: &str) -> &mut Self {
        self.bytes(value.as_bytes())
    }

    pub(super) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T) -> &mut Self) -> &mut Self {
        self.0.put_u8(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
        self
    }

    pub(super) fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

/// Reads the fields of a row in their order.
#[derive(Debug)]
pub(super) struct Reader {
    rest: Bytes,
    keyspace: &'static str,
}

impl Reader {
    pub(super) fn new(row: Bytes, keyspace: &'static str, version: u8) -> Result<Self> {
        let mut reader = Reader { rest: row, keyspace };
        if reader.u8()? != version {
            return Err(reader.corrupt("a row is of an unknown version"));
        }
        Ok(reader)
    }

    pub(super) fn corrupt(&self, detail: &'static str) -> Error {
        Error::Corrupt { keyspace: self.keyspace, detail }
    }

    fn cut_off<T, E>(&self, read: Result<T, E>) -> Result<T> {
        read.map_err(|_| self.corrupt("a row is cut off"))
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        let read = self.rest.try_get_u8();
        self.cut_off(read)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        let read = self.rest.try_get_u32();
        self.cut_off(read)
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        let read = self.rest.try_get_u64();
        self.cut_off(read)
    }

    pub(super) fn time(&mut self) -> Result<Timestamp> {
        self.u64().map(Timestamp::from_millis)
    }

    pub(super) fn raw(&mut self, bytes: usize) -> Result<Bytes> {
        if bytes > self.rest.len() {
            return Err(self.corrupt("a row is cut off"));
        }
        Ok(self.rest.split_to(bytes))
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes = self.raw(N)?;
        let read = <[u8; N]>::try_from(&bytes[..]);
        self.cut_off(read)
    }

    pub(super) fn bytes(&mut self) -> Result<Bytes> {
        let bytes = self.u32()? as usize;
        self.raw(bytes)
    }

    pub(super) fn text(&mut self) -> Result<String> {
        let bytes = self.bytes()?;
        String::from_utf8(bytes.into()).map_err(|_| self.corrupt("a text is not UTF-8"))
    }

    pub(super) fn flag(&mut self) -> Result<bool> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.corrupt("a flag is neither 0 nor 1")),
        }
    }

    pub(super) fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<T>> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    /// So many elements. Each takes a byte at least, so a wrong number asks for no memory.
    pub(super) fn list<T>(&mut self, read: impl Fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let count = self.u32()? as usize;
        if count > self.rest.len() {
            return Err(self.corrupt("a row is cut off"));
        }
        (0..count).map(|_| read(self)).collect()
    }

    pub(super) fn finish(self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.corrupt("a row is too long")) }
    }
}
