use super::Decimal;

/// Writes the elements of a key; see the [module page](super) for their bytes.
///
/// The element's type is part of the schema of the key: a reader must ask for the same one.
#[derive(Debug, Clone, Default)]
#[must_use = "a key is what `finish` or `rest` gives"]
pub struct KeyWriter {
    bytes: Vec<u8>,
    /// What each byte is combined with: `FF` inside a descending element.
    mask: u8,
}

impl KeyWriter {
    /// An empty key.
    pub fn new() -> Self {
        KeyWriter::default()
    }

    /// An empty key with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        KeyWriter { bytes: Vec::with_capacity(bytes), mask: 0 }
    }

    /// An unsigned integer of 1 byte.
    pub fn u8(self, value: u8) -> Self {
        self.raw(&[value])
    }

    /// An unsigned integer of 2 bytes.
    pub fn u16(self, value: u16) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// An unsigned integer of 4 bytes.
    pub fn u32(self, value: u32) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// An unsigned integer of 8 bytes.
    pub fn u64(self, value: u64) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// An unsigned integer of 16 bytes.
    pub fn u128(self, value: u128) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// A signed integer of 8 bytes.
    pub fn i64(self, value: i64) -> Self {
        self.raw(&(value.cast_unsigned() ^ (1 << 63)).to_be_bytes())
    }

    /// A signed integer of 16 bytes.
    pub fn i128(self, value: i128) -> Self {
        self.raw(&(value.cast_unsigned() ^ (1 << 127)).to_be_bytes())
    }

    /// A truth value; false comes first.
    pub fn bool(self, value: bool) -> Self {
        self.raw(&[u8::from(value)])
    }

    /// A hash or another identifier of 16 bytes.
    pub fn hash(self, value: &[u8; 16]) -> Self {
        self.raw(value)
    }

    /// A byte string of any length.
    pub fn bytes(mut self, value: &[u8]) -> Self {
        for (nth, run) in value.split(|byte| *byte == 0).enumerate() {
            if nth > 0 {
                self = self.raw(&[0, 0xFF]);
            }
            self = self.raw(run);
        }
        self.raw(&[0, 0])
    }

    /// A string of any length.
    pub fn str(self, value: &str) -> Self {
        self.bytes(value.as_bytes())
    }

    /// A decimal number.
    pub fn decimal(mut self, value: Decimal) -> Self {
        let (start, mask) = (self.bytes.len(), self.mask);
        value.encode(&mut self.bytes);
        self.bytes.iter_mut().skip(start).for_each(|byte| *byte ^= mask);
        self
    }

    /// The elements that `elements` writes, in descending order. Within it, `descending` ascends again.
    pub fn descending(mut self, elements: impl FnOnce(Self) -> Self) -> Self {
        self.mask = !self.mask;
        let mut written = elements(self);
        written.mask = !written.mask;
        written
    }

    /// The finished key, with raw bytes as its last element. They are neither escaped nor ended, so they cost nothing,
    /// and can only be last.
    #[must_use]
    pub fn rest(mut self, value: &[u8]) -> Vec<u8> {
        self.bytes.extend_from_slice(value);
        self.bytes
    }

    /// The finished key, or prefix.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        let mask = self.mask;
        self.bytes.extend(bytes.iter().map(|byte| byte ^ mask));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_have_the_documented_bytes() {
        let key = |write: fn(KeyWriter) -> KeyWriter| write(KeyWriter::new()).finish();
        assert_eq!(key(|key| key.u32(7).u16(1).u8(9)), [0, 0, 0, 7, 0, 1, 9]);
        assert_eq!(key(|key| key.u64(1)), [0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(key(|key| key.i64(-1)), [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        assert_eq!(key(|key| key.i64(0)), [0x80, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(key(|key| key.bool(true).bool(false)), [1, 0]);
        assert_eq!(key(|key| key.bytes(&[1, 0, 2])), [1, 0, 0xFF, 2, 0, 0]);
        assert_eq!(key(|key| key.bytes(&[0])), [0, 0xFF, 0, 0]);
        assert_eq!(key(|key| key.str("")), [0, 0]);
        assert_eq!(key(|key| key.hash(&[5; 16])), [5; 16]);
        assert_eq!(key(|key| key.descending(|key| key.str("a").u8(1)).u8(1)), [0x9E, 0xFF, 0xFF, 0xFE, 1]);
        assert_eq!(key(|key| key.descending(|key| key.descending(|key| key.u8(3)))), [3]);
        assert_eq!(KeyWriter::with_capacity(8).u8(1).rest(&[0, 2]), [1, 0, 2]);
    }

    #[test]
    fn a_string_ends_before_an_element_that_looks_like_its_escape() {
        let short = KeyWriter::new().bytes(b"a").u8(0xFF).finish();
        let long = KeyWriter::new().bytes(b"a\0").u8(0).finish();
        assert!(short < long);
    }
}
