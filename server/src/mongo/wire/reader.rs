//! Takes a message apart from its front.

use super::Malformed;

/// What is left of a message, and where that begins in it.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(count).ok_or(Malformed::Short)?;
        let taken = self.bytes.get(self.at..end).ok_or(Malformed::Short)?;
        self.at = end;
        Ok(taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        self.take(1)?.first().copied().ok_or(Malformed::Short)
    }

    pub(super) fn i32(&mut self) -> Result<i32, Malformed> {
        let bytes = self.take(4)?.try_into().map_err(|_| Malformed::Short)?;
        Ok(i32::from_le_bytes(bytes))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(self.i32()?.cast_unsigned())
    }

    /// A name that ends with a NUL.
    pub(super) fn name(&mut self) -> Result<&'a str, Malformed> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == 0).ok_or(Malformed::Short)?;
        let name = std::str::from_utf8(self.take(length)?).map_err(|_| Malformed::Name)?;
        self.take(1)?;
        Ok(name)
    }

    /// The place of a document, of which only the length and the end are looked at.
    pub(super) fn document(&mut self) -> Result<std::ops::Range<usize>, Malformed> {
        let start = self.at;
        let length = usize::try_from(self.i32()?).map_err(|_| Malformed::Document)?;
        let rest = length.checked_sub(4).filter(|rest| *rest > 0).ok_or(Malformed::Document)?;
        match self.take(rest)?.last() {
            Some(0) => Ok(start..self.at),
            _ => Err(Malformed::Document),
        }
    }
}
