//! Keys whose byte order is the order of the values in them: one encoding for all services.
//!
//! A key is a tuple of elements written one after the other. Every element delimits itself, and no encoding of an
//! element is a prefix of another one of the same type, so tuples order by their first element, then by their second,
//! and so on, and the elements may be inverted for descending order. The reader is told the types; they are not stored.
//!
//! ```
//! use millpond_engine::{RangeRequest, key::{Decimal, KeyReader, KeyWriter}};
//!
//! // (customer, total descending, order number)
//! let price = Decimal::new(false, 1999, -2)?;
//! let key = KeyWriter::new().str("ann").descending(|key| key.decimal(price)).u64(42).finish();
//!
//! let mut reader = KeyReader::new(&key);
//! assert_eq!(reader.read_str()?, "ann");
//! assert_eq!(reader.descending(|key| key.read_decimal())?, price);
//! assert_eq!(reader.read_u64()?, 42);
//! reader.finish()?;
//!
//! // The elements that a key begins with are a prefix, and a prefix is a range.
//! let ann = RangeRequest::prefix(&KeyWriter::new().str("ann").finish());
//! # let _ = ann;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Bytes
//!
//! | element | bytes |
//! |---|---|
//! | `u8` … `u128` | big-endian, of the type's width |
//! | `i64`, `i128` | the same with the sign bit flipped |
//! | `bool` | `00` or `01` |
//! | hash | its 16 bytes |
//! | bytes | the bytes with `00` as `00 FF`, then `00 00` |
//! | string | its UTF-8, as bytes: the order is that of code points |
//! | decimal | as a number of Oracle's: see [`Decimal`]; at most 21 bytes |
//! | the rest | raw, up to the end of the key; last, and never descending |
//! | a descending element | each byte inverted |
//!
//! Two bytes end a byte string, not the single `00` of encodings that mark types: what follows here may well begin with
//! `FF`, and would be taken for the escape.
//!
//! # Limits
//! Nothing here limits the length of a key; the engine does, by [`Limits::key_bytes`](crate::Limits). Escaping makes a
//! byte string at most twice as long, plus two bytes. Reading allocates no more than the key is long.

mod decimal;
mod decode;
mod encode;
#[cfg(test)]
mod properties;

pub use decimal::{Decimal, DecimalError};
pub use decode::{KeyError, KeyReader};
pub use encode::KeyWriter;

/// The smallest key above all keys that start with `prefix`; `None` if there is none (the prefix is all `0xFF`).
#[must_use]
pub fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xFF)?;
    let mut end = prefix.get(..=last)?.to_vec();
    if let Some(byte) = end.last_mut() {
        *byte += 1;
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::prefix_end;

    #[test]
    fn the_end_of_a_prefix_is_the_next_prefix() {
        assert_eq!(prefix_end(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(prefix_end(&[1, 0xFF, 0xFF]), Some(vec![2]));
        assert_eq!(prefix_end(&[0]), Some(vec![1]));
        assert_eq!(prefix_end(&[0xFF, 0xFF]), None);
        assert_eq!(prefix_end(&[]), None);
    }
}
