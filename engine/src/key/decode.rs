use thiserror::Error;

use super::Decimal;

/// Why a key could not be read. The bytes are not what [`KeyWriter`](super::KeyWriter) writes for these elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key ends before the element does.
    #[error("the key ends within a {element}")]
    Truncated {
        /// What was read.
        element: &'static str,
    },
    /// The bytes are not a value of the element's type.
    #[error("the key holds a malformed {element}")]
    Malformed {
        /// What was read.
        element: &'static str,
    },
    /// The key goes on after its last element.
    #[error("{bytes} bytes follow the last element of the key")]
    Trailing {
        /// How many bytes are left.
        bytes: usize,
    },
}

/// Reads the elements of a key that a [`KeyWriter`](super::KeyWriter) wrote.
///
/// Whatever the bytes are, reading never panics, and what it accepts is exactly what would be written for the value.
/// After an error the position is where the element began.
#[derive(Debug)]
pub struct KeyReader<'a> {
    left: &'a [u8],
    mask: u8,
}

impl<'a> KeyReader<'a> {
    /// A reader at the start of a key.
    #[must_use]
    pub fn new(key: &'a [u8]) -> Self {
        KeyReader { left: key, mask: 0 }
    }

    /// Reads an unsigned integer of 1 byte.
    ///
    /// # Errors
    /// [`KeyError::Truncated`].
    pub fn read_u8(&mut self) -> Result<u8, KeyError> {
        self.fixed("u8").map(u8::from_be_bytes)
    }

    /// Reads an unsigned integer of 2 bytes.
    ///
    /// # Errors
    /// [`KeyError::Truncated`].
    pub fn read_u16(&mut self) -> Result<u16, KeyError> {
        self.fixed("u16").map(u16::from_be_bytes)
    }

    /// Reads an unsigned integer of 4 bytes.
    ///
    /// # Errors
    /// [`KeyError::Truncated`].
    pub fn read_u32(&mut self) -> Result<u32, KeyError> {
        self.fixed("u32").map(u32::from_be_bytes)
    }

    /// Reads an unsigned integer of 8 bytes.
    ///
    /// # Errors
    /// [`KeyError::Truncated`].
    pub fn read_u64(&mut self) -> Result<u64, KeyError> {
        self.fixed("u64").map(u64::from_be_bytes)
    }

    /// Reads an unsigned integer of 16 bytes.
    ///
    /// # Errors
    /// [`KeyError::Truncated`].
    pub fn read_u128(&mut self) -> Result<u128, KeyError> {
        self.fixed("u128").map(u128::from_be_bytes)
    }

    /// Reads a signed integer of 8 bytes.
    ///
    /// # Errors
    /// [`KeyError::Truncated`].
    pub fn read_i64(&mut self) -> Result<i64, KeyError> {
        self.fixed("i64").map(|bytes| (u64::from_be_bytes(bytes) ^ (1 << 63)).cast_signed())
    }

    /// Reads a signed integer of 16 bytes.
    ///
    /// # Errors
    /// [`KeyError::Truncated`].
    pub fn read_i128(&mut self) -> Result<i128, KeyError> {
        self.fixed("i128").map(|bytes| (u128::from_be_bytes(bytes) ^ (1 << 127)).cast_signed())
    }

