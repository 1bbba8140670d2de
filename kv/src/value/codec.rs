//! Items as bytes. All integers are little-endian.
//!
//! ```text
//! version u8 = 1 | size u32 | count u32 | count * (name end u32, value end u32) | names | values
//! ```
//!
//! `size` is the service's count of the item's bytes. Names are sorted, so that one attribute is found by bisection and
//! read without the others. Ends are counted from where the names and the values begin.
//!
//! A value is a tag, and for all but null and booleans a length or count in LEB128: `1` string, `2` number (its sort
//! form), `3` binary, `4` false, `5` true, `6` null, `7` string set, `8` number set, `9` binary set, `10` list,
//! `11` map (of name lengths, names and values).

use bytes::Bytes;

use super::{AttributeValue, Item, MAX_DEPTH, Number, item_size_bytes};

pub(super) const VERSION: u8 = 1;
/// Bytes before the table of ends.
pub(super) const HEADER_BYTES: usize = 9;
/// Bytes of one entry of the table of ends.
pub(super) const ENTRY_BYTES: usize = 8;

const STRING: u8 = 1;
const NUMBER: u8 = 2;
const BINARY: u8 = 3;
const FALSE: u8 = 4;
const TRUE: u8 = 5;
const NULL: u8 = 6;
const STRINGS: u8 = 7;
const NUMBERS: u8 = 8;
const BINARIES: u8 = 9;
const LIST: u8 = 10;
const MAP: u8 = 11;

/// Stored bytes that are no item: the store is damaged, or written by a newer version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an item's bytes are malformed: {0}")]
pub struct CodecError(pub(super) &'static str);

pub(crate) fn encode(item: &Item) -> Vec<u8> {
    let size = item_size_bytes(item);
    let mut values = Vec::with_capacity(size + 8 * item.len());
    let mut bytes = Vec::with_capacity(HEADER_BYTES + (ENTRY_BYTES + 4) * item.len() + size * 2);
    bytes.push(VERSION);
    push_u32(&mut bytes, size);
    push_u32(&mut bytes, item.len());
    let mut name_end = 0;
    for (name, value) in item {
        name_end += name.len();
        encode_value(&mut values, value);
        push_u32(&mut bytes, name_end);
        push_u32(&mut bytes, values.len());
    }
    for name in item.keys() {
        bytes.extend_from_slice(name.as_bytes());
    }
    bytes.extend_from_slice(&values);
    bytes
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Item, CodecError> {
    super::ItemView::new(Bytes::copy_from_slice(bytes))?.to_item()
}

/// Items are at most 400 KB, so no length comes near this; a longer one could not be stored anyway.
fn push_u32(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

fn push_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}

fn push_bytes(bytes: &mut Vec<u8>, tail: &[u8]) {
    push_length(bytes, tail.len());
    bytes.extend_from_slice(tail);
}

fn push_all<T>(
    bytes: &mut Vec<u8>,
    tag: u8,
    members: impl ExactSizeIterator<Item = T>,
    push: impl Fn(&mut Vec<u8>, T),
) {
    bytes.push(tag);
    push_length(bytes, members.len());
    for member in members {
        push(bytes, member);
    }
}

fn encode_value(bytes: &mut Vec<u8>, value: &AttributeValue) {
    match value {
        AttributeValue::S(text) => {
            bytes.push(STRING);
            push_bytes(bytes, text.as_bytes());
        }
        AttributeValue::N(number) => {
            bytes.push(NUMBER);
            push_bytes(bytes, &number.order_key());
        }
        AttributeValue::B(binary) => {
            bytes.push(BINARY);
            push_bytes(bytes, binary);
        }
        AttributeValue::Bool(value) => bytes.push(if *value { TRUE } else { FALSE }),
        AttributeValue::Null => bytes.push(NULL),
        AttributeValue::Ss(members) => {
            push_all(bytes, STRINGS, members.iter(), |bytes, s| push_bytes(bytes, s.as_bytes()))
        }
        AttributeValue::Ns(members) => {
            push_all(bytes, NUMBERS, members.iter(), |bytes, n| push_bytes(bytes, &n.order_key()))
        }
        AttributeValue::Bs(members) => push_all(bytes, BINARIES, members.iter(), |bytes, b| push_bytes(bytes, b)),
        AttributeValue::L(values) => push_all(bytes, LIST, values.iter(), encode_value),
        AttributeValue::M(values) => push_all(bytes, MAP, values.iter(), |bytes, (name, value)| {
            push_bytes(bytes, name.as_bytes());
            encode_value(bytes, value);
        }),
    }
}

/// Reads one value that takes all of `bytes`.
pub(super) fn decode_value(bytes: &[u8]) -> Result<AttributeValue, CodecError> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(0)?;
    if reader.rest.is_empty() { Ok(value) } else { Err(CodecError("a value is followed by other bytes")) }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, CodecError> {
        let (&first, rest) = self.rest.split_first().ok_or(CodecError("it ends early"))?;
        self.rest = rest;
        Ok(first)
    }

    fn length(&mut self) -> Result<usize, CodecError> {
        let mut length = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(length);
            }
        }
        Err(CodecError("a length has more than five bytes"))
    }

    fn bytes(&mut self) -> Result<&'a [u8], CodecError> {
        let length = self.length()?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(CodecError("it ends early"))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<String, CodecError> {
        text(self.bytes()?).map(str::to_owned)
    }

    fn number(&mut self) -> Result<Number, CodecError> {
        Number::from_order_key(self.bytes()?).map_err(|_| CodecError("a number is malformed"))
    }

    fn all<T, C: FromIterator<T>>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, CodecError>,
    ) -> Result<C, CodecError> {
        let count = self.length()?;
        if count > self.rest.len() {
            return Err(CodecError("a count is larger than what is left"));
        }
        (0..count).map(|_| read(self)).collect()
    }

    fn value(&mut self, depth: usize) -> Result<AttributeValue, CodecError> {
        if depth >= MAX_DEPTH {
            return Err(CodecError("it nests too deeply"));
        }
        Ok(match self.byte()? {
            STRING => AttributeValue::S(self.text()?),
            NUMBER => AttributeValue::N(self.number()?),
            BINARY => AttributeValue::B(Bytes::copy_from_slice(self.bytes()?)),
            FALSE => AttributeValue::Bool(false),
            TRUE => AttributeValue::Bool(true),
            NULL => AttributeValue::Null,
            STRINGS => AttributeValue::Ss(self.all(Self::text)?),
            NUMBERS => AttributeValue::Ns(self.all(Self::number)?),
            BINARIES => AttributeValue::Bs(self.all(|reader| reader.bytes().map(Bytes::copy_from_slice))?),
            LIST => AttributeValue::L(self.all(|reader| reader.value(depth + 1))?),
            MAP => AttributeValue::M(self.all(|reader| Ok((reader.text()?, reader.value(depth + 1)?)))?),
            _ => return Err(CodecError("it has an unknown type")),
        })
    }
}

