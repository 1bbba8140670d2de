//! Reads a body where it lies: texts and byte strings are borrowed from it. How deep items nest is counted before they are
//! recursed into, and no memory is taken for a length before its bytes are there.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::head::Head;

/// No request nests half as deep.
const MAX_DEPTH: usize = 64;

/// Why a body cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It is not CBOR.
    #[error("{0}")]
    Malformed(&'static str),
    /// It is not what was expected, in the words of who expected it.
    #[error("{0}")]
    Unexpected(String),
}

impl serde::de::Error for Error {
    fn custom<T: std::fmt::Display>(text: T) -> Self {
        Error::Unexpected(text.to_string())
    }
}

/// Reads a body that is one item.
///
/// # Errors
/// See [`Error`].
pub(crate) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Error> {
    let mut reader = Reader { rest: body, depth: 0 };
    let value = T::deserialize(&mut reader)?;
    match reader.rest {
        [] => Ok(value),
        _ => Err(Error::Malformed("more than one item")),
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    depth: usize,
}

impl<'a> Reader<'a> {
    /// The head of the next item. Tags are passed over: what an item is for, its reader knows.
    fn head(&mut self) -> Result<Head, Error> {
        loop {
            match Head::take(&mut self.rest)? {
                Head::Tag => {}
                head => return Ok(head),
            }
        }
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Error> {
        let taken = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let (taken, rest) = taken.ok_or(Error::Malformed("a string that ends early"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn take_text(&mut self, length: u64) -> Result<&'a str, Error> {
        str::from_utf8(self.take(length)?).map_err(|_| Error::Malformed("a text that is not UTF-8"))
    }

    /// The length of the next part of a string that is in parts; `None` after the last one.
    fn part(&mut self, length: fn(Head) -> Option<u64>) -> Result<Option<u64>, Error> {
        match Head::take(&mut self.rest)? {
            Head::Break => Ok(None),
            head => length(head).map(Some).ok_or(Error::Malformed("a string with a part that is none")),
        }
    }

    fn joined_bytes(&mut self) -> Result<Vec<u8>, Error> {
        let length = |head| if let Head::Bytes(length) = head { length } else { None };
        let mut whole = Vec::new();
        while let Some(length) = self.part(length)? {
            whole.extend_from_slice(self.take(length)?);
        }
        Ok(whole)
    }

    fn joined_text(&mut self) -> Result<String, Error> {
        let length = |head| if let Head::Text(length) = head { length } else { None };
        let mut whole = String::new();
        while let Some(length) = self.part(length)? {
            whole.push_str(self.take_text(length)?);
        }
        Ok(whole)
    }

    /// Reads the items of a list or map.
    fn nested<T>(
        &mut self,
        left: Option<u64>,
        read: impl FnOnce(&mut Items<'_, 'a>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.depth == MAX_DEPTH {
            return Err(Error::Malformed("items that nest too deep"));
        }
        self.depth += 1;
        let mut items = Items { reader: self, left, ended: false };
        let value = read(&mut items)?;
        if items.more()? {
            return Err(Error::Malformed("more items than were expected"));
        }
        self.depth -= 1;
        Ok(value)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.head()? {
            Head::Unsigned(value) => visitor.visit_u64(value),
            Head::Negative(value) => match i64::try_from(value) {
                Ok(value) => visitor.visit_i64(-1 - value),
                Err(_) => visitor.visit_f64(-1.0 - value as f64),
            },
            Head::Bytes(Some(length)) => visitor.visit_borrowed_bytes(self.take(length)?),
            Head::Bytes(None) => visitor.visit_byte_buf(self.joined_bytes()?),
            Head::Text(Some(length)) => visitor.visit_borrowed_str(self.take_text(length)?),
            Head::Text(None) => visitor.visit_string(self.joined_text()?),
            Head::List(length) => self.nested(length, |items| visitor.visit_seq(items)),
            Head::Map(length) => self.nested(length, |items| visitor.visit_map(items)),
            Head::Bool(value) => visitor.visit_bool(value),
            Head::Null => visitor.visit_unit(),
            Head::Float(value) => visitor.visit_f64(value),
            Head::Tag | Head::Break => Err(Error::Malformed("a break where an item was expected")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut after = self.rest;
        if Head::take(&mut after)? == Head::Null {
            self.rest = after;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The items of a list, or the keys and values of a map.
struct Items<'r, 'a> {
    reader: &'r mut Reader<'a>,
    /// How many items or pairs there still are, if that was told.
    left: Option<u64>,
    ended: bool,
}

impl Items<'_, '_> {
    /// Whether there is one more, which is then as good as read.
    fn more(&mut self) -> Result<bool, Error> {
        match &mut self.left {
            Some(0) => return Ok(false),
            Some(left) => *left -= 1,
            None if self.ended => return Ok(false),
            None => {
                let mut after = self.reader.rest;
                if Head::take(&mut after)? == Head::Break {
                    (self.reader.rest, self.ended) = (after, true);
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

impl<'a> SeqAccess<'a> for &mut Items<'_, 'a> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if !self.more()? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'a> MapAccess<'a> for &mut Items<'_, 'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(&mut *self.reader)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;

    use super::*;

    #[derive(Debug, PartialEq, serde::Serialize, Deserialize)]
    struct Thing<'a> {
        text: &'a str,
        #[serde(borrow, with = "serde_bytes_borrowed")]
        bytes: &'a [u8],
        whole: i64,
        list: Vec<Option<bool>>,
        number: f64,
    }

    /// Byte strings, which serde takes for lists otherwise.
    mod serde_bytes_borrowed {
        pub(super) fn serialize<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(bytes)
        }

        pub(super) fn deserialize<'a, D: serde::Deserializer<'a>>(deserializer: D) -> Result<&'a [u8], D::Error> {
            serde::Deserialize::deserialize(deserializer)
        }
    }

    const THING: Thing<'_> =
        Thing { text: "m\u{fc}hle", bytes: &[0, 255], whole: -70_000, list: Vec::new(), number: 1.1 };

    #[test]
    fn what_another_program_has_written_is_read_and_borrowed() {
        let thing = Thing { list: vec![Some(true), None, Some(false)], ..THING };
        let body = super::super::write(&thing).unwrap();
        assert_eq!(parse::<Thing<'_>>(&body).unwrap(), thing);
    }

    #[test]
    fn lengths_may_be_told_by_a_break() {
        // {_ "text": "a", "bytes": h'01', "whole": 1, "list": [_ true], "number": 0.5}
        let body = b"\xbf\x64text\x61a\x65bytes\x41\x01\x65whole\x01\x64list\x9f\xf5\xff\x66number\xf9\x38\x00\xff";
        let thing = Thing { text: "a", bytes: &[1], whole: 1, list: vec![Some(true)], number: 0.5 };
        assert_eq!(parse::<Thing<'_>>(body).unwrap(), thing);
        assert_eq!(parse::<String>(b"\x7f\x61a\x62bc\xff").unwrap(), "abc");
        assert_eq!(parse::<String>(b"\x7f\xff").unwrap(), "");
    }

    #[test]
    fn tags_are_passed_over() {
        assert_eq!(parse::<u64>(b"\xc1\x1a\x51\x4b\x67\xb0").unwrap(), 1_363_896_240);
        assert_eq!(parse::<Option<u64>>(b"\xd9\xd9\xf7\x07").unwrap(), Some(7));
    }

    #[test]
    fn what_is_not_cbor_is_refused_in_bounded_memory_and_stack() {
        let whole = super::super::write(&THING).unwrap();
        for length in 0..whole.len() {
            assert!(parse::<IgnoredAny>(&whole[..length]).is_err(), "{length}");
        }
        for body in [
            &b"\xff"[..],
            b"\x1c",
            b"\x1f",
            b"\xf8\x20",
            b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\xbb\x00\x00\x00\x7f\xff\xff\xff\xff\x01",
            b"\xa1\x01",
            b"\xbf\x01\xff",
            b"\x7f\x41a\xff",
            b"\x5f\x5f\xff\xff",
            b"\x62\xff\xff",
            b"\x01\x01",
            &[0x81; 1 << 20],
            &[0x9f; 1 << 20],
            &[0xbf; 1 << 20],
            &[0xa1; 1 << 20],
            &[0xc1; 1 << 20],
        ] {
            assert!(parse::<IgnoredAny>(body).is_err(), "{body:x?}");
        }
    }
}