    /// Reads a truth value.
    ///
    /// # Errors
    /// [`KeyError::Truncated`], and [`KeyError::Malformed`] for any byte but 0 and 1.
    pub fn read_bool(&mut self) -> Result<bool, KeyError> {
        let before = self.left;
        match self.fixed::<1>("bool")? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => {
                self.left = before;
                Err(KeyError::Malformed { element: "bool" })
            }
        }
    }

    /// Reads a hash or another identifier of 16 bytes.
    ///
    /// # Errors
    /// [`KeyError::Truncated`].
    pub fn read_hash(&mut self) -> Result<[u8; 16], KeyError> {
        self.fixed("hash")
    }

    /// Reads a byte string.
    ///
    /// # Errors
    /// [`KeyError::Truncated`], and [`KeyError::Malformed`] for an unknown escape.
    pub fn read_bytes(&mut self) -> Result<Vec<u8>, KeyError> {
        self.escaped("byte string")
    }

    /// Reads a string.
    ///
    /// # Errors
    /// As [`read_bytes`](KeyReader::read_bytes), and [`KeyError::Malformed`] for what is not UTF-8.
    pub fn read_str(&mut self) -> Result<String, KeyError> {
        let before = self.left;
        String::from_utf8(self.escaped("string")?).map_err(|_| {
            self.left = before;
            KeyError::Malformed { element: "string" }
        })
    }

    /// Reads a decimal number.
    ///
    /// # Errors
    /// [`KeyError::Truncated`], and [`KeyError::Malformed`] for digits that would not be written so.
    pub fn read_decimal(&mut self) -> Result<Decimal, KeyError> {
        let mask = self.mask;
        let mut bytes = self.left.iter().map(|byte| byte ^ mask);
        let value = Decimal::decode(&mut bytes)?;
        let unread = bytes.len();
        self.left = self.left.get(self.left.len() - unread..).unwrap_or_default();
        Ok(value)
    }

    /// Reads with `elements` what [`KeyWriter::descending`](super::KeyWriter::descending) wrote.
    ///
    /// # Errors
    /// Those of `elements`.
    pub fn descending<T, E>(&mut self, elements: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        self.mask = !self.mask;
        let result = elements(self);
        self.mask = !self.mask;
        result
    }

    /// The raw bytes that end the key.
    #[must_use]
    pub fn rest(self) -> &'a [u8] {
        self.left
    }

    /// The raw bytes that end the key, as a string.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] for what is not UTF-8.
    pub fn rest_str(self) -> Result<&'a str, KeyError> {
        std::str::from_utf8(self.left).map_err(|_| KeyError::Malformed { element: "string" })
    }

    /// Whether nothing is left to read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// Checks that nothing is left to read.
    ///
    /// # Errors
    /// [`KeyError::Trailing`].
    pub fn finish(self) -> Result<(), KeyError> {
        match self.left.len() {
            0 => Ok(()),
            bytes => Err(KeyError::Trailing { bytes }),
        }
    }

    fn fixed<const N: usize>(&mut self, element: &'static str) -> Result<[u8; N], KeyError> {
        let Some((bytes, left)) = self.left.split_first_chunk::<N>() else {
            return Err(KeyError::Truncated { element });
        };
        self.left = left;
        Ok(bytes.map(|byte| byte ^ self.mask))
    }

    fn escaped(&mut self, element: &'static str) -> Result<Vec<u8>, KeyError> {
        let mut value = Vec::new();
        let mut left = self.left;
        loop {
            let run = left.iter().position(|byte| *byte == self.mask).ok_or(KeyError::Truncated { element })?;
            let (plain, escape) = left.split_at_checked(run).unwrap_or_default();
            value.extend(plain.iter().map(|byte| byte ^ self.mask));
            let Some((escape, after)) = escape.split_first_chunk::<2>() else {
                return Err(KeyError::Truncated { element });
            };
            left = after;
            match escape.map(|byte| byte ^ self.mask) {
                [_, 0xFF] => value.push(0),
                [_, 0] => break,
                _ => return Err(KeyError::Malformed { element }),
            }
        }
        self.left = left;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_or_overlong_key_is_an_error() {
        assert_eq!(KeyReader::new(&[1, 2]).read_u32(), Err(KeyError::Truncated { element: "u32" }));
        assert_eq!(KeyReader::new(&[2]).read_bool(), Err(KeyError::Malformed { element: "bool" }));
        assert_eq!(KeyReader::new(b"ab").read_bytes(), Err(KeyError::Truncated { element: "byte string" }));
        assert_eq!(KeyReader::new(b"ab\0").read_bytes(), Err(KeyError::Truncated { element: "byte string" }));
        assert_eq!(KeyReader::new(b"a\0\x01").read_bytes(), Err(KeyError::Malformed { element: "byte string" }));
        assert_eq!(KeyReader::new(&[0x80, 0xC3, 0, 0]).read_str(), Err(KeyError::Malformed { element: "string" }));
        assert_eq!(KeyReader::new(&[0xC3]).rest_str(), Err(KeyError::Malformed { element: "string" }));
        assert_eq!(KeyReader::new(&[1, 2]).finish(), Err(KeyError::Trailing { bytes: 2 }));
        assert_eq!(KeyReader::new(&[]).finish(), Ok(()));
    }

    #[test]
    fn an_error_leaves_the_position() {
        let mut reader = KeyReader::new(&[7, 0xC3, 0, 0]);
        assert!(reader.read_u64().is_err());
        assert!(reader.read_bool().is_err());
        assert!(reader.read_str().is_err());
        assert!(reader.descending(|key| key.read_bytes()).is_err());
        assert_eq!(reader.read_u8(), Ok(7));
        assert_eq!(reader.rest(), [0xC3, 0, 0]);
    }
}
