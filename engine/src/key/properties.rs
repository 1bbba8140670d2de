//! What must hold for all values: the order of the bytes is the order of the values, and what is written is read back.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::{Decimal, KeyError, KeyReader, KeyWriter, prefix_end};

/// Any element, with the order that its value has among those of its type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Element {
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    U128(u128),
    I64(i64),
    I128(i128),
    Bool(bool),
    Hash([u8; 16]),
    Bytes(Vec<u8>),
    Str(String),
    Decimal(Decimal),
}

const TYPES: usize = 12;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Ordered {
    element: Element,
    descending: bool,
}

impl Ordered {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.element.cmp(&other.element);
        if self.descending { order.reverse() } else { order }
    }

    fn write(&self, key: KeyWriter) -> KeyWriter {
        let plain = |key: KeyWriter| match &self.element {
            Element::U8(value) => key.u8(*value),
            Element::U16(value) => key.u16(*value),
            Element::U32(value) => key.u32(*value),
            Element::U64(value) => key.u64(*value),
            Element::U128(value) => key.u128(*value),
            Element::I64(value) => key.i64(*value),
            Element::I128(value) => key.i128(*value),
            Element::Bool(value) => key.bool(*value),
            Element::Hash(value) => key.hash(value),
            Element::Bytes(value) => key.bytes(value),
            Element::Str(value) => key.str(value),
            Element::Decimal(value) => key.decimal(*value),
        };
        if self.descending { key.descending(plain) } else { plain(key) }
    }
}

fn read(kind: usize, descending: bool, key: &mut KeyReader<'_>) -> Result<Ordered, KeyError> {
    let plain = |key: &mut KeyReader<'_>| {
        Ok(match kind {
            0 => Element::U8(key.read_u8()?),
            1 => Element::U16(key.read_u16()?),
            2 => Element::U32(key.read_u32()?),
            3 => Element::U64(key.read_u64()?),
            4 => Element::U128(key.read_u128()?),
            5 => Element::I64(key.read_i64()?),
            6 => Element::I128(key.read_i128()?),
            7 => Element::Bool(key.read_bool()?),
            8 => Element::Hash(key.read_hash()?),
            9 => Element::Bytes(key.read_bytes()?),
            10 => Element::Str(key.read_str()?),
            _ => Element::Decimal(key.read_decimal()?),
        })
    };
    let element = if descending { key.descending(plain) } else { plain(key) }?;
    Ok(Ordered { element, descending })
}

/// Decimals near each other and far apart, at every limit of the type.
fn decimal() -> impl Strategy<Value = Decimal> {
    let coefficient = prop_oneof![
        3 => 0..1_000_u128,
        2 => (0..38_u32, 0..100_u128).prop_map(|(power, more)| 10_u128.pow(power).saturating_add(more)),
        1 => 0..10_u128.pow(38),
        1 => Just(10_u128.pow(38) - 1),
    ];
    let exponent = prop_oneof![3 => -4..4_i32, 1 => -167..=125_i32];
    (any::<bool>(), coefficient, exponent)
        .prop_filter_map("outside the limits", |(negative, c, e)| Decimal::new(negative, c, e).ok())
}

/// Bytes that make escapes, ends and their inversions likely.
fn tricky_bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(0_u8), Just(1), Just(0xFE), Just(0xFF), any::<u8>()];
    prop::collection::vec(byte, 0..6)
}

fn element(kind: usize) -> BoxedStrategy<Element> {
    match kind {
        0 => any::<u8>().prop_map(Element::U8).boxed(),
        1 => any::<u16>().prop_map(Element::U16).boxed(),
        2 => any::<u32>().prop_map(Element::U32).boxed(),
        3 => prop_oneof![any::<u64>(), 0..3_u64, Just(u64::MAX)].prop_map(Element::U64).boxed(),
        4 => any::<u128>().prop_map(Element::U128).boxed(),
        5 => prop_oneof![any::<i64>(), -2..3_i64, Just(i64::MIN), Just(i64::MAX)].prop_map(Element::I64).boxed(),
        6 => prop_oneof![any::<i128>(), -2..3_i128, Just(i128::MIN)].prop_map(Element::I128).boxed(),
        7 => any::<bool>().prop_map(Element::Bool).boxed(),
        8 => any::<[u8; 16]>().prop_map(Element::Hash).boxed(),
        9 => tricky_bytes().prop_map(Element::Bytes).boxed(),
        10 => prop_oneof!["[\0\u{1}a\u{7f}\u{10ffff}]{0,4}", any::<String>()].prop_map(Element::Str).boxed(),
        _ => decimal().prop_map(Element::Decimal).boxed(),
    }
}