pub(super) fn text(bytes: &[u8]) -> Result<&str, CodecError> {
    std::str::from_utf8(bytes).map_err(|_| CodecError("a string is not UTF-8"))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use super::super::{ItemView, number::tests::any_number};
    use super::*;
    use proptest::{collection, prelude::*};

    fn any_value() -> impl Strategy<Value = AttributeValue> {
        let bytes = || collection::vec(any::<u8>(), 0..20).prop_map(Bytes::from);
        let leaf = prop_oneof![
            ".{0,20}".prop_map(AttributeValue::S),
            any_number().prop_map(AttributeValue::N),
            bytes().prop_map(AttributeValue::B),
            any::<bool>().prop_map(AttributeValue::Bool),
            Just(AttributeValue::Null),
            collection::btree_set(".{0,5}", 1..5).prop_map(AttributeValue::Ss),
            collection::vec(any_number(), 1..5)
                .prop_map(|n| AttributeValue::Ns(n.into_iter().collect::<BTreeSet<_>>())),
            collection::btree_set(bytes(), 1..5).prop_map(AttributeValue::Bs),
        ];
        leaf.prop_recursive(4, 30, 5, |inner| {
            prop_oneof![
                collection::vec(inner.clone(), 0..5).prop_map(AttributeValue::L),
                collection::btree_map(".{0,6}", inner, 0..5).prop_map(AttributeValue::M),
            ]
        })
    }

    pub(crate) fn any_item() -> impl Strategy<Value = Item> {
        collection::btree_map(".{1,8}", any_value(), 0..10)
    }

    proptest! {
        #[test]
        fn an_item_comes_back_as_it_was(item in any_item()) {
            let bytes = encode(&item);
            prop_assert_eq!(decode(&bytes), Ok(item.clone()));
            let view = ItemView::new(bytes.into()).unwrap();
            prop_assert_eq!(view.size_bytes(), item_size_bytes(&item));
            for (name, value) in &item {
                prop_assert_eq!(view.attribute(name), Ok(Some(value.clone())));
            }
            prop_assert_eq!(view.attribute("a name that is not there"), Ok(None));
            let names: Result<Vec<_>, _> = view.names().collect();
            prop_assert_eq!(names.unwrap(), item.keys().map(String::as_str).collect::<Vec<_>>());
        }

        #[test]
        fn damaged_bytes_are_refused_or_read_but_never_panic(
            item in any_item(), at in any::<prop::sample::Index>(), with in any::<u8>(), cut in any::<prop::sample::Index>()
        ) {
            let mut bytes = encode(&item);
            let at = at.index(bytes.len());
            bytes[at] = with;
            let _ = decode(&bytes);
            let _ = decode(&bytes[..cut.index(bytes.len())]);
        }

        #[test]
        fn random_bytes_never_panic(bytes in collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
            let _ = decode_value(&bytes);
            let _ = decode(&[&[VERSION], bytes.as_slice()].concat());
        }
    }

    #[test]
    fn nesting_is_bounded_both_when_it_is_allowed_and_when_it_is_not() {
        let wrap = |levels: usize| (0..levels).fold(AttributeValue::Null, |value, _| AttributeValue::L(vec![value]));
        let item = |levels| Item::from([("a".into(), wrap(levels))]);
        assert_eq!(decode(&encode(&item(31))), Ok(item(31)));
        assert!(decode(&encode(&item(32))).is_err());
        let hostile = [LIST, 1].repeat(1_000_000);
        assert!(decode_value(&hostile).is_err());
    }
}