/// Two tuples of the same types, the second often sharing elements with the first so that later ones decide.
fn two_tuples() -> impl Strategy<Value = Vec<(Ordered, Ordered)>> {
    let column = (0..TYPES, any::<bool>(), any::<bool>()).prop_flat_map(|(kind, descending, same)| {
        (element(kind), element(kind)).prop_map(move |(left, right)| {
            let right = if same { left.clone() } else { right };
            (Ordered { element: left, descending }, Ordered { element: right, descending })
        })
    });
    prop::collection::vec(column, 1..5)
}

/// The type of each element and whether it descends.
fn schema() -> impl Strategy<Value = Vec<(usize, bool)>> {
    prop::collection::vec((0..TYPES, any::<bool>()), 1..6)
}

fn kind_of(element: &Element) -> usize {
    match element {
        Element::U8(_) => 0,
        Element::U16(_) => 1,
        Element::U32(_) => 2,
        Element::U64(_) => 3,
        Element::U128(_) => 4,
        Element::I64(_) => 5,
        Element::I128(_) => 6,
        Element::Bool(_) => 7,
        Element::Hash(_) => 8,
        Element::Bytes(_) => 9,
        Element::Str(_) => 10,
        Element::Decimal(_) => 11,
    }
}

/// A value that orders decimals without looking at how they are kept: scaled so that all are integers, as text.
fn by_text(value: Decimal) -> (i8, String) {
    if value == Decimal::ZERO {
        return (0, String::new());
    }
    let shift = usize::try_from(value.exponent() + 170).unwrap();
    let digits = format!("{:0>310}", format!("{}{}", value.coefficient(), "0".repeat(shift)));
    if value.is_negative() {
        let complement = digits.bytes().map(|digit| char::from(b'9' - (digit - b'0'))).collect();
        return (-1, complement);
    }
    (1, digits)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_order_as_the_tuples_do(columns in two_tuples()) {
        let write = |tuple: &mut dyn Iterator<Item = &Ordered>| tuple.fold(KeyWriter::new(), |key, e| e.write(key)).finish();
        let left = write(&mut columns.iter().map(|(left, _)| left));
        let right = write(&mut columns.iter().map(|(_, right)| right));
        let expected = columns.iter().map(|(l, r)| l.cmp(r)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal);
        prop_assert_eq!(left.cmp(&right), expected);
    }

    #[test]
    fn what_is_written_is_read_back(columns in two_tuples(), rest in tricky_bytes()) {
        let key = columns.iter().fold(KeyWriter::new(), |key, (element, _)| element.write(key)).rest(&rest);
        let mut reader = KeyReader::new(&key);
        for (element, _) in &columns {
            let kind = kind_of(&element.element);
            prop_assert_eq!(&read(kind, element.descending, &mut reader).unwrap(), element);
        }
        prop_assert_eq!(reader.rest(), &rest[..]);
    }

    #[test]
    fn any_bytes_are_refused_or_are_what_is_written(
        schema in schema(),
        bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..80), prop::collection::vec(0..103_u8, 0..80)],
    ) {
        let mut reader = KeyReader::new(&bytes);
        let mut writer = KeyWriter::new();
        for (kind, descending) in schema {
            match read(kind, descending, &mut reader) {
                Ok(element) => writer = element.write(writer),
                Err(_) => break,
            }
        }
        let written = writer.rest(reader.rest());
        prop_assert_eq!(written, bytes);
    }

    #[test]
    fn decimals_order_as_numbers_and_fit_21_bytes(left in decimal(), right in decimal()) {
        let (left_key, right_key) = (KeyWriter::new().decimal(left).finish(), KeyWriter::new().decimal(right).finish());
        prop_assert!(left_key.len() <= 21);
        let expected = by_text(left).cmp(&by_text(right));
        prop_assert_eq!(left.cmp(&right), expected);
        prop_assert_eq!(left_key.cmp(&right_key), expected);
    }

    #[test]
    fn the_end_of_a_prefix_bounds_exactly_its_keys(prefix in tricky_bytes(), key in tricky_bytes()) {
        let inside = key >= prefix && prefix_end(&prefix).is_none_or(|end| key < end);
        prop_assert_eq!(inside, key.starts_with(&prefix));
    }
}
